// Names without a network: addresses are what they are, `localhost` is here, nothing else is known.
//
// Differs: node:dns knows localhost and addresses only; there is no network to ask.
import { isIP } from "node:internal/net_addresses";
import { ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE } from "node:internal/errors";
import { validateBoolean, validateNumber, validateOneOf, validateString } from "node:internal/validators";

const CODES = ["NODATA", "FORMERR", "SERVFAIL", "NOTFOUND", "NOTIMP", "REFUSED", "BADQUERY", "BADNAME", "BADFAMILY", "BADRESP", "CONNREFUSED", "TIMEOUT", "EOF", "FILE", "NOMEM", "DESTRUCTION", "BADSTR", "BADFLAGS", "NONAME", "BADHINTS", "NOTINITIALIZED", "LOADIPHLPAPI", "ADDRGETNETWORKPARAMS", "CANCELLED"];
export const codes = Object.fromEntries(CODES.map((name) => [name, name === "CANCELLED" ? "ECANCELLED" : `E${name}`]));
export const flags = { ADDRCONFIG: 32, V4MAPPED: 8, ALL: 16 };
export const KINDS = ["Any", "4", "6", "Caa", "Cname", "Mx", "Naptr", "Ns", "Ptr", "Soa", "Srv", "Tlsa", "Txt"];

const unknown = (syscall, hostname) => Object.assign(new Error(`${syscall} ENOTFOUND ${hostname}`), { errno: -3008, code: "ENOTFOUND", syscall, hostname });

export function lookupNow(hostname, options) {
  if (hostname) validateString(hostname, "hostname");
  if (options !== null && typeof options !== "number" && typeof options !== "object" && typeof options !== "undefined") throw new ERR_INVALID_ARG_TYPE("options", ["integer", "object"], options);
  const given = typeof options === "number" ? { family: options } : options ?? {};
  const { all = false, verbatim = undefined, order = undefined } = given;
  validateBoolean(all, "options.all");
  if (verbatim !== undefined) validateBoolean(verbatim, "options.verbatim");
  if (order !== undefined) validateOneOf(order, "options.order", ["ipv4first", "ipv6first", "verbatim"]);
  let { family = 0 } = given;
  if (typeof family === "string") family = { IPv4: 4, IPv6: 6 }[family] ?? family;
  validateOneOf(family, "options.family", [0, 4, 6]);
  let found = [];
  const version = isIP(hostname);
  if (version !== 0) found = [{ address: hostname, family: version }];
  else if (!hostname) return all ? [] : { address: null, family: family === 6 ? 6 : 4 };
  else if (`${hostname}`.toLowerCase() === "localhost") found = [{ address: "127.0.0.1", family: 4 }, { address: "::1", family: 6 }].filter((one) => family === 0 || one.family === family);
  if (found.length === 0) throw unknown("getaddrinfo", hostname);
  return all ? found : found[0];
}

export function resolveNow(kind, name) {
  validateString(name, "name");
  const version = name.toLowerCase() === "localhost" ? { 4: ["127.0.0.1"], 6: ["::1"] }[kind] : undefined;
  if (version !== undefined) return version;
  throw unknown(`query${kind}`, name);
}

export function reverseNow(address) {
  if (isIP(address) === 0) throw new ERR_INVALID_ARG_VALUE("ip", address);
  throw unknown("getHostByAddr", address);
}

export function serviceNow(address, port) {
  if (isIP(address) === 0) throw new ERR_INVALID_ARG_VALUE("address", address);
  validateNumber(port, "port", 0, 65535);
  throw unknown("getnameinfo", address);
}

let order = "verbatim";
export const getDefaultResultOrder = () => order;
export const setDefaultResultOrder = (value) => {
  validateOneOf(value, "dnsOrder", ["verbatim", "ipv4first", "ipv6first"]);
  order = value;
};
export const getServers = () => ["1.1.1.1", "2606:4700:4700::1111", "1.0.0.1", "2606:4700:4700::1001"];
export const setServers = () => {};
