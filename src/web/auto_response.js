// WebSocketRequestResponsePair: what a Durable Object answers to a message without being woken.
import { interface_, requiredArguments } from "internal:webidl";

const MAX = 2048;

function checked(value, what) {
  const text = `${value}`;
  if (text.length > MAX) throw new RangeError(`${what} cannot be larger than ${MAX} bytes. A ${what.toLowerCase()} of size ${text.length} was provided.`);
  return text;
}

export class WebSocketRequestResponsePair {
  #request;
  #response;

  constructor(request, response) {
    requiredArguments(arguments.length, 2, "Failed to construct 'WebSocketRequestResponsePair'");
    this.#request = checked(request, "Request");
    this.#response = checked(response, "Response");
  }

  get request() { return this.#request; }
  get response() { return this.#response; }
}
interface_(WebSocketRequestResponsePair);
