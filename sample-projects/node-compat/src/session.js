// Sessions: a name and its HMAC.
import { createHmac, timingSafeEqual } from "node:crypto";

const hmac = (name) => createHmac("sha256", process.env.SECRET).update(name).digest();

export const sign = (name) => `${Buffer.from(name).toString("base64url")}.${hmac(name).toString("base64url")}`;

export function verify(session) {
	const [name, signature] = session.split(".").map((part) => Buffer.from(part, "base64url"));
	const wanted = hmac(name);
	return signature.length === wanted.length && timingSafeEqual(signature, wanted) ? name.toString() : undefined;
}
