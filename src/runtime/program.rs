//! A module graph -> a program: what changed since the last build is compiled to bytecode, the rest is taken over.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::bytecode::{self, BytecodeFile, Pack};
use crate::compile::SERVICE_WORKER_NAME;
use crate::engine::{Compiler, ModuleCode, Program, Thrown};
use crate::error::{Problem, Problems};
use crate::graph::{Body, Graph, Kind, Module, Target};
use crate::web::{self, wasm};

/// The bytecode of one project's last build, by module.
#[derive(Default)]
pub struct ProgramCache {
    last: Mutex<Known>,
    /// That of the process before; asked by the first build.
    kept: Option<Arc<BytecodeFile>>,
}

#[derive(Default)]
struct Known {
    compiled: HashMap<Arc<str>, Compiled>,
    /// WebAssembly that was found to be valid.
    wasm: HashMap<Arc<str>, Bytes>,
}

/// A module's code and what became of it.
type Compiled = (Arc<str>, Arc<[u8]>);

/// What Workers may import by name.
const IMPORTABLE: &[(&str, &str)] = &[
    ("cloudflare:email", "internal:cloudflare_email"),
    ("cloudflare:node", "node:internal/cloudflare_node"),
    ("cloudflare:sockets", "internal:cloudflare_sockets"),
    ("cloudflare:workers", "internal:cloudflare_workers"),
    ("cloudflare:workflows", "internal:cloudflare_workflows"),
    (SERVICE_WORKER_NAME, "internal:service_worker"),
];

impl ProgramCache {
    /// Keeps bytecode for the next process.
    #[must_use]
    pub fn kept_in(file: Option<BytecodeFile>) -> Self {
        Self { last: Mutex::default(), kept: file.map(Arc::new) }
    }

    /// Compiles the graph.
    ///
    /// # Errors
    /// What oxc lets pass and QuickJS does not.
    pub fn program(&self, graph: &Graph) -> Result<Program, Problems> {
        let mut known = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kept = self.kept.as_ref().filter(|_| known.compiled.is_empty()).map(Kept::load);
        let mut fresh = HashMap::with_capacity(graph.modules.len());
        let mut compiler = None;
        let mut problems = Problems::default();
        let mut program = Program {
            entry: graph.entry.clone(),
            builtins: web::BUILTINS,
            importable: IMPORTABLE.iter().copied().chain(graph.node.importable()).collect(),
            globals: graph.node.globals(),
            ..Program::default()
        };
        for module in &graph.modules {
            if let (Kind::Wasm, Body::Data(bytes)) = (module.kind, &module.body) {
                if known.wasm.get(&module.name) != Some(bytes)
                    && let Err(message) = wasm::check(bytes)
                {
                    problems.push(invalid(module, &message));
                    continue;
                }
                program.wasm.insert(module.name.clone(), bytes.clone());
            }
            let code = code_of(module);
            let last = known.compiled.get(&module.name).filter(|(source, _)| *source == code);
            let mut compile = || compiler.get_or_insert_with(Compiler::new).compile(&module.name, &code);
            let bytecode = match (last, &mut kept) {
                (Some((_, bytecode)), _) => Ok(bytecode.clone()),
                (None, Some(kept)) => kept.find(&module.name, &code, compile),
                (None, None) => compile(),
            };
            match bytecode {
                Ok(bytecode) => {
                    fresh.insert(module.name.clone(), (code, bytecode.clone()));
                    program.modules.insert(module.name.clone(), ModuleCode { bytecode, resolved: resolved(module) });
                    program.order.push(module.name.clone());
                }
                Err(thrown) => problems.push(refused(module, &thrown.message)),
            }
        }
        *known = Known { compiled: fresh, wasm: program.wasm.clone() };
        if let Some(kept) = kept {
            kept.save();
        }
        if problems.has_errors() { Err(problems) } else { Ok(program) }
    }
}

/// What the module's specifiers mean; that of WebAssembly has one, which we wrote.
fn resolved(module: &Module) -> HashMap<String, Arc<str>> {
    if module.kind == Kind::Wasm {
        return HashMap::from([(WASM_MODULES.to_owned(), WASM_MODULES.into())]);
    }
    module.resolved.iter().map(|(as_written, target)| (as_written.to_string(), name_of(target))).collect()
}

const WASM_MODULES: &str = "internal:wasm_modules";

fn invalid(module: &Module, message: &str) -> Problem {
    Problem::error(format!("this is not a WebAssembly module that devflare can run: {message}"))
        .in_file(module.path.to_path_buf())
}

/// What the process before has kept, and what of it this one needs.
struct Kept {
    file: Arc<BytecodeFile>,
    before: Pack,
    now: Pack,
    is_new: bool,
}

impl Kept {
    fn load(file: &Arc<BytecodeFile>) -> Self {
        Self { file: file.clone(), before: file.load(), now: Pack::new(), is_new: false }
    }

    fn find(
        &mut self,
        name: &str,
        code: &str,
        compile: impl FnOnce() -> Result<Arc<[u8]>, Thrown>,
    ) -> Result<Arc<[u8]>, Thrown> {
        let key = bytecode::key(name, code);
        let bytecode = match self.before.remove(&key) {
            Some(known) => known,
            None => compile().inspect(|_| self.is_new = true)?,
        };
        self.now.insert(key, bytecode.clone());
        Ok(bytecode)
    }

    /// Aside: nobody waits for it.
    fn save(self) {
        if self.is_new {
            std::thread::spawn(move || self.file.save(&self.now));
        }
    }
}

fn refused(module: &Module, message: &str) -> Problem {
    Problem::error(format!("the engine cannot compile this module: {message}")).in_file(module.path.to_path_buf())
}

fn name_of(target: &Target) -> Arc<str> {
    match target {
        Target::Module(name) | Target::Builtin(name) => name.clone(),
    }
}

/// Text, data and WebAssembly become modules whose default export they are.
fn code_of(module: &Module) -> Arc<str> {
    match &module.body {
        Body::Code(compiled) => compiled.code.clone(),
        Body::Text(text) => format!("export default {};", serde_json::Value::from(&**text)).into(),
        Body::Data(_) if module.kind == Kind::Wasm => {
            let name = serde_json::Value::from(&*module.name);
            format!("import moduleOf from '{WASM_MODULES}';\nexport default moduleOf({name});").into()
        }
        Body::Data(bytes) => {
            let mut code = String::from("export default Uint8Array.fromHex(\"");
            for byte in bytes {
                write!(code, "{byte:02x}").expect("writing to a string succeeds");
            }
            code.push_str("\").buffer;");
            code.into()
        }
    }
}
