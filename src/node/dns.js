// node:dns.
import {
  KINDS, codes, flags, getDefaultResultOrder, getServers, lookupNow, resolveNow, reverseNow, serviceNow, setDefaultResultOrder, setServers,
} from "node:internal/dns";
import promises from "node:dns/promises";
import { process } from "node:internal/process";
import { validateFunction } from "node:internal/validators";

/** Tells the callback what the work gave, or why it did not. */
function tell(callback, work, spread = (value) => [value]) {
  validateFunction(callback, "callback");
  let results;
  try {
    results = [null, ...spread(work())];
  } catch (error) {
    if (error.code !== "ENOTFOUND") throw error;
    results = [error];
  }
  process.nextTick(callback, ...results);
}

export function lookup(hostname, options, callback = options) {
  const given = typeof options === "function" ? undefined : options;
  tell(callback, () => lookupNow(hostname, given), (value) => (Array.isArray(value) ? [value] : [value.address, value.family]));
}

export const lookupService = (address, port, callback) => tell(callback, () => serviceNow(address, port));
export const reverse = (address, callback) => tell(callback, () => reverseNow(address));

export function resolve(name, rrtype, callback = rrtype) {
  const kind = typeof rrtype === "string" ? { A: "4", AAAA: "6" }[rrtype] ?? rrtype[0] + rrtype.slice(1).toLowerCase() : "4";
  tell(callback, () => resolveNow(kind, name));
}

const kinds = KINDS.map((kind) => ({ [`resolve${kind}`](name, options, callback = options) { tell(callback, () => resolveNow(kind, name)); } })[`resolve${kind}`]);
export const [resolveAny, resolve4, resolve6, resolveCaa, resolveCname, resolveMx, resolveNaptr, resolveNs, resolvePtr, resolveSoa, resolveSrv, resolveTlsa, resolveTxt] = kinds;

export class Resolver {
  cancel() {}
  setLocalAddress() {}
  getServers() { return getServers(); }
  setServers() {}
}
Object.assign(Resolver.prototype, { resolve, reverse, ...Object.fromEntries(kinds.map((one) => [one.name, one])) });

export const { NODATA, FORMERR, SERVFAIL, NOTFOUND, NOTIMP, REFUSED, BADQUERY, BADNAME, BADFAMILY, BADRESP, CONNREFUSED, TIMEOUT, EOF, FILE, NOMEM, DESTRUCTION, BADSTR, BADFLAGS, NONAME, BADHINTS, NOTINITIALIZED, LOADIPHLPAPI, ADDRGETNETWORKPARAMS, CANCELLED } = codes;
export const { ADDRCONFIG, V4MAPPED, ALL } = flags;
export { getDefaultResultOrder, getServers, promises, setDefaultResultOrder, setServers };
export default {
  lookup, lookupService, Resolver, getServers, setServers, resolve, resolveAny, resolve4, resolve6, resolveCaa, resolveCname, resolveMx, resolveNaptr,
  resolveNs, resolvePtr, resolveSoa, resolveSrv, resolveTlsa, resolveTxt, reverse, setDefaultResultOrder, getDefaultResultOrder, promises, ...codes, ...flags,
};
