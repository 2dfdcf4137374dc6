//! Outbound Workers: each `fetch()` of a user Worker goes through them, with what the dispatcher tells them in `env`.

use crate::support::{Client, Dev, Form, Server};

const OUTBOUND: &str = r#"[[dispatch_namespaces]]
binding = "dispatcher"
namespace = "staging"
outbound = { service = "gate", parameters = ["customer", "plan"] }"#;

/// Tells who asks for what, and for whom.
const GATE: &str = "export default { async fetch(request, env) {
    const { host, pathname } = new URL(request.url);
    if (host === 'blocked.example') return new Response('blocked', { status: 403 });
    if (pathname === '/from') return Response.redirect('http://elsewhere.example/to', 302);
    const body = request.body === null ? '' : ` ${await request.text()}`;
    return new Response(`${request.method} ${request.url}${body} for ${env.customer?.name ?? 'nobody'} on ${env.plan ?? 'no plan'}`);
} };";

const FRONT: &str = "export default { async fetch(request, env) {
    const name = new URL(request.url).pathname.slice(1);
    const outbound = { customer: { name }, plan: 'free' };
    try { return await env.dispatcher.get(name, {}, { outbound }).fetch(request) }
    catch (error) { return new Response(`${error.name}: ${error.message}`, { status: 502 }) }
} };";

/// A user Worker whose handler is this.
fn handling(body: &str) -> String {
    format!("export default {{ async fetch(request, env, ctx) {{ {body} }} }};")
}

fn gated(body: &str) -> Server {
    Dev::new()
        .worker("front", FRONT)
        .config("front", OUTBOUND)
        .worker("gate", GATE)
        .user("staging", "ann", &handling(body))
        .start()
}

#[test]
fn every_fetch_of_a_user_worker_goes_through_the_outbound_worker_with_its_parameters() {
    let dev = gated(
        "const ask = async (url, init) => { const answer = await fetch(url, init); return `${answer.status} ${await answer.text()}` };
         return Response.json([
           await ask('https://api.example/a?b=c'),
           await ask('http://blocked.example/'),
           await ask('http://api.example/', { method: 'POST', body: 'sent' }),
           await ask('http://front.localhost/'),
           await ask('https://api.cloudflare.com/client/v4/user', { headers: { authorization: 'Bearer x' } }),
           await ask('data:,inline'),
         ]);",
    );
    dev.get("/ann").json(
        r#"["200 GET https://api.example/a?b=c for ann on free", "403 blocked", "200 POST http://api.example/ sent for ann on free",
        "200 GET http://front.localhost/ for ann on free", "200 GET https://api.cloudflare.com/client/v4/user for ann on free", "200 inline"]"#,
    );
}

#[test]
fn redirects_sockets_and_work_after_the_answer_take_the_same_way() {
    let gate = "let late = 'nothing';
        export default { async fetch(request, env) {
          const { pathname } = new URL(request.url);
          if (pathname === '/late') { late = env.customer.name; return new Response() }
          if (pathname === '/told') return new Response(late);
          if (pathname === '/from') return Response.redirect('http://elsewhere.example/to', 302);
          if (request.headers.get('upgrade') !== 'websocket') return new Response(request.url);
          const [client, server] = Object.values(new WebSocketPair());
          server.accept();
          server.addEventListener('message', ({ data }) => server.send(`${env.customer.name} ${data}`));
          return new Response(null, { status: 101, webSocket: client });
        } };";
    let customer = handling(
        "const said = (socket) => new Promise((resolve) => socket.addEventListener('message', ({ data }) => resolve(data)));
         const followed = await fetch('http://api.example/from');
         const { webSocket } = await fetch('http://chat.example/', { headers: { upgrade: 'websocket' } });
         webSocket.accept();
         const first = said(webSocket);
         webSocket.send('one');
         const other = new WebSocket('ws://chat.example/');
         await new Promise((resolve) => other.addEventListener('open', resolve));
         const second = said(other);
         other.send('two');
         const told = [await followed.text(), followed.redirected, await first, await second];
         webSocket.close(); other.close();
         ctx.waitUntil(scheduler.wait(10).then(() => fetch('http://api.example/late')));
         return Response.json(told);",
    );
    let told = handling("return fetch('http://api.example/told')");
    let dev = Dev::new()
        .worker("front", FRONT)
        .config("front", OUTBOUND)
        .worker("gate", gate)
        .user("staging", "ann", &customer)
        .user("staging", "told", &told)
        .start();
    dev.get("/ann").json(r#"["http://elsewhere.example/to", true, "ann one", "ann two"]"#);
    while dev.get("/told").text() == "nothing" {}
    dev.get("/told").body("ann");
}

#[test]
fn fetches_of_the_outbound_worker_and_of_bound_services_lead_outside() {
    let gate = "export default { fetch: () => fetch('http://plain.localhost/from-gate') };";
    let plain = "export default { fetch: (request, env) => new Response(`plain ${new URL(request.url).pathname}`) };";
    let service = "export default { fetch: () => fetch('http://plain.localhost/from-service') };";
    let dev = Dev::new()
        .worker("front", FRONT)
        .config("front", OUTBOUND)
        .worker("gate", gate)
        .worker("plain", plain)
        .worker("service", service)
        .user(
            "staging",
            "ann",
            &handling("return Response.json(await Promise.all([fetch('http://x/'), env.service.fetch('http://x/')].map(async (answer) => (await answer).text())))"),
        )
        .config("staging/ann", "services = [{ binding = \"service\", service = \"service\" }]")
        .start();
    dev.get("/ann").json(r#"["plain /from-gate", "plain /from-service"]"#);
}

#[test]
fn a_workers_own_entrypoints_keep_its_outbound_worker_and_its_objects_do_not() {
    let code = "import { DurableObject, WorkerEntrypoint } from 'cloudflare:workers';
        const ask = async () => (await fetch('http://plain.localhost/')).text();
        export class Inner extends WorkerEntrypoint { fetch() { return fetch('http://plain.localhost/') } ask() { return ask() } }
        export class Room extends DurableObject { ask() { return ask() } }
        export default { async fetch(request, env, { exports }) {
          const room = env.ROOM.get(env.ROOM.idFromName('a'));
          return Response.json([await (await exports.Inner.fetch('http://x/')).text(), await exports.Inner.ask(), await room.ask()]);
        } };";
    let dev = Dev::new()
        .worker("front", FRONT)
        .config("front", OUTBOUND)
        .worker("gate", GATE)
        .worker("plain", "export default { fetch: () => new Response('plain') };")
        .user("staging", "ann", code)
        .config("staging/ann", "durable_objects.bindings = [{ name = \"ROOM\", class_name = \"Room\" }]\nmigrations = [{ tag = \"v1\", new_sqlite_classes = [\"Room\"] }]")
        .start();
    dev.get("/ann").json(
        r#"["GET http://plain.localhost/ for ann on free", "GET http://plain.localhost/ for ann on free", "plain"]"#,
    );
}

#[test]
fn workers_that_a_user_worker_makes_inherit_its_outbound_worker() {
    let code = "export default { async fetch(request, env, ctx) {
          const made = (more) => env.LOADER.load({ compatibilityDate: '2026-01-01', mainModule: 'm.js', ...more,
            modules: { 'm.js': `export default { async fetch() { try { return await fetch('http://api.example/') } catch (error) { return new Response(error.message.slice(0, 29)) } } }` } });
          const ask = async (more) => (await made(more).getEntrypoint().fetch('http://x/')).text();
          return Response.json([await ask({}), await ask({ globalOutbound: null })]);
        } };";
    let dev = Dev::new()
        .worker("front", FRONT)
        .config("front", OUTBOUND)
        .worker("gate", GATE)
        .user("staging", "ann", code)
        .config("staging/ann", "worker_loaders = [{ binding = \"LOADER\" }]")
        .start();
    dev.get("/ann").json(r#"["GET http://api.example/ for ann on free", "This worker is not permitted "]"#);
}

#[test]
fn each_dispatch_has_parameters_of_its_own() {
    let front = "export default { async fetch(request, env) {
        const ask = async (outbound) => (await env.dispatcher.get('ann', {}, { outbound }).fetch(request.url)).text();
        return Response.json(await Promise.all([ask({ customer: { name: 'one' }, plan: 1 }), ask({ plan: [2] }), ask(), ask(null), ask('text')]));
    } };";
    let gate = "import { WorkerEntrypoint, env as all } from 'cloudflare:workers';
        export default class extends WorkerEntrypoint {
          async fetch() { await scheduler.wait(1); return Response.json([this.env.customer?.name, this.env.plan, this.env.SECRET, Object.keys(all)]) }
        }";
    let dev = Dev::new()
        .worker("front", front)
        .config("front", OUTBOUND)
        .worker("gate", gate)
        .config("gate", "vars = { SECRET = \"own\" }")
        .user("staging", "ann", &handling("return fetch('http://x/')"))
        .start();
    let nothing = r#"[null,null,\"own\",[\"SECRET\"]]"#;
    dev.get("/").json(&format!(
        r#"["[\"one\",1,\"own\",[\"SECRET\"]]", "[null,[2],\"own\",[\"SECRET\"]]", "{nothing}", "{nothing}", "{nothing}"]"#
    ));
}

#[test]
fn get_refuses_a_parameter_that_is_not_declared() {
    let front = "export default { async fetch(request, env) {
        try { env.dispatcher.get('ann', {}, { outbound: { customer: 1, plna: 2 } }) }
        catch (error) { return new Response(`${error.name}: ${error.message}`) }
    } };";
    let dev = Dev::new()
        .worker("front", front)
        .config("front", OUTBOUND)
        .worker("gate", GATE)
        .user("staging", "ann", &handling("return new Response()"))
        .start();
    dev.get("/").body(
        "TypeError: The outbound parameter \"plna\" is not declared in the \"parameters\" of this dispatch namespace's outbound Worker; these are: customer, plan.",
    );
}

#[test]
fn an_outbound_worker_that_is_missing_or_throws_is_an_exception_of_that_fetch() {
    let body = "return new Response(await fetch('http://api.example/').then((answer) => answer.text(), (error) => error.message))";
    let dev =
        Dev::new().worker("front", FRONT).config("front", OUTBOUND).user("staging", "ann", &handling(body)).start();
    dev.may_say("`outbound` names the Worker `gate`, which is not here");
    dev.get("/ann").body("There is no Worker named \"gate\", the outbound Worker of this dispatch namespace.");
    let dev = Dev::new()
        .worker("front", FRONT)
        .config("front", OUTBOUND)
        .worker("gate", "export default { fetch() { throw new Error('gate is shut') } };")
        .user("staging", "ann", &handling(body))
        .start();
    dev.get("/ann").body("gate is shut");
    dev.says("✖ gate Error: gate is shut");
}

/// The outbound Worker dispatches to the user Worker whose `fetch()` it answers.
#[test]
fn a_circle_through_an_outbound_worker_ends_at_the_depth_limit() {
    let gate = "export default { fetch: (request, env) => env.dispatcher.get('ann').fetch(request) };";
    let dev = Dev::new()
        .worker("front", FRONT)
        .config("front", OUTBOUND)
        .worker("gate", gate)
        .config("gate", &OUTBOUND.replace(", parameters = [\"customer\", \"plan\"]", ""))
        .user("staging", "ann", &handling("return fetch('http://api.example/')"))
        .start();
    dev.may_say("Subrequest depth limit exceeded");
    dev.get("/ann").status(502).contains("Subrequest depth limit exceeded.");
}

#[test]
fn fetches_through_an_outbound_worker_count_as_subrequests_of_the_user_worker() {
    let front = "export default { async fetch(request, env) {
        return env.dispatcher.get('ann', {}, { limits: { subRequests: 2 }, outbound: {} }).fetch(request);
    } };";
    let body = "const seen = [];
        for (let at = 0; at < 3; at++) seen.push(await fetch('http://x/').then((answer) => answer.status, (error) => error.message));
        return Response.json(seen);";
    let dev = Dev::new()
        .worker("front", front)
        .config("front", OUTBOUND)
        .worker("gate", GATE)
        .user("staging", "ann", &handling(body))
        .start();
    dev.get("/").json(r#"[200, 200, "Too many subrequests."]"#);
}

fn upload(dev: &Client, path: &str, metadata: &str, code: &str) {
    dev.api("PUT", path).form(Form::upload(metadata, code)).send().done();
}

#[test]
fn uploaded_dispatchers_have_outbound_workers_in_either_spelling_of_parameters() {
    let dev = Dev::api().start();
    dev.api("POST", "/workers/dispatch/namespaces").json(r#"{"name":"staging"}"#).send().done();
    let plain = r#"{"main_module":"index.js","compatibility_date":"2026-01-01"}"#;
    upload(&dev, "/workers/scripts/gate-live", plain, GATE);
    let user = handling("return fetch('http://api.example/')");
    upload(&dev, "/workers/dispatch/namespaces/staging/scripts/ann", plain, &user);
    for parameters in [r#"[{"name":"customer"},{"name":"plan"}]"#, r#"["customer","plan"]"#] {
        let metadata = format!(
            r#"{{"main_module":"index.js","compatibility_date":"2026-01-01","bindings":[{{"name":"dispatcher","type":"dispatch_namespace",
            "namespace":"staging","outbound":{{"worker":{{"service":"gate","environment":"live"}},"params":{parameters}}}}}]}}"#
        );
        upload(&dev, "/workers/scripts/front", &metadata, FRONT);
        dev.ask("GET", "/ann").host("front.localhost").send().body("GET http://api.example/ for ann on free");
    }
}
