//! What fails after an edit is shown by its own Worker alone, until it is mended.

use crate::support::{Dev, Server};

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

#[test]
fn a_build_that_fails_is_shown_by_its_own_worker_alone_until_it_is_mended() {
    let dev = Dev::new()
        .dispatcher("front", BY_PATH)
        .user("staging", "customer", &says(0))
        .user("staging", "other", &says("other"))
        .start();
    dev.get("/customer").body("0");
    dev.edit("staging/customer", "src/index.js", "export default { fetch() { return new Response('x' } };");
    dev.get("/customer").status(502).contains("staging/customer/src/index.js:1:");
    dev.get("/other").status(200).body("other");
    dev.says("error:");
    dev.edit("staging/customer", "src/index.js", says("mended"));
    dev.get("/customer").status(200).body("mended");
    dev.says("✓ staging/customer works again");
}

#[test]
fn a_worker_that_fails_from_the_start_up_of_an_edit_is_shown_alone_until_it_is_mended() {
    let dev = Dev::new()
        .dispatcher("front", BY_PATH)
        .user("staging", "customer", &says(0))
        .user("staging", "other", &says("other"))
        .start();
    dev.get("/customer").body("0");
    dev.edit("staging/customer", "src/index.js", "const x = undefined;\nx.y;\nexport default {};");
    dev.get("/customer").status(502).contains("undefined");
    dev.get("/other").body("other");
    dev.says("✖ staging/customer TypeError");
    dev.edit("staging/customer", "src/index.js", says("mended"));
    dev.get("/customer").body("mended");
}

#[test]
fn a_configuration_that_fails_is_shown_by_its_own_worker_alone_until_it_is_mended() {
    let dev = Dev::new()
        .dispatcher("front", BY_PATH)
        .user("staging", "customer", &says(0))
        .user("staging", "other", &says("other"))
        .start();
    dev.get("/customer").body("0");
    dev.edit("staging/customer", "wrangler.toml", "name = \"customer\"\nmain = \n");
    dev.get("/customer").status(502).contains("staging/customer/wrangler.toml:2:");
    dev.get("/other").status(200).body("other");
    dev.says("error:");
    dev.edit("staging/customer", "wrangler.toml", config("customer", ""));
    dev.get("/customer").status(200).body("0");
}

#[test]
fn an_ordinary_workers_broken_configuration_is_shown_until_it_is_mended() {
    let dev = Dev::new().worker("a", &says("a")).worker("b", &says("b")).start();
    dev.edit("a", "wrangler.toml", "name = \"a\"\nmain = 7\ncompatibility_date = \"2026-04-01\"\n");
    dev.get("/").status(500).contains("a/wrangler.toml:2:");
    dev.ask("GET", "/").host("b.localhost").send().status(200).body("b");
    dev.says("error:");
    dev.edit("a", "wrangler.toml", config("a", ""));
    dev.get("/").status(200).body("a");
}

#[test]
fn a_half_written_file_heals() {
    let dev = customer();
    let text = says("whole");
    dev.edit("staging/customer", "src/index.js", &text[..30]);
    dev.get("/customer").status(502).contains("staging/customer/src/index.js:1:");
    dev.says("error:");
    dev.edit("staging/customer", "src/index.js", text);
    dev.get("/customer").status(200).body("whole");
}

#[test]
fn a_module_that_was_deleted_is_missed_and_found_again_when_it_is_back() {
    let dev = Dev::new()
        .dispatcher("front", BY_PATH)
        .user(
            "staging",
            "customer",
            "import { version } from './version.js'; export default { fetch: () => new Response(version) };",
        )
        .file("staging/customer/src/version.js", "export const version = 1;")
        .start();
    dev.get("/customer").body("1");
    dev.remove("staging/customer/src/version.js");
    dev.get("/customer").status(502).contains("./version.js");
    dev.says("error:");
    dev.edit("staging/customer", "src/version.js", "export const version = 2;");
    dev.get("/customer").status(200).body("2");
}

#[test]
fn a_module_in_a_new_directory_is_found_and_followed() {
    let dev = customer();
    dev.edit("staging/customer", "src/deep/er/version.js", "export default 1;");
    dev.edit(
        "staging/customer",
        "src/index.js",
        "import version from './deep/er/version.js'; export default { fetch: () => new Response(version) };",
    );
    dev.get("/customer").body("1");
    dev.edit("staging/customer", "src/deep/er/version.js", "export default 2;");
    dev.get("/customer").body("2");
    dev.rename("staging/customer/src/deep", "staging/customer/src/gone");
    dev.get("/customer").status(502);
    dev.says("error:");
    dev.rename("staging/customer/src/gone", "staging/customer/src/deep");
    dev.get("/customer").status(200).body("2");
}

#[test]
fn an_entry_point_that_appears_late_heals_its_worker() {
    let mut dev = customer();
    dev.add_user("staging", "late", &says("late"));
    dev.remove("staging/late/src/index.js");
    dev.get("/late").status(502);
    dev.says("error:");
    dev.edit("staging/late", "src/index.js", says("here"));
    dev.get("/late").status(200).body("here");
}
