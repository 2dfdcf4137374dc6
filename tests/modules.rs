//! Module graphs in the engine: what the modules of a project export when they run.
//!
//! The oracle is esbuild with the options that wrangler passes, and Node.js.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use devflare::compile::Cache;
use devflare::graph::{self, Body, Graph, Options, Target};
use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::Declared;
use rquickjs::{CatchResultExt, Context, Ctx, Error, Module, Promise, Runtime};

use crate::support::esbuild;

/// Entries of which every exported value is compared.
const COMPARED: [&str; 8] = [
    "interop/index.js",
    "syntax/enums.ts",
    "syntax/resources.ts",
    "syntax/modern.js",
    "syntax/legacy/index.ts",
    "syntax/fields/index.ts",
    "syntax/jsx/index.tsx",
    "syntax/standard/index.ts",
];
const DESCRIBE: &str = include_str!("fixtures/describe.js");

struct Modules(Arc<Graph>);

impl Resolver for Modules {
    fn resolve<'js>(
        &mut self,
        _: &Ctx<'js>,
        base: &str,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<String> {
        match self.0.lookup(base, name) {
            Some(Target::Module(found) | Target::Builtin(found)) => Ok(found.to_string()),
            None => Err(Error::new_resolving(base, name)),
        }
    }
}

impl Loader for Modules {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<Module<'js, Declared>> {
        declare(ctx, &self.0, name)
    }
}

fn declare<'js>(ctx: &Ctx<'js>, graph: &Graph, name: &str) -> rquickjs::Result<Module<'js, Declared>> {
    match &graph.module(name).expect("the graph knows what it resolves to").body {
        Body::Code(compiled) => Module::declare(ctx.clone(), name, &*compiled.code),
        other => panic!("no data here: {other:?}"),
    }
}

fn load(project: &Path, entry: &str) -> Arc<Graph> {
    let loaded = graph::load(project, Path::new(entry), &Options::default(), &Cache::new());
    Arc::new(loaded.unwrap_or_else(|failed| panic!("{:?}", failed.problems)))
}

/// Calls the entry's default export and describes the answer; a stack is what it threw.
fn run(graph: &Arc<Graph>) -> Result<String, String> {
    let runtime = Runtime::new().expect("memory for a runtime");
    runtime.set_max_stack_size(1 << 20);
    runtime.set_loader(Modules(graph.clone()), Modules(graph.clone()));
    Context::full(&runtime).expect("memory for a context").with(|ctx| {
        let told = |error: rquickjs::CaughtError<'_>| error.to_string();
        ctx.eval::<(), _>(DESCRIBE).catch(&ctx).map_err(told)?;
        for module in &graph.modules {
            declare(&ctx, graph, &module.name).catch(&ctx).map_err(told)?;
        }
        let entry = Module::import(&ctx, &*graph.entry).catch(&ctx).map_err(told)?;
        let namespace: rquickjs::Object<'_> = entry.finish().catch(&ctx).map_err(told)?;
        ctx.globals().set("entry", namespace).map_err(|error| error.to_string())?;
        let answer: Promise<'_> =
            ctx.eval("Promise.resolve(entry.default()).then(describe)").catch(&ctx).map_err(told)?;
        answer.finish::<String>().catch(&ctx).map_err(told)
    })
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// What esbuild's bundle of an entry answers. All are bundled at once: starting Node.js is what takes time.
fn expected(entry: &str) -> &'static str {
    static ANSWERS: OnceLock<HashMap<PathBuf, String>> = OnceLock::new();
    let answers = ANSWERS.get_or_init(|| {
        let files = COMPARED.map(fixture);
        esbuild::answers(&files.each_ref().map(PathBuf::as_path))
    });
    &answers[&fixture(entry)]
}

#[track_caller]
fn answers_as_in_a_bundle(entry: &str) {
    let file = fixture(entry);
    let graph = load(file.parent().expect("it is in a directory"), entry.rsplit('/').next().unwrap_or(entry));
    assert_eq!(graph.warnings.0.iter().map(ToString::to_string).collect::<Vec<_>>(), [""; 0]);
    assert_eq!(run(&graph).as_deref(), Ok(expected(entry)));
}

#[test]
fn common_js_and_es_modules_see_one_another_as_in_a_bundle_of_esbuild() {
    answers_as_in_a_bundle("interop/index.js");
}

#[test]
fn enums_namespaces_and_types_become_what_esbuild_makes_of_them() {
    answers_as_in_a_bundle("syntax/enums.ts");
}

#[test]
fn resources_are_disposed_of_as_esbuild_has_it() {
    answers_as_in_a_bundle("syntax/resources.ts");
}

#[test]
fn syntax_of_recent_years_runs() {
    answers_as_in_a_bundle("syntax/modern.js");
}

#[test]
fn decorators_of_before_the_standard_are_applied_as_esbuild_has_it() {
    answers_as_in_a_bundle("syntax/legacy/index.ts");
}

#[test]
fn decorators_are_applied_as_esbuild_has_it() {
    answers_as_in_a_bundle("syntax/standard/index.ts");
}

#[test]
fn class_fields_are_assigned_where_tsconfig_says_so() {
    answers_as_in_a_bundle("syntax/fields/index.ts");
}

#[test]
fn jsx_calls_the_factory_of_tsconfig() {
    answers_as_in_a_bundle("syntax/jsx/index.tsx");
}

#[test]
fn an_exception_has_the_line_of_the_author_in_typescript_and_in_common_js() {
    let project = fixture("throws");
    for (entry, module, expected) in [("ts.ts", "thrower.ts", 6), ("cjs.js", "thrower.cjs", 3)] {
        let graph = load(&project, entry);
        let stack = run(&graph).unwrap_err();
        let frame = stack.lines().find(|line| line.contains(module)).unwrap_or_else(|| panic!("{stack}"));
        let mut numbers = frame.trim_end_matches(')').rsplit(':').map(|part| part.parse::<usize>().unwrap_or(0));
        let (column, line) = (numbers.next().unwrap(), numbers.next().unwrap());
        let (path, at) = graph.map_position(module, line, column).unwrap();
        assert_eq!((path, at.line), (project.canonicalize().unwrap().join(module), expected), "{stack}");
    }
}
