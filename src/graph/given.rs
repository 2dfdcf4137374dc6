//! Modules that are given rather than found: an upload brings all of them with their names and types, and an import
//! means a name among them, as on Cloudflare. No file is read.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::disk;
use super::kind::Kind;
use super::loader::{Edge, Loader};
use super::{Failed, Graph, link, order, with_stack};
use crate::compile::{Cache, Hint, Import, Language, Options, Settings};
use crate::error::{Problem, Source};

/// A module as an upload brings it.
#[derive(Debug, Clone)]
pub struct Given {
    pub format: Format,
    pub bytes: Bytes,
}

/// What its type says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Esm,
    CommonJs,
    /// Neither: service-worker syntax.
    Script,
    Json,
    Text,
    Data,
    Wasm,
}

impl Format {
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Esm | Self::CommonJs | Self::Script => Kind::Esm,
            Self::Json => Kind::Json,
            Self::Text => Kind::Text,
            Self::Data => Kind::Data,
            Self::Wasm => Kind::Wasm,
        }
    }

    /// How it is compiled.
    pub(super) fn options(self, settings: Arc<Settings>) -> Options {
        let (language, hint) = match self {
            Self::Json => (Language::Json, Hint::Esm),
            Self::CommonJs => (Language::Js, Hint::CommonJs),
            Self::Script => (Language::Js, Hint::None),
            _ => (Language::Js, Hint::Esm),
        };
        Options { language, hint, settings }
    }
}

/// Modules by name.
pub type AllGiven = HashMap<String, Given>;

/// Builds the graph of a Worker whose modules are all given; `main` is one of them.
///
/// # Errors
/// Everything that is wrong with them.
pub fn assemble(main: &str, modules: &AllGiven, options: &super::Options, cache: &Cache) -> Result<Graph, Failed> {
    with_stack(|| {
        let mut loader = Loader::given(modules, options, cache);
        loader.enter_given(main);
        link::link(&mut loader);
        order::finish(loader)
    })
}

/// The graph of a Worker that has files to show and no code.
#[must_use]
pub fn without_code(cache: &Cache) -> Graph {
    const NAME: &str = "assets.js";
    let code = Bytes::from_static(b"export default {};");
    let modules = HashMap::from([(NAME.to_owned(), Given { format: Format::Esm, bytes: code })]);
    assemble(NAME, &modules, &super::Options::default(), cache).expect("an empty object compiles")
}

/// Where an import leads: to a name beside the importing module, or to one from the root.
pub(super) fn follow(
    loader: &mut Loader<'_>,
    directory: &Path,
    source: &Source,
    import: &Import,
) -> Result<Edge, Problem> {
    let specifier = &*import.specifier;
    let found = [directory, Path::new("")].into_iter().find_map(|from| {
        let path = disk::join(from, specifier.trim_start_matches('/'));
        let format = loader.format_of(&path)?;
        Some((path, format))
    });
    match found {
        Some((path, format)) => Ok(Edge::Module(loader.node(path, format.kind(), None))),
        None => Err(no_such_module(source, import)),
    }
}

/// Cloudflare's words.
fn no_such_module(source: &Source, import: &Import) -> Problem {
    let importer = source.path.display();
    let what = format!("No such module \"{}\".\n  imported from \"{importer}\"", import.specifier);
    Problem::error(what).at(source, import.span.clone(), "imported here")
}

/// The name of a module as a path without a root, so that it is shown as it was given.
pub(super) fn path_of(name: &str) -> PathBuf {
    disk::join(Path::new(""), name)
}
