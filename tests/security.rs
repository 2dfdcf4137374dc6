//! What a hostile user Worker tries: the control plane, and the state, secrets, caches and memory of others.

use crate::support::{Dev, Form, Server};

/// A platform with a victim that has something of everything, and a user Worker `mallory` that does `deed`.
fn attacked(deed: &str) -> Server {
    let front = "export default { async fetch(request, env) {
        const [, name] = new URL(request.url).pathname.split('/');
        if (name === 'platform') return Response.json([env.SECRET, await env.KV.get('key')]);
        try { return await env.dispatcher.get(name, {}, {}).fetch(request) }
        catch (error) { return new Response(`${error.message}`, { status: 502 }) }
    } };";
    let victim = "import { DurableObject } from 'cloudflare:workers';
        globalThis.secret = 'in memory';
        export class Room extends DurableObject { async fetch() { this.ctx.storage.kv.put('key', 'kept'); return new Response(this.ctx.id.toString()) } }
        export default { async fetch(request, env) {
          await env.KV.put('key', 'value of the victim');
          await (await caches.open('shared')).put('https://example.com/', new Response('cached by the victim'));
          Array.prototype.stolen = 'prototype of the victim';
          return env.ROOM.getByName('a').fetch(request);
        } };";
    let mallory = format!(
        "import {{ DurableObject, WorkerEntrypoint, env as all }} from 'cloudflare:workers';
        import * as sockets from 'cloudflare:sockets';
        export class Room extends DurableObject {{ async fetch() {{ return new Response(`${{this.ctx.storage.kv.get('key')}}`) }} }}
        const tried = async (act) => {{ try {{ return await act() }} catch (error) {{ return `${{error.message}}`.slice(0, 60) }} }};
        export default {{ async fetch(request, env, ctx) {{ return Response.json(await (async () => {{ {deed} }})()) }} }};"
    );
    let objects = "durable_objects.bindings = [{ name = \"ROOM\", class_name = \"Room\" }]\nmigrations = [{ tag = \"v1\", new_sqlite_classes = [\"Room\"] }]";
    let dev = Dev::new()
        .dispatcher("front", front)
        .config("front", "[[kv_namespaces]]\nbinding = \"KV\"\nid = \"platforms\"\n[vars]\nSECRET = \"of the platform\"")
        .user("staging", "victim", victim)
        .config("staging/victim", &format!("vars = {{ SECRET = \"of the victim\" }}\nkv_namespaces = [{{ binding = \"KV\", id = \"victims\" }}]\n{objects}"))
        .user("staging", "mallory", &mallory)
        .config("staging/mallory", &format!("{objects}\nkv_namespaces = [{{ binding = \"KV\", id = \"mallorys\" }}]\ncompatibility_flags = [\"nodejs_compat\"]"))
        .start();
    assert_eq!(dev.get("/victim").status(200).text().len(), 64);
    dev
}

#[test]
fn the_control_plane_is_closed_to_any_token_but_the_platforms() {
    let dev = attacked(
        "const port = new URL(request.url).searchParams.get('api');
         const hosts = ['https://api.cloudflare.com', `http://localhost:${port}`, `http://127.0.0.1:${port}`, `http://[::1]:${port}`, `http://127.1:${port}`, `http://a.localhost:${port}`];
         const codes = [];
         for (const host of hosts) {
           for (const headers of [{}, { authorization: 'Bearer made-up' }, { 'x-auth-key': 'k', 'x-auth-email': 'e' }]) {
             const ask = async () => (await (await fetch(`${host}/client/v4/user/tokens/verify`, { headers })).json()).errors[0].code;
             codes.push(await tried(ask));
           }
         }
         return [...new Set(codes)];",
    );
    let api = dev.api_port();
    dev.get(&format!("/mallory?api={api}")).json("[9106, 10000]");
}

#[test]
fn the_control_planes_port_refuses_a_user_workers_connections() {
    let dev = attacked(
        "const port = new URL(request.url).searchParams.get('api');
         const seen = [];
         for (const host of ['localhost', '127.0.0.1', '127.1', '0.0.0.0']) {
           seen.push(await tried(async () => {
             const socket = sockets.connect(`${host}:${port}`);
             await socket.opened;
             const writer = socket.writable.getWriter();
             await writer.write(new TextEncoder().encode('GET /client/v4/user HTTP/1.1\\r\\nHost: localhost\\r\\nAuthorization: Bearer x\\r\\nConnection: close\\r\\n\\r\\n'));
             return await new Response(socket.readable).text();
           }));
         }
         return [...new Set(seen)];",
    );
    let api = dev.api_port();
    dev.get(&format!("/mallory?api={api}")).json(r#"["proxy request failed, cannot connect to the specified addres"]"#);
}

#[test]
fn the_platforms_token_opens_the_control_plane() {
    let dev = attacked(
        "const ask = (token) => fetch('https://api.cloudflare.com/client/v4/user/tokens/verify', { headers: { authorization: `Bearer ${token}` } });
         return [(await ask('devflare')).status];",
    );
    dev.get("/mallory").json("[200]");
}

#[test]
fn bindings_lead_to_nothing_of_others() {
    let dev = attacked(
        "return [
           Object.keys(env).sort(), Object.keys(all).sort(), env.SECRET ?? null, await env.KV.get('key'),
           await tried(async () => await (await env.ROOM.getByName('a').fetch(request.url)).text()),
           await tried(() => env.ROOM.idFromString('0'.repeat(64))),
           globalThis.secret ?? null, [].stolen ?? null, typeof natives, typeof globalThis.natives, typeof process?.env?.SECRET,
           await tried(async () => await (await (await caches.open('shared')).match('https://example.com/'))?.text() ?? 'nothing'),
           await tried(async () => void caches.default),
         ];",
    );
    let seen = dev.get("/mallory").status(200).text();
    assert!(seen.starts_with(r#"[["KV","ROOM"],["KV","ROOM"],null,null,"undefined","#), "{seen}");
    assert!(seen.contains("not valid") || seen.contains("does not match") || seen.contains("Invalid"), "{seen}");
    assert!(
        seen.contains(r#",null,null,"undefined","undefined","undefined","nothing","caches.default is disabled"#),
        "{seen}"
    );
    dev.get("/platform").json(r#"["of the platform", null]"#);
}

#[test]
fn an_id_of_anothers_object_opens_none() {
    let dev = attacked(
        "return [await tried(async () => { env.ROOM.idFromString(new URL(request.url).searchParams.get('id')); return 'opened' })];",
    );
    let id = dev.get("/victim").text();
    let seen = dev.get(&format!("/mallory?id={id}")).status(200).text();
    assert!(!seen.contains("opened"), "{seen}");
}

#[test]
fn names_that_climb_or_join_reach_no_other_cache_key_or_object() {
    let dev = attacked(
        "const names = ['../victim/shared', 'staging/victim\\nnamed shared', '\\nnamed shared', '\\0', '', 'default', 'shared\\n', '%00', '__proto__'];
         const found = [];
         for (const name of names) {
           const cache = await caches.open(name);
           found.push(await tried(async () => await (await cache.match('https://example.com/'))?.text() ?? 'nothing'));
           found.push(await tried(async () => await env.KV.get(`../victims/${name}key`) ?? 'nothing'));
           found.push(await tried(async () => await (await env.ROOM.getByName(`${name}/../a`).fetch('http://x/')).text()));
         }
         return [...new Set(found)].sort();",
    );
    let seen = dev.get("/mallory").status(200).text();
    assert!(!seen.contains("victim") && !seen.contains("kept"), "{seen}");
}

#[test]
fn modules_of_the_runtime_and_of_others_cannot_be_imported() {
    let dev = attacked(
        "const seen = [];
         for (const name of ['internal:host', 'internal:fetch', 'internal:worker', '../victim/src/index.js', '/etc/passwd', 'file:///etc/passwd']) {
           const path = name;
           seen.push(await tried(async () => Object.keys(await import(path)).length));
         }
         return seen.filter((what) => typeof what === 'number');",
    );
    dev.may_say("error");
    dev.get("/mallory").json("[]");
}

#[test]
fn the_file_system_and_the_environment_of_the_machine_are_not_there() {
    let dev = attacked(
        "const fs = await import('node:fs'), os = await import('node:os'), { env: of } = await import('node:process');
         return [await tried(() => fs.readFileSync('/etc/passwd', 'utf8').includes('root:')), Object.keys(of).includes('PATH'), Object.keys(of).includes('HOME')];",
    );
    let seen = dev.get("/mallory").text();
    assert!(!seen.contains("true"), "{seen}");
}

#[test]
fn stubs_and_streams_of_another_request_cannot_be_used() {
    let dev = attacked(
        "globalThis.kept ??= [];
         if (globalThis.kept.length === 0) { globalThis.kept.push(request, new Response('x'.repeat(10)).body); return ['first'] }
         return [await tried(async () => { await globalThis.kept[0].text(); return 'read' })];",
    );
    let first = dev.ask("POST", "/mallory").body("of the first").send();
    first.json(r#"["first"]"#);
    let second = dev.get("/mallory").text();
    assert!(!second.contains("of the first") && !second.contains("read\""), "{second}");
}

#[test]
fn an_outbound_worker_is_not_passed_by() {
    let front = "export default { fetch: (request, env) => env.dispatcher.get('mallory').fetch(request) };";
    let outbound =
        "[[dispatch_namespaces]]\nbinding = \"dispatcher\"\nnamespace = \"staging\"\noutbound = { service = \"gate\" }";
    let mallory = "import { WorkerEntrypoint, RpcTarget } from 'cloudflare:workers';
        import { connect } from 'cloudflare:sockets';
        const ask = async () => (await fetch('http://plain.localhost/')).text();
        export class Inner extends WorkerEntrypoint { ask() { return ask() } }
        class Target extends RpcTarget { ask() { return ask() } }
        const tried = async (act) => { try { return await act() } catch (error) { return error.message.slice(0, 60) } };
        export default { async fetch(request, env, ctx) {
          return Response.json([
            await env.service.call(ctx.exports.Inner), await env.service.call(new Target()), await env.service.callBack(ask),
            await tried(() => new Promise((resolve, reject) => { const source = new EventSource('http://plain.localhost/'); source.onerror = () => resolve('no stream') })),
            await tried(async () => { const socket = connect(new URL(request.url).host); await socket.opened; return 'connected' }),
          ]);
        } };";
    let service = "import { WorkerEntrypoint } from 'cloudflare:workers';
        export default class extends WorkerEntrypoint { async call(stub) { return await stub.ask() } async callBack(ask) { return await ask() } }";
    let dev = Dev::new()
        .worker("front", front)
        .config("front", outbound)
        .worker("gate", "export default { fetch: () => new Response('gate') };")
        .worker("plain", "export default { fetch: () => new Response('plain') };")
        .worker("service", service)
        .user("staging", "mallory", mallory)
        .config("staging/mallory", "services = [{ binding = \"service\", service = \"service\" }]")
        .start();
    dev.get("/").json(
        r#"["gate", "gate", "gate", "no stream", "proxy request failed, cannot connect to the specified addres"]"#,
    );
}

#[test]
fn an_upload_cannot_bind_what_is_anothers_by_its_name_alone() {
    let dev = Dev::api().start();
    dev.api("POST", "/workers/dispatch/namespaces").json(r#"{"name":"staging"}"#).send().done();
    let user = |name: &str| format!("/workers/dispatch/namespaces/staging/scripts/{name}");
    let metadata = r#"{"main_module":"index.js","compatibility_date":"2026-01-01","bindings":[{"name":"SECRET","type":"secret_text","text":"hidden"}]}"#;
    let tells = "export default { fetch: (request, env) => Response.json(env) };";
    dev.api("PUT", &user("victim")).form(Form::upload(metadata, tells)).send().done();
    let inherits = metadata.replace(r#""type":"secret_text","text":"hidden""#, r#""type":"inherit""#);
    dev.api("PUT", &user("mallory")).form(Form::upload(&inherits, tells)).send().status(400);
    let shown = dev.api("GET", &format!("{}/settings", user("victim"))).send().text();
    assert!(!shown.contains("hidden"), "{shown}");
}
