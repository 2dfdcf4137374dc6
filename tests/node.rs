//! Node.js's modules: `tests/node/*.js` told in JavaScript, each file in a Worker with `nodejs_compat`, and what the flags
//! open and close.

use std::fmt::Write as _;
use std::path::Path;

use crate::support::Dev;

/// As for `tests/web`: `test("claim", function)` and what its body may call.
const HARNESS: &str = r#"
const tests = [];
Object.assign(globalThis, {
  test: (claim, body) => tests.push([claim, body]),
  fail: (text) => { throw new Error(text); },
  equal(got, wanted) {
    const [a, b] = [got, wanted].map((value) => typeof value === "object" ? JSON.stringify(value) : value);
    if (!Object.is(a, b)) fail(`got ${String(a)}, wanted ${String(b)}`);
  },
  throws(name, body) {
    let error;
    try { body(); } catch (thrown) { error = thrown; }
    equal(error === undefined ? "nothing" : error.name, name);
    return error;
  },
});
export async function runTests() {
  const failed = [];
  for (const [claim, body] of tests) {
    try { await body(); } catch (error) { failed.push(`${claim}: ${error?.stack ?? error}`); }
  }
  return failed.join("\n");
}
"#;

const ENTRY: &str = r#"
import { runTests } from "./harness.js";
import "./claims.js";
export default { fetch: async () => new Response(await runTests()) };
"#;

const CONFIG: &str = "compatibility_flags = [\"nodejs_compat\"]\n\
                      [vars]\nGREETING = \"hello\"\nSETTINGS = { a = 1 }";

#[test]
fn nodes_modules_behave_as_their_tests_in_javascript_claim() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node");
    let mut report = String::new();
    for entry in std::fs::read_dir(folder).expect("the tests are there") {
        let path = entry.expect("the tests are readable").path();
        let claims = std::fs::read_to_string(&path).expect("tests are text");
        let dev = Dev::new()
            .worker("claims", ENTRY)
            .config("claims", CONFIG)
            .file("claims/src/harness.js", HARNESS)
            .file("claims/src/claims.js", claims)
            .start();
        let answer = dev.get("/");
        if answer.status != 200 || !answer.text().is_empty() {
            writeln!(report, "{}:\n{} {}", path.display(), answer.status, answer.text()).expect("a string takes it");
        }
    }
    assert!(report.is_empty(), "{report}");
}

#[test]
fn without_the_flag_there_is_nothing_of_node() {
    let code =
        "export default { fetch: () => new Response(`${typeof Buffer} ${typeof process} ${typeof setImmediate}`) }";
    let dev = Dev::new().worker("plain", code).start();
    dev.get("/").body("undefined undefined undefined");
}

#[test]
fn nodejs_als_brings_async_local_storage_alone() {
    let code = "import { AsyncLocalStorage } from 'node:async_hooks';
        const storage = new AsyncLocalStorage();
        const store = async () => { await 1; return `${storage.getStore()} ${typeof Buffer}`; };
        export default { fetch: async () => new Response(await storage.run('kept', store)) }";
    let dev = Dev::new().worker("als", code).config("als", "compatibility_flags = [\"nodejs_als\"]").start();
    dev.get("/").body("kept undefined");
}

#[test]
fn the_sample_written_for_node_serves() {
    let dev = Dev::new().within("sample-projects").projects(&["node-compat"]).start();
    let session = dev.get("/login?user=ada").status(200).text();
    dev.get(&format!("/whoami?session={session}")).body("ada");
    dev.get(&format!("/whoami?session=x{session}")).body("nobody");
    dev.get("/slow?step=one").body("GET /slow: one");
    dev.get("/nothing").status(404).body("no /nothing here\n");
    let report = dev.get("/report?rows=3").status(200).header("content-type", "text/csv");
    report.header("content-encoding", "gzip");
}
