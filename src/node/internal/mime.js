// util.MIMEType and util.MIMEParams.
import { ERR_INVALID_MIME_SYNTAX } from "node:internal/errors";

const NOT_TOKEN = /[^!#$%&'*+\-.^_`|~A-Za-z0-9]/;
const NOT_QUOTED = /[^\t\u0020-~\u0080-\u00FF]/;

function token(text, production, whole) {
  const at = text.search(NOT_TOKEN);
  if (text === "" || at !== -1) throw new ERR_INVALID_MIME_SYNTAX(production, whole, at);
  return text;
}

function parseType(text) {
  const slash = text.indexOf("/");
  if (slash === -1) throw new ERR_INVALID_MIME_SYNTAX("type", text, slash);
  const start = text.length - text.trimStart().length;
  const type = token(text.slice(start, slash), "type", text).toLowerCase();
  const semicolon = text.indexOf(";", slash);
  const end = semicolon === -1 ? text.length : semicolon;
  const subtype = token(text.slice(slash + 1, end).trimEnd(), "subtype", text).toLowerCase();
  return { type, subtype, rest: semicolon === -1 ? "" : text.slice(semicolon + 1) };
}

function parseParameters(text, data) {
  let at = 0;
  while (at < text.length) {
    while (at < text.length && /[\r\n\t ]/.test(text[at])) at++;
    const start = at;
    while (at < text.length && text[at] !== ";" && text[at] !== "=") at++;
    const name = text.slice(start, at).toLowerCase();
    if (text[at] !== "=") {
      at++;
      continue;
    }
    at++;
    let value = "";
    if (text[at] === '"') {
      for (at++; at < text.length && text[at] !== '"'; at++) {
        if (text[at] === "\\" && at + 1 < text.length) at++;
        value += text[at];
      }
      while (at < text.length && text[at] !== ";") at++;
    } else {
      const from = at;
      while (at < text.length && text[at] !== ";") at++;
      value = text.slice(from, at).replace(/[\r\n\t ]+$/, "");
      if (value === "") {
        at++;
        continue;
      }
    }
    at++;
    if (name !== "" && !NOT_TOKEN.test(name) && !NOT_QUOTED.test(value) && !data.has(name)) data.set(name, value);
  }
}

const encode = (value) => (value === "" || NOT_TOKEN.test(value) ? `"${value.replace(/["\\]/g, "\\$&")}"` : value);

let fill;

export class MIMEParams {
  #data = new Map();

  static {
    fill = (params, text) => parseParameters(text, params.#data);
  }

  delete(name) { this.#data.delete(`${name}`); }

  get(name) {
    const key = `${name}`;
    return this.#data.has(key) ? this.#data.get(key) : null;
  }

  has(name) { return this.#data.has(`${name}`); }

  set(name, value) {
    const key = `${name}`;
    const text = `${value}`;
    const at = key.search(NOT_TOKEN);
    if (key === "" || at !== -1) throw new ERR_INVALID_MIME_SYNTAX("parameter name", key, at);
    const bad = text.search(NOT_QUOTED);
    if (bad !== -1) throw new ERR_INVALID_MIME_SYNTAX("parameter value", text, bad);
    this.#data.set(key, text);
  }

  *entries() { yield* this.#data.entries(); }
  *keys() { yield* this.#data.keys(); }
  *values() { yield* this.#data.values(); }
  toString() { return [...this.#data].map(([name, value]) => `${name}=${encode(value)}`).join(";"); }
}

const { entries, toString } = MIMEParams.prototype;
Object.defineProperties(MIMEParams.prototype, {
  [Symbol.iterator]: { value: entries, writable: true, configurable: true },
  toJSON: { value: toString, writable: true, configurable: true },
});

export class MIMEType {
  #type;
  #subtype;
  #params = new MIMEParams();

  constructor(text) {
    const { type, subtype, rest } = parseType(`${text}`);
    this.#type = type;
    this.#subtype = subtype;
    fill(this.#params, rest);
  }

  get type() { return this.#type; }

  set type(value) {
    this.#type = token(`${value}`, "type", `${value}`).toLowerCase();
  }

  get subtype() { return this.#subtype; }

  set subtype(value) {
    this.#subtype = token(`${value}`, "subtype", `${value}`).toLowerCase();
  }

  get essence() { return `${this.#type}/${this.#subtype}`; }
  get params() { return this.#params; }

  toString() {
    const params = this.#params.toString();
    return this.essence + (params === "" ? "" : `;${params}`);
  }

  toJSON() { return this.toString(); }
}
