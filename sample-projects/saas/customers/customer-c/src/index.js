// The customer with several modules: code, a page of its own, JSON data and a text file.
import { route } from "./router.js";
import home from "./pages/home.js";
import dishes from "./dishes.json";

const routes = {
  "/": home,
  "/menu": () => Response.json(dishes),
  "/specials": async () => {
    // Loaded on the first request that asks for it.
    const { specials } = await import("./pages/specials.js");
    return specials(dishes);
  },
};

export default {
  fetch: (request) => route(routes, request),
};
