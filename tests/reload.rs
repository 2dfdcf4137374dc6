//! No stale answer: a request that is sent after a save has returned gets the saved code, whatever was saved and however.

use std::fs;
use std::process::Command;

use crate::support::{Dev, Load, Server};

/// Hands each request to the user Worker that the path names first.
const BY_PATH: &str = "
    export default {
      async fetch(request, env) {
        const name = new URL(request.url).pathname.split('/')[1];
        try { return await env.dispatcher.get(name).fetch(request) }
        catch (error) { return new Response(error.message, { status: 502 }) }
      },
    };";

fn says(text: impl std::fmt::Display) -> String {
    format!("export default {{ fetch: () => new Response('{text}') }};")
}

fn config(name: &str, lines: &str) -> String {
    format!("name = \"{name}\"\nmain = \"src/index.js\"\ncompatibility_date = \"2026-04-01\"\n{lines}\n")
}

fn customer() -> Server {
    Dev::new().dispatcher("front", BY_PATH).user("staging", "customer", &says(0)).start()
}

/// Saves of one kind under load.
const SAVES: usize = 40;

/// Each save's number must be answered from then on.
fn saves_under_load(dev: &Server, save: impl Fn(usize)) {
    let load = Load::start(&dev.client(), "/customer", 0);
    for version in 1..=SAVES {
        save(version);
        load.saved(version);
        dev.get("/customer").status(200).body(&version.to_string());
    }
    load.end();
}

#[test]
fn the_main_module_is_never_stale_when_it_is_overwritten() {
    let dev = customer();
    saves_under_load(&dev, |version| dev.edit("staging/customer", "src/index.js", says(version)));
}

#[test]
fn the_main_module_is_never_stale_when_it_is_replaced() {
    let dev = customer();
    saves_under_load(&dev, |version| dev.edit_by_rename("staging/customer", "src/index.js", says(version)));
}

#[test]
fn an_imported_module_is_never_stale() {
    let dev = Dev::new()
        .dispatcher("front", BY_PATH)
        .user(
            "staging",
            "customer",
            "import { version } from './lib/version.js'; export default { fetch: () => new Response(version) };",
        )
        .file("staging/customer/src/lib/version.js", "export const version = 0;")
        .start();
    saves_under_load(&dev, |version| {
        dev.edit_by_rename("staging/customer", "src/lib/version.js", format!("export const version = {version};"));
    });
}

#[test]
fn data_modules_are_never_stale() {
    let dev = Dev::new()
        .dispatcher("front", BY_PATH)
        .user(
            "staging",
            "customer",
            "import version from './version.json'; export default { fetch: () => new Response(version) };",
        )
        .file("staging/customer/src/version.json", "0")
        .start();
    saves_under_load(&dev, |version| dev.edit("staging/customer", "src/version.json", version.to_string()));
}

#[test]
fn variables_are_never_stale() {
    let code = "export default { fetch: (request, env) => new Response(env.VERSION) };";
    let dev = Dev::new()
        .dispatcher("front", BY_PATH)
        .user("staging", "customer", code)
        .config("staging/customer", "[vars]\nVERSION = 0")
        .start();
    saves_under_load(&dev, |version| {
        dev.edit_by_rename(
            "staging/customer",
            "wrangler.toml",
            config("customer", &format!("[vars]\nVERSION = {version}")),
        );
    });
}

#[test]
fn a_configuration_that_is_overwritten_is_never_stale() {
    let code = "export default { fetch: (request, env) => new Response(env.VERSION) };";
    let dev = Dev::new()
        .dispatcher("front", BY_PATH)
        .user("staging", "customer", code)
        .config("staging/customer", "[vars]\nVERSION = 0")
        .start();
    saves_under_load(&dev, |version| {
        dev.edit("staging/customer", "wrangler.toml", config("customer", &format!("[vars]\nVERSION = {version}")));
    });
}

#[test]
fn local_secrets_are_never_stale() {
    let code = "export default { fetch: (request, env) => new Response(env.VERSION) };";
    let dev = Dev::new()
        .dispatcher("front", BY_PATH)
        .user("staging", "customer", code)
        .file("staging/customer/.dev.vars", "VERSION=0")
        .start();
    saves_under_load(&dev, |version| dev.edit("staging/customer", ".dev.vars", format!("VERSION={version}")));
}

#[test]
fn the_dispatcher_is_never_stale() {
    let dev = Dev::new().dispatcher("front", &says(0)).user("staging", "customer", &says("unused")).start();
    saves_under_load(&dev, |version| dev.edit("front", "src/index.js", says(version)));
}

#[test]
fn main_that_points_elsewhere_is_never_stale() {
    let dev = Dev::new()
        .dispatcher("front", BY_PATH)
        .user("staging", "customer", &says(0))
        .file("staging/customer/src/odd.js", says("odd"))
        .start();
    dev.get("/customer").body("0");
    let elsewhere = config("customer", "").replace("index.js", "odd.js");
    dev.edit("staging/customer", "wrangler.toml", elsewhere);
    dev.get("/customer").body("odd");
    dev.edit("staging/customer", "src/odd.js", says("odder"));
    dev.get("/customer").body("odder");
}

#[test]
fn a_binding_is_there_as_soon_as_it_was_added() {
    let dev = Dev::new()
        .worker("front", "export default { async fetch(request, env) { return env.API ? env.API.fetch(request) : new Response('alone') } };")
        .worker("api", &says("together"))
        .start();
    dev.get("/").body("alone");
    dev.configure("front", "services = [{ binding = \"API\", service = \"api\" }]");
    dev.get("/").body("together");
    dev.edit("front", "wrangler.toml", config("front", ""));
    dev.get("/").body("alone");
}

#[test]
fn a_namespace_is_there_as_soon_as_it_was_bound() {
    let code = "export default { async fetch(request, env) { return env.dispatcher ? env.dispatcher.get('customer').fetch(request) : new Response('alone') } };";
    let dev = Dev::new().worker("front", code).user("staging", "customer", &says("hello")).start();
    dev.get("/").body("alone");
    dev.configure("front", "[[dispatch_namespaces]]\nbinding = \"dispatcher\"\nnamespace = \"staging\"");
    dev.get("/").body("hello");
    dev.says("warning: no project dispatches to namespace `staging`");
}

#[test]
fn a_renamed_worker_is_known_by_its_new_name_alone() {
    let dev = customer();
    dev.get("/customer").body("0");
    dev.edit("staging/customer", "wrangler.toml", config("client", ""));
    dev.get("/client").status(200).body("0");
    dev.get("/customer").status(502).body("Worker not found.");
    dev.says("no user Worker \"customer\" in namespace \"staging\"");
    dev.edit("staging/customer", "src/index.js", says("edited"));
    dev.get("/client").body("edited");
}

#[test]
fn a_renamed_ordinary_worker_answers_at_its_new_host() {
    let dev = Dev::new().worker("a", &says("a")).worker("b", &says("b")).start();
    dev.ask("GET", "/").host("b.localhost").send().body("b");
    dev.edit("b", "wrangler.toml", config("c", ""));
    dev.ask("GET", "/").host("c.localhost").send().body("b");
    dev.ask("GET", "/").host("b.localhost").send().body("a");
}

#[test]
fn an_added_project_is_served_at_once_and_a_deleted_one_no_more() {
    let mut dev = customer();
    for round in 0..10 {
        let name = format!("new-{round}");
        dev.add_user("staging", &name, &says(round));
        dev.get(&format!("/{name}")).status(200).body(&round.to_string());
        dev.remove(&format!("staging/{name}"));
        dev.get(&format!("/{name}")).status(502).body("Worker not found.");
        dev.says(&format!("no user Worker \"{name}\""));
    }
    dev.get("/customer").body("0");
}

#[test]
fn projects_come_and_go_under_load() {
    let mut dev = customer();
    let load = Load::start(&dev.client(), "/customer", 0);
    for round in 0..10 {
        let name = format!("new-{round}");
        dev.add_user("staging", &name, &says(round));
        dev.get(&format!("/{name}")).status(200).body(&round.to_string());
        dev.remove(&format!("staging/{name}"));
    }
    load.end();
}

#[test]
fn a_project_that_was_moved_into_a_globbed_folder_is_served_at_once() {
    let dev = Dev::new()
        .dispatcher("front", BY_PATH)
        .user("staging", "customer", &says(0))
        .file("elsewhere/wrangler.toml", config("mover", ""))
        .file("elsewhere/src/index.js", says("moved"))
        .start();
    dev.get("/mover").status(502).body("Worker not found.");
    dev.says("no user Worker \"mover\"");
    dev.rename("elsewhere", "staging/mover");
    dev.get("/mover").status(200).body("moved");
    dev.edit("staging/mover", "src/index.js", says("edited"));
    dev.get("/mover").body("edited");
    dev.rename("staging/mover", "staging/mover-2");
    dev.get("/mover").body("edited");
    dev.edit("staging/mover-2", "src/index.js", says("edited again"));
    dev.get("/mover").body("edited again");
}

#[test]
fn a_project_listed_anew_in_the_workspace_file_is_served_at_once() {
    let dev = Dev::new()
        .worker("a", &says("a"))
        .file("b/wrangler.toml", config("b", ""))
        .file("b/src/index.js", says("b"))
        .start();
    dev.ask("GET", "/").host("b.localhost").send().body("a");
    dev.edit(".", "devflare.toml", "workers = [\"a\", \"b\"]\n");
    dev.ask("GET", "/").host("b.localhost").send().body("b");
}

#[test]
fn a_checkout_of_many_files_is_served_whole() {
    const MODULES: usize = 150;
    let dev = Dev::new().worker("a", &says("before")).start();
    let git = |arguments: &[&str]| {
        let output =
            Command::new("git").arg("-C").arg(dev.path().join("a")).args(arguments).output().expect("git is there");
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let write_all = |value: usize| {
        let imports: Vec<_> = (0..MODULES).map(|at| format!("import m{at} from './m{at}.js';")).collect();
        let imports = imports.join("\n") + "\n";
        let sum: Vec<_> = (0..MODULES).map(|at| format!("m{at}")).collect();
        for at in 0..MODULES {
            fs::write(dev.path().join(format!("a/src/m{at}.js")), format!("export default {value};\n"))
                .expect("it can be written");
        }
        let code = format!("{imports}export default {{ fetch: () => new Response({}) }};\n", sum.join(" + "));
        fs::write(dev.path().join("a/src/index.js"), code).expect("it can be written");
    };
    git(&["init", "-q", "-b", "one"]);
    git(&["config", "user.email", "a@example.com"]);
    git(&["config", "user.name", "A"]);
    write_all(1);
    git(&["add", "-A"]);
    git(&["commit", "-qm", "one"]);
    git(&["checkout", "-qb", "two"]);
    write_all(2);
    git(&["commit", "-qam", "two"]);
    // A machine that halts in the midst of a checkout has half of it.
    dev.may_say("error: cannot find");
    for _ in 0..3 {
        git(&["checkout", "-q", "one"]);
        dev.get("/").status(200).body(&MODULES.to_string());
        git(&["checkout", "-q", "two"]);
        dev.get("/").status(200).body(&(2 * MODULES).to_string());
    }
}

#[test]
fn a_request_in_flight_finishes_on_its_version() {
    let code = |version: &str| {
        format!(
            "
        export default {{ async fetch(request) {{
          if (request.method === 'GET') return new Response('{version}');
          console.log('{version} reads');
          await request.text();
          const {{ default: late }} = await import('./late.js');
          return new Response('{version} ' + late);
        }} }};"
        )
    };
    let dev = Dev::new()
        .dispatcher("front", BY_PATH)
        .user("staging", "customer", &code("old"))
        .file("staging/customer/src/late.js", "export default 'late';")
        .start();
    let mut in_flight = dev.ask("POST", "/customer").streaming();
    in_flight.chunk(b"x");
    dev.says("old reads");
    dev.edit("staging/customer", "src/index.js", code("new"));
    dev.edit("staging/customer", "src/late.js", "export default 'later';");
    dev.get("/customer").body("new");
    in_flight.end();
    in_flight.answer().status(200).body("old late");
    dev.post("/customer", "x").body("new later");
}

#[test]
fn a_stream_in_flight_finishes_on_its_version() {
    let dev = Dev::new()
        .worker("a", "export default { fetch: (request) => new Response(request.body.pipeThrough(new TransformStream({ transform: (chunk, c) => { c.enqueue(chunk); c.enqueue(new TextEncoder().encode('old')) } }))) };")
        .start();
    let mut in_flight = dev.ask("POST", "/").streaming();
    in_flight.chunk(b"1");
    assert_eq!(in_flight.read_head().status, 200);
    assert_eq!(in_flight.read_chunk().as_deref(), Some("1"));
    assert_eq!(in_flight.read_chunk().as_deref(), Some("old"));
    dev.edit("a", "src/index.js", says("new"));
    dev.get("/").body("new");
    in_flight.chunk(b"2");
    assert_eq!(in_flight.read_chunk().as_deref(), Some("2"));
    assert_eq!(in_flight.read_chunk().as_deref(), Some("old"));
    in_flight.end();
    assert_eq!(in_flight.read_chunk(), None);
}

#[test]
fn work_after_the_answer_finishes_on_its_version() {
    let dev = Dev::new()
        .worker("a", "export default { fetch(request, env, ctx) { ctx.waitUntil(scheduler.wait(50).then(() => console.log('old has finished'))); return new Response('old') } };")
        .start();
    dev.get("/").body("old");
    dev.edit("a", "src/index.js", says("new"));
    dev.get("/").body("new");
    dev.says("old has finished");
}

#[test]
fn a_project_that_is_deleted_and_made_again_is_served_again() {
    let mut dev = customer();
    dev.get("/customer").body("0");
    dev.remove("staging/customer");
    dev.get("/customer").status(502).body("Worker not found.");
    dev.says("no user Worker \"customer\"");
    dev.says("warning: `staging/*` matches no project");
    dev.says("warning: namespace `staging` is bound, and has no user Workers");
    dev.add_user("staging", "customer", &says("back"));
    dev.get("/customer").status(200).body("back");
    dev.edit("staging/customer", "src/index.js", says("edited"));
    dev.get("/customer").body("edited");
}

#[test]
fn a_module_of_two_projects_reloads_both() {
    let code = "import { version } from '../../shared.js'; export default { fetch: () => new Response(version) };";
    let dev = Dev::new().worker("a", code).worker("b", code).file("shared.js", "export const version = 1;").start();
    for version in 2..5 {
        dev.edit(".", "shared.js", format!("export const version = {version};"));
        for host in ["a.localhost", "b.localhost"] {
            dev.ask("GET", "/").host(host).send().body(&version.to_string());
        }
    }
}

#[test]
fn a_save_that_leaves_size_and_time_as_they_were_is_seen() {
    let dev = customer();
    dev.get("/customer").body("0");
    let file = dev.path().join("staging/customer/src/index.js");
    let time = fs::metadata(&file).and_then(|of| of.modified()).expect("it is there");
    dev.edit("staging/customer", "src/index.js", says(1));
    fs::File::options().write(true).open(&file).and_then(|file| file.set_modified(time)).expect("it can be set");
    dev.get("/customer").body("1");
}

#[test]
fn a_save_through_a_link_is_seen() {
    let dev = Dev::new()
        .worker("a", "import version from './version.js'; export default { fetch: () => new Response(version) };")
        .file("store/version.js", "export default 1;")
        .link("store/version.js", "a/src/version.js")
        .start();
    dev.get("/").body("1");
    dev.edit("store", "version.js", "export default 2;");
    dev.get("/").body("2");
}

#[test]
fn a_save_that_changes_nothing_reloads_nothing() {
    let dev = Dev::new().worker("a", "const made = crypto.subtle && (globalThis.count = 0); export default { fetch: () => new Response(++globalThis.count) };").start();
    dev.get("/").body("1");
    dev.edit_by_rename("a", "src/index.js", fs::read(dev.path().join("a/src/index.js")).expect("it is there"));
    dev.get("/").body("2");
    assert!(!dev.said().contains('↻'), "{}", dev.said());
}

#[test]
fn a_save_that_nobody_asks_for_is_built_all_the_same() {
    let dev = Dev::new().worker("a", &says("old")).start();
    dev.edit("a", "src/index.js", says("new"));
    dev.says("↻ a  a/src/index.js");
    dev.get("/").body("new");
}

#[test]
fn a_client_that_leaves_during_a_rebuild_loses_no_edit() {
    let dev = customer();
    for version in 1..=20 {
        dev.edit("staging/customer", "src/index.js", says(version));
        drop(dev.ask("GET", "/customer").open());
        dev.get("/customer").body(&version.to_string());
    }
}

#[test]
fn everything_can_be_reloaded_by_hand() {
    let dev = Dev::new()
        .worker("a", "globalThis.count = 0; export default { fetch: () => new Response(++globalThis.count) };")
        .start();
    dev.get("/").body("1");
    dev.get("/").body("2");
    dev.reload_all();
    dev.get("/").body("1");
}

#[test]
fn what_was_stored_stays_over_a_reload() {
    let code = |version: &str| {
        format!("
        export default {{ async fetch(request, env) {{
          if (request.method === 'PUT') {{ await env.KV.put('key', await request.text()); return new Response('stored') }}
          return new Response('{version} ' + await env.KV.get('key'));
        }} }};")
    };
    let dev = Dev::new()
        .worker("a", &code("old"))
        .config("a", "kv_namespaces = [{ binding = \"KV\", id = \"things\" }]")
        .start();
    dev.ask("PUT", "/").body("pears").send().body("stored");
    dev.edit("a", "src/index.js", code("new"));
    dev.get("/").body("new pears");
}
