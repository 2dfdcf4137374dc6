// node:dns/promises.
import {
  KINDS, codes, getDefaultResultOrder, getServers, lookupNow, resolveNow, reverseNow, serviceNow, setDefaultResultOrder, setServers,
} from "node:internal/dns";

export const lookup = async (hostname, options = undefined) => lookupNow(hostname, options);
export const lookupService = async (address, port) => serviceNow(address, port);
export const reverse = async (address) => reverseNow(address);
export const resolve = async (name, rrtype = "A") => resolveNow({ A: "4", AAAA: "6" }[rrtype] ?? rrtype, name);
const kinds = KINDS.map((kind) => ({ async [`resolve${kind}`](name) { return resolveNow(kind, name); } })[`resolve${kind}`]);
export const [resolveAny, resolve4, resolve6, resolveCaa, resolveCname, resolveMx, resolveNaptr, resolveNs, resolvePtr, resolveSoa, resolveSrv, resolveTlsa, resolveTxt] = kinds;

export class Resolver {
  cancel() {}
  setLocalAddress() {}
  getServers() { return getServers(); }
  setServers() {}
}
Object.assign(Resolver.prototype, { resolve, reverse, ...Object.fromEntries(kinds.map((one) => [one.name, one])) });

export const { NODATA, FORMERR, SERVFAIL, NOTFOUND, NOTIMP, REFUSED, BADQUERY, BADNAME, BADFAMILY, BADRESP, CONNREFUSED, TIMEOUT, EOF, FILE, NOMEM, DESTRUCTION, BADSTR, BADFLAGS, NONAME, BADHINTS, NOTINITIALIZED, LOADIPHLPAPI, ADDRGETNETWORKPARAMS, CANCELLED } = codes;
export { getDefaultResultOrder, getServers, setDefaultResultOrder, setServers };
export default {
  lookup, lookupService, Resolver, getServers, setServers, resolve, resolveAny, resolve4, resolve6, resolveCaa, resolveCname, resolveMx, resolveNaptr,
  resolveNs, resolvePtr, resolveSoa, resolveSrv, resolveTlsa, resolveTxt, reverse, setDefaultResultOrder, getDefaultResultOrder, ...codes,
};
