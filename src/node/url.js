// node:url: the platform's URL, and the functions from before it.
import { Buffer } from "node:buffer";
import {
  ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_INVALID_FILE_URL_HOST, ERR_INVALID_FILE_URL_PATH, ERR_INVALID_URL_SCHEME, ERR_MISSING_ARGS,
} from "node:internal/errors";
import { posix, win32 } from "node:internal/paths";
import { Url, format as legacyFormat, parse, resolve, resolveObject } from "node:internal/legacy_url";
import { validateObject, validateString } from "node:internal/validators";
import punycode from "node:vendor/punycode";

export const { URL, URLSearchParams } = globalThis;
export const URLPattern = globalThis.URLPattern;

const isUrl = (value) => Boolean(value?.href && value.protocol && value.auth === undefined && value.path === undefined);

export function domainToASCII(domain) {
  if (arguments.length < 1) throw new ERR_MISSING_ARGS("domain");
  try {
    return new URL(`ws://${domain}`).hostname;
  } catch {
    return "";
  }
}

export function domainToUnicode(domain) {
  if (arguments.length < 1) throw new ERR_MISSING_ARGS("domain");
  return punycode.toUnicode(domainToASCII(domain));
}

function fromPosix(url) {
  if (url.hostname !== "") throw new ERR_INVALID_FILE_URL_HOST("linux");
  if (/%2f/i.test(url.pathname)) throw new ERR_INVALID_FILE_URL_PATH("must not include encoded / characters");
  return decodeURIComponent(url.pathname);
}

function fromWindows(url) {
  if (/%2f|%5c/i.test(url.pathname)) throw new ERR_INVALID_FILE_URL_PATH("must not include encoded \\ or / characters");
  const path = decodeURIComponent(url.pathname.replaceAll("/", "\\"));
  if (url.hostname !== "") return `\\\\${domainToUnicode(url.hostname)}${path}`;
  if (!/^\\[a-zA-Z]:/.test(path)) throw new ERR_INVALID_FILE_URL_PATH("must be absolute");
  return path.slice(1);
}

export function fileURLToPath(path, options = undefined) {
  const windows = options?.windows ?? false;
  let url = path;
  if (typeof url === "string") url = new URL(url);
  else if (!isUrl(url)) throw new ERR_INVALID_ARG_TYPE("path", ["string", "URL"], url);
  if (url.protocol !== "file:") throw new ERR_INVALID_URL_SCHEME("file");
  return windows ? fromWindows(url) : fromPosix(url);
}

export function fileURLToPathBuffer(path, options = undefined) {
  const url = typeof path === "string" ? new URL(path) : path;
  if (!isUrl(url)) throw new ERR_INVALID_ARG_TYPE("path", ["string", "URL"], url);
  if (url.protocol !== "file:") throw new ERR_INVALID_URL_SCHEME("file");
  void options;
  const text = url.pathname.replace(/%([0-9a-fA-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(text, "latin1");
}

export function pathToFileURL(path, options = undefined) {
  const windows = options?.windows ?? false;
  validateString(path, "path");
  if (windows && path.startsWith("\\\\")) {
    const end = path.indexOf("\\", 2);
    if (end === -1) throw new ERR_INVALID_ARG_VALUE("path", path, "Missing UNC resource path");
    if (end === 2) throw new ERR_INVALID_ARG_VALUE("path", path, "Empty UNC servername");
    const url = new URL("file:///");
    url.host = path.slice(2, end);
    url.pathname = encodePath(path.slice(end).replaceAll("\\", "/"));
    return url;
  }
  let whole = (windows ? win32 : posix).resolve(path);
  const last = path.at(-1);
  if ((last === "/" || (windows && last === "\\")) && whole.at(-1) !== (windows ? "\\" : "/")) whole += "/";
  if (windows) whole = whole.replaceAll("\\", "/");
  return new URL(`file://${windows && !whole.startsWith("/") ? "/" : ""}${encodePath(whole)}`);
}

const encodePath = (path) => path.replace(/[%\\\n\r\t?#^[\]|~]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);

export function urlToHttpOptions(url) {
  validateObject(url, "url", { allowArray: true, allowFunction: true });
  const { hostname, pathname, port, username, password, search } = url;
  const options = {
    __proto__: null,
    ...url,
    protocol: url.protocol,
    hostname: hostname?.[0] === "[" ? hostname.slice(1, -1) : hostname,
    hash: url.hash,
    search,
    pathname,
    path: `${pathname || ""}${search || ""}`,
    href: url.href,
  };
  if (port !== "") options.port = Number(port);
  if (username || password) options.auth = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return options;
}

export function format(urlObject, options = undefined) {
  if (!(urlObject instanceof URL)) return legacyFormat(urlObject);
  const shown = { fragment: true, unicode: false, search: true, auth: true };
  if (options) {
    validateObject(options, "options");
    for (const key of Object.keys(shown)) if (options[key] !== null && options[key] !== undefined) shown[key] = Boolean(options[key]);
  }
  let text = urlObject.protocol;
  if (urlObject.host !== "" || urlObject.href.startsWith(`${urlObject.protocol}//`)) {
    text += "//";
    if (shown.auth && (urlObject.username !== "" || urlObject.password !== "")) {
      text += `${urlObject.username}${urlObject.password === "" ? "" : `:${urlObject.password}`}@`;
    }
    text += shown.unicode ? urlObject.host.replace(urlObject.hostname, domainToUnicode(urlObject.hostname)) : urlObject.host;
  }
  text += urlObject.pathname;
  if (shown.search) text += urlObject.search;
  if (shown.fragment) text += urlObject.hash;
  return text;
}

export { Url, parse, resolve, resolveObject };
export default {
  Url, parse, resolve, resolveObject, format, URL, URLSearchParams, URLPattern, domainToASCII, domainToUnicode, pathToFileURL, fileURLToPath,
  fileURLToPathBuffer, urlToHttpOptions,
};
