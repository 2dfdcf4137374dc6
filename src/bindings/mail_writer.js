// An email's parts -> the text that goes over the wire (MIME).
import { fromUtf8, utf8 } from "internal:encoding";
import { isObject } from "internal:webidl";
import { bytesOf } from "internal:webidl_types";

const { isArray } = Array;
const { isView } = ArrayBuffer;
const listed = (value) => (isArray(value) ? value : [value]);

const base64 = (bytes) => bytes.toBase64();
const plain = /^[\x20-\x7e]*$/;

/** Text in a header: no line may end in it, and what is not ASCII is encoded. */
function headerText(value) {
  const text = `${value}`.replace(/[\r\n]+/g, " ");
  return plain.test(text) ? text : `=?UTF-8?B?${base64(utf8(text))}?=`;
}

function address(value) {
  if (!isObject(value)) return headerText(value);
  const email = headerText(value.email);
  if (value.name === undefined) return email;
  const name = headerText(value.name);
  return `${name.startsWith("=?") ? name : `"${name.replace(/["\\]/g, "\\$&")}"`} <${email}>`;
}

const addresses = (value) => listed(value).map(address).join(", ");

/** A part: its own header fields and its body in base64. */
function part(fields, bytes) {
  const body = base64(bytes).replace(/.{76}/g, "$&\r\n");
  return [...fields, "Content-Transfer-Encoding: base64"].join("\r\n") + `\r\n\r\n${body}`;
}

function many(kind, parts, boundary) {
  const inner = parts.map((one) => `--${boundary}\r\n${one}\r\n`).join("");
  return `Content-Type: multipart/${kind}; boundary="${boundary}"\r\n\r\n${inner}--${boundary}--\r\n`;
}

function attachment({ content, filename, type = "application/octet-stream", disposition = "attachment", contentId }) {
  const name = headerText(filename ?? "attachment").replace(/["\\]/g, "\\$&");
  const fields = [`Content-Type: ${headerText(type)}; name="${name}"`, `Content-Disposition: ${headerText(disposition)}; filename="${name}"`];
  if (contentId !== undefined) fields.push(`Content-ID: <${headerText(contentId)}>`);
  // A string is base64 already.
  const bytes = typeof content === "string" ? Uint8Array.fromBase64(content) : isView(content) ? bytesOf(content) : new Uint8Array(content);
  return part(fields, bytes);
}

function bodyOf({ text, html, attachments }, boundary) {
  const parts = [];
  if (text !== undefined) parts.push(part(["Content-Type: text/plain; charset=utf-8"], utf8(`${text}`)));
  if (html !== undefined) parts.push(part(["Content-Type: text/html; charset=utf-8"], utf8(`${html}`)));
  const words = parts.length === 1 ? parts[0] : many("alternative", parts, `${boundary}-a`);
  if (!isArray(attachments) || attachments.length === 0) return words;
  return many("mixed", [words, ...attachments.map(attachment)], `${boundary}-m`);
}

export function write(builder, id) {
  const { from, to, cc, replyTo, subject, headers } = builder;
  const fields = [`From: ${address(from)}`, `To: ${addresses(to)}`];
  if (cc !== undefined) fields.push(`Cc: ${addresses(cc)}`);
  if (replyTo !== undefined) fields.push(`Reply-To: ${address(replyTo)}`);
  fields.push(`Subject: ${headerText(subject)}`, `Message-ID: ${id}`, `Date: ${new Date().toUTCString()}`, "MIME-Version: 1.0");
  const more = isObject(headers) ? (typeof headers.entries === "function" ? headers.entries() : Object.entries(headers)) : [];
  for (const [name, value] of more) {
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) throw new TypeError(`"${name}" is not a header's name.`);
    fields.push(`${name}: ${headerText(value)}`);
  }
  const boundary = `devflare-${fromUtf8(utf8(id.slice(1, 17)))}`;
  return `${fields.join("\r\n")}\r\n${bodyOf(builder, boundary)}`;
}
