// Whose site is it? Two ways in: a hostname of the customer's own (customer-a.example.com, or customer-a.localhost on a
// laptop), or the first path segment (/customer-a/about), which is then cut off: either way the customer sees /about.
const CUSTOMER_HOST = /^([a-z0-9-]+)\.(?:example\.com|localhost)$/;
const OUR_OWN = new Set(["platform", "www"]);

export function customerOf(url) {
  const host = CUSTOMER_HOST.exec(url.hostname);
  if (host && !OUR_OWN.has(host[1])) return { name: host[1], url };

  const [, name, ...rest] = url.pathname.split("/");
  if (!name) return null;
  return { name, url: new URL(`/${rest.join("/")}${url.search}`, url) };
}
