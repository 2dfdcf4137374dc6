//! Projects as people have them: odd paths, links, TypeScript, packages, other formats, and changes of all that.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::Dev;

const HELLO: &str = "export default { fetch: () => new Response('hello') };";

fn says(text: &str) -> String {
    HELLO.replace("hello", text)
}

fn config(name: &str, main: &str) -> String {
    format!("name = \"{name}\"\nmain = \"{main}\"\ncompatibility_date = \"2026-04-01\"\n")
}

#[test]
fn paths_may_have_spaces_and_signs() {
    let folder = "my worker #1 (ü) 100% 'new'";
    let dev = Dev::new()
        .file(&format!("{folder}/wrangler.toml"), config("odd", "src/the main file.js"))
        .file(
            &format!("{folder}/src/the main file.js"),
            "import text from './a b/ü#?.js'; export default { fetch: () => new Response(text) };",
        )
        .file(&format!("{folder}/src/a b/ü#?.js"), "export default 'odd but fine';")
        .projects(&[folder])
        .start();
    dev.get("/").body("odd but fine");
    dev.edit(folder, "src/a b/ü#?.js", "export default 'edited';");
    dev.get("/").body("edited");
    dev.edit(folder, "src/the main file.js", "throw new Error('odd'); export default {};");
    dev.get("/").status(500).contains("my worker #1 (ü) 100% 'new'/src/the main file.js:1:");
    dev.says("✖ odd Error: odd");
}

#[test]
fn a_linked_project_is_followed_to_where_it_is() {
    let dev = Dev::new()
        .file("store/real/wrangler.toml", config("linked", "src/index.js"))
        .file("store/real/src/index.js", HELLO);
    let dev = dev.link("store/real", "linked").projects(&["linked"]).start();
    dev.get("/").body("hello");
    dev.edit("store/real", "src/index.js", says("edited"));
    dev.get("/").body("edited");
    dev.edit("store/real", "wrangler.toml", config("linked", "src/other.js"));
    dev.edit("store/real", "src/other.js", says("other"));
    dev.get("/").body("other");
    dev.edit("store/other", "src/index.js", says("elsewhere"));
    dev.edit("store/other", "wrangler.toml", config("linked", "src/index.js"));
    dev.remove("linked");
    symlink(dev.path().join("store/other"), dev.path().join("linked")).expect("links can be made");
    dev.get("/").body("elsewhere");
}

#[test]
fn a_linked_project_in_a_globbed_folder_comes_and_goes() {
    let front = "export default { async fetch(request, env) { try { return await env.dispatcher.get('linked').fetch(request) } catch (error) { return new Response(error.message) } } };";
    let dev = Dev::new()
        .dispatcher("front", front)
        .user("staging", "customer", HELLO)
        .file("store/real/wrangler.toml", config("linked", "src/index.js"))
        .file("store/real/src/index.js", says("linked"))
        .start();
    dev.get("/").body("Worker not found.");
    dev.says("no user Worker \"linked\"");
    symlink(dev.path().join("store/real"), dev.path().join("staging/linked")).expect("links can be made");
    dev.get("/").body("linked");
    dev.edit("store/real", "src/index.js", says("edited"));
    dev.get("/").body("edited");
    fs::remove_file(dev.path().join("staging/linked")).expect("it is there");
    dev.get("/").body("Worker not found.");
}

#[test]
fn byte_order_marks_and_carriage_returns_are_no_harm() {
    let dev = Dev::new()
        .file("a/wrangler.toml", format!("\u{feff}{}", config("a", "src/index.js").replace('\n', "\r\n")))
        .file("a/src/index.js", "\u{feff}import data from './data.json';\r\nexport default {\r\n  fetch: () => new Response(data.text),\r\n};\r\n")
        .file("a/src/data.json", "\u{feff}{\r\n\"text\": \"fine\"}\r\n")
        .projects(&["a"])
        .start();
    dev.get("/").body("fine");
    dev.edit(
        "a",
        "src/index.js",
        "export default {\r\n  fetch() {\r\n    throw new Error('third line');\r\n  },\r\n};\r\n",
    );
    dev.get("/").status(500).contains("a/src/index.js:3:");
    dev.says("✖ a Error: third line");
}

#[test]
fn an_entry_point_in_typescript_is_served() {
    let code = "enum Size { Small = 1, Large }
        interface Env { readonly NAME: string }
        export default {
          async fetch(request: Request, env: Env): Promise<Response> {
            const sizes = [Size.Large, Size[1]] as const;
            return Response.json([...sizes, (env as { NAME: string }).NAME, <string>request.method]);
          },
        } satisfies ExportedHandler<Env>;";
    let dev = Dev::new()
        .file("a/wrangler.toml", format!("{}[vars]\nNAME = \"typed\"\n", config("a", "src/index.ts")))
        .file("a/src/index.ts", code)
        .projects(&["a"])
        .start();
    dev.get("/").json(r#"[2, "Small", "typed", "GET"]"#);
}

#[test]
fn packages_are_found_and_followed() {
    let dev = Dev::new()
        .worker("a", "import { shout } from 'shouting'; import deep from '@scope/pack/deep'; import legacy from 'legacy'; export default { fetch: () => new Response([shout('hi'), deep, legacy.name].join(' ')) };")
        .file("a/node_modules/shouting/package.json", r#"{ "name": "shouting", "type": "module", "exports": "./lib/index.js" }"#)
        .file("a/node_modules/shouting/lib/index.js", "export const shout = (text) => `${text.toUpperCase()}!`;")
        .file("node_modules/@scope/pack/package.json", r#"{ "name": "@scope/pack", "exports": { "./deep": { "workerd": "./worker.mjs", "default": "./other.js" } } }"#)
        .file("node_modules/@scope/pack/worker.mjs", "export default 'for-workers';")
        .file("a/node_modules/legacy/package.json", r#"{ "name": "legacy", "main": "main" }"#)
        .file("a/node_modules/legacy/main.js", "exports.name = 'common';")
        .start();
    dev.get("/").body("HI! for-workers common");
    dev.edit("a", "node_modules/shouting/lib/index.js", "export const shout = (text) => `${text}?`;");
    dev.get("/").body("hi? for-workers common");
    dev.edit(
        "a",
        "node_modules/shouting/package.json",
        r#"{ "name": "shouting", "type": "module", "exports": "./lib/new.js" }"#,
    );
    dev.edit("a", "node_modules/shouting/lib/new.js", "export const shout = (text) => `${text}...`;");
    dev.get("/").body("hi... for-workers common");
}

#[test]
fn a_nearer_package_takes_over_as_soon_as_it_is_installed() {
    let package = |text: &str| {
        [
            ("package.json", r#"{ "name": "pack", "type": "module", "exports": "./index.js" }"#.to_owned()),
            ("index.js", format!("export default '{text}';")),
        ]
    };
    let mut dev =
        Dev::new().worker("a", "import text from 'pack'; export default { fetch: () => new Response(text) };");
    for (name, text) in package("far") {
        dev = dev.file(&format!("node_modules/pack/{name}"), text);
    }
    let dev = dev.start();
    dev.get("/").body("far");
    for (name, text) in package("near") {
        dev.edit("a", &format!("node_modules/pack/{name}"), text);
    }
    dev.get("/").body("near");
    dev.remove("a/node_modules");
    dev.get("/").body("far");
}

#[test]
fn a_project_may_change_its_configurations_format() {
    let dev = Dev::new()
        .worker("a", "export default { fetch: (request, env) => new Response(env.FROM) };")
        .config("a", "[vars]\nFROM = \"toml\"")
        .start();
    dev.get("/").body("toml");
    let json = |from: &str| {
        format!(
            "{{\n  // as wrangler init writes it\n  \"name\": \"a\", \"main\": \"src/index.js\",\n  \"compatibility_date\": \"2026-04-01\",\n  \"vars\": {{ \"FROM\": \"{from}\" }},\n}}\n"
        )
    };
    dev.edit("a", "wrangler.jsonc", json("jsonc"));
    dev.remove("a/wrangler.toml");
    dev.get("/").body("jsonc");
    dev.edit("a", "wrangler.jsonc", json("edited"));
    dev.get("/").body("edited");
    dev.may_say("warning:");
}

#[test]
fn all_projects_may_go_and_come_back() {
    let mut dev = Dev::new()
        .dispatcher(
            "front",
            "export default { fetch: (request, env) => env.dispatcher.get('customer').fetch(request) };",
        )
        .user("staging", "customer", HELLO)
        .start();
    dev.get("/").body("hello");
    dev.rename("front", "gone");
    let gone = dev.get("/");
    assert!(gone.status >= 400, "{gone:?}");
    dev.rename("gone", "front");
    dev.get("/").status(200).body("hello");
    dev.rename("staging", "away");
    dev.get("/").status(500);
    dev.rename("away", "staging");
    dev.get("/").status(200).body("hello");
    dev.add_user("staging", "other", HELLO);
    dev.edit("staging/customer", "src/index.js", says("edited"));
    dev.get("/").body("edited");
    for words in ["error:", "warning:", "✖ front Error: Worker not found."] {
        dev.may_say(words);
    }
}

#[test]
fn an_environment_is_chosen_for_all_projects() {
    let dev = Dev::new()
        .worker("a", "export default { fetch: (request, env) => new Response(env.WHERE) };")
        .config("a", "[vars]\nWHERE = \"top\"\n[env.staging.vars]\nWHERE = \"staging\"")
        .with(|options| options.fleet.config.environment = Some("staging".to_owned()))
        .start();
    dev.get("/").body("staging");
}

#[test]
fn globs_and_namespaces_on_the_command_line_decide_roles() {
    let front = "export default { async fetch(request, env) { const name = new URL(request.url).pathname.slice(1); return env.dispatcher.get(name).fetch(request) } };";
    let dev = Dev::new()
        .dispatcher("front", front)
        .user("staging", "one", &says("one"))
        .user("staging", "two", &says("two"))
        .projects(&["front", "staging=./staging/*"])
        .start();
    dev.get("/one").body("one");
    dev.get("/two").body("two");
}
