// node:path/win32.
import { posix, win32 } from "node:internal/paths";

export const {
  resolve, normalize, isAbsolute, join, relative, toNamespacedPath, dirname, basename, extname, format, parse, matchesGlob, sep, delimiter,
} = win32;
export { posix, win32 };
export default win32;
