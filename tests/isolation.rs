//! A Worker that loops, floods, recurses, hoards, sits in a builtin or can never answer gets a clear error for that
//! request; everybody else is served meanwhile, and its own next request too.

use std::io::ErrorKind;

use crate::support::{Dev, Server};

/// A dispatcher that gives the customer named by the path as much CPU time as the query says, and tells what it throws.
const LIMITED: &str = "
    export default {
      async fetch(request, env) {
        const { pathname, searchParams } = new URL(request.url);
        const limits = searchParams.has('ms') ? { cpuMs: Number(searchParams.get('ms')) } : undefined;
        try {
          return await env.dispatcher.get(pathname.split('/')[1], {}, { limits }).fetch(request);
        } catch (error) {
          return new Response(`${error.name}: ${error.message}`, { status: 502 });
        }
      },
    };";

const GOOD: &str = "export default { fetch: () => new Response('good') };";

/// A customer `bad` that does `deed` unless the path ends in `/well`, and one called `good`.
fn bad(deed: &str) -> Server {
    let code = format!(
        "export default {{ async fetch(request) {{
           if (new URL(request.url).pathname.endsWith('/well')) return new Response('well');
           {deed}
         }} }};"
    );
    Dev::new().dispatcher("front", LIMITED).user("staging", "bad", &code).user("staging", "good", GOOD).start()
}

const CPU: &str = "Error: Worker exceeded CPU time limit.";
const MEMORY: &str = "Error: Worker exceeded memory limit.";
const HUNG: &str = "detected that your Worker's code had hung and would never generate a response";

/// The deed, with 100 ms of CPU time, fails with these words, is told on the terminal, and harms nobody, not even its
/// own Worker's next request.
#[track_caller]
fn fails_alone(deed: &str, words: &str) {
    fails(deed, "/bad?ms=100", words);
}

/// The same with the time that Workers have by default.
#[track_caller]
fn fails_in_its_own_time(deed: &str, words: &str) {
    fails(deed, "/bad", words);
}

#[track_caller]
fn fails(deed: &str, target: &str, words: &str) {
    let dev = bad(deed);
    dev.get(target).status(502).contains(words);
    dev.says("✖ staging/bad");
    dev.get("/good").status(200).body("good");
    dev.get("/bad/well").status(200).body("well");
}

#[test]
fn an_endless_loop_reaches_the_cpu_limit() {
    fails_alone("for (;;);", CPU);
}

#[test]
fn a_flood_of_microtasks_reaches_the_cpu_limit() {
    fails_alone("const flood = () => Promise.resolve().then(flood); await flood();", CPU);
}

#[test]
fn a_growing_flood_of_microtasks_reaches_a_limit() {
    fails_alone(
        "const flood = () => { queueMicrotask(flood); queueMicrotask(flood) }; flood(); await new Promise(() => {});",
        "Error: Worker exceeded ",
    );
}

#[test]
fn a_loop_that_catches_everything_reaches_the_cpu_limit() {
    fails_alone("for (;;) { try { for (;;); } catch {} finally { continue } }", CPU);
}

#[test]
fn a_native_builtin_that_never_returns_reaches_the_cpu_limit() {
    fails_alone("Array.prototype.indexOf.call({ length: 3e7 }, 1);  return new Response('it ended');", CPU);
}

#[test]
fn a_regular_expression_that_backtracks_for_ever_reaches_the_cpu_limit() {
    fails_alone("/^(a+)+$/.test('a'.repeat(40) + 'b');", CPU);
}

#[test]
fn a_json_text_that_takes_for_ever_reaches_the_cpu_limit() {
    fails_alone("const text = JSON.stringify(Array(1e5).fill({ a: [1, 2] })); for (;;) JSON.parse(text);", CPU);
}

#[test]
fn recursion_without_end_is_a_range_error_of_that_request() {
    fails_in_its_own_time(
        "const deeper = (n) => deeper(n + 1) + 1; return new Response(deeper(0));",
        "RangeError: Maximum call stack size exceeded",
    );
}

#[test]
fn recursion_in_native_code_is_a_range_error_too() {
    fails_in_its_own_time(
        "let deep = []; for (let i = 0; i < 1e6; i++) deep = [deep]; return Response.json(deep);",
        "RangeError: Maximum call stack size exceeded",
    );
}

#[test]
fn recursion_that_is_caught_goes_on() {
    let dev = bad(
        "const deeper = () => deeper() + 1; try { deeper() } catch (error) { return new Response(`caught a ${error.name}`) }",
    );
    dev.get("/bad").status(200).body("caught a RangeError");
}

#[test]
fn hoarding_objects_reaches_the_memory_limit() {
    fails_in_its_own_time("const hoard = []; for (;;) hoard.push(new Array(1e6).fill(0.5));", MEMORY);
}

#[test]
fn hoarding_buffers_reaches_the_memory_limit() {
    fails_in_its_own_time("const hoard = []; for (;;) hoard.push(new Uint8Array(8 << 20));", MEMORY);
}

#[test]
fn hoarding_strings_reaches_the_memory_limit() {
    fails_in_its_own_time(
        "let text = 'x'; const hoard = []; for (let i = 0; ; i++) hoard.push('x'.repeat(1 << 22) + i);",
        MEMORY,
    );
}

#[test]
fn one_buffer_too_large_is_a_range_error_or_reaches_the_memory_limit() {
    fails_in_its_own_time("const buffer = new Uint8Array(2 ** 31); return new Response(buffer.length);", "e");
}

#[test]
fn memory_of_one_request_is_free_again_for_the_next() {
    let dev = bad(
        "const hoard = []; for (let i = 0; i < 60; i++) hoard.push(new Uint8Array(1 << 20)); return new Response(hoard.length);",
    );
    for _ in 0..6 {
        dev.get("/bad").status(200).body("60");
    }
}

#[test]
fn a_promise_that_nothing_can_settle_is_told_at_once() {
    fails_in_its_own_time("await new Promise(() => {});", HUNG);
}

#[test]
fn a_timer_that_was_cleared_leaves_nothing_that_could_answer() {
    fails_in_its_own_time("await new Promise((resolve) => clearTimeout(setTimeout(resolve, 5)));", HUNG);
}

#[test]
fn a_stream_that_nobody_feeds_leaves_nothing_that_could_answer() {
    fails_in_its_own_time(
        "const { readable } = new TransformStream(); return new Response(await new Response(readable).text());",
        HUNG,
    );
}

#[test]
fn a_request_may_wait_for_what_another_one_does() {
    let dev = bad(
        "const path = new URL(request.url).pathname;
         if (path.endsWith('/wait')) {
           const answer = await new Promise((resolve) => { globalThis.release = resolve; console.log('waits'); setTimeout(() => {}, 3600_000) });
           return new Response(answer);
         }
         globalThis.release('released');
         return new Response('done');",
    );
    let mut waiting = dev.ask("GET", "/bad/wait").open();
    dev.says("waits");
    dev.get("/bad/release").body("done");
    waiting.answer().body("released");
}

#[test]
fn cpu_time_is_carried_across_awaits() {
    fails_alone(
        "for (;;) {
           const end = Date.now() + 5;
           for (let i = 0; i < 20000; i++) Math.sqrt(i);
           await new Promise((resolve) => setTimeout(resolve, 1));
         }",
        CPU,
    );
}

#[test]
fn waiting_takes_no_cpu_time() {
    let dev = bad("await new Promise((resolve) => setTimeout(resolve, 150)); return new Response('patient');");
    dev.get("/bad?ms=50").status(200).body("patient");
}

#[test]
fn work_after_the_answer_has_the_same_limit() {
    let dev = Dev::new()
        .dispatcher("front", LIMITED)
        .user("staging", "bad", "export default { fetch(request, env, ctx) { ctx.waitUntil((async () => { await 0; for (;;); })()); return new Response('early') } };")
        .user("staging", "good", GOOD)
        .start();
    dev.get("/bad?ms=100").status(200).body("early");
    dev.says("✖ staging/bad Worker exceeded CPU time limit.");
    dev.get("/good").body("good");
}

#[test]
fn a_worker_that_spins_at_start_up_fails_alone() {
    let dev = Dev::new()
        .dispatcher("front", LIMITED)
        .user("staging", "bad", "const deeper = () => deeper() + 1; deeper(); export default {};")
        .user("staging", "good", GOOD)
        .start();
    dev.get("/bad").status(502).contains("Maximum call stack size exceeded");
    dev.says("✖ staging/bad RangeError: Maximum call stack size exceeded");
    dev.get("/good").body("good");
}

#[test]
fn everybody_else_is_served_while_workers_spin() {
    let dev = bad("for (;;);");
    let spinners: Vec<_> = (0..4).map(|_| dev.ask("GET", "/bad?ms=2000").open()).collect();
    for _ in 0..10 {
        dev.get("/good").status(200).body("good");
    }
    for spinner in &spinners {
        spinner.socket().set_nonblocking(true).expect("an open socket");
        let waited = spinner.socket().peek(&mut [0]).expect_err("they spin on for much longer");
        assert_eq!(waited.kind(), ErrorKind::WouldBlock, "{waited}");
    }
}

#[test]
fn everybody_else_is_served_while_a_builtin_spins() {
    let dev = bad("Array.prototype.indexOf.call({ length: 2e7 }, 1); return new Response('it ended');");
    let mut spinner = dev.ask("GET", "/bad").open();
    for _ in 0..10 {
        dev.get("/good").status(200).body("good");
    }
    spinner.answer().status(200).body("it ended");
}

#[test]
fn a_dispatcher_that_spins_fails_alone() {
    let dev = Dev::new()
        .worker("a", "export default { fetch(request) { if (request.url.endsWith('/spin')) for (;;); return new Response('a') } };")
        .config("a", "[limits]\ncpu_ms = 100")
        .worker("b", GOOD)
        .start();
    dev.get("/spin").status(503).contains("Worker exceeded CPU time limit.");
    dev.says("✖ a Worker exceeded CPU time limit.");
    dev.get("/").body("a");
    dev.ask("GET", "/").host("b.localhost").send().body("good");
}

#[test]
fn requests_beside_the_one_that_broke_the_limit_are_told_that_the_worker_was_restarted_or_answered() {
    let dev = bad(
        "if (request.url.includes('wait')) { console.log('waits'); await new Promise((resolve) => setTimeout(resolve, 300)); return new Response('waited') } for (;;);",
    );
    let mut waiting = dev.ask("GET", "/bad/wait").open();
    dev.says("waits");
    dev.get("/bad?ms=50").status(502).contains(CPU);
    waiting.answer().status(200).body("waited");
    dev.says("✖ staging/bad");
}

#[test]
fn an_edit_replaces_a_worker_that_spins() {
    let dev = bad("for (;;);");
    let _spinner = dev.ask("GET", "/bad?ms=2000").open();
    dev.get("/good").body("good");
    dev.edit("staging/bad", "src/index.js", "export default { fetch: () => new Response('mended') };");
    dev.get("/bad").status(200).body("mended");
}

#[test]
fn an_exception_in_a_timer_is_told_and_harms_nobody() {
    let dev = bad(
        "setTimeout(() => { throw new Error('in a timer') }, 1); await scheduler.wait(10); return new Response('answered');",
    );
    dev.get("/bad").status(200).body("answered");
    dev.says("✖ staging/bad Error: in a timer");
}

#[test]
fn a_stream_that_spins_in_the_midst_of_an_answer_breaks_it_off() {
    let dev = bad("let pulls = 0;
         return new Response(new ReadableStream({ async pull(controller) {
           await scheduler.wait(1);
           if (pulls++ === 2) for (;;);
           controller.enqueue(new TextEncoder().encode('x'));
         } }, { highWaterMark: 0 }));");
    dev.get("/bad?ms=50").status(200).broke_off();
    dev.says("✖ staging/bad Worker exceeded CPU time limit.");
    dev.get("/bad/well").body("well");
}

#[test]
fn a_flood_of_console_lines_harms_nobody() {
    let dev =
        bad("for (let i = 0; i < 50_000; i++) console.log('line', i, 'x'.repeat(100)); return new Response('said');");
    dev.get("/bad").status(200).body("said");
    dev.get("/good").status(200).body("good");
}

#[test]
fn prototypes_that_a_worker_breaks_are_its_own() {
    let dev = bad(
        "Object.prototype.toString = () => { throw 1 }; Array.prototype.push = null; Promise.prototype.then = null;
         Function.prototype.call = Function.prototype.apply = Reflect.apply = undefined; globalThis.Response = undefined;
         delete globalThis.Promise; Symbol.prototype.toString = undefined; throw new Error('broken');",
    );
    let first = dev.get("/bad");
    assert!(first.status == 502 || first.status == 200, "{first:?}");
    dev.get("/good").status(200).body("good");
    dev.may_say("✖ staging/bad");
    dev.get("/bad");
    dev.get("/good").status(200).body("good");
}
