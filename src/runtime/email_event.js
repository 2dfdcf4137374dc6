// What `email()` is given: a message that can be rejected, forwarded and answered. Nothing leaves this machine.
import { host, lazy } from "internal:host";
import { headersOf } from "internal:email_message";
import { illegalConstructor, interface_, internal } from "internal:webidl";

const streams = lazy("streams");
const crypto = lazy("crypto");

const tell = (text) => host.consoleWrite("info", text);
// 36 characters and a domain, as in production.
const sent = () => ({ messageId: `${crypto().crypto.randomUUID()}@example.com` });
const listed = (headers) => (headers === undefined ? "" : [...headers].map(([name, value]) => `\n  ${name}: ${value}`).join(""));

class ForwardableEmailMessage {
  #mail;

  constructor(token, mail) {
    illegalConstructor(token);
    this.#mail = mail;
  }

  get from() { return this.#mail.from; }
  get to() { return this.#mail.to; }
  get headers() { return this.#mail.headers; }
  get rawSize() { return this.#mail.bytes.length; }

  get raw() {
    const mail = this.#mail;
    mail.raw ??= new (streams().ReadableStream)({
      start(controller) {
        controller.enqueue(mail.bytes.slice());
        controller.close();
      },
    });
    return mail.raw;
  }

  setReject(reason) { this.#mail.rejected = `${reason}`; }

  async forward(to, headers = undefined) {
    void this.#mail;
    tell(`forwarded to ${to}${listed(headers)}`);
    return sent();
  }

  async reply(message) {
    const { from } = this.#mail;
    if (`${message?.to}`.toLowerCase() !== from.toLowerCase()) throw new Error("Reply does not belong to the original sender");
    tell(`replied to ${from}`);
    return sent();
  }
}
interface_(ForwardableEmailMessage);

export function open(facts, bytes) {
  const mail = { ...facts, bytes, headers: headersOf(bytes), rejected: undefined, raw: undefined };
  return { given: new ForwardableEmailMessage(internal, mail), told: () => ({ rejected: mail.rejected }) };
}
