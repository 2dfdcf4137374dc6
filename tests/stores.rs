//! KV namespaces, databases and buckets through the API, with the real clients: what they store, Workers find.

use crate::clients::{Platform, Wrangler, run_with_the_sdk, with_both};

with_both! {
    kv_is_made_filled_listed_and_deleted
    databases_are_made_asked_filled_from_files_and_exported
    buckets_take_and_give_objects
    queues_are_made_and_bound
    secrets_are_put_into_stores
}

/// What stands behind `"id": "` or `id = "` in what wrangler says.
fn id_in(said: &str) -> String {
    let after = |mark: &str| said.split(mark).nth(1).and_then(|rest| rest.split('"').next()).map(str::to_owned);
    after("\"id\": \"").or_else(|| after("id = \"")).unwrap_or_else(|| panic!("no id in {said}"))
}

const KV_READER: &str = "export default { fetch: async (request, { KV }) => {
    const { value, metadata } = await KV.getWithMetadata(new URL(request.url).pathname.slice(1));
    return Response.json({ value, metadata });
} };";

fn kv_is_made_filled_listed_and_deleted(wrangler: Wrangler) {
    let platform = Platform::start();
    let run = |words: &str| platform.wrangler(wrangler, "", words);
    let id = id_in(&run("kv namespace create flags"));
    assert!(platform.refused(wrangler, "", "kv namespace create flags").contains("already exists"));
    let listed = run("kv namespace list");
    assert!(listed.contains(&id) && listed.contains("flags"), "{listed}");
    let at = format!("--namespace-id {id} --remote");
    run(&format!("kv key put {at} a/b first"));
    run(&format!("kv key put {at} plain second --metadata {{\"n\":1}} --ttl 600"));
    assert_eq!(run(&format!("kv key get {at} a/b --text")).trim(), "first");
    let keys = run(&format!("kv key list {at}"));
    assert!(keys.contains("\"a/b\"") && keys.contains("\"expiration\"") && keys.contains("\"n\": 1"), "{keys}");
    platform.folder.write("many.json", r#"[{"key":"m1","value":"1"},{"key":"m2","value":"Mg==","base64":true}]"#);
    run(&format!("kv bulk put {at} many.json"));
    assert_eq!(run(&format!("kv key get {at} m2 --text")).trim(), "2");
    // What is put in wrangler.toml as it was answered leads to the same data.
    platform.folder.project("reader", &format!("kv_namespaces = [{{ binding = \"KV\", id = \"{id}\" }}]\n"), KV_READER);
    platform.wrangler(wrangler, "reader", "deploy");
    assert_eq!(platform.get("/plain"), (200, r#"{"value":"second","metadata":{"n":1}}"#.to_owned()));
    platform.folder.write("gone.json", r#"["m1","m2"]"#);
    run(&format!("kv bulk delete {at} gone.json --force"));
    run(&format!("kv key delete {at} a/b"));
    let keys = run(&format!("kv key list {at}"));
    assert!(keys.contains("plain") && !keys.contains("m1") && !keys.contains("a/b"), "{keys}");
    let platform = platform.restart();
    assert_eq!(platform.get("/plain"), (200, r#"{"value":"second","metadata":{"n":1}}"#.to_owned()));
    platform.wrangler(wrangler, "", &format!("kv namespace delete --namespace-id {id} -y"));
    assert_eq!(platform.get("/plain"), (200, r#"{"value":null,"metadata":null}"#.to_owned()));
    let refused = platform.refused(wrangler, "", &format!("kv key list {at}"));
    assert!(refused.contains("namespace not found"), "{refused}");
}

const D1_READER: &str = "export default { fetch: async (request, { DB }) =>
    Response.json((await DB.prepare('SELECT * FROM t ORDER BY id').raw())) };";

fn databases_are_made_asked_filled_from_files_and_exported(wrangler: Wrangler) {
    let platform = Platform::start();
    let said = platform.wrangler(wrangler, "", "d1 create books");
    let id = said.split("database_id").nth(1).and_then(|rest| rest.split('"').find(|part| part.len() == 36));
    let id = id.unwrap_or_else(|| panic!("no id in {said}")).to_owned();
    assert!(platform.refused(wrangler, "", "d1 create books").contains("already exists"));
    let config =
        format!("d1_databases = [{{ binding = \"DB\", database_name = \"books\", database_id = \"{id}\" }}]\n");
    platform.folder.project("reader", &config, D1_READER);
    platform.folder.write("reader/migrations/0001_first.sql", "CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT);");
    platform.folder.write("reader/fill.sql", "INSERT INTO t VALUES (1, 'it''s');\nINSERT INTO t VALUES (2, NULL);\n");
    platform.folder.write("reader/count.sql", "SELECT count(*) AS n FROM t;");
    let run = |words: &str| platform.wrangler(wrangler, "reader", words);
    assert!(run("d1 list").contains(&id));
    run("d1 migrations apply books --remote");
    assert!(run("d1 migrations list books --remote").contains("No migrations to apply"));
    let filled = run("d1 execute books --remote --file fill.sql --yes");
    assert!(filled.contains("Executed 2 queries"), "{filled}");
    let wrong = platform.refused(wrangler, "reader", "d1 execute books --remote --command SELEKT --yes");
    assert!(wrong.contains("syntax error"), "{wrong}");
    run("deploy");
    assert_eq!(platform.get("/"), (200, r#"[[1,"it's"],[2,null]]"#.to_owned()));
    run("d1 export books --remote --output out.sql --skip-confirmation");
    let exported = std::fs::read_to_string(platform.folder.path("reader/out.sql")).expect("it was written");
    assert!(exported.contains(r#"INSERT INTO "t" ("id","s") VALUES(1,'it''s');"#), "{exported}");
    assert!(run("d1 info books").contains("books"));
    run("d1 delete books --skip-confirmation");
    assert!(!run("d1 list").contains(&id));
}

const R2_READER: &str = "export default { fetch: async (request, { R2 }) => {
    const object = await R2.get(new URL(request.url).pathname.slice(1));
    return new Response(object && `${object.httpMetadata.contentType} ${await object.text()}`);
} };";

fn buckets_take_and_give_objects(wrangler: Wrangler) {
    let platform = Platform::start();
    platform.folder.project("reader", "r2_buckets = [{ binding = \"R2\", bucket_name = \"files\" }]\n", R2_READER);
    platform.folder.write("reader/a.txt", "some text");
    let run = |words: &str| platform.wrangler(wrangler, "reader", words);
    run("r2 bucket create files");
    assert!(platform.refused(wrangler, "reader", "r2 bucket create files").contains("already exists"));
    assert!(run("r2 bucket list").contains("files"));
    run("r2 object put files/dir/a.txt --file a.txt --content-type text/x-own --remote");
    run("deploy");
    assert_eq!(platform.get("/dir/a.txt"), (200, "text/x-own some text".to_owned()));
    run("r2 object get files/dir/a.txt --file b.txt --remote");
    assert_eq!(std::fs::read_to_string(platform.folder.path("reader/b.txt")).expect("it was written"), "some text");
    assert!(platform.refused(wrangler, "reader", "r2 bucket delete files").contains("not empty"));
    run("r2 object delete files/dir/a.txt --remote");
    assert_eq!(platform.get("/dir/a.txt"), (200, String::new()));
    run("r2 bucket delete files");
    assert!(
        platform.refused(wrangler, "reader", "r2 object get files/x --file c.txt --remote").contains("does not exist")
    );
}

fn queues_are_made_and_bound(wrangler: Wrangler) {
    let platform = Platform::start();
    let config = "[[queues.producers]]\nbinding = \"Q\"\nqueue = \"jobs\"\n";
    let code = "export default { fetch: async (_, { Q }) => { await Q.send('x'); return new Response('sent'); } };";
    platform.folder.project("sender", config, code);
    let run = |words: &str| platform.wrangler(wrangler, "sender", words);
    run("queues create jobs");
    assert!(run("queues list").contains("jobs"));
    run("deploy");
    assert_eq!(platform.get("/"), (200, "sent".to_owned()));
    run("queues consumer http add jobs --batch-size 7 --visibility-timeout-secs 5");
    assert!(run("queues info jobs").contains("HTTP Pull Consumer"));
    run("queues purge jobs --force");
    run("queues consumer http remove jobs");
    run("queues consumer add jobs sender --batch-size 3");
    assert!(run("queues info jobs").contains("worker:sender"));
    run("queues update jobs --delivery-delay-secs 9");
    run("queues consumer remove jobs sender");
    run("queues delete jobs");
    assert!(!run("queues list").contains("jobs"));
}

fn secrets_are_put_into_stores(wrangler: Wrangler) {
    let platform = Platform::start();
    let run = |words: &str| platform.wrangler(wrangler, "", &format!("secrets-store {words}"));
    run("store create mine --remote");
    assert!(run("store list --remote").contains("mine"));
    run("secret create abc --name key --value hush --scopes workers --remote");
    assert!(run("secret list abc --remote").contains("key"));
    let config = "secrets_store_secrets = [{ binding = \"KEY\", store_id = \"abc\", secret_name = \"key\" }]\n";
    let code = "export default { fetch: async (_, { KEY }) => new Response(await KEY.get()) };";
    platform.folder.project("safe", config, code);
    platform.wrangler(wrangler, "safe", "deploy");
    assert_eq!(platform.get("/"), (200, "hush".to_owned()));
}

#[test]
fn the_sdk_reaches_what_workers_store() {
    run_with_the_sdk("stores.mjs");
}

const ALL_READER: &str = "export default { fetch: async (request, { KV, DB, R2 }) => {
    const object = await R2.get('dir/a.txt');
    const { value, metadata } = await KV.getWithMetadata('k');
    return Response.json([value, metadata, await DB.prepare('SELECT a FROM t').raw(), object.httpMetadata, await object.text()]);
} };";

const ALL_STORES: &str = "kv_namespaces = [{ binding = \"KV\", id = \"kvid\" }]
d1_databases = [{ binding = \"DB\", database_name = \"books\", database_id = \"d1id\" }]
r2_buckets = [{ binding = \"R2\", bucket_name = \"files\" }]
";

const ALL_STORED: &str = r#"["v",{"n":1},[[7]],{"contentType":"text/x"},"some text"]"#;

#[test]
fn what_wrangler_dev_has_stored_is_imported_and_goes_on_from_there() {
    let platform = Platform::start();
    platform.folder.project("reader", ALL_STORES, ALL_READER);
    platform.folder.write("reader/a.txt", "some text");
    platform.folder.write("reader/t.sql", "CREATE TABLE t (a); INSERT INTO t VALUES (7);");
    let run = |words: &str| platform.wrangler(Wrangler::Guides, "reader", words);
    run("kv key put --binding KV k v --metadata {\"n\":1} --local");
    run("d1 execute books --local --file t.sql");
    run("r2 object put files/dir/a.txt --file a.txt --content-type text/x --local");
    let state = |words: &[&str]| {
        let ended = platform.folder.run(&[&["state", "--persist-to", "mine"], words].concat());
        assert_eq!(ended.status, Some(0), "{ended:?}");
        ended.out
    };
    let said = state(&["import", "reader"]);
    assert!(said.contains("KV namespace kvid: 1 keys") && said.contains("R2 bucket files: 1 objects"), "{said}");
    let read = |directory: &str| {
        let dev = platform.folder.dev(&["reader", "--persist-to", directory]);
        assert_eq!(dev.get("/"), (200, ALL_STORED.to_owned()));
        let busy = platform.folder.run(&["state", "--persist-to", directory, "list"]);
        assert!(busy.error.contains("uses this state directory"), "{busy:?}");
        dev.signal(rustix::process::Signal::INT);
        dev.end();
    };
    read("mine");
    let said = state(&["list"]);
    assert!(said.contains("kvid") && said.contains("d1id") && said.contains("files"), "{said}");
    state(&["export", "copy"]);
    state(&["clear"]);
    assert_eq!(state(&["list"]), "Nothing is stored.\n");
    state(&["import", "copy"]);
    read("mine");
    let refused = platform.folder.run(&["state", "--persist-to", "mine", "import", "nowhere"]);
    assert!(refused.error.contains("there is no state here to import"), "{refused:?}");
}
