// The current directory; whether another one exists is for the file system to say.
import { lazy } from "internal:host";

const volume = lazy("node:internal/fs/volume");
let current;

export const cwd = () => current ?? "/bundle";
/** What relative paths of `path.resolve()` start from. */
export const base = () => current ?? "/";

export function chdir(directory) {
  current = volume().realDirectory(directory);
}
