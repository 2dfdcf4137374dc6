// The current directory; whether another one exists is for the file system to say.
import { lazy } from "internal:host";
import { posix } from "node:internal/paths";

const volume = lazy("node:internal/fs/volume");
let current = "/bundle";

export const cwd = () => current;

export function chdir(directory) {
  const path = posix.resolve(current, directory);
  volume().requireDirectory(path, directory);
  current = path;
}
