//! Runs `tests/web/*.js`: claims about the web platform, told in JavaScript, each file in an isolate of its own.
//!
//! A file calls `test("claim", function)`, whose body throws or rejects where the claim fails; `equal`, `throws` and
//! `rejects` do that. `console` lines and uncaught exceptions are in the arrays `printed` and `uncaught`.

mod outside;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rquickjs::function::Func;
use rquickjs::{Ctx, Function, Result};

use super::{Answer, BUILTINS, Caches, ConsoleLine, Event, Host, install};
use crate::clock::SystemClock;
use crate::engine::{
    Boot, Compiler, Engine, Invocation, InvocationLimits, Isolate, IsolateOptions, ModuleCode, Pool, Program, Thrown,
    realm,
};
use crate::store::Store;
use crate::worker::{Call, Compat, Failure, Fetch};
use outside::Outside;

/// What the tests of a file run on.
pub(crate) const HARNESS: &str = r#"
globalThis.tests = [];
globalThis.test = (claim, body) => tests.push([claim, body]);
globalThis.fail = (text) => { throw new Error(text); };
globalThis.equal = (got, wanted) => {
  const [a, b] = [got, wanted].map((value) => typeof value === "object" ? JSON.stringify(value) : value);
  if (!Object.is(a, b)) fail(`got ${String(a)}, wanted ${String(b)}`);
};
globalThis.throws = (name, body) => {
  let error;
  try { body(); } catch (thrown) { error = thrown; }
  equal(error === undefined ? "nothing" : error.name, name);
  return error;
};
globalThis.rejects = async (name, promise) => {
  let error;
  try { await promise; } catch (thrown) { error = thrown; }
  equal(error === undefined ? "nothing" : error.name, name);
  return error;
};
globalThis.runTests = async () => {
  const failed = [];
  for (const [claim, body] of tests) {
    try { await body(); } catch (error) { failed.push(`${claim}: ${error?.stack ?? error}`); }
  }
  return failed.join("\n");
};
"#;

/// Keeps what is printed.
struct TestHost {
    tokio: tokio::runtime::Handle,
    store: Arc<Store>,
    printed: Mutex<Vec<String>>,
    uncaught: Mutex<Vec<String>>,
}

impl TestHost {
    fn take(list: &Mutex<Vec<String>>) -> Vec<String> {
        std::mem::take(&mut list.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Host for TestHost {
    fn map_stack(&self, stack: &str) -> String {
        stack.to_owned()
    }

    fn outbound(&self) -> Arc<dyn Fetch> {
        Arc::new(Outside(self.tokio.clone()))
    }

    fn console(&self, line: ConsoleLine, _invocation: Option<&Invocation>) {
        let line = format!("{} {}", line.level, line.text);
        self.printed.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    fn uncaught(&self, thrown: Thrown, _invocation: Option<&Invocation>) {
        let text = format!("{}: {}", thrown.name, thrown.message);
        self.uncaught.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    fn caches(&self) -> Option<Caches> {
        Some(Caches::shared(&self.store))
    }

    fn flag(&self, name: &str) -> bool {
        Compat::new("2026-11-01", &[]).has(name)
    }

    fn flags(&self) -> Vec<(&'static str, bool)> {
        Compat::new("2026-11-01", &[]).flags().collect()
    }

    fn now(&self) -> f64 {
        SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs_f64() * 1000.0
    }
}

fn boot(program: &Arc<Program>, prelude: &str) -> Boot {
    let (program, prelude) = (program.clone(), prelude.to_owned());
    Box::new(move |ctx| {
        let tokio = realm(ctx).tokio.clone();
        let store = Store::in_memory(Arc::new(SystemClock), tokio.clone());
        let host = Arc::new(TestHost { tokio, store, printed: Mutex::default(), uncaught: Mutex::default() });
        install(ctx, host.clone(), |_| Ok(()))?;
        let uncaught = host.clone();
        ctx.globals().set("takePrinted", Func::from(move || TestHost::take(&host.printed)))?;
        ctx.globals().set("takeUncaught", Func::from(move || TestHost::take(&uncaught.uncaught)))?;
        ctx.eval::<(), _>(HARNESS)?;
        ctx.eval::<(), _>(prelude)?;
        program.evaluate(ctx).map(|_| ())
    })
}

/// What fails in a file, in words; empty when nothing does.
fn failures(engine: &Engine, path: &Path, (prelude, patience): (&str, Duration)) -> String {
    let name: Arc<str> = path.file_name().and_then(|name| name.to_str()).expect("a name").into();
    let source = std::fs::read_to_string(path).expect("test files are readable");
    let bytecode = Compiler::new().compile(&name, &source).unwrap_or_else(|error| panic!("{name}: {error:?}"));
    let code = ModuleCode { bytecode, resolved: std::collections::HashMap::new() };
    let program = Arc::new(Program {
        entry: name.clone(),
        modules: [(name.clone(), code)].into(),
        order: vec![name.clone()],
        builtins: BUILTINS,
        ..Program::default()
    });
    let (sender, receiver) = channel();
    let ended = sender.clone();
    let booted = Box::new(move |result: std::result::Result<(), Failure>| {
        if let Err(failure) = result {
            let _ = sender.send(format!("does not start: {failure:?}"));
        }
    });
    let isolate = Isolate::start(
        name,
        IsolateOptions::default(),
        engine.clone(),
        program.clone(),
        (boot(&program, prelude), booted),
    );
    let limits = InvocationLimits { cpu: None, subrequests: 1000 };
    let event = Arc::new(Event::new(Call::default(), Answer::Response(Box::new(|_| ()))));
    let invocation = Arc::new(Invocation::new(1, limits, Box::new(event)));
    let failed = ended.clone();
    invocation.on_end(move |failure| {
        if let Some(failure) = failure {
            let _ = failed.send(format!("{failure:?}"));
        }
    });
    let owner = invocation.clone();
    isolate.invoke(&invocation, move |ctx| {
        run(ctx, move |ctx, text| {
            let _ = ended.send(text);
            realm(ctx).isolate().finish(ctx, &owner);
        })
    });
    receiver.recv_timeout(patience).unwrap_or_else(|_| format!("no end in {patience:?}"))
}

fn run<'js>(ctx: &Ctx<'js>, done: impl Fn(&Ctx<'_>, String) + 'js) -> Result<()> {
    let done = Function::new(ctx.clone(), move |ctx: Ctx<'_>, text: String| done(&ctx, text))?;
    ctx.globals().set("done", done)?;
    ctx.eval("runTests().then(done)")
}

/// What fails in the files of a folder.
fn report(folder: &str, but: &str, (prelude, patience): (&str, Duration)) -> String {
    let tokio = tokio::runtime::Runtime::new().expect("a runtime");
    let engine = Engine { pool: Pool::start(2), tokio: tokio.handle().clone() };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut report = String::new();
    for entry in std::fs::read_dir(folder).expect("the tests are there") {
        let path = entry.expect("the tests are readable").path();
        if path.file_name().is_some_and(|name| name == but) {
            continue;
        }
        let failed = failures(&engine, &path, (prelude, patience));
        if !failed.is_empty() {
            writeln!(report, "{}:\n{failed}", path.display()).expect("writing to a string succeeds");
        }
    }
    engine.pool.stop();
    report
}

const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn the_web_platform_behaves_as_its_tests_in_javascript_claim() {
    let report = report("tests/web", "", ("", PATIENCE));
    assert!(report.is_empty(), "{report}");
}

/// `DEVFLARE_FUZZ=SEED:ROUNDS` for longer ones.
#[test]
fn parsers_take_anything() {
    let asked = std::env::var("DEVFLARE_FUZZ").ok();
    let (seed, rounds) = asked.as_deref().and_then(|asked| asked.split_once(':')).unwrap_or(("1", "60"));
    let harness = include_str!("../../tests/fuzz/harness.js");
    let prelude = format!("globalThis.fuzzSeed = {seed}; globalThis.fuzzRounds = {rounds};\n(() => {{{harness}}})();");
    let patience = if asked.is_some() { Duration::from_hours(1) } else { PATIENCE };
    let report = report("tests/fuzz", "harness.js", (&prelude, patience));
    assert!(report.is_empty(), "{report}");
}
