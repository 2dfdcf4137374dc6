// An email: the class of `cloudflare:email`, and what its header says.
import { fromUtf8 } from "internal:encoding";
import { Headers } from "internal:headers";
import { requiredArguments } from "internal:webidl";

/** The fields before the first empty line, folded lines joined. */
export function headersOf(bytes) {
  const [head] = fromUtf8(bytes).split(/\r?\n\r?\n/, 1);
  const headers = new Headers();
  for (const line of head.replace(/\r?\n[ \t]+/g, " ").split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    try {
      headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
    } catch {
      // A field that HTTP could not have is in the raw message all the same.
    }
  }
  return headers;
}

export let rawOf;

export class EmailMessage {
  #raw;

  constructor(from, to, raw) {
    requiredArguments(arguments.length, 3, "Failed to construct 'EmailMessage'");
    this.from = `${from}`;
    this.to = `${to}`;
    this.#raw = raw;
  }

  static {
    rawOf = (message) => (#raw in message ? message.#raw : undefined);
  }
}
