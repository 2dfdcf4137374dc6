// URLs as Node.js parsed them before the standard: `url.parse()` and what belongs to it.
import { ERR_INVALID_ARG_TYPE, ERR_INVALID_URL } from "node:internal/errors";
import { validateString } from "node:internal/validators";
import querystring from "node:querystring";
import punycode from "node:vendor/punycode";

const SLASHED = new Set(["http", "https", "ftp", "gopher", "file", "ws", "wss"].flatMap((name) => [name, `${name}:`]));
const HOSTLESS = new Set(["javascript", "javascript:"]);
/** Characters that never stand in a URL as they are. */
const ESCAPED = /[\t\n\r "'<>\\^`{|}]/g;
const FORBIDDEN_HOST = /[\0\t\n\r #%/:<>?@[\\\]^|]/;

export function Url() {
  this.protocol = null;
  this.slashes = null;
  this.auth = null;
  this.host = null;
  this.port = null;
  this.hostname = null;
  this.hash = null;
  this.search = null;
  this.query = null;
  this.pathname = null;
  this.path = null;
  this.href = null;
}

export function parse(url, parseQueryString = false, slashesDenoteHost = false) {
  if (url instanceof Url) return url;
  const parsed = new Url();
  parsed.parse(url, parseQueryString, slashesDenoteHost);
  return parsed;
}

/** Slashes that lean back are slashes, up to the query. */
function straighten(url) {
  const at = url.search(/[?#]/);
  const end = at < 0 ? url.length : at;
  return url.slice(0, end).replaceAll("\\", "/") + url.slice(end);
}

Url.prototype.parse = function parse(url, parseQueryString = false, slashesDenoteHost = false) {
  validateString(url, "url");
  let rest = straighten(url.trim().replace(/^\ufeff|\ufeff$/g, ""));
  const hasQuery = /[?#]/.test(url) || url.includes("@");
  if (!slashesDenoteHost && !hasQuery) {
    // A plain path needs no more.
    const simple = /^(\/\/?(?!\/)[^?\s]*)(\?\S*)?$/.exec(rest);
    if (simple && !rest.startsWith("//")) return plainPath(this, rest, simple, parseQueryString);
  }
  const scheme = /^[a-z0-9.+-]+:/i.exec(rest)?.[0];
  const lower = scheme?.toLowerCase();
  if (scheme !== undefined) {
    this.protocol = lower;
    rest = rest.slice(scheme.length);
  }
  let slashes = false;
  if (slashesDenoteHost || scheme !== undefined || /^\/\/[^@/]+@[^@/]+/.test(rest)) {
    slashes = rest.startsWith("//");
    if (slashes && !(lower !== undefined && HOSTLESS.has(lower))) {
      rest = rest.slice(2);
      this.slashes = true;
    }
  }
  if (!HOSTLESS.has(lower) && (slashes || (scheme !== undefined && !SLASHED.has(scheme)))) rest = authority(this, rest, url, lower);
  if (!HOSTLESS.has(lower)) rest = rest.replace(ESCAPED, escapeCharacter);
  return tail(this, rest, parseQueryString, lower);
};

const escapeCharacter = (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;

function plainPath(result, rest, [, pathname, search], parseQueryString) {
  const escaped = rest.replace(ESCAPED, escapeCharacter);
  result.path = escaped;
  result.href = escaped;
  result.pathname = pathname.replace(ESCAPED, escapeCharacter);
  if (search !== undefined) {
    result.search = search.replace(ESCAPED, escapeCharacter);
    result.query = parseQueryString ? querystring.parse(result.search.slice(1)) : result.search.slice(1);
  } else if (parseQueryString) {
    result.search = null;
    result.query = { __proto__: null };
  }
  return result;
}

function authority(result, given, url, protocol) {
  let rest = given;
  // The host ends at the first of these; the last `@` before it ends the credentials.
  let end = rest.search(/[/?#]/);
  if (end < 0) end = rest.length;
  const at = rest.lastIndexOf("@", end - 1);
  if (at >= 0 && at < end) {
    result.auth = decodeURIComponent(rest.slice(0, at));
    rest = rest.slice(at + 1);
  }
  end = rest.search(/[\t\n\r "#%'/;<>?\\^`{|}]/);
  if (end < 0) end = rest.length;
  let host = rest.slice(0, end);
  rest = rest.slice(end);
  const port = /:([0-9]*)$/.exec(host)?.[0];
  if (port !== undefined) {
    if (port !== ":") result.port = port.slice(1);
    host = host.slice(0, -port.length);
  }
  let hostname = host;
  const bracketed = hostname.startsWith("[") && hostname.endsWith("]");
  if (!bracketed) {
    const valid = /^[a-z0-9.+_\u0080-\uffff-]*/i.exec(hostname)[0];
    if (valid.length < hostname.length) {
      if (/:/.test(hostname.slice(valid.length, valid.length + 1)) && SLASHED.has(protocol)) throw Object.assign(new ERR_INVALID_URL(url));
      rest = `/${hostname.slice(valid.length)}${rest}`;
      hostname = valid;
    }
  } else if (/[\0\t\n\r #%/<>?@\\^|]/.test(hostname.slice(1, -1))) {
    throw new ERR_INVALID_URL(url);
  }
  hostname = hostname.length > 255 ? "" : hostname.toLowerCase();
  if (!bracketed && hostname !== "") {
    const ascii = punycode.toASCII(hostname);
    if (ascii === "" || FORBIDDEN_HOST.test(ascii)) throw new ERR_INVALID_URL(url);
    hostname = ascii;
  }
  result.hostname = bracketed ? hostname.slice(1, -1) : hostname;
  result.host = hostname + (result.port ? `:${result.port}` : "");
  if (bracketed && rest[0] !== "/" && rest !== "" && !/^[?#]/.test(rest)) rest = `/${rest}`;
  return rest;
}

function tail(result, given, parseQueryString, protocol) {
  let rest = given;
  const hash = rest.indexOf("#");
  if (hash >= 0) {
    result.hash = rest.slice(hash);
    rest = rest.slice(0, hash);
  }
  const question = rest.indexOf("?");
  if (question >= 0) {
    result.search = rest.slice(question);
    result.query = rest.slice(question + 1);
    if (parseQueryString) result.query = querystring.parse(result.query);
    rest = rest.slice(0, question);
  } else if (parseQueryString) {
    result.search = null;
    result.query = { __proto__: null };
  }
  if (rest !== "") result.pathname = rest;
  if (SLASHED.has(protocol) && result.hostname && !result.pathname) result.pathname = "/";
  if (result.pathname || result.search) result.path = `${result.pathname || ""}${result.search || ""}`;
  result.href = result.format();
  return result;
}

export function format(urlObject) {
  let object = urlObject;
  if (typeof object === "string") object = parse(object);
  else if (typeof object !== "object" || object === null) throw new ERR_INVALID_ARG_TYPE("urlObject", ["Object", "string"], object);
  return Url.prototype.format.call(object);
}

Url.prototype.format = function () {
  let auth = this.auth || "";
  if (auth) auth = `${encodeURIComponent(auth).replace(/%3A/i, ":")}@`;
  let protocol = this.protocol || "";
  let pathname = this.pathname || "";
  let hash = this.hash || "";
  let host = "";
  if (this.host) {
    host = auth + this.host;
  } else if (this.hostname) {
    const bracketed = this.hostname.includes(":") && !/^\[.*\]$/.test(this.hostname);
    host = auth + (bracketed ? `[${this.hostname}]` : this.hostname) + (this.port ? `:${this.port}` : "");
  }
  let query = "";
  if (this.query !== null && typeof this.query === "object") query = querystring.stringify(this.query);
  let search = this.search || (query && `?${query}`) || "";
  if (protocol && !protocol.endsWith(":")) protocol += ":";
  pathname = pathname.replace(/[#?]/g, (c) => (c === "#" ? "%23" : "%3F"));
  if (this.slashes || (!protocol || SLASHED.has(protocol))) {
    if (this.slashes || host) {
      if (pathname && pathname[0] !== "/") pathname = `/${pathname}`;
      host = `//${host}`;
    } else if (/^file/.test(protocol)) {
      host = "//";
    }
  }
  search = search.replaceAll("#", "%23");
  if (hash && hash[0] !== "#") hash = `#${hash}`;
  if (search && search[0] !== "?") search = `?${search}`;
  return protocol + host + pathname + search + hash;
};

export function resolve(source, relative) {
  return parse(source, false, true).resolve(relative);
}

export function resolveObject(source, relative) {
  return source ? parse(source, false, true).resolveObject(relative) : relative;
}

Url.prototype.resolve = function (relative) {
  return this.resolveObject(parse(relative, false, true)).format();
};

const KEYS = ["protocol", "slashes", "auth", "host", "port", "hostname", "hash", "search", "query", "pathname", "path", "href"];

Url.prototype.resolveObject = function (given) {
  const relative = typeof given === "string" ? parse(given, false, true) : given;
  const result = Object.assign(new Url(), Object.fromEntries(KEYS.map((key) => [key, this[key]])));
  result.hash = relative.hash;
  if (relative.href === "") {
    result.href = result.format();
    return result;
  }
  if (relative.slashes && !relative.protocol) {
    for (const key of KEYS) if (key !== "protocol") result[key] = relative[key];
    if (SLASHED.has(result.protocol) && result.hostname && !result.pathname) result.path = result.pathname = "/";
    result.href = result.format();
    return result;
  }
  if (relative.protocol && relative.protocol !== result.protocol) return other(result, relative);
  return merge(this, result, relative);
};

/** To a URL of another scheme. */
function other(result, relative) {
  if (!SLASHED.has(relative.protocol)) {
    for (const key of Object.keys(relative)) result[key] = relative[key];
    result.href = result.format();
    return result;
  }
  result.protocol = relative.protocol;
  if (!relative.host && !/^file:?$/.test(relative.protocol) && !HOSTLESS.has(relative.protocol)) {
    const parts = (relative.pathname || "").split("/");
    while (parts.length > 0 && !(relative.host = parts.shift()));
    relative.host ||= "";
    relative.hostname ||= "";
    if (parts[0] !== "") parts.unshift("");
    if (parts.length < 2) parts.unshift("");
    result.pathname = parts.join("/");
  } else {
    result.pathname = relative.pathname;
  }
  result.search = relative.search;
  result.query = relative.query;
  result.host = relative.host || "";
  result.auth = relative.auth;
  result.hostname = relative.hostname || relative.host;
  result.port = relative.port;
  if (result.pathname || result.search) result.path = (result.pathname || "") + (result.search || "");
  result.slashes ||= relative.slashes;
  result.href = result.format();
  return result;
}

function merge(source, result, relative) {
  const isSourceAbsolute = result.pathname?.[0] === "/";
  const isRelativeAbsolute = relative.host || relative.pathname?.[0] === "/";
  let mustEndAbsolute = isRelativeAbsolute || isSourceAbsolute || (result.host && relative.pathname);
  const removeAllDots = mustEndAbsolute;
  let source_ = (result.pathname && result.pathname.split("/")) || [];
  const relative_ = (relative.pathname && relative.pathname.split("/")) || [];
  const noSlashes = result.protocol && !SLASHED.has(result.protocol);
  if (noSlashes) {
    result.hostname = "";
    result.port = null;
    if (result.host) {
      if (source_[0] === "") source_[0] = result.host;
      else source_.unshift(result.host);
    }
    result.host = "";
    if (relative.protocol) {
      relative.hostname = null;
      relative.port = null;
      result.auth = null;
      if (relative.host) {
        if (relative_[0] === "") relative_[0] = relative.host;
        else relative_.unshift(relative.host);
      }
      relative.host = null;
    }
    mustEndAbsolute = mustEndAbsolute && (relative_[0] === "" || source_[0] === "");
  }
  if (isRelativeAbsolute) {
    if (relative.host || relative.host === "") {
      if (result.host !== relative.host) result.auth = null;
      result.host = relative.host;
      result.port = relative.port;
    }
    if (relative.hostname || relative.hostname === "") {
      if (result.hostname !== relative.hostname) result.auth = null;
      result.hostname = relative.hostname;
    }
    result.search = relative.search;
    result.query = relative.query;
    source_ = relative_;
  } else if (relative_.length > 0) {
    source_.pop();
    source_ = source_.concat(relative_);
    result.search = relative.search;
    result.query = relative.query;
  } else if (relative.search !== null && relative.search !== undefined) {
    if (noSlashes) takeHost(result, source_.shift());
    result.search = relative.search;
    result.query = relative.query;
    if (result.pathname !== null || result.search !== null) result.path = (result.pathname || "") + (result.search || "");
    result.href = result.format();
    return result;
  }
  if (source_.length === 0) {
    result.pathname = null;
    result.path = result.search ? `/${result.search}` : null;
    result.href = result.format();
    return result;
  }
  return dots(source, result, relative, { parts: source_, mustEndAbsolute, removeAllDots, noSlashes });
}

function takeHost(result, host) {
  result.hostname = result.host = host;
  const at = result.host?.indexOf("@") > 0 ? result.host.split("@") : undefined;
  if (at) {
    result.auth = at.shift();
    result.host = result.hostname = at.shift();
  }
}

function dots(source, result, relative, { parts, mustEndAbsolute, removeAllDots, noSlashes }) {
  let last = parts.at(-1);
  const trailing = ((result.host || relative.host || parts.length > 1) && (last === "." || last === "..")) || last === "";
  let up = 0;
  for (let at = parts.length - 1; at >= 0; at--) {
    last = parts[at];
    if (last === ".") parts.splice(at, 1);
    else if (last === "..") {
      parts.splice(at, 1);
      up++;
    } else if (up) {
      parts.splice(at, 1);
      up--;
    }
  }
  if (!mustEndAbsolute && !removeAllDots) while (up--) parts.unshift("..");
  if (mustEndAbsolute && parts[0] !== "" && (!parts[0] || parts[0][0] !== "/")) parts.unshift("");
  if (trailing && parts.join("/").at(-1) !== "/") parts.push("");
  const absolute = parts[0] === "" || parts[0]?.[0] === "/";
  if (noSlashes) takeHost(result, absolute ? "" : parts.length > 0 ? parts.shift() : "");
  const ends = mustEndAbsolute || (result.host && parts.length > 0);
  if (ends && !absolute) parts.unshift("");
  if (parts.length === 0) {
    result.pathname = null;
    result.path = null;
  } else {
    result.pathname = parts.join("/");
  }
  if (result.pathname !== null || result.search !== null) result.path = (result.pathname || "") + (result.search || "");
  result.auth = relative.auth || result.auth;
  result.slashes ||= relative.slashes;
  result.href = result.format();
  void source;
  return result;
}
