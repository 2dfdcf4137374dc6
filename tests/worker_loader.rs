//! Workers that a Worker makes at run time.

use crate::support::{Dev, Form, Server};

const CONFIG: &str = "worker_loaders = [{ binding = \"LOADER\" }]";

fn loading(body: &str) -> String {
    format!(
        "import {{ WorkerEntrypoint }} from 'cloudflare:workers';
        let calls = 0;
        export class Own extends WorkerEntrypoint {{
          greet(name) {{ return `${{this.ctx.props.word}} ${{name}}`; }}
          async fetch(request) {{ return new Response(`caught ${{request.url}}`); }}
        }}
        const date = '2026-01-01';
        const js = (code) => ({{ compatibilityDate: date, mainModule: 'main.js', modules: {{ 'main.js': code }} }});
        const text = (stub, url = 'http://x/') => stub.fetch(url).then((answer) => answer.text());
        const tried = (promise) => promise.catch((error) => `${{error.name}}: ${{error.message}}`);
        export default {{ async fetch(request, env, ctx) {{
          const run = async () => {{ {body} }};
          return Response.json(await tried(run()));
        }} }};"
    )
}

fn both(body: &str) -> [Server; 2] {
    let uploaded = Dev::api().start();
    let metadata = r#"{"main_module":"index.js","compatibility_date":"2026-01-01",
        "bindings":[{"type":"worker_loader","name":"LOADER"}]}"#;
    uploaded.api("PUT", "/workers/scripts/a").form(Form::upload(metadata, &loading(body))).send().done();
    [Dev::new().worker("a", &loading(body)).config("a", CONFIG).start(), uploaded]
}

#[test]
fn code_is_loaded_once_for_an_id() {
    let body = "
        const get = (id) => env.LOADER.get(id, async () => { calls++; return js(`let n = 0; export default { fetch: () => new Response('${id} ' + ++n) }`) });
        const first = await Promise.all([text(get('one').getEntrypoint()), text(get('one').getEntrypoint())]);
        return [first.sort(), await text(get('two').getEntrypoint('default')), calls]";
    for dev in both(body) {
        dev.get("/").json(r#"[["one 1","one 2"],"two 1",2]"#);
        dev.get("/").json(r#"[["one 3","one 4"],"two 2",2]"#);
    }
}

#[test]
fn what_has_no_id_is_loaded_anew() {
    let body = "
        const code = js(`let n = 0; export default { fetch: () => new Response('n ' + ++n) }`);
        const one = env.LOADER.load(code).getEntrypoint();
        return [await text(one), await text(one), await text(env.LOADER.load(code).getEntrypoint()),
          await text(env.LOADER.get(null, () => code).getEntrypoint())]";
    for dev in both(body) {
        dev.get("/").json(r#"["n 1","n 2","n 1","n 1"]"#);
    }
}

#[test]
fn modules_of_all_types_and_entrypoints_with_props() {
    let body = "
        const stub = env.LOADER.get('x', () => ({
          compatibilityDate: date, mainModule: 'src/main.js',
          modules: {
            'src/main.js': `import { WorkerEntrypoint } from 'cloudflare:workers';
              import text from '../t.txt'; import data from '../d.bin'; import json from '../j.json'; import cjs from './c.cjs';
              import { plus } from './lib.js'; import wasm from '../w.wasm';
              export class Named extends WorkerEntrypoint { all(a, b) { return [text, data.byteLength, json.a, cjs.b, plus(a, b), { ...new WebAssembly.Instance(wasm).exports }, this.ctx.props] } }`,
            'src/lib.js': 'export const plus = (a, b) => a + b', 'src/c.cjs': { cjs: 'module.exports = { b: 2 }' },
            't.txt': { text: 'words' }, 'd.bin': { data: new Uint8Array([1, 2, 3]).buffer }, 'j.json': { json: { a: 1 } },
            'w.wasm': { wasm: new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]) },
          },
        }));
        return stub.getEntrypoint('Named', { props: { p: 1 } }).all(3, 4)";
    for dev in both(body) {
        dev.get("/").json(r#"["words",3,1,2,7,{},{"p":1}]"#);
    }
}

#[test]
fn an_env_of_copies_and_of_ways_to_others() {
    let body = "
        const code = `export default { async fetch(request, env) { return Response.json([env.N, env.M.get('k'), await env.OWN.greet('you'), await env.deep.own.greet('me')]) } }`;
        const env1 = { N: { a: [1] }, M: new Map([['k', new Date(0)]]), OWN: ctx.exports.Own({ props: { word: 'hi' } }), deep: { own: ctx.exports.Own({ props: { word: 'ho' } }) } };
        const told = await text(env.LOADER.load({ ...js(code), env: env1 }).getEntrypoint());
        const wrong = await tried(text(env.LOADER.get('bad', () => ({ ...js(code), env: { f() {} } })).getEntrypoint()));
        return [JSON.parse(told), wrong]";
    for dev in both(body) {
        dev.get("/")
            .contains(r#"[{"a":[1]},"1970-01-01T00:00:00.000Z","hi you","ho me"]"#)
            .contains("Could not serialize object of type");
    }
}

#[test]
fn its_fetch_leads_where_its_maker_says() {
    let body = "
        const code = `export default { fetch: async () => new Response(await fetch('http://out.test/x').then((answer) => answer.text(), (error) => error.message)) }`;
        const ask = (more) => text(env.LOADER.load({ ...js(code), ...more }).getEntrypoint());
        return [await ask({ globalOutbound: null }), await ask({ globalOutbound: ctx.exports.Own({ props: {} }) }),
          await tried((async () => ask({ globalOutbound: {} }))())]";
    for dev in both(body) {
        dev.get("/")
            .contains("This worker is not permitted to access the internet via global functions like fetch().")
            .contains("caught http://out.test/x")
            .contains("TypeError: 'globalOutbound' must be a Fetcher, or null.");
    }
}

#[test]
fn what_is_wrong_is_told_to_who_calls() {
    let body = "
        const ask = (id, code) => tried(text(env.LOADER.get(id, code).getEntrypoint()));
        return [
          await ask('a', () => { throw new RangeError('no code') }),
          await ask('a', () => js(`export default { fetch: () => new Response('now it works') }`)),
          await ask('b', () => ({ ...js(''), modules: {} })),
          await ask('c', () => ({ ...js(''), modules: { 'main.ts': '' } })),
          await ask('d', () => ({ ...js(''), modules: { 'main.js': { js: '', text: '' } } })),
          await ask('e', () => ({ mainModule: 'main.js', modules: { 'main.js': '' } })),
          await ask('f', () => js('not JavaScript')),
          await ask('g', () => ({ ...js(''), mainModule: 'other.js' })),
          await ask('h', () => js(`export default { fetch() { throw new TypeError('thrown inside') } }`)),
        ]";
    for dev in both(body) {
        let mut answer = dev.get("/");
        for words in [
            "RangeError: no code",
            "now it works",
            "Dynamic Worker code must contain at least one module.",
            "Module name must end with '.js' or '.py'",
            "contained 2 properties.",
            "'compatibilityDate'",
            "Failed to start Worker:",
            "No such module \\\"other.js\\\"",
            "thrown inside",
        ] {
            answer = answer.contains(words);
        }
        dev.says("thrown inside");
    }
}
