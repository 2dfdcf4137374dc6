// node:querystring.
import { Buffer } from "node:buffer";
import { ERR_INVALID_URI } from "node:internal/errors";

export function escape(value) {
  const text = typeof value === "string" ? value : typeof value === "object" ? String(value) : `${value}`;
  try {
    return encodeURIComponent(text);
  } catch {
    return encodeURIComponent(joined(text));
  }
}

/** Text whose half pairs are joined with whatever comes next, as Node.js does. */
function joined(text) {
  return text.replace(/[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]([^])?/g, (pair, next) => {
    if (pair.length === 2 && next === undefined) return pair;
    if (next === undefined) throw new ERR_INVALID_URI();
    return String.fromCodePoint(0x10000 + (((pair.charCodeAt(0) & 0x3ff) << 10) | (next.charCodeAt(0) & 0x3ff)));
  });
}

/** `%41+` -> bytes of `A+`; what is no escape stays. */
export function unescapeBuffer(source, decodeSpaces = false) {
  const text = `${source}`;
  const bytes = [];
  for (let at = 0; at < text.length; at++) {
    const c = text[at];
    if (c === "%" && /^[0-9a-fA-F]{2}$/.test(text.slice(at + 1, at + 3))) {
      bytes.push(Number.parseInt(text.slice(at + 1, at + 3), 16));
      at += 2;
    } else if (c === "+" && decodeSpaces) {
      bytes.push(32);
    } else {
      bytes.push(c.charCodeAt(0) & 255);
    }
  }
  return Buffer.from(bytes);
}

export function unescape(text, decodeSpaces = false) {
  try {
    return decodeURIComponent(text);
  } catch {
    return querystring.unescapeBuffer(text, decodeSpaces).toString();
  }
}

function textOf(value) {
  if (typeof value === "string") return value;
  if (typeof value === "number" && Number.isFinite(value)) return `${value}`;
  if (typeof value === "bigint" || typeof value === "boolean") return `${value}`;
  return "";
}

export function stringify(object, sep = undefined, eq = undefined, options = undefined) {
  if (object === null || typeof object !== "object") return "";
  const [between, equals] = [sep || "&", eq || "="];
  let encode = querystring.escape;
  if (typeof options?.encodeURIComponent === "function") encode = options.encodeURIComponent;
  const pair = (name, value) => name + encode(textOf(value));
  const fields = Object.keys(object).map((key) => {
    const name = encode(textOf(key)) + equals;
    const value = object[key];
    return Array.isArray(value) ? value.map((one) => pair(name, one)).join(between) : pair(name, value);
  });
  return fields.filter((field) => field !== "").join(between);
}

const MAX_KEYS = 1000;

export function parse(query, sep = undefined, eq = undefined, options = undefined) {
  const result = { __proto__: null };
  if (typeof query !== "string" || query.length === 0) return result;
  const [between, equals] = [`${sep || "&"}`, `${eq || "="}`];
  const most = typeof options?.maxKeys === "number" ? options.maxKeys : MAX_KEYS;
  const decode = typeof options?.decodeURIComponent === "function" ? options.decodeURIComponent : querystring.unescape;
  const plain = (part) => {
    const text = part.replaceAll("+", decode === querystring.unescape || options?.decodeURIComponent ? "%20" : " ");
    if (!text.includes("%") && decode === unescape) return text;
    try {
      return decode(text);
    } catch {
      return querystring.unescape(text, true);
    }
  };
  let count = 0;
  for (const field of query.split(between)) {
    if (field === "") continue;
    if (most > 0 && count++ >= most) break;
    const at = field.indexOf(equals);
    const key = plain(at < 0 ? field : field.slice(0, at));
    const value = at < 0 ? "" : plain(field.slice(at + equals.length));
    if (!(key in result)) result[key] = value;
    else if (Array.isArray(result[key])) result[key].push(value);
    else result[key] = [result[key], value];
  }
  return result;
}

export { stringify as encode, parse as decode };
const querystring = { unescapeBuffer, unescape, escape, stringify, encode: stringify, parse, decode: parse };
export default querystring;
