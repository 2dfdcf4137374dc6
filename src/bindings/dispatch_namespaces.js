// The dispatch namespace binding: `env.dispatcher.get(name, args, { limits, outbound })`.
//
// As on Cloudflare get() is synchronous, never throws for a Worker that is not there (the fetch does), and overlooks what
// it does not understand in its options; but a parameter that the outbound Worker could not get is an error.
import { fetcherOf } from "internal:fetch";
import { illegalConstructor, interface_, internal, isObject, requiredArguments } from "internal:webidl";

const { keys } = Object;
const { stringify } = JSON;

class DispatchNamespace {
  #open;
  #declared;

  /** `declared`: the outbound Worker's parameters; undefined where there is no outbound Worker. */
  constructor(token, open, declared) {
    illegalConstructor(token);
    this.#open = open;
    this.#declared = declared;
  }

  get(name, args = undefined, options = undefined) {
    requiredArguments(arguments.length, 1, "Failed to execute 'get' on 'DispatchNamespace'");
    const limits = options?.limits;
    const given = this.#declared && parameters(this.#declared, options?.outbound);
    return fetcherOf(this.#open(`${name}`, positive(limits?.cpuMs), positive(limits?.subRequests), given));
  }
}
interface_(DispatchNamespace);

const positive = (value) => (typeof value === "number" && value > 0 ? value : undefined);

// As JSON.
function parameters(declared, given) {
  if (!isObject(given)) return undefined;
  const stray = keys(given).find((name) => !declared.includes(name));
  if (stray === undefined) return stringify(given);
  const known = declared.length === 0 ? "none is" : `these are: ${declared.join(", ")}`;
  throw new TypeError(`The outbound parameter "${stray}" is not declared in the "parameters" of this dispatch namespace's outbound Worker; ${known}.`);
}

export const make = (open, declared) => new DispatchNamespace(internal, open, declared ?? undefined);
