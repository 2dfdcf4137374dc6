//! The commands that speak to a devflare that runs: namespaces, deploys and secrets without Node.

use std::process::Command;

use crate::process::{Ended, Folder, HELLO, Running};

const DISPATCHER: &str = "export default { fetch: (request, env) =>
    env.DISPATCHER.get(new URL(request.url).pathname.slice(1)).fetch(request) };";
const BINDS: &str = "[[dispatch_namespaces]]\nbinding = \"DISPATCHER\"\nnamespace = \"staging\"\n";

/// A devflare with no projects, and a folder with some.
struct Platform {
    folder: Folder,
    api: Running,
    api_url: String,
}

impl Platform {
    fn start() -> Self {
        let folder = Folder::new();
        let arguments = ["api", "--port", "0", "--api-port", "0", "--log-format", "json"];
        let mut api = Running::start(&mut folder.devflare(&arguments));
        let ready = api.line();
        ready["url"].as_str().expect("a URL").clone_into(&mut api.url);
        let api_url = ready["api_url"].as_str().expect("a URL").to_owned();
        Self { folder, api, api_url }
    }

    fn command(&self, words: &str) -> Command {
        let mut command = self.folder.devflare(&words.split_whitespace().collect::<Vec<_>>());
        command.env("CLOUDFLARE_API_BASE_URL", &self.api_url);
        command
    }

    /// What a command says once it succeeded.
    #[track_caller]
    fn run(&self, words: &str) -> String {
        self.fed(words, "")
    }

    #[track_caller]
    fn fed(&self, words: &str, input: &str) -> String {
        let ended = Ended::of_fed(&mut self.command(words), input);
        assert_eq!((ended.status, ended.error.as_str()), (Some(0), ""), "{words}: {ended:?}");
        ended.out
    }

    /// What it says where it fails.
    #[track_caller]
    fn refused(&self, words: &str) -> String {
        let ended = Ended::of_fed(&mut self.command(words), "");
        assert_eq!((ended.status, ended.out.as_str()), (Some(2), ""), "{words}: {ended:?}");
        ended.error
    }
}

#[test]
fn the_guide_goes_without_node() {
    let platform = Platform::start();
    platform.run("init my-dispatcher --template dispatcher");
    let said = platform.run("init customer-a");
    assert!(said.starts_with("✓ Made the user Worker customer-a\n"), "{said}");
    let said = platform.refused("deploy customer-a --dispatch-namespace staging");
    assert!(said.contains("devflare dispatch-namespace create staging"), "{said}");
    let said = platform.run("dispatch-namespace create staging");
    assert!(said.starts_with("✓ Created the dispatch namespace staging\n"), "{said}");
    let said = platform.run("deploy customer-a --dispatch-namespace staging");
    assert!(said.starts_with("✓ Deployed customer-a to staging\n"), "{said}");
    let said = platform.run("deploy my-dispatcher");
    assert!(said.starts_with("✓ Deployed my-dispatcher\n"), "{said}");
    assert_eq!(platform.api.get("/customer-a"), (200, "Hello world".to_owned()));
    assert_eq!(platform.api.get("/nobody"), (404, "There is no user Worker nobody.\n".to_owned()));
    platform.run("delete customer-a --dispatch-namespace staging");
    assert_eq!(platform.api.get("/customer-a").0, 404);
    platform.run("delete --name my-dispatcher");
    assert!(platform.refused("delete my-dispatcher").contains("[code: 10007]"));
}

#[test]
fn a_new_platform_serves_at_once() {
    let folder = Folder::new();
    assert_eq!(folder.run(&["init", "saas", "--template", "platform"]).status, Some(0));
    let mut dev = folder.devflare(&["dev", "--port", "0", "--api-port", "none", "--log-format", "json"]);
    let mut dev = Running::start(dev.current_dir(folder.path("saas")));
    let ready = dev.line();
    ready["url"].as_str().expect("a URL").clone_into(&mut dev.url);
    assert_eq!(dev.get("/customer-a"), (200, "Hello from customer-a".to_owned()));
    assert_eq!(dev.get("/customer-b"), (200, "Hello from customer-b".to_owned()));
    let again = folder.run(&["init", "saas"]);
    assert_eq!(again.status, Some(2));
    assert!(again.error.contains("`saas` is there already, and not empty"), "{again:?}");
    assert_eq!(folder.run(&["init", "No Name"]).status, Some(2));
}

#[test]
fn namespaces_are_managed() {
    let platform = Platform::start();
    assert!(platform.run("dispatch-namespace list").contains("no dispatch namespace yet"));
    platform.run("dispatch-namespace create one");
    platform.run("dispatch-namespace create second");
    assert!(platform.refused("dispatch-namespace create one").contains("error: "));
    assert_eq!(platform.run("dispatch-namespace list"), "one     0 user Workers\nsecond  0 user Workers\n");
    platform.run("dispatch-namespace rename one first");
    assert!(platform.refused("dispatch-namespace get one").contains("[code: 100119]"));
    let said = platform.run("dispatch-namespace get first");
    assert!(said.starts_with("first     0 user Workers\nid        "), "{said}");
    platform.run("dispatch-namespace delete first");
    let said = platform.run("dispatch-namespace list --log-format json");
    let said: serde_json::Value = serde_json::from_str(&said).expect("one line of JSON");
    assert_eq!(said["result"][0]["namespace_name"], "second", "{said}");
    assert_eq!(said["result"].as_array().map(Vec::len), Some(1));
}

#[test]
fn secrets_are_piped_in_and_kept_by_deploys() {
    let platform = Platform::start();
    platform.run("dispatch-namespace create staging");
    let code = "export default { fetch: (_, { A, V }) => Response.json({ A, V }) };";
    platform.folder.project("user", "vars = { V = [1] }\ndispatch_namespace = \"staging\"\n", code);
    platform.folder.write("user/.dev.vars", "A=stays-here\n");
    platform.folder.project("front", BINDS, DISPATCHER);
    platform.run("deploy front");
    // The configuration says which namespace.
    assert!(platform.run("deploy user").starts_with("✓ Deployed user to staging\n"));
    assert_eq!(platform.api.get("/user"), (200, r#"{"V":[1]}"#.to_owned()));
    let of_user = "--name user --dispatch-namespace staging";
    assert_eq!(platform.run(&format!("secret list {of_user}")), "user in the namespace staging has no secrets\n");
    platform.fed(&format!("secret put A {of_user}"), "hush\n");
    assert!(platform.refused(&format!("secret put B {of_user}")).contains("a secret needs a value"));
    assert_eq!(platform.run(&format!("secret list {of_user}")), "A\n");
    platform.run("deploy user");
    assert_eq!(platform.api.get("/user"), (200, r#"{"A":"hush","V":[1]}"#.to_owned()));
    let mut inside = platform.command("secret delete A");
    let ended = Ended::of_fed(inside.current_dir(platform.folder.path("user")), "");
    assert_eq!(ended.status, Some(0), "{ended:?}");
    assert_eq!(platform.api.get("/user"), (200, r#"{"V":[1]}"#.to_owned()));
    assert!(platform.refused("secret list").contains("add --name NAME"));
}

#[test]
fn what_is_deployed_is_what_dev_serves() {
    let platform = Platform::start();
    let main = "import { shout } from '../../../shared/shout.ts';
        import page from './page.html';
        import data from './data.json' with { type: 'json' };
        import bytes from './some.bin';
        import greet from 'greeter';
        export default { async fetch() {
            const { late } = await import('./late.js');
            return new Response(String([shout('a'), page, data.x, bytes.byteLength, greet('me'), late, process.env.NODE_ENV]));
        } };";
    platform.folder.project("app/worker", "", main);
    platform.folder.write("shared/shout.ts", "export const shout = (word: string): string => word.toUpperCase();");
    platform.folder.write("app/worker/src/page.html", "<p>");
    platform.folder.write("app/worker/src/data.json", "{ \"x\": 5 }");
    platform.folder.write("app/worker/src/some.bin", "123");
    platform.folder.write("app/worker/src/late.js", "export const late = 'late';");
    platform.folder.write("app/worker/node_modules/greeter/package.json", "{ \"main\": \"lib/index.js\" }");
    let greeter = "const word = require('./word'); module.exports = (name) => word + ' ' + name;";
    platform.folder.write("app/worker/node_modules/greeter/lib/index.js", greeter);
    platform.folder.write("app/worker/node_modules/greeter/lib/word.js", "exports = module.exports = 'hi';");
    platform.run("deploy app/worker --name app");
    assert_eq!(platform.api.get("/"), (200, "A,<p>,5,3,hi me,late,production".to_owned()));
}

#[test]
fn old_syntax_and_mistakes_are_deployed_and_refused_as_they_are() {
    let platform = Platform::start();
    platform.folder.project("old", "", "addEventListener('fetch', (event) => event.respondWith(new Response('old')));");
    platform.run("deploy old");
    assert_eq!(platform.api.get("/"), (200, "old".to_owned()));
    platform.folder.project("old", "", "export default { fetch( { } }");
    assert!(platform.refused("deploy old").contains("old/src/index.js:1:"));
    platform.folder.project("old", "", "throw new Error('too early'); export default {};");
    let said = platform.refused("deploy old");
    assert!(said.contains("too early") && said.contains("[code: 10021]"), "{said}");
    assert_eq!(platform.api.get("/"), (200, "old".to_owned()));
}

#[test]
fn nobody_there_is_said_with_what_to_start() {
    let folder = Folder::new();
    folder.project("hello", "", HELLO);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let url = format!("http://{closed}/client/v4");
    for words in [&["deploy", "hello"][..], &["dispatch-namespace", "list"], &["secret", "list", "--name", "x"]] {
        let ended = folder.run(&[words, &["--api-url", &url]].concat());
        assert_eq!(ended.status, Some(2), "{ended:?}");
        assert!(ended.error.contains(&format!("no devflare answers at {url}")), "{ended:?}");
        assert!(ended.error.contains("`devflare dev` or `devflare api`"), "{ended:?}");
    }
    let dev = folder.dev(&["hello"]);
    let ended = folder.run(&["delete", "x", "--api-url", &format!("{}/client/v4", dev.url)]);
    assert!(ended.error.contains("is no API of a devflare"), "{ended:?}");
    let ended = folder.run(&["delete", "x", "--api-url", "https://api.cloudflare.com/client/v4"]);
    assert!(ended.error.contains("use wrangler"), "{ended:?}");
}

#[test]
fn what_is_bound_is_bound_where_it_is_deployed() {
    let platform = Platform::start();
    let bindings = "kv_namespaces = [{ binding = \"KV\", id = \"shared\" }]
        d1_databases = [{ binding = \"DB\", database_name = \"db\", database_id = \"1\" }]
        durable_objects.bindings = [{ name = \"COUNTER\", class_name = \"Counter\" }]
        migrations = [{ tag = \"v1\", new_sqlite_classes = [\"Counter\"] }]\n";
    let code = "import { DurableObject } from 'cloudflare:workers';
        export class Counter extends DurableObject {
            async up() {
                const count = 1 + (await this.ctx.storage.get('count') ?? 0);
                await this.ctx.storage.put('count', count);
                return count;
            }
        }
        export default { async fetch(_, { KV, DB, COUNTER }) {
            await KV.put('key', 'value');
            const { one } = await DB.prepare('SELECT 1 AS one').first();
            const count = await COUNTER.get(COUNTER.idFromName('x')).up();
            return Response.json([await KV.get('key'), one, count]);
        } };";
    platform.folder.project("app", bindings, code);
    platform.run("deploy app");
    assert_eq!(platform.api.get("/"), (200, r#"["value",1,1]"#.to_owned()));
    // Its migrations are behind it, and its objects keep what they have.
    platform.run("deploy app");
    assert_eq!(platform.api.get("/"), (200, r#"["value",1,2]"#.to_owned()));
}
