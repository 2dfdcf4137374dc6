// node:path.
import { posix, win32 } from "node:internal/paths";

export const {
  resolve, normalize, isAbsolute, join, relative, toNamespacedPath, dirname, basename, extname, format, parse, matchesGlob, sep, delimiter,
} = posix;
export { posix, win32 };
export default posix;
