// atob() and btoa(): QuickJS's own do the work; the errors are those of Workers.

import { host } from "internal:host";
import { DOMException } from "internal:exception";
import { DOMString, requiredArguments } from "internal:webidl";

const native = host.builtin;

function convert(name, count, data, complaint) {
  const prefix = `Failed to execute '${name}' on 'ServiceWorkerGlobalScope'`;
  requiredArguments(count, 1, prefix);
  const text = DOMString(data, prefix, "parameter 1");
  try {
    return native[name](text);
  } catch {
    throw new DOMException(complaint, "InvalidCharacterError");
  }
}

const NOT_BASE64 =
  "atob() called with invalid base64-encoded data. (Only whitespace, '+', '/', alphanumeric ASCII, and up to two terminal '=' signs when the input data length is divisible by 4 are allowed.)";
const NOT_LATIN1 = "btoa() can only operate on characters in the Latin1 (ISO/IEC 8859-1) range.";

// Methods, so that they are no constructors.
export const { atob, btoa } = {
  atob(data) { return convert("atob", arguments.length, data, NOT_BASE64); },
  btoa(data) { return convert("btoa", arguments.length, data, NOT_LATIN1); },
};
