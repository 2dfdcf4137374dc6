//! Errors that a person can use: a frame with the author's file, line and column, as text and as a page.

use crate::support::{Dev, Server};

const BROKEN: &str = "export default {\n  fetch() {\n    return new Response('x';\n  },\n};\n";
const THROWS: &str = "// A worker\nexport default {\n  fetch(request) {\n    const user = undefined;\n    return new Response(user.name);\n  },\n};\n";

fn broken() -> Server {
    let dev = Dev::new().worker("a", "export default { fetch: () => new Response('x') };").start();
    dev.edit("a", "src/index.js", BROKEN);
    dev
}

#[test]
fn a_failed_build_is_text_for_curl() {
    let dev = broken();
    let answer = dev
        .get("/")
        .status(500)
        .header("content-type", "text/plain; charset=utf-8")
        .header("cache-control", "no-store");
    answer.contains("a/src/index.js:3:28").contains("    return new Response('x';");
    dev.says("error:");
    dev.says("a/src/index.js:3:28");
}

#[test]
fn a_failed_build_is_a_page_for_browsers() {
    let dev = broken();
    let page = dev.ask("GET", "/").browser().send().status(500).header("content-type", "text/html; charset=utf-8");
    page.contains("<b>a/src/index.js</b>:3:28").contains("<mark>");
    dev.says("error:");
}

#[test]
fn an_uncaught_exception_is_text_for_curl() {
    let dev = Dev::new().worker("a", THROWS).start();
    let answer = dev.get("/").status(500).header("content-type", "text/plain; charset=utf-8");
    answer.contains("TypeError").contains("a/src/index.js:5:").contains("return new Response(user.name);");
    dev.says("✖ a TypeError");
    dev.says("at fetch (a/src/index.js:5:");
}

#[test]
fn an_uncaught_exception_is_a_page_for_browsers() {
    let dev = Dev::new().worker("a", THROWS).start();
    let page = dev.ask("GET", "/").browser().send().status(500).header("content-type", "text/html; charset=utf-8");
    page.contains("<b>a/src/index.js</b>:5:").contains("<mark>").contains("<h1>TypeError");
    dev.says("✖ a TypeError");
}

#[test]
fn an_exception_in_typescript_has_the_authors_position() {
    let source = "interface User {\n  name: string;\n  age: number;\n}\n\ntype Id = string;\n\nexport function greet(user: User | undefined): string {\n  const id: Id = 'x';\n  return id + user!.name;\n}\n";
    let dev = Dev::new()
        .worker(
            "a",
            "import { greet } from './greet.ts';\nexport default { fetch: () => new Response(greet(undefined)) };",
        )
        .file("a/src/greet.ts", source)
        .start();
    dev.get("/").status(500).contains("a/src/greet.ts:10:").contains("return id + user!.name;");
    dev.says("✖ a TypeError");
    dev.says("at greet (a/src/greet.ts:10:");
}

#[test]
fn what_a_message_says_cannot_break_the_page() {
    let dev =
        Dev::new().worker("a", "export default { fetch() { throw new Error('<script>alert(1)</script>') } };").start();
    let page = dev.ask("GET", "/").browser().send().status(500);
    assert!(!page.text().contains("<script>alert"), "{}", page.text());
    assert!(page.find("content-security-policy").is_some_and(|policy| policy.contains("default-src 'none'")));
    dev.says("✖ a Error");
}

#[test]
fn control_characters_of_a_worker_do_not_reach_the_terminal() {
    let dev = Dev::new()
        .worker("a", "export default { fetch() { console.log('\\x1b[2Jcleared\\x07'); return new Response('x') } };")
        .start();
    dev.get("/").status(200);
    dev.says("cleared");
    assert!(!dev.said().contains('\x1b') && !dev.said().contains('\x07'), "{:?}", dev.said());
}

/// The handler's end is an error answer with these words, told on the terminal as well.
#[track_caller]
fn answers_with(handler: &str, words: &str) {
    let dev = Dev::new().worker("a", &format!("export default {{ async fetch(request) {{ {handler} }} }};")).start();
    dev.get("/").status(500).contains(words);
    dev.says("✖ a");
}

#[test]
fn a_handler_must_return_a_response() {
    const WORDS: &str = "the Promise did not resolve to 'Response'";
    answers_with("return 'text'", WORDS);
    answers_with("", WORDS);
    answers_with("return { status: 200, body: 'x' }", WORDS);
}

#[test]
fn anything_that_is_thrown_is_told() {
    answers_with("throw 'just text'", "just text");
    answers_with("throw null", "null");
    answers_with("throw { code: 7 }", "{\"code\":7}");
    answers_with("const round = {}; round.round = round; throw round", "[object Object]");
    answers_with("throw Object.create(null)", "Uncaught exception");
    answers_with("throw new AggregateError([new Error('inner')], 'outer')", "outer");
    answers_with("const error = new Error('outer', { cause: new Error('the cause') }); throw error", "outer");
    answers_with(
        "const error = new Error('x'); Object.defineProperty(error, 'message', { get() { throw 1 } }); throw error",
        "Uncaught exception",
    );
}

#[test]
fn an_answer_that_was_used_already_is_an_error() {
    answers_with(
        "const response = new Response('x'); await response.text(); return response",
        "Body has already been used",
    );
}

#[test]
fn an_answers_stream_that_fails_breaks_the_answer_off() {
    let dev = Dev::new()
        .worker(
            "a",
            "export default { fetch: () => new Response(new ReadableStream({
               start(controller) { controller.enqueue(new TextEncoder().encode('begun')) },
               async pull(controller) { await scheduler.wait(5); controller.error(new Error('the stream failed')) },
             })) };",
        )
        .start();
    dev.get("/").status(200).broke_off().contains("begun");
    dev.says("the stream failed");
}

#[test]
fn a_worker_without_the_right_handler_says_so() {
    let dev = Dev::new().worker("a", "export default { scheduled() {} };").start();
    dev.get("/").status(500).contains("Handler does not export a fetch() function.");
    dev.says("Handler does not export a fetch() function.");
}

#[test]
fn a_missing_user_worker_names_its_neighbours_in_the_terminal_alone() {
    let dev = Dev::new()
        .dispatcher(
            "front",
            "export default { fetch: (request, env) => env.dispatcher.get('custommer').fetch(request) };",
        )
        .user("staging", "customer", "export default {};")
        .start();
    let answer = dev.get("/").status(500).contains("Worker not found.");
    assert!(!answer.text().contains("there is customer"), "{}", answer.text());
    dev.says("no user Worker \"custommer\" in namespace \"staging\"; there is customer");
    dev.says("✖ front Error: Worker not found.");
}

#[test]
fn an_exception_at_start_up_has_the_authors_position() {
    let source = "interface Unused { a: string }\n\nconst settings: { a?: { b: number } } = {};\nexport const b: number = settings.a!.b;\n";
    let dev = Dev::new()
        .worker("a", "import { b } from './settings.ts';\nexport default { fetch: () => new Response(b) };")
        .file("a/src/settings.ts", source)
        .start();
    dev.get("/").status(500).contains("a/src/settings.ts:4:").contains("export const b: number = settings.a!.b;");
    dev.says("✖ a TypeError");
    dev.says("a/src/settings.ts:4:");
    dev.edit(
        "a",
        "src/settings.ts",
        "Object.freeze(new Error('x')).y; throw Object.freeze(new Error('frozen')); export const b = 1;",
    );
    dev.get("/").status(500).contains("frozen");
    dev.says("✖ a Error: frozen");
}
