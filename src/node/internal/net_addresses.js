// Addresses of node:net: what is one, SocketAddress and BlockList.
import { ERR_INVALID_ADDRESS, ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE } from "node:internal/errors";
import { validateInt32, validateObject, validateOneOf, validatePort, validateString, validateUint32 } from "node:internal/validators";
import { inspect } from "node:internal/inspect";

const customInspect = Symbol.for("nodejs.util.inspect.custom");

const PART = "(?:[0-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])";
const V4 = new RegExp(`^(?:${PART}\\.){3}${PART}$`);

export const isIPv4 = (value) => V4.test(`${value}`);

export function isIPv6(value) {
  const [address, zone, ...more] = `${value}`.split("%");
  if (zone === "" || more.length > 0 || !/^[0-9a-fA-F:.]+$/.test(address) || !address.includes(":")) return false;
  return URL.canParse(`http://[${address}]/`);
}

export const isIP = (value) => (isIPv4(value) ? 4 : isIPv6(value) ? 6 : 0);

const groups = (text) => text.split(":").filter((group) => group !== "");

/** The bits of an address; those of an IPv4 address within IPv6 are that IPv4 address's when `narrow`. */
function numberOf(address) {
  if (isIPv4(address)) return address.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const [head, tail = ""] = new URL(`http://[${address.split("%")[0]}]/`).hostname.slice(1, -1).split("::");
  const [left, right] = [groups(head), groups(tail)];
  const all = [...left, ...Array(Math.max(0, 8 - left.length - right.length)).fill("0"), ...right];
  return all.reduce((sum, part) => sum * 65536n + BigInt(`0x${part}`), 0n);
}

const MAPPED = 0xffffn;

function familyOf(value) {
  validateString(value, "options.family");
  const family = value.toLowerCase();
  if (family !== "ipv4" && family !== "ipv6") throw new ERR_INVALID_ARG_VALUE("options.family", value);
  return family;
}

let isSocketAddress;

export class SocketAddress {
  #address;
  #port;
  #family;
  #flowlabel;

  static isSocketAddress(value) { return isSocketAddress(value); }

  static parse(input) {
    validateString(input, "input");
    const url = URL.parse(`http://${input}`);
    if (url === null) return undefined;
    const six = url.hostname.startsWith("[");
    const address = six ? url.hostname.slice(1, -1) : url.hostname;
    return new SocketAddress({ address, port: Number(url.port || (input.endsWith(":80") ? 80 : 0)), family: six ? "ipv6" : "ipv4" });
  }

  static {
    isSocketAddress = (value) => typeof value === "object" && value !== null && #address in value;
  }

  constructor(options = {}) {
    validateObject(options, "options");
    const { family: given = "ipv4", port = 0, flowlabel = 0 } = options;
    const family = familyOf(given);
    const { address = family === "ipv4" ? "127.0.0.1" : "::" } = options;
    validateString(address, "options.address");
    validatePort(port, "options.port");
    validateUint32(flowlabel, "options.flowlabel");
    if (isIP(address) !== Number(family.at(-1))) throw new ERR_INVALID_ADDRESS(address);
    this.#address = address;
    this.#port = Number(port);
    this.#family = family;
    this.#flowlabel = flowlabel;
  }

  get address() { return this.#address; }
  get port() { return this.#port; }
  get family() { return this.#family; }
  get flowlabel() { return this.#flowlabel; }
  toJSON() { return { address: this.address, port: this.port, family: this.family, flowlabel: this.flowlabel }; }
  [customInspect](depth, options) { return depth < 0 ? this : `SocketAddress ${inspect(this.toJSON(), options)}`; }
}

/** The address and the family of what a method of BlockList was given. */
function read(address, family, name) {
  if (isSocketAddress(address)) return { text: address.address, family: address.family };
  if (typeof address !== "string") throw new ERR_INVALID_ARG_TYPE(name, ["string", "SocketAddress"], address);
  validateString(family, "family");
  const lower = family.toLowerCase();
  validateOneOf(lower, "family", ["ipv4", "ipv6"]);
  if (isIP(address) !== Number(lower.at(-1))) throw new ERR_INVALID_ADDRESS(address);
  return { text: address, family: lower };
}

const TITLES = { ipv4: "IPv4", ipv6: "IPv6" };

export class BlockList {
  #rules = [];

  static isBlockList(value) { return typeof value === "object" && value !== null && #rules in value; }

  #add(family, start, end, text) {
    this.#rules.push({ family, start, end, text: `${text.replace("*", TITLES[family])}` });
  }

  addAddress(address, family = "ipv4") {
    const one = read(address, family, "address");
    this.#add(one.family, numberOf(one.text), numberOf(one.text), `Address: * ${one.text}`);
  }

  addRange(start, end, family = "ipv4") {
    const [first, last] = [read(start, family, "start"), read(end, family, "end")];
    const [low, high] = [numberOf(first.text), numberOf(last.text)];
    if (low > high) throw new ERR_INVALID_ARG_VALUE("start", start, `must come before ${last.text}`);
    this.#add(first.family, low, high, `Range: * ${first.text}-${last.text}`);
  }

  addSubnet(network, prefix, family = "ipv4") {
    const { text, family: own } = read(network, family, "network");
    const width = own === "ipv4" ? 32 : 128;
    validateInt32(prefix, "prefix", 0, width);
    const bits = BigInt(width - prefix);
    const start = (numberOf(text) >> bits) << bits;
    this.#add(own, start, start + (1n << bits) - 1n, `Subnet: * ${text}/${prefix}`);
  }

  check(address, family = "ipv4") {
    if (!isSocketAddress(address)) {
      if (typeof address !== "string") throw new ERR_INVALID_ARG_TYPE("address", ["string", "SocketAddress"], address);
      validateString(family, "family");
      if (isIP(address) !== (family.toLowerCase() === "ipv6" ? 6 : 4)) return false;
    }
    const one = read(address, family, "address");
    const value = numberOf(one.text);
    const within = (own, number) => this.#rules.some((rule) => rule.family === own && number >= rule.start && number <= rule.end);
    if (within(one.family, value)) return true;
    return one.family === "ipv6" && value >> 32n === MAPPED ? within("ipv4", value & 0xffffffffn) : false;
  }

  get rules() { return this.#rules.map(({ text }) => text).reverse(); }

  toJSON() { return this.rules; }

  fromJSON(data) {
    const list = typeof data === "string" ? parsed(data) : data;
    if (!Array.isArray(list)) throw new ERR_INVALID_ARG_TYPE("data", ["string", "string[]"], data);
    for (const rule of list.toReversed()) {
      const known = /^(Address|Range|Subnet): IPv([46]) ([^-/]+)(?:[-/](.+))?$/.exec(rule);
      if (known === null) throw new ERR_INVALID_ARG_VALUE("data", data, "holds a rule that is none");
      const [, kind, version, one, other] = known;
      if (kind === "Subnet") this.addSubnet(one, Number(other), `ipv${version}`);
      else if (kind === "Range") this.addRange(one, other, `ipv${version}`);
      else this.addAddress(one, `ipv${version}`);
    }
  }

  [customInspect](depth, options) { return depth < 0 ? this : `BlockList ${inspect({ rules: this.rules }, options)}`; }
}

function parsed(data) {
  try {
    return JSON.parse(data);
  } catch {
    throw new ERR_INVALID_ARG_VALUE("data", data, "must be valid JSON");
  }
}
