//! The real clients of the API, unchanged: wrangler, the one that the guide was written with and the newest one, and
//! Cloudflare's SDK. `scripts/test` installs them into `tests/clients`.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::process::{Ended, Folder, HELLO, Running};
use crate::support::{copy_into, repository};

/// A devflare with no project of its own, and a folder to work in.
pub(crate) struct Platform {
    pub(crate) folder: Folder,
    pub(crate) api: Running,
    pub(crate) api_url: String,
}

/// Which wrangler.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wrangler {
    Guides,
    Newest,
}

impl Wrangler {
    fn command(self) -> Command {
        let modules = installed();
        let (node, package) = match self {
            Self::Guides => (PathBuf::from("node"), "wrangler-4-86"),
            // It refuses Node 20.
            Self::Newest => (modules.join("node/bin/node"), "wrangler-newest"),
        };
        let mut command = Command::new(node);
        command.arg("--no-warnings").arg(modules.join(package).join("bin/wrangler.js"));
        command
    }
}

fn installed() -> PathBuf {
    let modules = repository().join("tests/clients/node_modules");
    assert!(modules.is_dir(), "scripts/test installs the clients");
    modules
}

impl Platform {
    pub(crate) fn start() -> Self {
        let folder = Folder::new();
        let (api, api_url) = Self::serve(&folder);
        Self { folder, api, api_url }
    }

    fn serve(folder: &Folder) -> (Running, String) {
        let arguments = ["api", "--port", "0", "--api-port", "0", "--log-format", "json"];
        let mut api = Running::start(&mut folder.devflare(&arguments));
        let ready = api.line();
        ready["url"].as_str().expect("a URL").clone_into(&mut api.url);
        (api, ready["api_url"].as_str().expect("a URL").to_owned())
    }

    /// Kills it and starts it again, with what it has kept.
    pub(crate) fn restart(self) -> Self {
        let Self { folder, api, .. } = self;
        api.signal(rustix::process::Signal::KILL);
        api.end();
        let (api, api_url) = Self::serve(&folder);
        Self { folder, api, api_url }
    }

    /// The variables that the banner prints, and what keeps clients to this machine and out of the user's home.
    pub(crate) fn environment(&self, mut command: Command, directory: &str) -> Command {
        let base = &self.api_url;
        let home = self.folder.path(".home");
        std::fs::create_dir_all(&home).expect("made");
        command
            .current_dir(self.folder.path(directory))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs([("HOME", &home), ("XDG_CONFIG_HOME", &home), ("TMPDIR", &home)])
            .envs([("CLOUDFLARE_API_BASE_URL", base), ("CLOUDFLARE_BASE_URL", base)])
            .env("CLOUDFLARE_API_TOKEN", "devflare")
            .env("CLOUDFLARE_ACCOUNT_ID", "646576666c6172652d6f66666c696e65")
            .envs([
                ("WRANGLER_SEND_METRICS", "false"),
                ("WRANGLER_HIDE_BANNER", "true"),
                ("CI", "1"),
                ("NO_COLOR", "1"),
            ])
            // Nothing answers there.
            .env("npm_config_registry", "http://127.0.0.1:9/")
            .stdin(Stdio::null());
        command
    }

    /// Runs `wrangler` in a project; answers all that it said, once it succeeded.
    #[track_caller]
    pub(crate) fn wrangler(&self, wrangler: Wrangler, project: &str, words: &str) -> String {
        let ended = self.try_wrangler(wrangler, project, words);
        assert_eq!(ended.status, Some(0), "wrangler {words}: {}{}", ended.out, ended.error);
        ended.out + &ended.error
    }

    /// The same where it must fail.
    #[track_caller]
    pub(crate) fn refused(&self, wrangler: Wrangler, project: &str, words: &str) -> String {
        let ended = self.try_wrangler(wrangler, project, words);
        assert_eq!(ended.status, Some(1), "wrangler {words}: {}{}", ended.out, ended.error);
        ended.out + &ended.error
    }

    fn try_wrangler(&self, wrangler: Wrangler, project: &str, words: &str) -> Ended {
        self.fed(wrangler, project, words, "")
    }

    /// With text on its standard input.
    pub(crate) fn fed(&self, wrangler: Wrangler, project: &str, words: &str, input: &str) -> Ended {
        let mut command = wrangler.command();
        command.args(words.split_whitespace());
        Ended::of_fed(&mut self.environment(command, project), input)
    }

    /// What the Worker at the first place answers.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        self.api.get(path)
    }

    /// A dispatcher to `staging` that asks the user Worker that the path names.
    fn dispatcher(&self) {
        let config = "workers_dev = true\n[[dispatch_namespaces]]\nbinding = \"STAGING\"\nnamespace = \"staging\"\n";
        let code = "export default { fetch: (request, env) => env.STAGING.get(new URL(request.url).pathname.slice(1)).fetch(request) };";
        self.folder.project("front", config, code);
    }
}

/// Each test with each wrangler.
macro_rules! with_both {
    ($($test:ident)*) => {
        mod the_guides_wrangler { $(#[test] fn $test() { super::$test($crate::clients::Wrangler::Guides); })* }
        mod the_newest_wrangler { $(#[test] fn $test() { super::$test($crate::clients::Wrangler::Newest); })* }
    };
}

pub(crate) use with_both;

with_both! {
    the_guide_as_it_is_written
    namespaces_are_created_listed_renamed_and_deleted
    user_workers_are_deployed_again_and_survive_a_kill
    assets_are_deployed_with_their_worker_and_kept
    an_ordinary_worker_goes_through_versions_and_back
    two_versions_share_the_requests_over_a_restart
    secrets_are_put_listed_and_deleted
    what_cannot_run_replaces_nothing
}

fn the_guide_as_it_is_written(wrangler: Wrangler) {
    let platform = Platform::start();
    for project in ["customer-worker-1", "my-dispatcher"] {
        let sample = repository().join("sample-projects").join(project);
        copy_into(&sample, &platform.folder.path(project));
    }
    let said = platform.wrangler(wrangler, "", "dispatch-namespace create staging");
    assert!(said.contains("Created dispatch namespace \"staging\" with ID \""), "{said}");
    let said = platform.wrangler(wrangler, "customer-worker-1", "deploy --dispatch-namespace staging");
    assert!(said.contains("Uploaded customer-worker-1") && said.contains("Dispatch Namespace: staging"), "{said}");
    let said = platform.wrangler(wrangler, "my-dispatcher", "deploy");
    assert!(said.contains("env.dispatcher (staging)") && said.contains("Dispatch Namespace"), "{said}");
    assert!(said.contains("https://my-dispatcher.devflare.workers.dev"), "{said}");
    assert_eq!(platform.get("/"), (200, "Hello world".to_owned()));
}

fn namespaces_are_created_listed_renamed_and_deleted(wrangler: Wrangler) {
    let platform = Platform::start();
    let run = |words: &str| platform.wrangler(wrangler, "", &format!("dispatch-namespace {words}"));
    let fail = |words: &str| platform.refused(wrangler, "", &format!("dispatch-namespace {words}"));
    run("create one");
    run("create two");
    let said = fail("create one");
    assert!(said.contains("already exists") || said.contains("namespace with this name"), "{said}");
    let said = run("list");
    assert!(said.contains("namespace_name: 'one'") && said.contains("namespace_name: 'two'"), "{said}");
    let said = run("get one");
    assert!(said.contains("script_count: 0") && said.contains("trusted_workers: false"), "{said}");
    run("rename one three");
    assert!(fail("get one").contains("[code: 100119]"));
    assert!(run("get three").contains("namespace_name: 'three'"));
    assert!(fail("rename one four").contains("[code: 100119]"));
    run("delete three");
    assert!(fail("delete three").contains("[code: 100119]"));
    let said = run("list");
    assert!(said.contains("'two'") && !said.contains("'three'"), "{said}");
}

fn user_workers_are_deployed_again_and_survive_a_kill(wrangler: Wrangler) {
    let platform = Platform::start();
    platform.dispatcher();
    let said_by =
        |word: &str| format!("export default {{ fetch: (_, env) => new Response('{word} ' + env.A + env.J.x) }};");
    platform.folder.project("user", "vars = { A = \"b\", J = { x = 1 } }\n", &said_by("first"));
    let said = platform.refused(wrangler, "user", "deploy --dispatch-namespace staging");
    assert!(said.contains("[code: 100119]"), "{said}");
    platform.wrangler(wrangler, "", "dispatch-namespace create staging");
    platform.wrangler(wrangler, "front", "deploy");
    let said = platform.wrangler(wrangler, "user", "deploy --dispatch-namespace staging --tag one --message two");
    // 32 hex digits, which wrangler shows as a UUID.
    let id = said.lines().find_map(|line| line.strip_prefix("Current Version ID: ")).expect("an id");
    assert_eq!(id.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12], "{said}");
    assert_eq!(platform.get("/user"), (200, "first b1".to_owned()));
    platform.folder.project("user", "vars = { A = \"c\", J = { x = 2 } }\n", &said_by("second"));
    platform.wrangler(wrangler, "user", "deploy --dispatch-namespace staging");
    assert_eq!(platform.get("/user"), (200, "second c2".to_owned()));
    platform.wrangler(wrangler, "user", "deploy --dispatch-namespace staging --name other");
    let platform = platform.restart();
    assert_eq!(platform.get("/user"), (200, "second c2".to_owned()));
    assert_eq!(platform.get("/other"), (200, "second c2".to_owned()));
    assert!(platform.wrangler(wrangler, "", "dispatch-namespace get staging").contains("script_count: 2"));
}

fn assets_are_deployed_with_their_worker_and_kept(wrangler: Wrangler) {
    let platform = Platform::start();
    let code = "export default { fetch: () => new Response('worker') };";
    platform.folder.project("site", "[assets]\ndirectory = \"public\"\n", code);
    for (name, text) in [("index.html", "home"), ("a.css", "a {}"), ("_headers", "/*\n  X-Mine: yes\n")] {
        platform.folder.write(&format!("site/public/{name}"), text);
    }
    platform.wrangler(wrangler, "site", "deploy");
    assert_eq!(platform.get("/"), (200, "home".to_owned()));
    assert_eq!(platform.get("/a.css"), (200, "a {}".to_owned()));
    assert_eq!(platform.get("/other"), (200, "worker".to_owned()));
    platform.folder.write("site/public/a.css", "b {}");
    platform.wrangler(wrangler, "site", "deploy");
    let platform = platform.restart();
    assert_eq!(platform.get("/a.css"), (200, "b {}".to_owned()));
    assert_eq!(platform.get("/"), (200, "home".to_owned()));
}

fn an_ordinary_worker_goes_through_versions_and_back(wrangler: Wrangler) {
    let platform = Platform::start();
    let write = |word: &str| platform.folder.project("plain", "", &HELLO.replace("hello", word));
    let run = |words: &str| platform.wrangler(wrangler, "plain", words);
    let answers = |word: &str| assert_eq!(platform.get("/"), (200, word.to_owned()));
    write("one");
    run("deploy");
    answers("one");
    write("two");
    run("deploy");
    answers("two");
    write("three");
    let said = run("versions upload --message third");
    let id = said.lines().find_map(|line| line.split("Worker Version ID: ").nth(1)).expect("an id").trim().to_owned();
    answers("two");
    let said = run("versions list");
    assert!(said.contains(&id) && said.contains("third"), "{said}");
    run(&format!("versions deploy {id}@100% --yes"));
    answers("three");
    assert!(run("deployments list").contains(&id));
    assert!(run("deployments status").contains(&id));
    assert!(run(&format!("versions view {id}")).contains(&id));
    run("rollback --yes --message back");
    answers("two");
    run("delete --force");
    assert_eq!(platform.get("/").0, 404);
    assert!(platform.refused(wrangler, "plain", "deployments status").contains("[code: 10007]"));
    write("four");
    run("deploy");
    answers("four");
    let said = run("whoami");
    assert!(said.contains("646576666c6172652d6f66666c696e65"), "{said}");
}

fn two_versions_share_the_requests_over_a_restart(wrangler: Wrangler) {
    let platform = Platform::start();
    let run = |words: &str| platform.wrangler(wrangler, "plain", words);
    let upload = |word: &str| {
        platform.folder.project("plain", "", &HELLO.replace("hello", word));
        let said = run("versions upload");
        said.lines().find_map(|line| line.split("Worker Version ID: ").nth(1)).expect("an id").trim().to_owned()
    };
    platform.folder.project("plain", "", HELLO);
    run("deploy");
    let (one, two) = (upload("one"), upload("two"));
    run(&format!("versions deploy {one}@30% {two}@70% -y"));
    for words in ["deployments list", "deployments status"] {
        let said = run(words);
        assert!(said.contains(&format!("(30%) {one}")) && said.contains(&format!("(70%) {two}")), "{said}");
    }
    let platform = platform.restart();
    let answers: Vec<_> = (0..200).map(|_| platform.get("/").1).collect();
    let ones = answers.iter().filter(|answer| *answer == "one").count();
    assert!((20..100).contains(&ones) && answers.iter().all(|answer| answer == "one" || answer == "two"), "{ones}");
    platform.wrangler(wrangler, "plain", &format!("rollback {one} --yes --message back"));
    (0..20).for_each(|_| assert_eq!(platform.get("/"), (200, "one".to_owned())));
}

fn secrets_are_put_listed_and_deleted(wrangler: Wrangler) {
    let platform = Platform::start();
    let code = "export default { fetch: (_, { A, B, C }) => Response.json({ A, B, C }) };";
    platform.folder.project("safe", "vars = { C = \"c\" }\n", code);
    let run = |words: &str| platform.wrangler(wrangler, "safe", words);
    let put = |key: &str, value: &str| {
        let ended = platform.fed(wrangler, "safe", &format!("secret put {key}"), value);
        assert_eq!(ended.status, Some(0), "{ended:?}");
    };
    let answers = |expected: &str| {
        let (status, body) = platform.get("/");
        assert_eq!((status, body.as_str()), (200, expected));
    };
    run("deploy");
    put("A", "hush");
    answers(r#"{"A":"hush","C":"c"}"#);
    let listed = run("secret list");
    assert!(listed.contains("\"A\"") && listed.contains("secret_text") && !listed.contains("hush"), "{listed}");
    platform.folder.write("safe/bulk.json", r#"{ "A": "new", "B": "bulk" }"#);
    run("secret bulk bulk.json");
    answers(r#"{"A":"new","B":"bulk","C":"c"}"#);
    // A deploy keeps them.
    run("deploy");
    answers(r#"{"A":"new","B":"bulk","C":"c"}"#);
    run("secret delete A");
    answers(r#"{"B":"bulk","C":"c"}"#);
    assert!(platform.refused(wrangler, "safe", "secret delete A").contains("[code: 10056]"));
}

fn what_cannot_run_replaces_nothing(wrangler: Wrangler) {
    let platform = Platform::start();
    platform.folder.project("plain", "", HELLO);
    platform.wrangler(wrangler, "plain", "deploy");
    platform.folder.project("plain", "", "throw new TypeError('too early');\nexport default {};");
    let said = platform.refused(wrangler, "plain", "deploy");
    assert!(said.contains("too early") && said.contains("[code: 10021]"), "{said}");
    assert_eq!(platform.get("/"), (200, "hello".to_owned()));
}

#[test]
fn the_sdk_does_all_that_it_has_methods_for() {
    run_with_the_sdk("sdk.mjs");
}

/// Runs a script of `tests/clients` against a platform of its own.
#[track_caller]
pub(crate) fn run_with_the_sdk(script: &str) {
    let platform = Platform::start();
    installed();
    let mut command = Command::new("node");
    command.arg(repository().join("tests/clients").join(script));
    let mut command = platform.environment(command, "");
    command.env("DEVFLARE_URL", &platform.api.url);
    let ended = Ended::of_fed(&mut command, "");
    assert_eq!(ended.status, Some(0), "{}{}", ended.out, ended.error);
    assert_eq!(ended.out.trim(), "the SDK is content");
}
