// node:net: addresses; sockets cannot connect until there is `cloudflare:sockets`.
import { Duplex } from "node:stream";
import { EventEmitter } from "node:events";
import { ERR_METHOD_NOT_IMPLEMENTED } from "node:internal/errors";
import { validateString } from "node:internal/validators";

const PART = "(?:[0-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])";
const V4 = new RegExp(`^(?:${PART}\\.){3}${PART}$`);

export const isIPv4 = (value) => V4.test(`${value}`);

export function isIPv6(value) {
  const [address, zone] = `${value}`.split("%");
  if (zone === "" || !/^[0-9a-fA-F:.]+$/.test(address) || !address.includes(":")) return false;
  try {
    return new URL(`http://[${address}]/`).hostname !== "";
  } catch {
    return false;
  }
}

export const isIP = (value) => (isIPv4(value) ? 4 : isIPv6(value) ? 6 : 0);

let autoSelectFamily = true;
let attemptTimeout = 250;
export const getDefaultAutoSelectFamily = () => autoSelectFamily;
export const setDefaultAutoSelectFamily = (value) => { autoSelectFamily = Boolean(value); };
export const getDefaultAutoSelectFamilyAttemptTimeout = () => attemptTimeout;
export const setDefaultAutoSelectFamilyAttemptTimeout = (value) => { attemptTimeout = value; };

// Differs: node:net sockets do not connect; issue 5 brings connect().
export function Socket(options = undefined) {
  if (!new.target && !(this instanceof Socket)) return new Socket(options);
  Reflect.apply(Duplex, this, [{ ...options, autoDestroy: true, emitClose: false }]);
  this.connecting = false;
  return this;
}
Object.setPrototypeOf(Socket.prototype, Duplex.prototype);
Object.setPrototypeOf(Socket, Duplex);
Object.assign(Socket.prototype, {
  connect() { throw new ERR_METHOD_NOT_IMPLEMENTED("net.Socket.connect"); },
  setTimeout() { return this; },
  setNoDelay() { return this; },
  setKeepAlive() { return this; },
  address() { return {}; },
  ref() { return this; },
  unref() { return this; },
});
export const Stream = Socket;
export const connect = (...args) => new Socket().connect(...args);
export const createConnection = connect;

export class Server extends EventEmitter {
  constructor() {
    super();
    throw new ERR_METHOD_NOT_IMPLEMENTED("net.Server");
  }
}
export const createServer = () => new Server();

const numberOf = (address) => {
  if (isIPv4(address)) return address.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const [head, tail = ""] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split("::");
  const parts = (text) => text.split(":").filter((part) => part !== "");
  const [left, right] = [parts(head), parts(tail)];
  const all = [...left, ...Array(Math.max(0, 8 - left.length - right.length)).fill("0"), ...right];
  return all.reduce((sum, part) => sum * 65536n + BigInt(`0x${part}`), 0n);
};
const textOf = (address) => (typeof address === "string" ? address : address.address);

export class BlockList {
  #ranges = [];
  rules = [];

  addAddress(address, family = "ipv4") { this.addRange(address, address, family); }

  addRange(start, end, family = "ipv4") {
    this.#ranges.push({ family: family.toLowerCase(), start: numberOf(textOf(start)), end: numberOf(textOf(end)) });
  }

  addSubnet(network, prefix, family = "ipv4") {
    const bits = BigInt((family.toLowerCase() === "ipv4" ? 32 : 128) - prefix);
    const start = (numberOf(textOf(network)) >> bits) << bits;
    this.#ranges.push({ family: family.toLowerCase(), start, end: start + (1n << bits) - 1n });
  }

  check(address, family = "ipv4") {
    if (isIP(textOf(address)) === 0) return false;
    const value = numberOf(textOf(address));
    return this.#ranges.some((range) => range.family === family.toLowerCase() && value >= range.start && value <= range.end);
  }
}

export class SocketAddress {
  constructor({ address = "127.0.0.1", family = "ipv4", port = 0, flowlabel = 0 } = {}) {
    validateString(address, "options.address");
    Object.assign(this, { address, family, port, flowlabel });
  }
}

export default {
  BlockList, connect, createConnection, createServer, getDefaultAutoSelectFamily, getDefaultAutoSelectFamilyAttemptTimeout, isIP, isIPv4, isIPv6,
  Server, setDefaultAutoSelectFamily, setDefaultAutoSelectFamilyAttemptTimeout, Socket, SocketAddress, Stream,
};
