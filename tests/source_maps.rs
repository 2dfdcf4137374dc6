//! Exceptions have the author's file, line and column, whatever the code went through.

use crate::support::Dev;

const TYPESCRIPT: &str = "interface Env {
  NAME: string;
}

enum Kind { A, B }

function fail(kind: Kind): never {
  throw new RangeError(`failed ${Kind[kind]}`);
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === '/trace') console.trace('here');
    if (pathname === '/stack') try { fail(Kind.A) } catch (error) { console.log((error as Error).stack) }
    if (pathname === '/error') try { fail(Kind.A) } catch (error) { console.error('caught', error) }
    if (pathname === '/throw') fail(Kind.B);
    return new Response('ok');
  },
} satisfies ExportedHandler<Env>;
";

fn typescript() -> Dev {
    Dev::new()
        .worker("app", "")
        .config("app", "main = \"src/index.ts\"")
        .file("app/src/index.ts", TYPESCRIPT)
        .file("app/wrangler.toml", "name = \"app\"\nmain = \"src/index.ts\"\ncompatibility_date = \"2026-04-01\"\n")
}

#[test]
fn an_uncaught_error_has_the_place_in_typescript() {
    let dev = typescript().start();
    dev.ask("GET", "/throw")
        .browser()
        .send()
        .status(500)
        .contains("app/src/index.ts:8:")
        .contains("throw new RangeError(");
    dev.says("✖ app RangeError: failed B");
    dev.says("at fail (app/src/index.ts:8:");
    dev.says("at fetch (app/src/index.ts:17:");
}

#[test]
fn what_is_logged_of_a_stack_has_the_places_in_typescript() {
    let dev = typescript().start();
    for (path, frame) in [
        ("/trace", "at fetch (app/src/index.ts:14:"),
        ("/stack", "at fetch (app/src/index.ts:15:"),
        ("/error", "at fetch (app/src/index.ts:16:"),
    ] {
        dev.get(path).status(200);
        dev.says(frame);
    }
    assert!(!dev.said().contains("internal:"), "{}", dev.said());
}

/// Line 2 of the file is line 3 of `../src/thrower.ts`.
const MAP: &str = r#"{"version":3,"sources":["../src/thrower.ts"],"names":[],"mappings":";AAEE,OAAO"}"#;

#[test]
fn an_error_in_a_package_has_the_place_in_what_it_was_built_from() {
    let built = "// built\nexport function thrower() { throw new Error('in the package'); }\n//# sourceMappingURL=index.js.map\n";
    let dev = Dev::new()
        .worker("app", "import { thrower } from 'p';\nexport default { fetch() {\n  thrower();\n} }")
        .file("app/node_modules/p/package.json", r#"{"name": "p", "main": "dist/index.js"}"#)
        .file("app/node_modules/p/dist/index.js", built)
        .file("app/node_modules/p/dist/index.js.map", MAP)
        .start();
    dev.get("/").status(500);
    dev.says("✖ app Error: in the package");
    dev.says("at thrower (app/node_modules/p/src/thrower.ts:3:");
    dev.says("at fetch (app/src/index.js:3:");
}

#[test]
fn a_map_may_be_in_the_file_itself_and_a_broken_one_does_no_harm() {
    let code = |url: &str| {
        format!(
            "// built\nexport default {{ fetch() {{ throw new Error('in the bundle') }} }}\n//# sourceMappingURL={url}"
        )
    };
    let inline = "data:application/json;base64,eyJ2ZXJzaW9uIjozLCJzb3VyY2VzIjpbIi4uL3NyYy90aHJvd2VyLnRzIl0sIm5hbWVzIjpbXSwibWFwcGluZ3MiOiI7QUFFRSxPQUFPIn0=";
    let dev = Dev::new().worker("app", &code(inline)).config("app", "no_bundle = true").start();
    dev.get("/").status(500);
    dev.says("✖ app Error: in the bundle");
    dev.says("(app/src/thrower.ts:3:");
    for (url, text) in [("gone.map", ""), ("broken.map", "{"), ("data:,x", "")] {
        dev.edit("app", "src/broken.map", text);
        dev.edit("app", "src/index.js", code(url));
        dev.get("/").status(500);
        dev.says("(app/src/index.js:2:");
    }
}
