//! The bindings that need little: what a Worker sees of them, watched or uploaded.

use crate::support::{Dev, Form, Server};

/// A Worker with these lines of configuration that answers what its `env` makes of an expression.
fn with(config: &str, code: &str) -> Server {
    Dev::new().worker("a", &answering(code)).config("a", config).start()
}

fn answering(code: &str) -> String {
    format!(
        "export default {{ async fetch(request, env) {{
            const run = async () => {{ {code} }};
            return Response.json(await run().catch((error) => `${{error.name}}: ${{error.message}}`));
        }} }};"
    )
}

/// The same, uploaded with one binding.
fn uploaded(binding: &str, code: &str) -> Server {
    let dev = Dev::api().start();
    let metadata = format!(r#"{{"main_module":"index.js","compatibility_date":"2026-01-01","bindings":[{binding}]}}"#);
    dev.api("PUT", "/workers/scripts/a").form(Form::upload(&metadata, &answering(code))).send().done();
    dev
}

const LIMITED: &str = "const hits = [];
    for (let i = 0; i < 4; i++) hits.push((await env.L.limit({ key: 'a' })).success);
    return [hits, (await env.L.limit({ key: 'b' })).success];";

#[test]
fn a_rate_limit_counts_each_key() {
    // The window may end between two hits: then the first answers again.
    let configured = "ratelimits = [{ name = \"L\", namespace_id = \"1\", simple = { limit = 2, period = 60 } }]";
    let binding = r#"{"type":"ratelimit","name":"L","namespace_id":"1","simple":{"limit":2,"period":60}}"#;
    for dev in [with(configured, LIMITED), uploaded(binding, LIMITED)] {
        let body = dev.get("/").text();
        assert!(body.starts_with("[[true,true,") && body.ends_with(",true]"), "{body}");
        assert!(body.contains("false") || dev.get("/").text().contains("false"), "{body}");
    }
    let wrong = with(configured, "return env.L.limit({ key: 1 })");
    wrong.get("/").json("\"TypeError: rate limit: `key` must be a string, not number\"");
}

#[test]
fn a_rate_limit_of_another_period_is_refused() {
    let refused = Dev::new()
        .worker("a", "export default {};")
        .config("a", "ratelimits = [{ name = \"L\", namespace_id = \"1\", simple = { limit = 2, period = 30 } }]")
        .refused();
    assert!(refused.iter().any(|line| line.contains("must be 10 or 60")), "{refused:?}");
}

const WRITES: &str =
    "env.AE.writeDataPoint({ blobs: ['x', null, new TextEncoder().encode('y')], doubles: [1.5], indexes: ['i'] });
    env.AE.writeDataPoint();
    try { env.AE.writeDataPoint({ indexes: ['a', 'b'] }) } catch (error) { return error.message }";

#[test]
fn data_points_are_taken_and_checked() {
    let configured = "analytics_engine_datasets = [{ binding = \"AE\", dataset = \"visits\" }]";
    let binding = r#"{"type":"analytics_engine","name":"AE","dataset":"visits"}"#;
    for dev in [with(configured, WRITES), uploaded(binding, WRITES)] {
        dev.get("/").json("\"Maximum of 1 indexes supported.\"");
    }
}

#[test]
fn hyperdrive_shows_the_parts_of_the_local_database() {
    let config = "hyperdrive = [{ binding = \"DB\", id = \"x\", localConnectionString = \"postgres://me:p%40ss@localhost/shop\" }]";
    let code = "const { host, port, user, password, database, connectionString } = env.DB;
        return [host, port, user, password, database, connectionString]";
    let parts = r#"["localhost",5432,"me","p@ss","shop","postgres://me:p%40ss@localhost/shop"]"#;
    with(config, code).get("/").json(parts);
    let binding = r#"{"type":"hyperdrive","name":"DB","id":"x"}"#;
    uploaded(binding, "return env.DB.connectionString").get("/").contains("no local database is known");
}

const ANSWERS_BLOBS: &str = "addEventListener('fetch', (event) => event.respondWith(new Response(
    [TEXT, DATA.byteLength, new WebAssembly.Instance(WASM).exports.f()].join(' '))))";

const WASM: &str = r#"(module (func (export "f") (result i32) i32.const 42))"#;

#[test]
fn scripts_find_files_among_their_bindings() {
    let wasm = wat::parse_str(WASM).expect("it is WebAssembly");
    let config =
        "text_blobs = { TEXT = \"t.txt\" }\ndata_blobs = { DATA = \"d.bin\" }\nwasm_modules = { WASM = \"m.wasm\" }";
    let dev = Dev::new().worker("a", ANSWERS_BLOBS).config("a", config);
    let dev = dev.file("a/t.txt", "words").file("a/d.bin", [1, 2, 3]).file("a/m.wasm", &wasm).start();
    dev.get("/").body("words 3 42");
    let metadata = r#"{"body_part":"script","compatibility_date":"2026-01-01","bindings":[
        {"type":"wasm_module","name":"WASM","part":"m"},{"type":"text_blob","name":"TEXT","part":"t"},
        {"type":"data_blob","name":"DATA","part":"d"}]}"#;
    let form = Form::new().text("metadata", metadata).file("script", "script", "application/javascript", ANSWERS_BLOBS);
    let form = form.file("m", "m.wasm", "application/wasm", &wasm).file("t", "t.txt", "text/plain", "words");
    let form = form.file("d", "d.bin", "application/octet-stream", [1, 2, 3]);
    let dev = Dev::api().start();
    dev.api("PUT", "/workers/scripts/a").form(form).send().done();
    dev.get("/").body("words 3 42");
}

#[test]
fn a_file_that_is_not_there_is_told_with_its_place() {
    let dev = Dev::new().worker("a", ANSWERS_BLOBS).config("a", "text_blobs = { TEXT = \"none.txt\" }");
    let refused = dev.refused();
    assert!(refused.iter().any(|line| line.contains("`TEXT` cannot be bound")), "{refused:?}");
}

#[test]
fn an_uploaded_version_knows_its_own_id_and_tag() {
    let dev = Dev::api().start();
    let metadata = r#"{"main_module":"index.js","compatibility_date":"2026-01-01","annotations":{"workers/tag":"v7"},
        "bindings":[{"type":"version_metadata","name":"V"}]}"#;
    let code = answering("return [env.V.id, env.V.tag, Date.parse(env.V.timestamp) > 0]");
    dev.api("PUT", "/workers/scripts/a").form(Form::upload(metadata, &code)).send().done();
    let versions = dev.api("GET", "/workers/scripts/a/versions").send().text();
    let id = versions.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next()).expect("an id");
    dev.get("/").body(&format!("[\"{id}\",\"v7\",true]"));
}

#[test]
fn a_hyperdrive_variable_of_the_process_wins() {
    // A name that no other test binds: variables belong to the whole process.
    let folder = crate::process::Folder::new();
    let config =
        "hyperdrive = [{ binding = \"HOME_DB\", id = \"x\", localConnectionString = \"postgres://a:b@written/db\" }]\n";
    folder.project("a", config, &answering("return env.HOME_DB.host"));
    for (name, host) in [("WRANGLER", "older"), ("CLOUDFLARE", "newer")] {
        let mut command = folder.devflare(&["dev", "a", "--port", "0", "--api-port", "none", "--log-format", "json"]);
        command.env("WRANGLER_HYPERDRIVE_LOCAL_CONNECTION_STRING_HOME_DB", "postgres://a:b@older/db");
        let variable = format!("{name}_HYPERDRIVE_LOCAL_CONNECTION_STRING_HOME_DB");
        command.env(variable, format!("postgres://a:b@{host}/db"));
        let mut dev = crate::process::Running::start(&mut command);
        dev.url = dev.line()["url"].as_str().expect("a URL").to_owned();
        assert_eq!(dev.get("/"), (200, format!("\"{host}\"")));
        dev.signal(rustix::process::Signal::TERM);
        dev.end();
    }
}

#[test]
fn secrets_of_stores_are_put_by_clients_and_read_by_workers() {
    let code = "return env.KEY.get()";
    let config = "secrets_store_secrets = [{ binding = \"KEY\", store_id = \"s1\", secret_name = \"key\" }]";
    let binding = r#"{"type":"secrets_store_secret","name":"KEY","store_id":"s1","secret_name":"key"}"#;
    for dev in [with(config, code), uploaded(binding, code)] {
        dev.get("/").json(r#""Error: Secret \"key\" not found""#);
        let path = "/secrets_store/stores/s1/secrets";
        let secret = r#"[{"name":"key","value":"hush","scopes":["workers"]}]"#;
        let made = dev.api("POST", path).json(secret).send().done();
        dev.get("/").json("\"hush\"");
        dev.api("POST", path).json(secret).send().refused(409, 1003, "already_exists");
        let one = format!("{path}/{}", made.at("/result/0/id").as_str().expect("an id"));
        dev.api("PATCH", &one).json(r#"{"value":"new"}"#).send().done();
        dev.get("/").json("\"new\"");
        let listed = dev.api("GET", path).send().done();
        assert_eq!(listed.at("/result/0/name"), "key");
        assert!(!listed.text().contains("new\""), "no value is ever told");
        dev.api("POST", &format!("{one}/duplicate")).json(r#"{"name":"copy","scopes":[]}"#).send().done();
        dev.api("DELETE", &one).send().done();
        dev.api("GET", &one).send().refused(404, 1001, "not_found");
        assert_eq!(dev.api("GET", "/secrets_store/stores").send().done().at("/result/0/id"), "s1");
        dev.get("/").contains("not found");
    }
}

#[test]
fn pipelines_keep_records() {
    let code = "await env.P.send([{ a: 1 }, { b: 2 }]); return env.P.send('no').catch((error) => error.message)";
    let config = "pipelines = [{ binding = \"P\", pipeline = \"clicks\" }]";
    for dev in [with(config, code), uploaded(r#"{"type":"pipelines","name":"P","pipeline":"clicks"}"#, code)] {
        dev.get("/").json("\"send() takes an array of records.\"");
    }
}

const SENDS: &str = r"
    const { EmailMessage } = await import('cloudflare:email');
    const raw = (header) => `${header}\r\nSubject: hello\r\n\r\ntext`;
    const good = 'From: Me <me@a.test>\r\nMessage-ID: <1@a.test>';
    const send = (...args) => env.MAIL.send(new EmailMessage(...args)).then(({ messageId }) => messageId.length, (error) => error.message);
    const parts = { from: { name: 'Jürgen', email: 'me@a.test' }, to: ['you@b.test'], subject: 'parts', text: 'a', html: '<b>a</b>',
      attachments: [{ filename: 'x.txt', content: new TextEncoder().encode('x'), type: 'text/plain' }] };
    const { messageId } = await env.MAIL.send(parts);
    return [
      await send('me@a.test', 'you@b.test', raw(good)),
      await send('me@a.test', 'you@b.test', new Response(raw(good)).body),
      await send('me@a.test', 'other@b.test', raw(good)),
      await send('he@a.test', 'you@b.test', raw(good)),
      await send('me@a.test', 'you@b.test', raw('From: <me@a.test>')),
      await send('me@a.test', 'you@b.test', raw('From: <x@a.test>\r\nMessage-ID: <1@a.test>')),
      await send('me@a.test', 'you@b.test', raw(`${good}\r\nReceived: x`)),
      messageId.endsWith('@a.test>'),
      await env.MAIL.send({ from: 'me@a.test', to: 'you@b.test', subject: '' }).catch(({ code }) => code),
    ]";

#[test]
fn email_is_checked_shown_and_kept() {
    let told = r#"[45,45,"email to other@b.test not allowed","email from he@a.test not allowed","invalid message-id","From: header does not match mail from","invalid headers set",true,"E_FIELD_MISSING"]"#;
    let rules = r#""allowed_destination_addresses":["you@b.test"],"allowed_sender_addresses":["me@a.test"]"#;
    let binding = format!(r#"{{"type":"send_email","name":"MAIL",{rules}}}"#);
    let config = "send_email = [{ name = \"MAIL\", allowed_destination_addresses = [\"you@b.test\"], allowed_sender_addresses = [\"me@a.test\"] }]";
    for dev in [with(config, SENDS), uploaded(&binding, SENDS)] {
        dev.get("/").json(told);
        dev.says("email from me@a.test to you@b.test: parts");
    }
}

#[test]
fn emails_are_files_of_the_state_directory() {
    let folder = crate::process::Folder::new();
    let code = "await env.MAIL.send({ from: 'me@a.test', to: { name: 'You', email: 'you@b.test' }, subject: 'grüße', text: 'x'.repeat(80) }); return 1";
    folder.project("a", "send_email = [{ name = \"MAIL\" }]\n", &answering(code));
    let mut command = folder.devflare(&["dev", "a", "--port", "0", "--api-port", "none", "--log-format", "json"]);
    let mut dev = crate::process::Running::start(&mut command);
    dev.url = dev.line()["url"].as_str().expect("a URL").to_owned();
    assert_eq!(dev.get("/"), (200, "1".to_owned()));
    let emails: Vec<_> = std::fs::read_dir(folder.path(".devflare/state/emails")).expect("it is there").collect();
    let path = emails[0].as_ref().expect("one").path();
    let text = std::fs::read_to_string(&path).expect("it is readable");
    assert!(
        text.starts_with("From: me@a.test\r\nTo: \"You\" <you@b.test>\r\nSubject: =?UTF-8?B?Z3LDvMOfZQ==?=\r\n"),
        "{text}"
    );
    assert!(
        text.ends_with("eHh4\r\neHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg=") || text.contains("\r\n\r\neHh4"),
        "{text}"
    );
    assert_eq!(path.extension().and_then(|end| end.to_str()), Some("eml"));
    dev.signal(rustix::process::Signal::TERM);
    dev.end();
}

const IMAGES: &str = "
    const pixels = async (result) => [...new Uint8Array(await new Response(result.image()).arrayBuffer())];
    // Two pixels side by side: red and blue.
    const png = Uint8Array.fromBase64('iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAADUlEQVR42mP4zwAE/wEHAAH/PX2MSQAAAABJRU5ErkJggg==');
    const input = () => env.IMAGES.input(new Response(png).body);
    const raw = (image) => image.output({ format: 'rgb' }).then(pixels);
    const told = (promise) => promise.catch(({ message, code }) => [message, code]);
    const jpeg = await input().transform({ width: 4, height: 4, fit: 'squeeze' }).output({ format: 'image/jpeg' });
    const used = input();
    await used.output({ format: 'image/png' });
    return [
      await env.IMAGES.info(new Response(png).body),
      await env.IMAGES.info(new Response('<svg></svg>').body),
      await raw(input()), await raw(input().transform({ rotate: 180 })), await raw(input().transform({ flip: 'h' })),
      await raw(input().transform({ width: 1, height: 1, fit: 'crop', gravity: 'right' })),
      await raw(input().draw(input().transform({ rotate: 180 }), { left: 1, top: 0 })),
      await env.IMAGES.info((await jpeg.response()).body).then(({ format, width, height }) => [format, width, height]), jpeg.contentType(),
      await told(env.IMAGES.info(new Response('no image').body)),
      await told(input().transform({ segment: 'foreground' }).output({ format: 'image/png' })),
      await told(used.output({ format: 'image/png' })),
    ]";

#[test]
fn images_are_read_changed_and_written() {
    let told = r#"[{"format":"image/png","fileSize":70,"width":2,"height":1},{"format":"image/svg+xml"},[255,0,0,0,0,255],[0,0,255,255,0,0],[0,0,255,255,0,0],[0,0,255],[255,0,0,0,0,255],["image/jpeg",4,4],"image/jpeg",["IMAGES_INFO_ERROR 9412: The image could not be read: it is of no format that is known.",9412],["IMAGES_TRANSFORM_ERROR 9401: unknown field `segment`, expected one of `width`, `height`, `fit`, `gravity`, `rotate`, `flip`, `blur`, `brightness`, `contrast`, `background`",9401],["IMAGES_TRANSFORM_ERROR 9525: ImageTransformer consumed; you may only call .output() or draw a transformer once",9525]]"#;
    for dev in
        [with("images = { binding = \"IMAGES\" }", IMAGES), uploaded(r#"{"type":"images","name":"IMAGES"}"#, IMAGES)]
    {
        dev.get("/").json(told);
    }
}
