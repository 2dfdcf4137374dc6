// Cloudflare: what a Worker may know of its compatibility flags.

import { host } from "internal:host";

const { defineProperty, freeze } = Object;

export const Cloudflare = {};
const compatibilityFlags = freeze(Object.assign({ __proto__: null }, host.flags()));
defineProperty(Cloudflare, "compatibilityFlags", { value: compatibilityFlags, writable: false, enumerable: true, configurable: true });
defineProperty(Cloudflare, Symbol.toStringTag, { value: "Cloudflare", configurable: true });
