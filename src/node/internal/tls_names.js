// Does a certificate name this host? As Node.js sees it, for tls.checkServerIdentity().
import { ERR_TLS_CERT_ALTNAME_FORMAT, ERR_TLS_CERT_ALTNAME_INVALID } from "node:internal/errors";
import { isIP } from "node:internal/net_addresses";

const labels = (name) => name.replace(/[.]$/, "").toLowerCase().split(".");

/** May a pattern, perhaps with a star in its first label, mean these labels? */
function matches(host, pattern) {
  const own = labels(pattern);
  if (pattern === "" || own.length !== host.length || own.includes("") || own.some((label) => /[^\u0021-\u007f]/.test(label))) return false;
  if (own.slice(1).some((label, at) => label !== host[at + 1])) return false;
  const parts = own[0].split("*");
  if (parts.length === 1 || own[0].includes("xn--")) return own[0] === host[0];
  const [before, after] = parts;
  if (parts.length > 2 || own.length <= 2 || before.length + after.length > host[0].length) return false;
  return host[0].startsWith(before) && host[0].endsWith(after);
}

/** `DNS:a, DNS:"b, c"` in its parts; what stands in quotes is JSON. */
function alternatives(text) {
  if (!text.includes('"')) return text.split(", ");
  const parts = text.match(/(?:[^",]|"(?:[^"\\]|\\.)*")+|"/g).map((part) => part.trim());
  return parts.map((part) => part.replace(/"(?:[^"\\]|\\.)*"?/g, (quoted) => {
    try {
      return JSON.parse(quoted);
    } catch {
      throw new ERR_TLS_CERT_ALTNAME_FORMAT();
    }
  }));
}

const canonical = (address) => (isIP(address) === 6 ? new URL(`http://[${address}]/`).hostname.slice(1, -1) : address);

/** Why not; undefined where the host is named. */
function reason(hostname, { subject, subjectaltname }) {
  const all = subjectaltname ? alternatives(subjectaltname) : [];
  const after = (mark) => all.filter((name) => name.startsWith(mark)).map((name) => name.slice(mark.length));
  if (isIP(hostname) !== 0) {
    const addresses = after("IP Address:").map(canonical);
    return addresses.includes(canonical(hostname)) ? undefined : `IP: ${hostname} is not in the cert's list: ${addresses.join(", ")}`;
  }
  const name = hostname.replace(/[.]$/, "");
  const host = labels(name);
  const names = after("DNS:");
  if (names.length > 0) return names.some((pattern) => matches(host, pattern)) ? undefined : `Host: ${name}. is not in the cert's altnames: ${subjectaltname}`;
  if (!subject?.CN) return "Cert does not contain a DNS name";
  return [subject.CN].flat().some((pattern) => matches(host, pattern)) ? undefined : `Host: ${name}. is not cert's CN: ${subject.CN}`;
}

export function checkServerIdentity(hostname, cert) {
  const why = reason(`${hostname}`, cert);
  return why === undefined ? undefined : new ERR_TLS_CERT_ALTNAME_INVALID(why, `${hostname}`, cert);
}
