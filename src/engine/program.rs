//! A Worker's modules as bytecode that isolates share, and how QuickJS finds them.
//!
//! Bytecode is made by this process ([`Compiler`]) or by the build script, never read from elsewhere: QuickJS does not
//! check it. Which specifier means which module was decided by the graph; here it is only looked up.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::{Declared, Evaluated, WriteOptions};
use rquickjs::{Context, Ctx, Error, Module, Promise, Result, Runtime};

use super::throw::{Thrown, describe, throw_error};

/// One module: its bytecode and what its specifiers mean.
#[derive(Debug, Clone)]
pub struct ModuleCode {
    pub bytecode: Arc<[u8]>,
    /// Specifier as written -> module name.
    pub resolved: HashMap<String, Arc<str>>,
}

/// All modules of a Worker; `order` lists leaves first.
#[derive(Debug, Default)]
pub struct Program {
    pub entry: Arc<str>,
    pub modules: HashMap<Arc<str>, ModuleCode>,
    pub order: Vec<Arc<str>>,
    /// Valid WebAssembly, by module name.
    pub wasm: HashMap<Arc<str>, Bytes>,
    /// Modules that come with the runtime, by name; they see only one another.
    pub builtins: &'static [(&'static str, &'static [u8])],
    /// Names of builtins that a Worker may import, as written -> builtin.
    pub importable: Vec<(&'static str, &'static str)>,
    /// Builtins that stand for globals on top of the platform's, with the names.
    pub globals: &'static [(&'static str, &'static [&'static str])],
}

/// Compiles ES modules to bytecode.
pub struct Compiler {
    context: Option<Context>,
}

impl Default for Compiler {
    fn default() -> Self {
        Self::new()
    }
}

impl Compiler {
    #[must_use]
    pub fn new() -> Self {
        let context = Runtime::new().and_then(|runtime| {
            runtime.set_max_stack_size(COMPILER_STACK);
            runtime.set_loader(AnyResolver, NoLoader);
            Context::full(&runtime)
        });
        Self { context: context.ok() }
    }

    /// Compiles one module.
    pub fn compile(&self, name: &str, source: &str) -> std::result::Result<Arc<[u8]>, Thrown> {
        let failed = |message: String| Thrown { message, ..Thrown::default() };
        let context = self.context.as_ref().ok_or_else(|| failed("there is no memory for a compiler".to_owned()))?;
        context.with(|ctx| {
            let module = Module::declare(ctx.clone(), name, source);
            match module.and_then(|module| module.write(WriteOptions::default())) {
                Ok(bytes) => Ok(bytes.into()),
                Err(Error::Exception) => Err(describe(&ctx, &ctx.catch())),
                Err(error) => Err(failed(error.to_string())),
            }
        })
    }
}

/// Native stack the parser may use, less than the smallest of the threads that compile.
const COMPILER_STACK: usize = 1 << 20;

/// Imports that may lead from one to the next; a thread's stack has room for QuickJS' frames for as many.
pub const DEEPEST_IMPORTS: usize = 20_000;
const LINK_FRAME: usize = 2 << 10;

/// Compiling names dependencies but loads none.
struct AnyResolver;
struct NoLoader;

impl Resolver for AnyResolver {
    fn resolve<'js>(
        &mut self,
        _ctx: &Ctx<'js>,
        _base: &str,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> Result<String> {
        Ok(name.to_owned())
    }
}

impl Loader for NoLoader {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> Result<Module<'js, Declared>> {
        Module::declare(ctx.clone(), name, "")
    }
}

impl Program {
    pub(super) fn resolver(self: &Arc<Self>) -> ProgramResolver {
        ProgramResolver(self.clone())
    }

    pub(super) fn loader(self: &Arc<Self>) -> ProgramLoader {
        ProgramLoader(self.clone())
    }

    /// Native stack for following chains of imports, which QuickJS does by recursion.
    pub(super) fn stack(&self) -> usize {
        self.modules.len().min(DEEPEST_IMPORTS) * LINK_FRAME
    }

    /// Declares every module, leaves first (QuickJS would recurse through the imports otherwise), and evaluates the
    /// entry. The promise settles when top-level awaits have.
    pub fn evaluate<'js>(&self, ctx: &Ctx<'js>) -> Result<(Module<'js, Evaluated>, Promise<'js>)> {
        let mut entry = None;
        for name in &self.order {
            let module = load(ctx, &self.modules[name].bytecode)?;
            if *name == self.entry {
                entry = Some(module);
            }
        }
        entry.ok_or_else(|| throw_error(ctx, "the program lacks its entry module"))?.eval()
    }

    /// Evaluates a builtin unless it already is and answers its exports. It is imported by name: loading its bytecode
    /// here would make a second instance of a module that another one has imported, with classes of its own.
    pub fn builtin<'js>(&self, ctx: &Ctx<'js>, name: &str) -> Result<rquickjs::Object<'js>> {
        let code = format!("export * as exports from '{name}';");
        let (module, promise) = Module::declare(ctx.clone(), "internal:lazy", code)?.eval()?;
        promise.finish::<()>()?;
        module.get("exports")
    }

    fn builtin_bytes(&self, name: &str) -> Option<&'static [u8]> {
        self.builtins.iter().find(|(known, _)| *known == name).map(|(_, bytes)| *bytes)
    }

    /// What `specifier` means in the module `base`.
    fn resolve(&self, base: &str, specifier: &str) -> Option<String> {
        if let Some(module) = self.modules.get(base) {
            if let Some(name) = module.resolved.get(specifier) {
                return Some(self.importable_name(name).unwrap_or(name).to_owned());
            }
            return self.importable_name(specifier).map(str::to_owned).or_else(|| self.beside(base, specifier));
        }
        self.builtin_bytes(specifier).map(|_| specifier.to_owned())
    }

    fn importable_name(&self, specifier: &str) -> Option<&'static str> {
        self.importable.iter().find(|(known, _)| *known == specifier).map(|(_, builtin)| *builtin)
    }

    /// A computed `import()`: a path beside the importer that is among the Worker's modules.
    fn beside(&self, base: &str, specifier: &str) -> Option<String> {
        let name = if specifier.starts_with("./") || specifier.starts_with("../") {
            join(base, specifier)
        } else {
            specifier.trim_start_matches('/').to_owned()
        };
        self.modules.contains_key(name.as_str()).then_some(name)
    }
}

/// `specifier` relative to the folder of module `base`, with `.` and `..` resolved.
fn join(base: &str, specifier: &str) -> String {
    let mut parts: Vec<&str> = base.split('/').collect();
    parts.pop();
    for part in specifier.split('/') {
        match part {
            "." | "" => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            other => parts.push(other),
        }
    }
    parts.join("/")
}

#[allow(unsafe_code, reason = "QuickJS reads bytecode unchecked")]
fn load<'js>(ctx: &Ctx<'js>, bytes: &[u8]) -> Result<Module<'js, Declared>> {
    // SAFETY: the bytes come from `compile` in this process or from this build's script, same engine, same build.
    unsafe { Module::load(ctx.clone(), bytes) }
}

pub(super) struct ProgramResolver(Arc<Program>);
pub(super) struct ProgramLoader(Arc<Program>);

impl Resolver for ProgramResolver {
    fn resolve<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        base: &str,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> Result<String> {
        self.0.resolve(base, name).ok_or_else(|| throw_error(ctx, &format!("No such module \"{name}\".")))
    }
}

impl Loader for ProgramLoader {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> Result<Module<'js, Declared>> {
        let program = self.0.clone();
        let bytes = match program.builtin_bytes(name) {
            Some(bytes) => Some(bytes),
            None => program.modules.get(name).map(|module| &*module.bytecode),
        };
        load(ctx, bytes.ok_or_else(|| throw_error(ctx, &format!("No such module \"{name}\".")))?)
    }
}
