// Paths in the manner of POSIX and of Windows: one set of functions, made for each.
import { lazy } from "internal:host";
import { validateObject, validateString } from "node:internal/validators";

const directory = lazy("node:internal/cwd");
const glob = lazy("node:internal/glob");

const isSlash = (c) => c === "/";
const isEither = (c) => c === "/" || c === "\\";
const isLetter = (c) => c !== undefined && /^[A-Za-z]$/.test(c);

/** `{ device, root, rest }`: `/a` -> "", "/", "a". */
const posixRoot = (path) => (path.startsWith("/") ? { device: "", root: "/", rest: path.slice(1) } : { device: "", root: "", rest: path });

/** `\\server\share\a` -> `\\server\share`, `\`, `a`; `c:a` -> `c:`, "", `a`. */
function windowsRoot(path) {
  if (isEither(path[0])) {
    const unc = isEither(path[1]) ? /^[\\/]{2}([^\\/]+)[\\/]+([^\\/]+)(?:[\\/]+|$)/.exec(path) : null;
    if (unc === null) return { device: "", root: "\\", rest: path.slice(1), length: 1 };
    if (unc[1] === "." || unc[1] === "?") return { device: `\\\\${unc[1]}`, root: "\\", rest: path.slice(4), length: 4 };
    return { device: `\\\\${unc[1]}\\${unc[2]}`, root: "\\", rest: path.slice(unc[0].length), length: unc[0].length, unc: true };
  }
  if (isLetter(path[0]) && path[1] === ":") {
    if (isEither(path[2])) return { device: path.slice(0, 2), root: "\\", rest: path.slice(3), length: 3 };
    return { device: path.slice(0, 2), root: "", rest: path.slice(2), length: 2 };
  }
  return { device: "", root: "", rest: path, length: 0 };
}

function make({ sep, delimiter, isSep, rootOf, windows }) {
  const separators = windows ? /[\\/]+/ : /\/+/;

  /** `.` and `..` resolved; `..` stays at the start unless there is a root. */
  function segments(path, rooted) {
    const kept = [];
    for (const part of path.split(separators)) {
      if (part === "" || part === ".") continue;
      if (part !== "..") kept.push(part);
      else if (kept.length > 0 && kept.at(-1) !== "..") kept.pop();
      else if (!rooted) kept.push("..");
    }
    return kept.join(sep);
  }

  /** Where the root of a path ends, in characters of the path. */
  function rootLength(path) {
    if (!windows) return path.startsWith("/") ? 1 : 0;
    const { unc, length } = windowsRoot(path);
    if (unc) return length;
    return path.length === 0 ? 0 : length;
  }

  function normalize(path) {
    validateString(path, "path");
    if (path.length === 0) return ".";
    const { device, root, rest } = rootOf(path);
    let tail = segments(rest, root !== "");
    if (tail === "" && root === "") tail = ".";
    if (tail !== "" && isSep(path.at(-1)) && (rest !== "" || root === "")) tail += sep;
    // What only became a drive by taking `.` away is none.
    if (windows && device === "" && root === "" && /^[A-Za-z]:/.test(tail) && !/^[A-Za-z]:/.test(path)) return `.\\${tail}`;
    return device + root + tail;
  }

  function resolve(...paths) {
    let device = "";
    let root = "";
    let tail = "";
    for (let at = paths.length - 1; at >= -1; at--) {
      let path;
      if (at >= 0) {
        path = paths[at];
        validateString(path, `paths[${at}]`);
        if (path.length === 0) continue;
      } else {
        path = directory().base();
        if (windows && device !== "") path = `${device}\\`;
      }
      const parsed = rootOf(path);
      if (parsed.device !== "") {
        if (device !== "" && parsed.device.toLowerCase() !== device.toLowerCase()) continue;
        device ||= parsed.device;
      }
      if (root !== "") {
        if (device !== "") break;
        continue;
      }
      tail = `${parsed.rest}${sep}${tail}`;
      root = parsed.root;
      if (root !== "" && (!windows || device !== "")) break;
    }
    return device + root + segments(tail, root !== "") || ".";
  }

  function isAbsolute(path) {
    validateString(path, "path");
    return windows ? isEither(path[0]) || (isLetter(path[0]) && path[1] === ":" && isEither(path[2])) : isSlash(path[0]);
  }

  function join(...paths) {
    for (const path of paths) validateString(path, "path");
    const parts = paths.filter((path) => path.length > 0);
    if (parts.length === 0) return ".";
    let joined = parts.join(sep);
    if (windows) {
      // Two slashes in front are a server's only where the first part alone says so.
      const unc = /^[\\/]{2}[^\\/]/.test(parts[0]) && (/^[\\/]{2}[^\\/]+[\\/]+[^\\/]/.test(parts[0]) || parts.length > 1);
      if (!unc || /^[\\/]{3}/.test(joined)) joined = joined.replace(/^[\\/]{2,}/, "\\");
      else joined = joined.replace(/^[\\/]{2,}/, "\\\\");
      if (/^[\\/]{2}$/.test(parts[0])) joined = joined.replace(/^[\\/]+/, "\\");
    }
    return normalize(joined);
  }

  function relative(from, to) {
    validateString(from, "from");
    validateString(to, "to");
    if (from === to) return "";
    const [start, target] = [resolve(from), resolve(to)];
    const fold = (text) => (windows ? text.toLowerCase() : text);
    if (fold(start) === fold(target)) return "";
    const [own, other] = [rootOf(start), rootOf(target)];
    if (fold(own.device) !== fold(other.device)) return target;
    const list = ({ rest }) => rest.split(sep).filter((part) => part !== "");
    const [ups, downs] = [list(own), list(other)];
    let shared = 0;
    while (shared < ups.length && shared < downs.length && fold(ups[shared]) === fold(downs[shared])) shared++;
    return [...ups.slice(shared).map(() => ".."), ...downs.slice(shared)].join(sep);
  }

  function toNamespacedPath(path) {
    if (!windows || typeof path !== "string" || path.length === 0) return path;
    const whole = resolve(path);
    if (whole.length <= 2) return path;
    if (whole.startsWith("\\\\") && whole[2] !== "?" && whole[2] !== ".") return `\\\\?\\UNC\\${whole.slice(2)}`;
    return /^[A-Za-z]:\\/.test(whole) ? `\\\\?\\${whole}` : path;
  }

  /** The path without separators at its end, its root excepted. */
  function trimmed(path) {
    const floor = rootLength(path);
    let end = path.length;
    while (end > floor && isSep(path[end - 1])) end--;
    return path.slice(0, end);
  }

  function lastSeparator(path) {
    for (let at = path.length - 1; at >= 0; at--) if (isSep(path[at])) return at;
    return -1;
  }

  function dirname(path) {
    validateString(path, "path");
    if (path.length === 0) return ".";
    const floor = rootLength(path);
    const text = trimmed(path);
    if (text.length <= floor) return windows || floor === 0 ? (floor === 0 ? "." : path.slice(0, windows ? Math.max(floor, text.length) : floor)) : text.slice(0, floor);
    let end = lastSeparator(text);
    if (end < floor) return floor === 0 ? "." : path.slice(0, floor);
    while (end > floor && isSep(text[end - 1])) end--;
    if (!windows && end === 1 && text.startsWith("//")) return "//";
    return end === 0 ? path.slice(0, 1) : text.slice(0, end);
  }

  function basename(path, suffix = undefined) {
    if (suffix !== undefined) validateString(suffix, "suffix");
    validateString(path, "path");
    let text = path;
    if (windows && isLetter(text[0]) && text[1] === ":") text = text.slice(2);
    let end = text.length;
    while (end > 0 && isSep(text[end - 1])) end--;
    text = text.slice(0, end);
    const name = text.slice(lastSeparator(text) + 1);
    if (suffix === undefined || suffix === "") return name;
    if (suffix === path) return "";
    return name !== suffix && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
  }

  function extname(path) {
    validateString(path, "path");
    const name = basename(path);
    const at = name.lastIndexOf(".");
    return at <= 0 || name === ".." ? "" : name.slice(at);
  }

  function format(object) {
    validateObject(object, "pathObject");
    const dir = object.dir || object.root;
    const ext = object.ext ? `${object.ext[0] === "." ? "" : "."}${object.ext}` : "";
    const base = object.base || `${object.name || ""}${ext}`;
    if (!dir) return base;
    return dir === object.root ? `${dir}${base}` : `${dir}${sep}${base}`;
  }

  function parse(path) {
    validateString(path, "path");
    const found = { root: "", dir: "", base: "", ext: "", name: "" };
    if (path.length === 0) return found;
    const floor = rootLength(path);
    found.root = path.slice(0, floor);
    let end = path.length;
    while (end > floor && isSep(path[end - 1])) end--;
    const text = path.slice(floor, end);
    const at = lastSeparator(text);
    found.base = text.slice(at + 1);
    const dot = found.base.lastIndexOf(".");
    found.ext = dot <= 0 || found.base === ".." ? "" : found.base.slice(dot);
    found.name = found.ext === "" ? found.base : found.base.slice(0, dot);
    found.dir = at >= 0 ? path.slice(0, floor + at) || found.root : found.root;
    return found;
  }

  function matchesGlob(path, pattern) {
    validateString(path, "path");
    validateString(pattern, "pattern");
    return glob().matchesGlob(path, pattern, windows);
  }

  return {
    resolve, normalize, isAbsolute, join, relative, toNamespacedPath, dirname, basename, extname, format, parse, matchesGlob,
    sep, delimiter, win32: null, posix: null, _makeLong: toNamespacedPath,
  };
}

export const posix = make({ sep: "/", delimiter: ":", isSep: isSlash, rootOf: posixRoot, windows: false });
export const win32 = make({ sep: "\\", delimiter: ";", isSep: isEither, rootOf: windowsRoot, windows: true });
posix.win32 = win32.win32 = win32;
posix.posix = win32.posix = posix;
