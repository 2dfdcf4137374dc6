// The dispatch namespace binding: `env.dispatcher.get(name, args, { limits, outbound })`.
//
// As on Cloudflare get() is synchronous, never throws for a Worker that is not there (the fetch does), and overlooks what
// it does not understand in its options.
import { fetcherOf } from "internal:fetch";
import { illegalConstructor, interface_, internal, requiredArguments } from "internal:webidl";

class DispatchNamespace {
  #open;

  constructor(token, open) {
    illegalConstructor(token);
    this.#open = open;
  }

  get(name, args = undefined, options = undefined) {
    requiredArguments(arguments.length, 1, "Failed to execute 'get' on 'DispatchNamespace'");
    const limits = options?.limits;
    return fetcherOf(this.#open(`${name}`, positive(limits?.cpuMs), positive(limits?.subRequests)));
  }
}
interface_(DispatchNamespace);

const positive = (value) => (typeof value === "number" && value > 0 ? value : undefined);

export const make = (open) => new DispatchNamespace(internal, open);
