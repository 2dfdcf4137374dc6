//! npm packages in Workers, each used for what it is for: the answers are those of esbuild's bundle in Node.js.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::OnceLock;

use crate::support::{Dev, esbuild};

/// The module that `tests/packages/uses` has for a package.
fn module(name: &str) -> PathBuf {
    esbuild::packages().join("uses").join(name)
}

/// All of them are bundled at once: starting Node.js is what takes time.
fn expected(name: &str) -> &'static str {
    static ANSWERS: OnceLock<HashMap<PathBuf, String>> = OnceLock::new();
    let answers = ANSWERS.get_or_init(|| {
        let uses = std::fs::read_dir(module("")).expect("the directory is there").flatten();
        let files: Vec<PathBuf> = uses.map(|entry| entry.path()).collect();
        esbuild::answers(&files.iter().map(PathBuf::as_path).collect::<Vec<_>>())
    });
    &answers[&module(name)]
}

/// A Worker that answers what the module's default export does.
fn worker(name: &str) -> Dev {
    let code = format!(
        "import './describe.js'; import use from './{name}';
         export default {{ fetch: async () => new Response(describe(await use())) }}"
    );
    Dev::new()
        .worker("app", &code)
        .copy("tests/packages/uses", "app/src")
        .file("app/src/describe.js", include_str!("fixtures/describe.js"))
        .link_to_repository("tests/packages/node_modules", "app/node_modules")
}

macro_rules! works_in_a_worker {
    ($($test:ident: $file:literal,)*) => {
        $(
            #[test]
            fn $test() {
                let dev = worker($file).start();
                dev.get("/").status(200).body(expected($file));
            }
        )*
    };
}

works_in_a_worker! {
    cookie_reads_and_writes_cookies: "cookie.js",
    date_fns_computes_with_dates: "date-fns.js",
    graphql_runs_queries: "graphql.js",
    hono_routes_requests_through_middleware: "hono.js",
    hono_signs_and_checks_tokens: "hono-jwt.js",
    immer_makes_the_next_state: "immer.js",
    itty_router_routes_requests: "itty-router.js",
    jose_signs_and_encrypts_tokens: "jose.js",
    lodash_works_whole_and_by_the_function: "lodash.js",
    marked_turns_markdown_into_html: "marked.js",
    mustache_fills_templates: "mustache.js",
    nanoid_makes_random_names: "nanoid.js",
    openai_asks_and_reads_streams: "openai.js",
    qs_reads_and_writes_nested_queries: "qs.js",
    react_renders_to_strings_and_streams: "react.jsx",
    rxjs_composes_streams_of_values: "rxjs.js",
    stripe_asks_and_checks_webhooks: "stripe.js",
    uuid_makes_identifiers: "uuid.js",
    valibot_checks_data: "valibot.js",
    yaml_reads_and_writes_yaml: "yaml.js",
    zod_3_checks_data: "zod3.js",
    zod_4_checks_data: "zod.js",
}

/// As a platform's dashboard does it: `api.cloudflare.com` is the control plane of the same session.
#[test]
fn cloudflares_sdk_uploads_a_user_worker_from_within_a_worker() {
    let platform = "
        import Cloudflare, { toFile } from 'cloudflare';
        const account_id = '0'.repeat(32);
        const code = (text) => `export default { fetch: (request, env) => new Response('${text} ' + env.GREETING) }`;
        async function upload(name, text) {
            const client = new Cloudflare({ apiToken: 'token', maxRetries: 0 });
            const { scripts } = client.workersForPlatforms.dispatch.namespaces;
            const file = await toFile(new TextEncoder().encode(text), 'index.mjs', { type: 'application/javascript+module' });
            const metadata = { main_module: 'index.mjs', compatibility_date: '2026-04-01',
                bindings: [{ type: 'plain_text', name: 'GREETING', text: 'hello' }] };
            const made = await scripts.update('staging', name, { account_id, metadata, files: [file] });
            const names = [];
            for await (const binding of scripts.bindings.get('staging', name, { account_id })) names.push(binding.name);
            return [made.id, ...names].join();
        }
        export default {
            async fetch(request, env) {
                const name = new URL(request.url).pathname.slice(1);
                if (request.method !== 'POST') return env.dispatcher.get(name).fetch(request);
                try {
                    return new Response(await upload(name, code(await request.text())));
                } catch (error) {
                    return new Response(`${error.constructor.name} ${error.status} ${error.errors?.[0]?.code}`, { status: 400 });
                }
            },
        };";
    let dev = Dev::new().dispatcher("front", platform).user("staging", "other", "export default {}");
    let dev = dev.link_to_repository("tests/clients/node_modules", "front/node_modules").start();
    dev.post("/shop", "one").status(200).body("shop,GREETING");
    dev.get("/shop").status(200).body("one hello");
    dev.post("/shop", "two").status(200).body("shop,GREETING");
    dev.get("/shop").body("two hello");
    dev.post("/bad", "it's").status(400).contains("BadRequestError 400 10021");
}
