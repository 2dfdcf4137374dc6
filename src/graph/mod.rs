//! A Worker's entry file -> all modules it loads, resolved and linked, and what to watch for.
//!
//! Knows nothing of QuickJS, starts no task. Files are read each time they are asked for; what did not change is
//! found in the compile [`Cache`] by its content. A build that fails still says what to watch, so that it heals.

mod browser;
mod check;
mod circle;
mod disk;
mod failure;
mod given;
mod kind;
mod link;
mod loader;
mod names;
mod options;
mod order;
mod package;
mod prune;
mod resolve;
#[cfg(test)]
mod tests;
mod tsconfig;
mod watch;

pub use check::NO_HANDLERS;
pub use given::{AllGiven, Format, Given, assemble, without_code};
pub use kind::Kind;
pub use options::{Node, Options};
pub use watch::WatchSet;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::compile::{Cache, Compiled, Position, Shipped, token};
use crate::error::{Problem, Problems, Source};

/// The compiler recurses into what is nested, and refuses what is nested deeper than fits here. Only what is used of
/// it is memory.
const STACK: usize = 512 << 20;

/// Larger source maps are not read.
const MAX_MAP: u64 = 64 << 20;

/// A module's path relative to the project, with `/` and where needed `../`: unique, and shown in stacks.
pub type Name = Arc<str>;

/// Everything a Worker loads.
#[derive(Debug)]
pub struct Graph {
    pub entry: Name,
    /// Each module after those it imports (cycles aside); those that only `import()` reaches come last.
    pub modules: Vec<Arc<Module>>,
    pub watch: WatchSet,
    /// What runs, but hardly as it was meant to.
    pub warnings: Problems,
    /// Which modules of Node.js the Worker may import.
    pub node: Node,
    by_name: HashMap<Name, usize>,
}

#[derive(Debug)]
pub struct Module {
    pub name: Name,
    pub path: Arc<Path>,
    pub kind: Kind,
    pub body: Body,
    /// What each specifier in the module means.
    pub resolved: HashMap<Arc<str>, Target>,
    source: Option<Source>,
    /// The map that came with it; read when the first exception asks for it.
    shipped: OnceLock<Option<Shipped>>,
}

#[derive(Debug, Clone)]
pub enum Body {
    /// An ES module for the engine.
    Code(Arc<Compiled>),
    /// The default export is this string.
    Text(Arc<str>),
    /// The default export is an `ArrayBuffer` of these bytes.
    Data(Bytes),
}

/// Where an import leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Module(Name),
    /// `cloudflare:workers` and the like, which the engine brings.
    Builtin(Arc<str>),
}

/// A build that cannot be run: why, and what to watch until it can.
#[derive(Debug)]
pub struct Failed {
    pub problems: Problems,
    pub watch: WatchSet,
}

/// Builds the graph of the Worker whose main file is `entry`, a path relative to `project` or absolute.
///
/// # Errors
/// Everything that is wrong with the files: unreadable, not parsable, missing imports, missing exports.
pub fn load(project: &Path, entry: &Path, options: &Options, cache: &Cache) -> Result<Graph, Failed> {
    with_stack(|| {
        let mut loader = loader::Loader::new(project, options, cache);
        loader.enter(&project.join(entry));
        link::link(&mut loader);
        order::finish(loader)
    })
}

/// Builds on a thread with room for the compiler's recursion.
fn with_stack(build: impl FnOnce() -> Result<Graph, Failed> + Send) -> Result<Graph, Failed> {
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().name("compile".into()).stack_size(STACK);
        let thread = builder.spawn_scoped(scope, build).expect("the system has room for one thread more");
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

impl Graph {
    #[must_use]
    pub fn module(&self, name: &str) -> Option<&Arc<Module>> {
        self.by_name.get(name).map(|index| &self.modules[*index])
    }

    /// What `specifier` means in the module `base`: as resolved when the graph was built, or, for a computed
    /// `import()`, by name among the graph's modules. Nothing is read from disk.
    #[must_use]
    pub fn lookup(&self, base: &str, specifier: &str) -> Option<Target> {
        if let Some(target) = self.module(base).and_then(|module| module.resolved.get(specifier)) {
            return Some(target.clone());
        }
        if kind::is_cloudflare(specifier) || specifier.starts_with("node:") {
            return Some(Target::Builtin(specifier.into()));
        }
        let name = relative_name(base, specifier);
        let index = format!("{name}/index");
        let endings = ["", ".tsx", ".ts", ".jsx", ".js", ".json"];
        let names = [&name, &index].into_iter().flat_map(|stem| endings.map(|ending| format!("{stem}{ending}")));
        names.filter_map(|name| self.module(&name)).map(|module| Target::Module(module.name.clone())).next()
    }

    /// The author's position of a place in a module's code.
    #[must_use]
    pub fn map_position(&self, module: &str, line: usize, column: usize) -> Option<(PathBuf, Position)> {
        let module = self.module(module)?;
        let at = module.map(Position { line, column });
        Some(module.shipped_position(at).unwrap_or_else(|| (module.path.to_path_buf(), at)))
    }

    /// Puts a caret under the author's position of a place in a module's code, for an exception that came from it.
    #[must_use]
    pub fn frame(&self, problem: Problem, module: &str, at: Position, label: &str) -> Problem {
        let Some(module) = self.module(module) else { return problem };
        let Some(source) = &module.source else { return problem.in_file(module.path.to_path_buf()) };
        problem.at(source, token(source, module.map(at)), label)
    }
}

impl Module {
    fn map(&self, at: Position) -> Position {
        let Body::Code(compiled) = &self.body else { return at };
        let Some(map) = &compiled.map else { return at };
        map.lookup(at)
    }

    /// Where a place in the file came from, if the file was built from something else and says so.
    fn shipped_position(&self, at: Position) -> Option<(PathBuf, Position)> {
        let (url, map) = (Shipped::url(&self.source.as_ref()?.text)?, self.shipped.get_or_init(|| self.read_map()));
        let (source, at) = map.as_ref()?.lookup(at)?;
        let beside =
            if url.starts_with("data:") { self.path.to_path_buf() } else { disk::join(self.path.parent()?, url) };
        // `webpack://app/./src/a.ts` is no path, but says what it is.
        let path = if source.contains("://") { source.into() } else { disk::join(beside.parent()?, &source) };
        Some((path, at))
    }

    fn read_map(&self) -> Option<Shipped> {
        let url = Shipped::url(&self.source.as_ref()?.text)?;
        let bytes = if url.starts_with("data:") {
            data_url::DataUrl::process(url).ok()?.decode_to_vec().ok()?.0
        } else {
            let path = disk::join(self.path.parent()?, url);
            let is_small = std::fs::metadata(&path).is_ok_and(|status| status.is_file() && status.len() < MAX_MAP);
            is_small.then(|| std::fs::read(&path).ok()).flatten()?
        };
        Shipped::parse(std::str::from_utf8(&bytes).ok()?)
    }
}

/// `./b` in `src/a.js` -> `src/b`.
fn relative_name(base: &str, specifier: &str) -> String {
    let directory = base.rsplit_once('/').map_or("", |(directory, _)| directory);
    let joined = if specifier.starts_with('.') { format!("{directory}/{specifier}") } else { specifier.to_owned() };
    let mut parts: Vec<&str> = Vec::new();
    for part in joined.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
