// DER, read and written, and PEM: what keys and certificates are told in.
import { Buffer } from "node:buffer";

export const INTEGER = 2;
export const BITS = 3;
export const OCTETS = 4;
export const OID = 6;
export const SEQUENCE = 0x30;

/** The element at a place: `{ tag, body, whole, end }`. Throws where the bytes end before it. */
export function readAt(bytes, at = 0) {
  const tag = bytes[at];
  let length = bytes[at + 1];
  let start = at + 2;
  if (length > 0x80) {
    const count = length & 0x7f;
    if (count > 4) throw new Error("DER: too long");
    length = 0;
    for (let each = 0; each < count; each++) length = length * 256 + bytes[start++];
  }
  const end = start + length;
  if (!(end <= bytes.length)) throw new Error("DER: the data ends too early");
  return { tag, body: bytes.subarray(start, end), whole: bytes.subarray(at, end), end };
}

/** The elements within a constructed one. */
export function childrenOf({ body }) {
  const children = [];
  for (let at = 0; at < body.length;) {
    const child = readAt(body, at);
    children.push(child);
    at = child.end;
  }
  return children;
}

export const read = (bytes) => childrenOf(readAt(bytes));

/** An element of these contents. */
export function element(tag, ...contents) {
  const body = Buffer.concat(contents);
  const length = [];
  for (let rest = body.length; rest > 0; rest = Math.floor(rest / 256)) length.unshift(rest % 256);
  return Buffer.concat([Buffer.from(body.length < 128 ? [tag, body.length] : [tag, 0x80 + length.length, ...length]), body]);
}

export const sequence = (...contents) => element(SEQUENCE, ...contents);
export const octets = (bytes) => element(OCTETS, bytes);
export const bits = (bytes) => element(BITS, Buffer.from([0]), bytes);
export const oid = (hex) => element(OID, Buffer.from(hex, "hex"));
export const NULL = Buffer.from([5, 0]);

/** A number that is not negative, of its bytes. */
export function integer(bytes) {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const rest = bytes.subarray(start);
  return rest.length === 0 || rest[0] >= 128 ? element(INTEGER, Buffer.from([0]), rest) : element(INTEGER, rest);
}

/** The bytes of a number without the zero that keeps it positive. */
export function unsigned({ body }) {
  return body.length > 1 && body[0] === 0 ? body.subarray(1) : body;
}

/** `{ label, headers, der }` of the first block in a text; undefined where there is none. */
export function fromPem(text) {
  const found = /-----BEGIN ([A-Z0-9 ]+)-----\s*((?:[^\n:]+: [^\n]*\n)*)([A-Za-z0-9+/=\s]*)-----END \1-----/.exec(text);
  if (found === null) return undefined;
  const headers = Object.fromEntries(found[2].split("\n").filter(Boolean).map((line) => line.split(": ").map((part) => part.trim())));
  return { label: found[1], headers, der: Buffer.from(found[3].replace(/\s/g, ""), "base64") };
}

export const toPem = (label, der) => `-----BEGIN ${label}-----\n${der.toString("base64").match(/.{1,64}/g).join("\n")}\n-----END ${label}-----\n`;
