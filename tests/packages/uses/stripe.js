// stripe's client asks over fetch() and checks webhooks with Web Crypto.
import Stripe from "stripe";

const answer = async (url, init) => {
  if (url.includes("cus_none")) return Response.json({ error: { type: "invalid_request_error", message: "no such customer", code: "resource_missing" } }, { status: 404 });
  return Response.json({ object: "customer", id: "cus_1", told: [init.method, url, `${init.body}`] });
};

export default async () => {
  const stripe = new Stripe("sk_test_1", { httpClient: Stripe.createFetchHttpClient(answer), maxNetworkRetries: 0 });
  const made = await stripe.customers.create({ email: "ann@example.com", metadata: { plan: "pro" } });
  const refused = await stripe.customers.retrieve("cus_none").catch((error) => [error.constructor.name, error.statusCode, error.code]);
  const crypto = Stripe.createSubtleCryptoProvider();
  const payload = JSON.stringify({ id: "evt_1", object: "event", type: "customer.created" });
  const header = await stripe.webhooks.generateTestHeaderStringAsync({ payload, secret: "whsec", cryptoProvider: crypto });
  const event = await stripe.webhooks.constructEventAsync(payload, header, "whsec", undefined, crypto);
  const forged = await stripe.webhooks.constructEventAsync(payload, header, "other", undefined, crypto).catch((error) => error.type);
  return [made.id, made.told, refused, event.type, forged];
};
