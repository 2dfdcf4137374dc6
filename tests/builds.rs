//! How projects are made: build commands, build tools' configurations, `no_bundle`, and wrangler's other keys.

use std::fs;
use std::time::Duration;

use crate::support::Dev;

/// A project whose main file is made from `src/text` by `command`.
fn made_by(command: &str) -> Dev {
    let config = format!("main = \"dist/index.js\"\n[build]\ncommand = {command:?}\n");
    let dev = Dev::new().worker("app", "").file("app/src/text", "one").file("app/src/index.js", "");
    dev.file("app/wrangler.toml", format!("name = \"app\"\ncompatibility_date = \"2026-04-01\"\n{config}"))
}

const MAKE: &str = "mkdir -p dist && echo making $WRANGLER_COMMAND && echo \"export default { fetch: () => new Response('$(cat src/text)') }\" > dist/index.js";

#[test]
fn a_build_command_makes_the_worker_and_runs_again_when_what_it_reads_changes() {
    let dev = made_by(MAKE).start();
    dev.says("app build │ making dev");
    dev.get("/").status(200).body("one");
    for text in ["two", "three"] {
        dev.edit("app", "src/text", text);
        dev.get("/").body(text);
    }
    fs::create_dir(dev.path().join("app/src/deep")).unwrap();
    dev.edit("app", "src/deep/new", "");
    dev.edit("app", "src/text", "four");
    dev.get("/").body("four");
}

#[test]
fn a_build_command_may_run_elsewhere_and_read_several_directories() {
    let config = "name = \"app\"\nmain = \"out/index.js\"\ncompatibility_date = \"2026-04-01\"\n[build]\n\
        command = \"cat ../a/text ../b/text > ../out/index.js\"\ncwd = \"tools\"\nwatch_dir = [\"a\", \"./b\"]";
    let dev = Dev::new().worker("app", "").file("app/wrangler.toml", config);
    let dev = dev.file("app/a/text", "export default { fetch: () => new Response(").file("app/b/text", "'x') }");
    let dev = dev.file("app/tools/x", "").file("app/out/x", "").start();
    dev.get("/").body("x");
    dev.edit("app", "b/text", "'y') }");
    dev.get("/").body("y");
}

#[test]
fn a_build_command_that_fails_is_told_with_what_it_wrote_and_heals() {
    let command = format!("if grep -q broken src/text; then echo no way >&2; exit 3; fi; {MAKE}");
    let dev = made_by(&command).worker("other", "export default { fetch: () => new Response('fine') }").start();
    dev.get("/").body("one");
    dev.edit("app", "src/text", "broken");
    dev.get("/").status(500).contains("the build command failed (exit status: 3)");
    dev.says("error: the build command failed (exit status: 3)");
    dev.says("no way");
    dev.ask("GET", "/").host("other.localhost").send().body("fine");
    dev.edit("app", "src/text", "mended");
    dev.get("/").status(200).body("mended");
}

#[test]
fn nobody_else_waits_for_a_build_command() {
    let command = format!("while [ -e hold ]; do sleep 0.05; done; {MAKE}");
    let dev = made_by(&command).worker("other", "export default { fetch: () => new Response('fine') }").start();
    dev.get("/").body("one");
    dev.edit("app", "hold", "");
    dev.edit("app", "src/text", "two");
    let client = dev.client();
    let waiting = std::thread::spawn(move || client.get("/").status(200).body("two"));
    dev.ask("GET", "/").host("other.localhost").send().body("fine");
    assert!(!waiting.is_finished());
    dev.remove("app/hold");
    waiting.join().expect("it was answered");
}

#[test]
fn a_build_command_that_hangs_is_ended_and_told() {
    let command = format!("if grep -q hang src/text; then sleep 1000; fi; {MAKE}");
    let dev = made_by(&command).with(|options| options.build_limit = Duration::from_secs(2)).start();
    dev.get("/").body("one");
    dev.edit("app", "src/text", "hang");
    dev.get("/").status(500).contains("the build command did not end within 2 s");
    dev.says("error: the build command did not end within 2 s");
    dev.edit("app", "src/text", "well");
    dev.get("/").status(200).body("well");
}

#[test]
fn a_build_command_that_fails_at_the_start_is_a_mistake() {
    let told = made_by("exit 1").refused();
    assert!(told[0].contains("the build command failed (exit status: 1)"), "{told:?}");
    let told = made_by("true").refused();
    assert!(told[0].contains("the entry point does not exist"), "{told:?}");
}

#[test]
fn a_build_command_that_writes_where_it_reads_does_not_run_for_ever() {
    let dev = made_by(&MAKE.replace("dist/", "src/").replace("echo making", "date +%N > src/log; echo making"));
    let toml = "name = \"app\"\nmain = \"src/index.js\"\ncompatibility_date = \"2026-04-01\"\n[build]\n";
    let command = "date +%N > src/log; echo run; echo \\\"export default { fetch: () => new Response('$(cat src/text)') }\\\" > src/index.js";
    let dev = dev.file("app/wrangler.toml", format!("{toml}command = \"{command}\"")).start();
    dev.get("/").body("one");
    dev.edit("app", "src/text", "two");
    dev.get("/").body("two");
    let runs = |text: &str| text.matches("│ run").count();
    let before = runs(&dev.said());
    dev.get("/").body("two");
    assert_eq!(runs(&dev.said()), before);
}

#[test]
fn what_is_saved_while_a_build_command_runs_is_built_as_well() {
    let slow =
        format!("cp src/text text; while [ -e hold ]; do sleep 0.02; done; {}", MAKE.replace("src/text", "text"));
    let dev = made_by(&slow).start();
    dev.get("/").body("one");
    for (read, saved) in [("two", "three"), ("four", "five"), ("six", "seven")] {
        dev.edit("app", "hold", "");
        dev.edit("app", "next", read);
        dev.rename("app/next", "app/src/text");
        while fs::read_to_string(dev.path().join("app/text")).unwrap_or_default() != read {
            std::thread::sleep(Duration::from_millis(5));
        }
        dev.edit("app", "src/text", saved);
        dev.remove("app/hold");
        dev.get("/").body(saved);
    }
}

#[test]
fn the_configuration_of_a_build_tool_is_used_in_place_of_the_authors() {
    let built = r#"{"configPath": "/x/wrangler.toml", "userConfigPath": "/x/wrangler.toml", "topLevelName": "app",
        "definedEnvironments": [], "name": "app", "main": "index.js", "compatibility_date": "2026-04-01",
        "no_bundle": true, "rules": [{"type": "ESModule", "globs": ["**/*.js", "**/*.mjs"]}], "vars": {"FROM": "tool"}}"#;
    let index = "import { text } from './assets/chunk-1.js'; export default { fetch: (_, env) => new Response(text + env.FROM) }";
    let dev = Dev::new()
        .worker("app", "export default { fetch: () => new Response('source') }")
        .file(
            "app/.wrangler/deploy/config.json",
            r#"{"configPath": "../../dist/app/wrangler.json", "auxiliaryWorkers": []}"#,
        )
        .file("app/dist/app/wrangler.json", built)
        .file("app/dist/app/index.js", index)
        .file("app/dist/app/assets/chunk-1.js", "export const text = 'built by '")
        .start();
    dev.get("/").status(200).body("built by tool");
    dev.edit("app", "dist/app/assets/chunk-1.js", "export const text = 'rebuilt by '");
    dev.get("/").body("rebuilt by tool");
    dev.edit("app", "dist/app/wrangler.json", built.replace("\"tool\"", "\"another\""));
    dev.get("/").body("rebuilt by another");
    dev.remove("app/.wrangler/deploy/config.json");
    dev.get("/").body("source");
}

#[test]
fn a_build_tools_configuration_that_is_gone_is_told() {
    let dev = Dev::new().worker("app", "").file("app/.wrangler/deploy/config.json", r#"{"configPath": "../x.json"}"#);
    let told = dev.refused();
    assert!(told[0].contains("the configuration that a build tool has written is gone"), "{told:?}");
}

#[test]
fn what_is_not_bundled_is_loaded_as_it_is() {
    let index = "import './other.js'; export default { async fetch() {
        const { name } = await import('./lazy/' + 'one.mjs');
        return new Response([name, typeof process, globalThis.effects].join());
    } }";
    let dev = Dev::new()
        .worker("app", index)
        .config("app", "no_bundle = true\nrules = [{ type = \"ESModule\", globs = [\"**/*.js\", \"**/*.mjs\"] }]")
        .config("app", "define = { \"process.env.NODE_ENV\" = \"1\" }")
        .file("app/package.json", r#"{"sideEffects": false}"#)
        .file("app/src/other.js", "globalThis.effects = 'kept'")
        .file("app/src/lazy/one.mjs", "export const name = 'one'")
        .start();
    dev.get("/").status(200).body("one,undefined,kept");
}

#[test]
fn typescript_that_is_not_bundled_is_no_javascript() {
    let dev = Dev::new().worker("app", "").config("app", "no_bundle = true");
    let dev = dev.file("app/src/index.js", "export default { fetch(request: Request) {} }");
    assert!(dev.refused()[0].contains("Expected"));
}

#[test]
fn files_are_loaded_as_the_rules_say_and_found_below_the_base_directory() {
    let config = "find_additional_modules = true\nbase_dir = \"lib\"\npreserve_file_names = true\nminify = true\n\
        keep_names = false\nupload_source_maps = true\n\
        rules = [{ type = \"Text\", globs = [\"**/*.md\"], fallthrough = true }, { type = \"Data\", globs = [\"**/*.dat\"], fallthrough = false },\n\
        { type = \"ESModule\", globs = [\"pages/*.js\"] }]";
    let index = "import readme from './readme.md'; import page from './page.html'; import data from './x.dat';
        export default { async fetch(request) {
            const { name } = await import('../lib/pages/' + new URL(request.url).searchParams.get('page') + '.js');
            return new Response([readme, page, data.byteLength, name, main.name].join());
        } };
        function main() {}";
    let dev = Dev::new()
        .worker("app", index)
        .config("app", config)
        .file("app/src/readme.md", "# read")
        .file("app/src/page.html", "<p>")
        .file("app/src/x.dat", b"\x00\xff\x01")
        .file("app/lib/pages/about.js", "export const name = 'about'")
        .start();
    dev.get("/?page=about").status(200).body("# read,<p>,3,about,main");
    dev.edit("app", "lib/pages/new.js", "export const name = 'new'");
    dev.get("/?page=new").body("# read,<p>,3,new,main");
}

#[test]
fn style_sheets_and_sources_of_webassembly_are_imported_as_with_wrangler() {
    let code = "import './a.css'; import source m from './m.wasm';
        export default { fetch: () => new Response(m.constructor.name) };";
    let dev = Dev::new().worker("app", code).file("app/src/a.css", "a { color: red }");
    dev.file("app/src/m.wasm", b"\0asm\x01\0\0\0").start().get("/").status(200).body("Module");
}

#[test]
fn node_env_is_that_of_the_process_or_development() {
    let code = "export default { fetch: () => new Response(process.env.NODE_ENV) };";
    Dev::new().worker("app", code).start().get("/").body("development");
    let dev = Dev::new().worker("app", code);
    let dev = dev.with(|options| options.fleet.config.process_env.push(("NODE_ENV".into(), "production".into())));
    dev.start().get("/").body("production");
}

#[test]
fn what_wrangler_refuses_about_modules_is_refused() {
    let rules = "rules = [{ type = \"Text\", globs = [\"**/*.md\"] }]";
    let dev = Dev::new().worker("app", "import text from './a.txt'; export default text;").config("app", rules);
    let told = dev.file("app/src/a.txt", "").refused().join("\n");
    assert!(
        told.contains("the rule for \"./a.txt\" does not count") && told.contains("app/src/index.js:1:18"),
        "{told}"
    );
    let code = "addEventListener('fetch', (event) => event.respondWith(new Response('')));";
    let told = Dev::new().worker("app", code).config("app", "find_additional_modules = true").refused().join("\n");
    assert!(told.contains("`find_additional_modules` is for Workers in the syntax of modules"), "{told}");
}

#[test]
fn bytecode_that_is_kept_serves_the_next_start_and_what_is_broken_does_no_harm() {
    let kept = tempfile::tempdir().unwrap();
    let directory = kept.path().join("bytecode");
    let project = Dev::new().worker("app", "").file("app/src/text.js", "export const text = 'is '");
    let folder = project.path().to_path_buf();
    let code = |text: &str| {
        format!("import {{ text }} from './text.js'; export default {{ fetch: () => new Response(text + '{text}') }}")
    };
    let start = |text: &str| {
        fs::write(folder.join("app/src/index.js"), code(text)).unwrap();
        let dev = Dev::new().projects(&[folder.join("app").to_str().unwrap()]);
        dev.with(|options| options.bytecode = Some(directory.clone())).start()
    };
    let pack = || {
        let entries = fs::read_dir(&directory).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut packs = entries.filter(|path| path.extension().is_none() && !path.ends_with("key"));
        packs.next()
    };
    start("kept").get("/").body("is kept");
    let path = std::iter::repeat_with(|| (pack(), std::thread::sleep(Duration::from_millis(5))).0)
        .flatten()
        .next()
        .expect("it never ends");
    start("kept").get("/").body("is kept");
    start("edited").get("/").body("is edited");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    start("mended").get("/").body("is mended");
}

#[test]
fn the_keys_about_typescript_and_names_decide_what_is_compiled() {
    let config = "tsconfig = \"config/tsconfig.worker.json\"\njsx_factory = \"make\"\njsx_fragment = \"all\"\nminify = true\n\
        define = { VERSION = \"'1.2'\", \"flags.fast\" = \"true\" }\nalias = { \"old\" = \"./lib/new\", \"pkg\" = \"other\" }";
    let index = "import old from 'old'; import pkg from 'pkg'; import mapped from '#deep/one';
        declare const VERSION: string; declare const flags: any;
        const all = 'all', make = (tag: any, _: any, ...children: any[]) => [tag, ...children].join(':');
        export default { fetch: () => new Response([VERSION, flags.fast, old, pkg, mapped, <><b>x</b></>].join()) };";
    let package = r#"{"name": "other", "browser": "b.js", "module": "m.js", "main": "main.js"}"#;
    let dev = Dev::new()
        .worker("app", "")
        .file(
            "app/wrangler.toml",
            format!("name = \"app\"\nmain = \"src/index.tsx\"\ncompatibility_date = \"2026-04-01\"\n{config}"),
        )
        .file("app/config/tsconfig.worker.json", r##"{"compilerOptions": {"paths": {"#deep/*": ["../deep/*"]}}}"##)
        .file("app/tsconfig.json", r##"{"compilerOptions": {"paths": {"#deep/*": ["./nowhere/*"]}}}"##)
        .file("app/src/index.tsx", index)
        .file("app/deep/one.ts", "export default 'deep' as string")
        .file("app/lib/new.js", "export default 'new'")
        .file("app/node_modules/other/package.json", package)
        .file("app/node_modules/other/b.js", "export default 'browser'")
        .file("app/node_modules/other/m.js", "export default 'module'")
        .file("app/node_modules/other/main.js", "module.exports = 'main'")
        .start();
    dev.get("/").status(200).body("1.2,true,new,main,deep,all:b:x");
}

#[test]
fn the_environment_may_choose_the_conditions_of_packages() {
    let package = r#"{"exports": {"workerd": "./w.js", "custom": "./c.js", "default": "./d.js"}}"#;
    let dev = Dev::new()
        .worker("app", "import name from 'pkg'; export default { fetch: () => new Response(name) };")
        .file("app/node_modules/pkg/package.json", package)
        .file("app/node_modules/pkg/w.js", "export default 'workerd'")
        .file("app/node_modules/pkg/c.js", "export default 'custom'")
        .file("app/node_modules/pkg/d.js", "export default 'default'");
    let chosen = ("WRANGLER_BUILD_CONDITIONS".to_owned(), "custom,other".to_owned());
    dev.with(|options| options.fleet.config.process_env.push(chosen.clone())).start().get("/").body("custom");
}

#[test]
fn a_rule_that_ends_others_without_saying_so_is_warned_of() {
    let code = "import text from './a.md'; export default { fetch: () => new Response(text) };";
    let start = |more: &str| {
        let rules = format!("rules = [{{ type = \"Text\", globs = [\"**/*.md\"]{more} }}]");
        Dev::new().worker("app", code).config("app", &rules).file("app/src/a.md", "text").start()
    };
    let dev = start("");
    dev.get("/").body("text");
    dev.says("this rule ends the rules of its type");
    assert!(!start(", fallthrough = false").said().contains("ends the rules"));
}
