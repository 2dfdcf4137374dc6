// Addresses of node:net and names of node:tls; what talks over a wire is in tests/sockets.rs.
import net, { BlockList, Socket, SocketAddress } from "node:net";
import tls from "node:tls";

const code = (body) => {
  try { body(); } catch (error) { return error.code; }
  return "nothing";
};

test("addresses are told apart", () => {
  const texts = ["127.0.0.1", "256.0.0.1", "::1", "fe80::1%eth0", "::ffff:1.2.3.4", "1.2.3", ":::", ""];
  equal(texts.map(net.isIP), [4, 0, 6, 6, 6, 0, 0, 0]);
});

test("a list blocks addresses, ranges and subnets, and goes through JSON", () => {
  const list = new BlockList();
  list.addAddress("1.1.1.1");
  list.addRange("10.0.0.5", "10.0.0.9");
  list.addSubnet("8592:757c:efae:4e45::", 64, "ipv6");
  equal(["1.1.1.1", "10.0.0.7", "10.0.0.10"].map((one) => list.check(one)), [true, true, false]);
  equal([list.check("::ffff:101:101", "ipv6"), list.check("8592:757c:efae:4e45::1", "ipv6"), list.check("1.1.1.1", "ipv6")], [true, true, false]);
  const copy = new BlockList();
  copy.fromJSON(JSON.stringify(list));
  equal(copy.rules, list.rules);
  equal(list.rules[2], "Address: IPv4 1.1.1.1");
  equal(code(() => list.addRange("10.0.0.9", "10.0.0.5")), "ERR_INVALID_ARG_VALUE");
  equal(code(() => list.addSubnet("10.0.0.0", 33)), "ERR_OUT_OF_RANGE");
});

test("an address of a socket has a family and a port", () => {
  equal(new SocketAddress({ address: "::1", family: "IPv6", port: 80 }).toJSON(), { address: "::1", port: 80, family: "ipv6", flowlabel: 0 });
  equal(SocketAddress.parse("[::1]:8080").port, 8080);
  equal(code(() => new SocketAddress({ address: "::1" })), "ERR_INVALID_ADDRESS");
});

test("a socket refuses what it cannot do", () => {
  equal(code(() => new Socket({ objectMode: true })), "ERR_INVALID_ARG_VALUE");
  equal(code(() => new Socket().connect({})), "ERR_MISSING_ARGS");
  equal(code(() => net.connect({ path: "/tmp/s" })), "ERR_INVALID_ARG_VALUE");
  equal(code(() => net.connect(70000)), "ERR_SOCKET_BAD_PORT");
  equal(code(() => net.createServer()), "ERR_METHOD_NOT_IMPLEMENTED");
  equal(code(() => tls.connect({ port: 1, rejectUnauthorized: false })), "ERR_OPTION_NOT_IMPLEMENTED");
  equal(code(() => tls.connect({ port: 1, checkServerIdentity: 1 })), "ERR_INVALID_ARG_TYPE");
});

test("a certificate names hosts by pattern", () => {
  const why = (host, cert) => tls.checkServerIdentity(host, cert)?.reason;
  const cert = { subject: { CN: "a.com" }, subjectaltname: 'DNS:*.b.com, DNS:"c.com", IP Address:::1' };
  equal([why("x.b.com", cert), why("C.com.", cert), why("::1", cert)], [undefined, undefined, undefined]);
  equal(why("b.com", cert), `Host: b.com. is not in the cert's altnames: ${cert.subjectaltname}`);
  equal(why("a.com", { subject: { CN: "b.com" } }), "Host: a.com. is not cert's CN: b.com");
  equal(why("a.com", { subject: {} }), "Cert does not contain a DNS name");
});
