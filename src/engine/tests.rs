//! Isolates on their own: what excess costs, and whom.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rquickjs::{Ctx, Function, Result};

use super::*;
use crate::worker::Failure;

fn tokio() -> tokio::runtime::Handle {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| tokio::runtime::Runtime::new().unwrap()).handle().clone()
}

fn isolate(pool: &Arc<Pool>) -> Arc<Isolate> {
    booted(pool, Program::default(), Box::new(|_| Ok(()))).0
}

fn booted(
    pool: &Arc<Pool>,
    program: Program,
    boot: Boot,
) -> (Arc<Isolate>, Receiver<std::result::Result<(), Failure>>) {
    let options = IsolateOptions { memory_limit: 16 << 20, ..IsolateOptions::default() };
    let (sender, receiver) = channel();
    let booted: Booted = Box::new(move |result| drop(sender.send(result)));
    let engine = Engine { pool: pool.clone(), tokio: tokio() };
    (Isolate::start("test".into(), options, engine, Arc::new(program), (boot, booted)), receiver)
}

/// Runs a script as one invocation with 30 ms of CPU; the channel tells how it ended.
fn run(isolate: &Arc<Isolate>, id: u64, script: &'static str) -> Receiver<std::result::Result<String, Failure>> {
    let limits = InvocationLimits { cpu: Some(Duration::from_millis(30)), subrequests: 50 };
    let invocation = Arc::new(Invocation::new(id, limits, Box::new(())));
    let (sender, receiver) = channel();
    let failed = sender.clone();
    invocation.on_end(move |failure| {
        if let Some(failure) = failure {
            let _ = failed.send(Err(failure.clone()));
        }
    });
    let owner = invocation.clone();
    isolate.invoke(&invocation, move |ctx| {
        let done = Function::new(ctx.clone(), move |ctx: Ctx<'_>, text: String| {
            let _ = sender.send(Ok(text));
            realm(&ctx).isolate().finish(&ctx, &owner);
        })?;
        ctx.globals().set("done", done)?;
        ctx.eval::<(), _>(script)
    });
    receiver
}

fn end(receiver: &Receiver<std::result::Result<String, Failure>>) -> std::result::Result<String, Failure> {
    receiver.recv_timeout(Duration::from_secs(20)).expect("every invocation ends")
}

#[test]
fn a_script_answers() {
    let pool = Pool::start(2);
    assert_eq!(end(&run(&isolate(&pool), 1, "done('hi')")), Ok("hi".to_owned()));
    pool.stop();
}

#[test]
fn loops_floods_and_recursion_fail_alone() {
    let pool = Pool::start(2);
    for script in [
        "for (;;) ;",
        "try { for (;;) ; } finally { for (;;) ; }",
        "const f = () => Promise.resolve().then(f); f();",
        "const g = () => { queueMicrotask(g); queueMicrotask(g); }; g();",
        "/(a+)+$/.exec('a'.repeat(40) + 'b')",
    ] {
        let ended = end(&run(&isolate(&pool), 1, script));
        assert!(matches!(ended, Err(Failure::CpuLimit { .. })), "{script}: {ended:?}");
    }
    let deep = "function f() { return f() + 1 } try { f() } catch (error) { done(error.name) }";
    assert_eq!(end(&run(&isolate(&pool), 2, deep)), Ok("RangeError".to_owned()));
    pool.stop();
}

#[test]
fn memory_is_limited() {
    let pool = Pool::start(2);
    let ended = end(&run(&isolate(&pool), 1, "const all = []; for (;;) all.push(new ArrayBuffer(1 << 16));"));
    assert!(matches!(ended, Err(Failure::MemoryLimit { .. } | Failure::CpuLimit { .. })), "{ended:?}");
    pool.stop();
}

#[test]
fn a_request_that_can_never_answer_fails_at_once() {
    let pool = Pool::start(2);
    assert_eq!(end(&run(&isolate(&pool), 1, "new Promise(() => {})")), Err(Failure::Hung));
    pool.stop();
}

#[test]
fn a_native_builtin_past_its_limit_is_given_up() {
    let pool = Pool::start(1);
    let stuck = isolate(&pool);
    let script = "const text = 'x'.repeat(8e6); for (let i = 0; i < 400; i++) text.indexOf('xxxxxxxxxxxxxxy');";
    let ended = run(&stuck, 1, script);
    assert_eq!(end(&run(&isolate(&pool), 2, "done('other')")), Ok("other".to_owned()));
    assert!(matches!(end(&ended), Err(Failure::CpuLimit { .. })));
    assert!(stuck.is_retired());
    pool.stop();
}

#[test]
fn an_op_settles_its_promise_and_counts_as_pending() {
    let pool = Pool::start(2);
    let isolate = isolate(&pool);
    isolate.post(None, |ctx| {
        let sleep = |ctx: Ctx<'_>| -> Result<()> {
            let promise = spawn_op(&ctx, async {
                tokio::time::sleep(Duration::from_millis(5)).await;
                Ok::<_, HostError>("slept")
            })?;
            ctx.globals().set("slept", promise)
        };
        ctx.globals().set("sleep", Function::new(ctx.clone(), sleep)?)
    });
    assert_eq!(end(&run(&isolate, 1, "sleep(); slept.then(done)")), Ok("slept".to_owned()));
    pool.stop();
}

#[test]
fn a_builtin_loaded_later_is_the_one_that_others_imported() {
    let leak = |name, source| -> (&'static str, &'static [u8]) {
        (name, Compiler::new().compile(name, source).unwrap().to_vec().leak())
    };
    let builtins = vec![
        leak("internal:a", "export const own = {}"),
        leak("internal:b", "import { own } from 'internal:a'; export const a = own;"),
    ];
    let program = Program { builtins: builtins.leak(), ..Program::default() };
    let pool = Pool::start(1);
    let boot: Boot = Box::new(|ctx| {
        let program = realm(ctx).program.clone();
        ctx.globals().set("b", program.builtin(ctx, "internal:b")?)?;
        ctx.globals().set("a", program.builtin(ctx, "internal:a")?)
    });
    let (isolate, _) = booted(&pool, program, boot);
    assert_eq!(end(&run(&isolate, 1, "done(String(a.own === b.a))")), Ok("true".to_owned()));
    pool.stop();
}

#[test]
fn modules_run_from_bytecode_leaves_first() {
    let code = |name: &str, source: &str, resolved: &[(&str, &str)]| {
        let resolved = resolved.iter().map(|(as_written, name)| ((*as_written).to_owned(), Arc::from(*name))).collect();
        (Arc::<str>::from(name), ModuleCode { bytecode: Compiler::new().compile(name, source).unwrap(), resolved })
    };
    let modules = HashMap::from([
        code(
            "src/index.js",
            "import { n } from './n.js'; globalThis.n = n + (await import('./' + 'n.js')).n",
            &[("./n.js", "src/n.js")],
        ),
        code("src/n.js", "export const n = 21", &[]),
    ]);
    let order = vec!["src/n.js".into(), "src/index.js".into()];
    let program = Program { entry: "src/index.js".into(), modules, order, ..Program::default() };
    let pool = Pool::start(1);
    let boot: Boot = Box::new(|ctx| realm(ctx).program.clone().evaluate(ctx).map(|_| ()));
    let (isolate, _) = booted(&pool, program, boot);
    assert_eq!(end(&run(&isolate, 1, "done(String(n))")), Ok("42".to_owned()));
    pool.stop();
}

#[test]
fn an_isolate_that_does_not_start_fails_its_requests_with_the_reason() {
    let pool = Pool::start(1);
    let (isolate, started) = booted(&pool, Program::default(), Box::new(|ctx| ctx.eval::<(), _>("null.x")));
    let failure = started.recv_timeout(Duration::from_secs(20)).unwrap().unwrap_err();
    assert_eq!(failure.name(), "TypeError");
    assert_eq!(end(&run(&isolate, 1, "done('')")), Err(failure));
    pool.stop();
}

#[test]
fn a_source_that_does_not_parse_says_where() {
    let thrown = Compiler::new().compile("bad.js", "let a = 1;\nlet = ;").unwrap_err();
    assert_eq!(thrown.name, "SyntaxError");
    assert!(thrown.stack.contains("bad.js:2"), "{thrown:?}");
}

/// An invocation that is open but whose first message is still on its way has not hung.
#[test]
fn many_at_once_are_not_taken_for_hung() {
    let pool = Pool::start(2);
    let isolate = isolate(&pool);
    std::thread::scope(|scope| {
        for caller in 0..4 {
            let isolate = &isolate;
            scope.spawn(move || {
                for id in 0..500 {
                    assert_eq!(end(&run(isolate, caller * 500 + id + 1, "done('hi')")), Ok("hi".to_owned()));
                }
            });
        }
    });
    pool.stop();
}
