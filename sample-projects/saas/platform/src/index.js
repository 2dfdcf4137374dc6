// The platform's front door: finds out whose site a request is for, and hands it to that customer's Worker.
import { limitsFor } from "./plans.js";
import { customerOf } from "./routing.js";

export default {
  async fetch(request, env) {
    const target = customerOf(new URL(request.url));
    if (!target) return landingPage(request);

    // get() never fails, not even for a name that nobody has: a missing Worker shows when it is fetched.
    const worker = env.CUSTOMERS.get(target.name, {}, { limits: limitsFor(target.name, env) });
    try {
      // `await` matters: without it, the catch below would never see what the customer's Worker threw.
      return await worker.fetch(new Request(target.url, request));
    } catch (error) {
      return explain(error, target.name);
    }
  },
};

function landingPage(request) {
  const { origin } = new URL(request.url);
  return new Response(`This is the platform. A customer's site: ${origin}/customer-a/\n`);
}

// Whatever the customer's Worker throws arrives here as an exception; the platform decides what its visitors see.
function explain(error, name) {
  if (error.message.startsWith("Worker not found")) {
    return new Response(`There is no customer "${name}".\n`, { status: 404 });
  }
  if (error.message.includes("CPU time limit")) {
    return new Response(`"${name}" used up the time its plan allows.\n`, { status: 429 });
  }
  return new Response(`"${name}" failed: ${error.message}\n`, { status: 502 });
}
