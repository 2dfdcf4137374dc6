// The binding that sends email: a message as it is, or one that is put together from its parts. The host keeps it.
import { host, lazy } from "internal:host";
import { headersOf, rawOf } from "internal:email_message";
import { fromUtf8, utf8 } from "internal:encoding";
import { isObject } from "internal:webidl";

const mail = lazy("mail_writer");
const { isArray } = Array;

export const make = (handle, rules) => new SendEmail(handle, JSON.parse(rules));

const listed = (value) => (value === undefined || value === null ? [] : isArray(value) ? value : [value]);
const addressOf = (value) => (isObject(value) ? `${value.email}` : `${value}`);

function coded(message, code) {
  const error = new Error(message);
  error.code = code;
  return error;
}

class SendEmail {
  #handle;
  #rules;

  constructor(handle, rules) {
    this.#handle = handle;
    this.#rules = rules;
  }

  async send(message) {
    if (!isObject(message)) throw new TypeError("send() takes an EmailMessage or an object with from, to and subject.");
    const raw = rawOf(message);
    return raw === undefined ? this.#built(message) : this.#whole(message, raw);
  }

  #check(from, recipients) {
    const { destination, destinations, senders } = this.#rules;
    if (senders !== null && !senders.includes(from)) throw coded(`email from ${from} not allowed`, "E_SENDER_NOT_VERIFIED");
    for (const to of recipients) {
      const wrong = (destination !== null && to !== destination) || (destinations !== null && !destinations.includes(to));
      if (wrong) throw coded(`email to ${to} not allowed`, "E_RECIPIENT_NOT_ALLOWED");
    }
  }

  async #whole({ from, to }, raw) {
    this.#check(from, [to]);
    const bytes = new Uint8Array(await new Response(raw).arrayBuffer());
    const headers = headersOf(bytes);
    if (headers.get("message-id") === null) throw new Error("invalid message-id");
    const said = headers.get("from") ?? "";
    if ((said.match(/<([^<>]*)>\s*$/)?.[1] ?? said.trim()) !== from) throw new Error("From: header does not match mail from");
    if (headers.has("received")) throw new Error("invalid headers set");
    return this.#keep(bytes, from, [to], headers.get("subject") ?? "");
  }

  async #built(builder) {
    for (const field of ["from", "to", "subject"]) {
      if (builder[field] === undefined) throw coded(`The field '${field}' is missing.`, "E_FIELD_MISSING");
    }
    if (builder.text === undefined && builder.html === undefined) throw coded("One of the fields 'text' and 'html' is needed.", "E_FIELD_MISSING");
    const from = addressOf(builder.from);
    const recipients = [builder.to, builder.cc, builder.bcc].flatMap(listed).map(addressOf);
    if (recipients.length > MAX_RECIPIENTS) throw coded(`An email has at most ${MAX_RECIPIENTS} recipients.`, "E_TOO_MANY_RECIPIENTS");
    this.#check(from, recipients);
    const id = idFor(from);
    return this.#keep(utf8(mail().write(builder, id)), from, recipients, `${builder.subject}`, id);
  }

  async #keep(bytes, from, recipients, subject, id = idFor(from)) {
    if (bytes.length > MAX_BYTES) throw coded("The email is longer than 25 MiB.", "E_CONTENT_TOO_LARGE");
    const path = await this.#handle.keep(bytes);
    const kept = path === undefined ? "" : ` (${path})`;
    host.consoleWrite("info", `email from ${from} to ${recipients.join(", ")}: ${subject}${kept}`);
    return { messageId: id };
  }
}

const MAX_RECIPIENTS = 50;
const MAX_BYTES = 25 << 20;

/** 36 letters and digits, at the sender's domain. */
function idFor(from) {
  const letters = fromUtf8(crypto.getRandomValues(new Uint8Array(36)).map((byte) => ALPHABET.charCodeAt(byte % ALPHABET.length)));
  return `<${letters}@${from.slice(from.lastIndexOf("@") + 1)}>`;
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
