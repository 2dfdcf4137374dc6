// FormData, as XMLHttpRequest's standard says, and its two forms on the wire. For fetch: `encodeMultipart(formData)` ->
// { boundary, contentType, chunks: [Uint8Array], length }; `parseFormData(bytes, contentType)` -> FormData, which keeps
// `bytes` (files are views of them), or a TypeError.
import { host } from "internal:host";
import { chunksOf, fileFrom, isBlob, isFile } from "internal:blob";
import { utf8 } from "internal:encoding";
import { interface_, iterable, requiredArguments } from "internal:webidl";

const { formBoundary, formParts, encodingDecodeUtf8, urlQueryPairs } = host;

const text = (value) => (typeof value === "string" ? value : `${value}`).toWellFormed();

// A Blob enters the list as a File. Cloudflare names it after its field, browsers name it "blob".
function entryOf(name, value, filename) {
  if (!isBlob(value)) return [name, text(value)];
  if (isFile(value) && filename === undefined) return [name, value];
  const { type, lastModified } = value;
  return [name, fileFrom(chunksOf(value), filename === undefined ? name : text(filename), { type, lastModified })];
}

const need = (count, needed, method) => {
  if (count < needed) requiredArguments(count, needed, `Failed to execute '${method}' on 'FormData'`);
};

let entriesOf;

export class FormData {
  #entries = [];

  // Cloudflare ignores a third argument to `append` and `set` where the second is no Blob.
  append(name, value, filename = undefined) {
    const entries = this.#entries;
    need(arguments.length, 2, "append");
    entries.push(entryOf(text(name), value, filename));
  }

  delete(name) {
    const entries = this.#entries;
    need(arguments.length, 1, "delete");
    name = text(name);
    this.#entries = entries.filter((entry) => entry[0] !== name);
  }

  get(name) {
    const entries = this.#entries;
    need(arguments.length, 1, "get");
    name = text(name);
    return entries.find((entry) => entry[0] === name)?.[1] ?? null;
  }

  getAll(name) {
    const entries = this.#entries;
    need(arguments.length, 1, "getAll");
    name = text(name);
    return entries.filter((entry) => entry[0] === name).map((entry) => entry[1]);
  }

  has(name) {
    const entries = this.#entries;
    need(arguments.length, 1, "has");
    name = text(name);
    return entries.some((entry) => entry[0] === name);
  }

  set(name, value, filename = undefined) {
    const entries = this.#entries;
    need(arguments.length, 2, "set");
    const fresh = entryOf(text(name), value, filename);
    const first = entries.findIndex((entry) => entry[0] === fresh[0]);
    if (first < 0) entries.push(fresh);
    else this.#entries = entries.map((entry, at) => (at === first ? fresh : entry)).filter((entry) => entry === fresh || entry[0] !== fresh[0]);
  }

  static {
    entriesOf = (formData) => formData.#entries;
    const entryAt = (formData, index) => {
      const entry = formData.#entries[index];
      return entry === undefined ? undefined : [entry[0], entry[1]];
    };
    iterable(FormData, entryAt, "FormData");
  }
}
interface_(FormData, { lengths: { append: 2, set: 2 } });

export const isFormData = (value) => {
  try {
    entriesOf(value);
    return true;
  } catch {
    return false;
  }
};

// ---- multipart/form-data

const lineEnds = (value) => value.replace(/\r\n?|\n/g, "\r\n");
const escapes = { "\n": "%0A", "\r": "%0D", '"': "%22" };
function escaped(value) {
  // Cloudflare's parser would take it for an escape of the closing quote.
  if (value.endsWith("\\")) throw new TypeError("Name or filename can't end with backslash");
  return value.replace(/[\n\r"]/g, (character) => escapes[character]);
}

export function encodeMultipart(formData) {
  const boundary = formBoundary();
  const chunks = [];
  let pending = "";
  const flush = () => {
    chunks.push(utf8(pending));
    pending = "";
  };
  for (const [name, value] of entriesOf(formData)) {
    pending += `--${boundary}\r\nContent-Disposition: form-data; name="${escaped(lineEnds(name))}"`;
    if (typeof value === "string") {
      pending += `\r\n\r\n${lineEnds(value)}\r\n`;
      continue;
    }
    pending += `; filename="${escaped(value.name)}"\r\nContent-Type: ${value.type || "application/octet-stream"}\r\n\r\n`;
    flush();
    chunks.push(...chunksOf(value));
    pending = "\r\n";
  }
  pending += `--${boundary}--\r\n`;
  flush();
  const length = chunks.reduce((total, chunk) => total + chunk.length, 0);
  return { boundary, contentType: `multipart/form-data; boundary=${boundary}`, chunks, length };
}

// ---- both ways in

export function parseFormData(bytes, contentType) {
  const parts = formParts(bytes, contentType);
  const formData = new FormData();
  const entries = entriesOf(formData);
  if (parts === undefined) {
    const flat = urlQueryPairs(encodingDecodeUtf8(bytes, false, false));
    for (let at = 0; at < flat.length; at += 2) entries.push([flat[at], flat[at + 1]]);
    return formData;
  }
  // [name, filename or undefined, type, first byte, end]
  for (const [name, filename, type, start, end] of parts) {
    const content = bytes.subarray(start, end);
    if (filename === undefined) entries.push([name, encodingDecodeUtf8(content, false, true)]);
    else entries.push([name, fileFrom([content], filename, { type })]);
  }
  return formData;
}
