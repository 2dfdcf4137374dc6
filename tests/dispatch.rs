//! `env.dispatcher.get(name, args, options)`: lazy, permissive, and as transparent for errors and limits as on Cloudflare.

use crate::support::{Dev, Server};

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

/// A dispatcher whose handler is this, and a customer that says hello.
fn dispatching(handler: &str) -> Server {
    let front = format!("export default {{ async fetch(request, env, ctx) {{ {handler} }} }};");
    let customer = "export default { fetch: () => new Response('hello') };";
    Dev::new().dispatcher("front", &front).user("staging", "customer", customer).start()
}

fn customer(code: &str) -> Server {
    Dev::new().dispatcher("front", BY_PATH).user("staging", "customer", code).start()
}

#[test]
fn get_answers_a_fetcher_at_once_and_never_throws() {
    let dev = dispatching(
        "const worker = env.dispatcher.get('nobody');
         return Response.json([typeof worker.then, typeof worker.fetch, worker.constructor.name]);",
    );
    dev.get("/").json(r#"["undefined", "function", "Fetcher"]"#);
}

#[test]
fn get_overlooks_options_that_it_does_not_understand() {
    let dev = dispatching(
        "const options = [undefined, null, 7, 'text', {}, { limits: null }, { limits: 'text' }, { limits: { memory: 64 } },
           { limits: { cpuMs: 'many', subRequests: null } }, { limits: { cpuMs: -1, subRequests: NaN } },
           { outbound: 'a name' }, { outbound: null }, { unknown: 1 }];
         const args = [undefined, null, {}, 'text', 7];
         let text = '';
         for (const option of options) text += await (await env.dispatcher.get('customer', {}, option).fetch(request.url)).text();
         for (const arg of args) text += await (await env.dispatcher.get('customer', arg).fetch(request.url)).text();
         return new Response(text);",
    );
    dev.get("/").body(&"hello".repeat(18));
}

#[test]
fn a_missing_worker_shows_when_its_fetch_is_awaited() {
    let dev = dispatching(
        "const seen = [];
         const promise = env.dispatcher.get('nobody').fetch(request);
         seen.push(promise instanceof Promise);
         try { await promise } catch (error) { seen.push(error instanceof Error, error.name, error.message) }
         await env.dispatcher.get('nobody').fetch(request.url).catch((error) => seen.push(error.message));
         return Response.json(seen);",
    );
    dev.get("/").json(r#"[true, true, "Error", "Worker not found.", "Worker not found."]"#);
    dev.says("no user Worker \"nobody\" in namespace \"staging\"");
}

#[test]
fn a_missing_worker_that_nobody_catches_is_an_uncaught_exception() {
    let dev = dispatching("return env.dispatcher.get('nobody').fetch(request);");
    dev.get("/").status(500).contains("Worker not found.");
    dev.says("✖ front Error: Worker not found.");
}

#[test]
fn a_user_workers_exception_reaches_the_dispatcher() {
    let dev = customer(
        "const throws = {
           error: () => { throw new Error('one') },
           range: () => { throw new RangeError('two') },
           rejects: async () => { throw new TypeError('three') },
           text: () => { throw 'four' },
           custom: () => { class Broken extends Error { name = 'Broken' } throw new Broken('five') },
           nothing: () => { throw undefined },
         };
         export default { fetch: (request) => throws[new URL(request.url).pathname.split('/')[2]]() };",
    );
    dev.get("/customer/error").status(502).body("Error|Error|one");
    dev.get("/customer/range").body("RangeError|RangeError|two");
    dev.get("/customer/rejects").body("TypeError|TypeError|three");
    dev.get("/customer/text").body("Error|Error|four");
    dev.get("/customer/custom").contains("five");
    dev.get("/customer/nothing").contains("undefined");
    dev.says("✖ staging/customer Error: one");
    dev.says("✖ staging/customer RangeError: two");
    dev.says("✖ staging/customer TypeError: three");
    dev.says("four");
    dev.says("five");
    dev.says("undefined");
}

#[test]
fn a_user_worker_without_a_fetch_handler_is_an_exception_for_the_dispatcher() {
    let dev = customer("export default { scheduled() {} };");
    dev.get("/customer").status(502).contains("Handler does not export a fetch() function.");
    dev.says("Handler does not export a fetch() function.");
}

#[test]
fn an_exception_that_the_dispatcher_lets_through_is_shown_with_the_user_workers_stack() {
    let dev = Dev::new()
        .dispatcher(
            "front",
            "export default { fetch: (request, env) => env.dispatcher.get('customer').fetch(request) };",
        )
        .user("staging", "customer", "export default {\n  fetch() {\n    throw new Error('boom');\n  },\n};")
        .start();
    dev.get("/").status(500).contains("boom").contains("staging/customer/src/index.js:3:");
    dev.says("✖ staging/customer Error: boom");
    dev.says("✖ front Error: boom");
}

#[test]
fn cpu_ms_ends_a_user_worker_in_the_midst_of_its_work() {
    let dev = Dev::new()
        .dispatcher(
            "front",
            "export default { async fetch(request, env) {
               const worker = env.dispatcher.get('customer', {}, { limits: { cpuMs: 20 } });
               try { return await worker.fetch(request) } catch (error) { return new Response(error.message, { status: 429 }) }
             } };",
        )
        .user("staging", "customer", "export default { fetch(request) { if (request.url.endsWith('/spin')) for (;;); return new Response('quick') } };")
        .start();
    dev.get("/spin").status(429).body("Worker exceeded CPU time limit.");
    dev.says("✖ staging/customer Worker exceeded CPU time limit.");
    dev.get("/").status(200).body("quick");
}

#[test]
fn sub_requests_are_counted_against_the_dispatchers_limit() {
    let dev = Dev::new()
        .dispatcher(
            "front",
            "export default { async fetch(request, env) {
               if (request.headers.has('x-inner')) return new Response('inner');
               return env.dispatcher.get('customer', {}, { limits: { subRequests: 2 } }).fetch(request);
             } };",
        )
        .user(
            "staging",
            "customer",
            "export default { async fetch() {
               const seen = [];
               for (let i = 0; i < 3; i++) {
                 try { seen.push(await (await fetch('http://front.localhost/', { headers: { 'x-inner': '1' } })).text()) }
                 catch (error) { seen.push(error.message) }
               }
               return Response.json(seen);
             } };",
        )
        .start();
    dev.get("/").json(r#"["inner", "inner", "Too many subrequests."]"#);
}

#[test]
fn one_dispatchs_limits_are_not_anothers() {
    let dev = Dev::new()
        .dispatcher(
            "front",
            "export default { async fetch(request, env) {
               const ask = (limits) => env.dispatcher.get('customer', {}, { limits }).fetch(request.url)
                 .then((response) => response.text(), (error) => error.message);
               return Response.json(await Promise.all([ask({ subRequests: 1 }), ask({ subRequests: 3 }), ask()]));
             } };",
        )
        .user(
            "staging",
            "customer",
            "export default { async fetch() {
               let made = 0;
               try { for (; made < 3; made++) await fetch('data:,x') } catch {}
               return new Response(made);
             } };",
        )
        .start();
    dev.get("/").json(r#"["1", "3", "3"]"#);
}

#[test]
fn methods_headers_status_and_bodies_pass_both_ways() {
    let dev = customer(
        "export default { async fetch(request) {
           const { pathname, search } = new URL(request.url);
           const told = [request.method, pathname, search, request.headers.get('x-sent'), await request.text()];
           return new Response(told.join('|'), { status: 418, statusText: 'Short and stout', headers: { 'x-answered': 'yes' } });
         } };",
    );
    let answer = dev.ask("PUT", "/customer/a%20b?c=d&e").header("X-Sent", "1").body("text").send();
    answer.status(418).reason("Short and stout").header("x-answered", "yes").body("PUT|/customer/a%20b|?c=d&e|1|text");
}

#[test]
fn many_cookies_pass_unmerged() {
    let dev = customer(
        "export default { fetch() {
           const response = new Response('x');
           response.headers.append('set-cookie', 'a=1; Path=/');
           response.headers.append('set-cookie', 'b=2, 3');
           return response;
         } };",
    );
    let answer = dev.get("/customer").status(200);
    let cookies: Vec<_> =
        answer.headers.iter().filter(|(name, _)| name == "set-cookie").map(|(_, value)| value).collect();
    assert_eq!(cookies, ["a=1; Path=/", "b=2, 3"]);
}

#[test]
fn a_user_workers_redirect_is_the_clients_to_follow() {
    let dev = customer("export default { fetch: () => Response.redirect('http://elsewhere.example/', 302) };");
    dev.get("/customer").status(302).header("location", "http://elsewhere.example/");
    let dev = Dev::new()
        .dispatcher("front", "export default { fetch: (request, env) => env.dispatcher.get('customer').fetch(new Request('http://x/', request)) };")
        .user("staging", "customer", "export default { fetch: () => Response.redirect('http://elsewhere.example/', 301) };")
        .start();
    dev.get("/").status(301).header("location", "http://elsewhere.example/");
}

#[test]
fn a_dispatcher_that_fetches_a_url_follows_its_user_workers_redirects() {
    let dev = Dev::new()
        .dispatcher(
            "front",
            "export default { async fetch(request, env) {
               const ask = (init) => env.dispatcher.get('customer').fetch('http://customer/from', init);
               const followed = await ask();
               const sent = await ask({ method: 'POST', body: 'text' });
               const manual = await ask({ redirect: 'manual' });
               return Response.json([await followed.text(), followed.url, followed.redirected, await sent.text(), manual.status, manual.url, manual.redirected]);
             } };",
        )
        .user(
            "staging",
            "customer",
            "export default { async fetch(request) {
               const { pathname } = new URL(request.url);
               return pathname === '/to' ? new Response(`${request.method} ${await request.text()}`) : Response.redirect('http://customer/to', 303);
             } };",
        )
        .start();
    dev.get("/").json(r#"["GET ", "http://customer/to", true, "GET ", 303, "http://customer/from", false]"#);
}

#[test]
fn a_redirect_without_end_is_an_exception() {
    let dev = Dev::new()
        .dispatcher("front", "export default { async fetch(request, env) { try { await env.dispatcher.get('customer').fetch('http://customer/') } catch (error) { return new Response(error.message) } } };")
        .user("staging", "customer", "export default { fetch: (request) => Response.redirect(request.url) };")
        .start();
    dev.get("/").contains("Too many redirects. http://customer/, http://customer/");
}

#[test]
fn the_dispatcher_may_change_requests_and_answers() {
    let dev = Dev::new()
        .dispatcher(
            "front",
            "export default { async fetch(request, env) {
               const changed = new Request('http://elsewhere.example/path', request);
               changed.headers.set('x-customer', '7');
               const response = await env.dispatcher.get('customer').fetch(changed);
               const answer = new Response(response.body, response);
               answer.headers.set('x-platform', 'yes');
               return answer;
             } };",
        )
        .user("staging", "customer", "export default { fetch: (request) => new Response(`${request.url} ${request.headers.get('x-customer')}`) };")
        .start();
    dev.get("/").header("x-platform", "yes").body("http://elsewhere.example/path 7");
}

#[test]
fn request_cf_is_for_ordinary_workers_alone() {
    let dev = Dev::new()
        .dispatcher(
            "front",
            "export default { async fetch(request, env) {
               const theirs = await (await env.dispatcher.get('customer').fetch(request)).text();
               return Response.json([typeof request.cf, typeof request.cf.colo, theirs]);
             } };",
        )
        .user("staging", "customer", "export default { fetch: (request) => new Response(typeof request.cf) };")
        .start();
    dev.get("/").json(r#"["object", "string", "undefined"]"#);
}

#[test]
fn two_namespaces_each_have_their_own_customer_of_one_name() {
    let says = |text: &str| format!("export default {{ fetch: () => new Response('{text}') }};");
    let dev = Dev::new()
        .dispatcher(
            "front",
            "export default { async fetch(request, env) {
               const ask = async (binding) => (await binding.get('customer').fetch(request.url)).text();
               return new Response(`${await ask(env.dispatcher)} ${await ask(env.live)}`);
             } };",
        )
        .config("front", "[[dispatch_namespaces]]\nbinding = \"live\"\nnamespace = \"production\"")
        .user("staging", "customer", &says("tested"))
        .user("production", "customer", &says("sold"))
        .start();
    dev.get("/").body("tested sold");
}

#[test]
fn a_socket_that_nobody_listens_on_is_an_exception() {
    let dev = dispatching(
        "try { await fetch('http://127.0.0.1:1/') } catch (error) { return new Response(`${error.name}|${error.message}`) }",
    );
    dev.get("/").contains("Error|Network connection lost.");
}
