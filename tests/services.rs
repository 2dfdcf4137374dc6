//! Workers that call one another: by service bindings, by their hosts, and not for ever.

use crate::support::Dev;

/// Hands each request to the user Worker that the path names first, and tells what that throws.
const BY_PATH: &str = "
    export default {
      async fetch(request, env) {
        const name = new URL(request.url).pathname.split('/')[1];
        try {
          return await env.dispatcher.get(name).fetch(request);
        } catch (error) {
          return new Response(`${error.constructor.name}|${error.name}|${error.message}`, { status: 502 });
        }
      },
    };";

#[test]
fn services_reach_other_projects_by_the_same_path() {
    let dev = Dev::new()
        .worker(
            "shop",
            "export default { async fetch(request, env) {
               const main = await env.STOCK.fetch(new Request(request, { method: 'POST', body: 'pears' }));
               const named = await env.PRICES.fetch('http://prices/pears');
               return new Response(`${main.status} ${await main.text()}, ${await named.text()}`);
             } };",
        )
        .config("shop", "services = [{ binding = \"STOCK\", service = \"stock\" }, { binding = \"PRICES\", service = \"stock\", entrypoint = \"Prices\" }]")
        .worker(
            "stock",
            "import { WorkerEntrypoint } from 'cloudflare:workers';
             export default { async fetch(request) { return new Response(`${await request.text()}: 7`, { status: 201 }) } };
             export class Prices extends WorkerEntrypoint {
               fetch(request) { return new Response(`${new URL(request.url).pathname.slice(1)} cost ${this.env.PRICE}`) }
             }",
        )
        .config("stock", "[vars]\nPRICE = 3")
        .start();
    dev.ask("GET", "/").host("shop.localhost").send().body("201 pears: 7, pears cost 3");
    dev.says("shop → stock → stock");
}

#[test]
fn a_user_workers_services_reach_ordinary_workers() {
    let dev = Dev::new()
        .dispatcher("front", BY_PATH)
        .user("staging", "customer", "export default { fetch: (request, env) => env.API.fetch(request) };")
        .config("staging/customer", "services = [{ binding = \"API\", service = \"api\" }]")
        .worker("api", "export default { fetch: () => new Response('the platform api') };")
        .start();
    dev.get("/customer").body("the platform api");
}

#[test]
fn a_service_that_is_not_there_is_warned_of_and_throws_when_it_is_used() {
    let dev = Dev::new()
        .worker("a", "export default { async fetch(request, env) { try { return await env.B.fetch(request) } catch (error) { return new Response(error.message) } } };")
        .config("a", "services = [{ binding = \"B\", service = \"bee\" }]")
        .start();
    dev.get("/").contains("bee");
    dev.says("warning:");
}

#[test]
fn workers_may_call_one_another_sixteen_deep() {
    let code = "export default { async fetch(request, env) {
        const depth = Number(request.headers.get('x-depth') ?? 0);
        try { return await env.NEXT.fetch('http://next/', { headers: { 'x-depth': `${depth + 1}` } }) }
        catch (error) { return new Response(`${depth}: ${error.message}`) }
    } };";
    let dev = Dev::new()
        .worker("ping", code)
        .config("ping", "services = [{ binding = \"NEXT\", service = \"pong\" }]")
        .worker("pong", code)
        .config("pong", "services = [{ binding = \"NEXT\", service = \"ping\" }]")
        .start();
    dev.get("/").contains("16: Subrequest depth limit exceeded.");
}

#[test]
fn a_fetch_to_a_local_workers_host_is_answered_in_process() {
    let dev = Dev::new()
        .worker("a", "export default { async fetch() { return fetch('http://b.localhost/x') } };")
        .worker("b", "export default { fetch: (request) => new Response(`b got ${request.url}`) };")
        .start();
    dev.ask("GET", "/").host("a.localhost").send().body("b got http://b.localhost/x");
    dev.says("a → b");
}

#[test]
fn stubs_as_arguments_stay_with_their_sender_or_go_over() {
    let code = "import { RpcStub, RpcTarget, WorkerEntrypoint } from 'cloudflare:workers';
        class One extends RpcTarget { one() { return 1 } }
        export class Taker extends WorkerEntrypoint { take(stub) { return stub.one() } }
        export default { async fetch(request, env, ctx) {
          const stub = new RpcStub(new One());
          const taken = await ctx.exports.Taker.take(stub);
          return new Response(`${taken} ${await stub.one().catch((error) => error.message)}`);
        } };";
    for (flag, answer) in
        [("rpc_params_dup_stubs", "1 1"), ("rpc_params_transfer_stubs", "1 RPC stub used after being disposed.")]
    {
        let dev = Dev::new().worker("a", code).config("a", &format!("compatibility_flags = [\"{flag}\"]")).start();
        dev.get("/").body(answer);
    }
}
