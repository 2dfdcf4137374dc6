// The customer whose code is broken: it throws, or never ends. Neither is anybody else's problem.
export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/ok") return new Response("customer-b is fine today\n");
    if (pathname === "/spin") spin();
    return checkout({ items: [] });
  },
};

function checkout(cart) {
  if (cart.items.length === 0) throw new Error("the cart is empty");
  return new Response("thank you\n");
}

// Runs until the CPU limit of the plan ends it.
function spin() {
  for (;;);
}
