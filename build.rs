//! Compiles the JavaScript half of the runtime (`src/**/*.js`) to bytecode, with the very engine that will load it.
//!
//! Each file becomes the module `internal:NAME`, and `src/node/PATH.js` the module `node:PATH`; `builtins.rs` in the
//! output directory lists them all.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::{env, fs};

use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::{Declared, WriteOptions};
use rquickjs::{CatchResultExt, Context, Ctx, Module, Result, Runtime};

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let mut sources = Vec::new();
    println!("cargo::rerun-if-changed=build.rs");
    collect(Path::new("src"), &mut sources);
    sources.sort();
    let mut id = DefaultHasher::new();
    env!("CARGO_PKG_VERSION").hash(&mut id);
    env::var("TARGET").expect("cargo sets it").hash(&mut id);
    let mut table =
        String::from("/// Every builtin module: name and bytecode.\npub static BUILTINS: &[(&str, &[u8])] = &[\n");
    for path in &sources {
        let name = name_of(path);
        let stem = name.replace([':', '/'], "-");
        let file = out.join(&stem).with_extension("bytecode");
        let bytecode = compile(&name, path);
        bytecode.hash(&mut id);
        fs::write(&file, bytecode).expect("the output directory is writable");
        let include = format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{stem}.bytecode\"))");
        writeln!(table, "    (\"{name}\", {include}),").expect("writing to a string succeeds");
    }
    table.push_str("];\n");
    // The same only if engine and runtime are: bytecode of one build is not for another.
    writeln!(table, "/// Which build this is.\npub const BUILD_ID: &str = \"{:016x}\";", id.finish())
        .expect("writing to a string succeeds");
    fs::write(out.join("builtins.rs"), table).expect("the output directory is writable");
}

/// `src/web/url.js` -> `internal:url`, `src/node/stream/web.js` -> `node:stream/web`.
fn name_of(path: &Path) -> String {
    let plain = path.with_extension("");
    let name = match plain.strip_prefix("src/node") {
        Ok(below) => below.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/"),
        Err(_) => plain.file_name().expect("a file has a name").to_string_lossy().into_owned(),
    };
    if plain.starts_with("src/node") { format!("node:{name}") } else { format!("internal:{name}") }
}

fn collect(folder: &Path, sources: &mut Vec<PathBuf>) {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder).expect("the source folder is readable") {
        let path = entry.expect("the source folder is readable").path();
        if path.is_dir() {
            collect(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "js") {
            println!("cargo::rerun-if-changed={}", path.display());
            sources.push(path);
        }
    }
}

fn compile(name: &str, path: &Path) -> Vec<u8> {
    let source = fs::read(path).expect("sources are readable");
    let runtime = Runtime::new().expect("a QuickJS runtime");
    runtime.set_loader(AnyModule, AnyModule);
    let context = Context::full(&runtime).expect("a QuickJS context");
    context.with(|ctx| {
        let module = Module::declare(ctx.clone(), name, source).catch(&ctx);
        let module = module.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        module.write(WriteOptions { strip_source: true, ..WriteOptions::default() }).expect("bytecode can be written")
    })
}

/// Imports are named in the bytecode and resolved when it is loaded.
struct AnyModule;

impl Resolver for AnyModule {
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

impl Loader for AnyModule {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> Result<Module<'js, Declared>> {
        Module::declare(ctx.clone(), name, "")
    }
}
