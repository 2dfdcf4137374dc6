//! The modules of a project, each read and compiled when it is first asked for, each import resolved likewise.
//!
//! So what nothing asks for costs nothing: of a barrel with hundreds of modules only those are read that are used.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsString;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::disk::{Disk, is_installed};
use super::kind::{self, Kind, Rules};
use super::resolve::{self, Resolved};
use super::tsconfig::TsConfig;
use super::{AllGiven, Body, Name, Options, failure, given};
use crate::compile::{self, Cache, Compiled, Hint, Import, Settings};
use crate::error::{Problem, Problems, Source};
use crate::node;

/// Problems that are listed for one build; the rest is counted.
const LISTED: usize = 20;

/// The modules found so far, in the order of discovery; the entry first.
pub(super) struct Loader<'a> {
    pub(super) cache: &'a Cache,
    /// The project directory, without symbolic links.
    project: PathBuf,
    pub(super) disk: Disk,
    pub(super) nodes: Vec<Node>,
    by_path: HashMap<OsString, usize>,
    /// Imports of a package's `module` whose `main` is meant if anything requires that.
    pairs: Vec<Pair>,
    pub(super) options: &'a Options,
    rules: Rules,
    settings: Arc<Settings>,
    /// The settings by the tsconfig.json that changes them.
    configured: Vec<(Arc<TsConfig>, Arc<Settings>)>,
    /// All modules there are, where no files are read.
    given: Option<&'a AllGiven>,
    pub(super) problems: Problems,
}

struct Pair {
    node: usize,
    place: usize,
    main: PathBuf,
}

pub(super) struct Node {
    pub(super) name: Name,
    pub(super) path: Arc<Path>,
    pub(super) kind: Kind,
    /// Who asked first: the source and the span of the specifier; `None` for the entry.
    pub(super) from: Option<(Source, Range<usize>)>,
    is_loaded: bool,
    pub(super) source: Option<Source>,
    pub(super) options: Option<compile::Options>,
    /// `None` until it is loaded, and if it cannot be; then that is among the problems.
    pub(super) body: Option<Body>,
    /// For each of the compiled module's imports, where it leads.
    pub(super) edges: Vec<Edge>,
    /// Loaded although nothing is seen to import it.
    pub(super) is_root: bool,
    pub(super) linked: Linked,
}

/// What the link step has made of a module.
#[derive(Default)]
pub(super) struct Linked {
    /// Places among the imports of those that are taken out, and what is imported instead.
    pub(super) dropped: BTreeSet<usize>,
    pub(super) added: BTreeMap<Arc<str>, usize>,
    /// It imports the helpers for CommonJS.
    pub(super) needs_interop: bool,
    /// It passes on the handlers that stand for its listeners.
    pub(super) is_service_worker: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Edge {
    /// Not yet resolved.
    Unknown,
    /// There is no such module; if that matters, it is among the problems.
    Nowhere,
    Module(usize),
    Builtin(Arc<str>),
}

impl<'a> Loader<'a> {
    pub(super) fn new(project: &Path, options: &'a Options, cache: &'a Cache) -> Self {
        let project = std::fs::canonicalize(project).unwrap_or_else(|_| project.to_path_buf());
        Self { settings: Arc::new(options.settings()), project, ..Self::empty(options, cache) }
    }

    /// Among given modules, whose names are paths without a root.
    pub(super) fn given(modules: &'a AllGiven, options: &'a Options, cache: &'a Cache) -> Self {
        Self { given: Some(modules), ..Self::empty(options, cache) }
    }

    fn empty(options: &'a Options, cache: &'a Cache) -> Self {
        Self {
            cache,
            project: PathBuf::new(),
            disk: Disk::new(options.modules.tsconfig.clone()),
            nodes: Vec::new(),
            by_path: HashMap::new(),
            pairs: Vec::new(),
            options,
            rules: Rules::new(&options.modules.rules),
            settings: Arc::default(),
            configured: Vec::new(),
            given: None,
            problems: Problems::default(),
        }
    }

    /// Finds the main file and what is loaded besides.
    pub(super) fn enter(&mut self, entry: &Path) {
        let path = self.disk.real(entry);
        if !self.disk.is_file(&path) {
            return self.report(failure::no_entry(&path));
        }
        let root = path.parent().unwrap_or(&path).to_path_buf();
        self.node(path, Kind::Esm, None);
        if self.options.modules.find_additional_modules || self.options.modules.no_bundle {
            self.additional(&self.options.modules.base_dir.clone().unwrap_or(root));
        }
    }

    /// Starts at a given module, and takes in all others: any may be imported by a name that is computed.
    pub(super) fn enter_given(&mut self, main: &str) {
        let Some(modules) = self.given else { return };
        let Some(first) = modules.get_key_value(main) else { return };
        let mut others: Vec<_> = modules.iter().filter(|(name, _)| *name != main).collect();
        others.sort_by_key(|(name, _)| *name);
        for (name, module) in std::iter::once(first).chain(others) {
            let node = self.node(given::path_of(name), module.format.kind(), None);
            self.nodes[node].is_root = node > 0;
        }
    }

    /// What the type of a given module says.
    pub(super) fn format_of(&self, path: &Path) -> Option<given::Format> {
        self.given?.get(path.to_str()?).map(|module| module.format)
    }

    /// Whether the modules come from an upload.
    pub(super) fn is_given(&self) -> bool {
        self.given.is_some()
    }

    /// The compiled module; `None` if it is data or cannot be loaded.
    pub(super) fn compiled(&mut self, index: usize) -> Option<Arc<Compiled>> {
        self.load(index);
        self.nodes[index].compiled().cloned()
    }

    /// Reads and compiles a module, the first time.
    pub(super) fn load(&mut self, index: usize) {
        if std::mem::replace(&mut self.nodes[index].is_loaded, true) {
            return;
        }
        let path = self.nodes[index].path.clone();
        if let Some(module) = self.given.and_then(|modules| modules.get(path.to_str()?)) {
            return self.build(index, module.bytes.to_vec());
        }
        match self.disk.read(&path) {
            Ok(bytes) => self.build(index, bytes),
            Err(error) => {
                let problem = failure::unreadable(&path, &error, self.nodes[index].from.as_ref());
                self.report(problem);
            }
        }
    }

    /// Where an import of a loaded module leads; `place` is its index among the imports.
    pub(super) fn edge(&mut self, index: usize, place: usize) -> Edge {
        let node = &self.nodes[index];
        if node.edges[place] != Edge::Unknown {
            return node.edges[place].clone();
        }
        let (Some(compiled), Some(source)) = (node.compiled().cloned(), node.source.clone()) else {
            return Edge::Nowhere;
        };
        let import = &compiled.imports[place];
        let directory = source.path.parent().unwrap_or(&source.path);
        let edge = match self.follow(directory, &source, import) {
            Ok(Followed::Edge(edge)) => edge,
            Ok(Followed::Pair { module, main }) => {
                self.pairs.push(Pair { node: index, place, main });
                module
            }
            Err(problem) => {
                if !import.optional {
                    self.report(problem);
                }
                Edge::Nowhere
            }
        };
        self.nodes[index].edges[place] = edge.clone();
        edge
    }

    /// Makes all imports of a package mean its `main` if anything that is reached does. Whether that changed any.
    pub(super) fn settle(&mut self, is_reached: impl Fn(usize) -> bool) -> bool {
        let mut changed = false;
        for pair in &self.pairs {
            let main = self.by_path.get(pair.main.as_os_str()).copied().filter(|main| is_reached(*main));
            let edge = &mut self.nodes[pair.node].edges[pair.place];
            if let Some(main) = main.map(Edge::Module).filter(|main| main != edge) {
                *edge = main;
                changed = true;
            }
        }
        changed
    }

    /// Whether the module's package says that it need not be evaluated if nothing of it is used.
    pub(super) fn is_free_of_effects(&mut self, node: usize) -> bool {
        if self.is_given() || self.options.modules.no_bundle {
            return false;
        }
        let path = self.nodes[node].path.clone();
        let package = path.parent().and_then(|directory| self.disk.package_of(directory));
        package.is_some_and(|package| package.is_free_of_effects(&path))
    }

    /// Whether Node.js takes the module for an ES module by its name or package: it then sees CommonJS as a whole.
    pub(super) fn is_node_mode(&mut self, node: usize) -> bool {
        let node = &self.nodes[node];
        match node.options.as_ref().map(|options| options.hint) {
            Some(Hint::Esm) => true,
            Some(Hint::CommonJs) => false,
            _ if self.is_given() => false,
            _ => {
                let path = node.path.clone();
                let directory = path.parent().unwrap_or(&path);
                self.disk.package_of(directory).is_some_and(|package| package.is_module)
            }
        }
    }

    pub(super) fn report(&mut self, problem: Problem) {
        if self.problems.0.len() < LISTED {
            self.problems.push(problem);
        }
    }

    /// Every file below the modules' root that a rule is about, for imports that are known only when they run.
    fn additional(&mut self, root: &Path) {
        let root = self.disk.real(root);
        let mut open = vec![root.clone()];
        while let Some(directory) = open.pop() {
            for path in self.disk.list(&directory) {
                let below = path.strip_prefix(&root).unwrap_or(&path).to_string_lossy();
                if self.disk.is_directory(&path) {
                    open.extend(Some(path).filter(|path| !path.ends_with(".wrangler")));
                } else if let Some(kind) = self.rules.of_file(&below) {
                    let path = self.disk.real(&path);
                    let node = self.node(path, kind, None);
                    self.nodes[node].is_root = true;
                }
            }
        }
    }

    /// The module of a file, found now or before.
    pub(super) fn node(&mut self, path: PathBuf, kind: Kind, from: Option<(Source, Range<usize>)>) -> usize {
        if let Some(node) = self.by_path.get(path.as_os_str()) {
            return *node;
        }
        let node = self.add(name(&self.project, &path), &path, kind);
        self.nodes[node].from = from;
        self.by_path.insert(path.into(), node);
        node
    }

    fn add(&mut self, name: Name, path: &Path, kind: Kind) -> usize {
        let node = Node {
            name,
            path: path.into(),
            kind,
            from: None,
            is_loaded: false,
            source: None,
            options: None,
            body: None,
            edges: Vec::new(),
            is_root: false,
            linked: Linked::default(),
        };
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// A module of the compiler's own; `None` if it has none of that name.
    pub(super) fn helper(&mut self, name: &str) -> Option<usize> {
        compile::helper(name).map(|text| self.virtual_module(Path::new(name), name.into(), text, Hint::Esm))
    }

    /// A module that is no file.
    fn virtual_module(&mut self, path: &Path, name: Name, text: &str, hint: Hint) -> usize {
        if let Some(node) = self.by_path.get(path.as_os_str()) {
            return *node;
        }
        let node = self.add(name, path, Kind::Esm);
        self.by_path.insert(path.into(), node);
        let source = Source::new(path, text);
        let options = compile::Options { hint, ..compile::Options::javascript(&self.settings) };
        let compiled = self.cache.compile(&source, &options).expect("our own modules can be compiled");
        let added = &mut self.nodes[node];
        (added.source, added.options, added.body) = (Some(source), Some(options), Some(Body::Code(compiled)));
        added.is_loaded = true;
        node
    }

    /// What a `browser` map takes out: an empty CommonJS module, as in esbuild.
    fn disabled(&mut self, path: &Path) -> usize {
        let name: Name = format!("(disabled):{}", name(&self.project, path)).into();
        self.virtual_module(&PathBuf::from(format!("(disabled):{}", path.display())), name, "", Hint::CommonJs)
    }

    fn build(&mut self, index: usize, bytes: Vec<u8>) {
        let node = &mut self.nodes[index];
        match node.kind {
            Kind::Text => node.body = Some(Body::Text(String::from_utf8_lossy(&bytes).into())),
            Kind::Data | Kind::Wasm => node.body = Some(Body::Data(Bytes::from(bytes))),
            Kind::Esm | Kind::Json => match compile::read(&node.path, bytes) {
                Ok(source) => self.compile(index, &source),
                Err(problem) => self.report(problem),
            },
        }
    }

    fn compile(&mut self, index: usize, source: &Source) {
        let settings = self.settings_of(&source.path);
        let format = self.format_of(&source.path);
        let node = &mut self.nodes[index];
        node.source = Some(source.clone());
        // A main file without a known extension is read as JavaScript.
        let options = compile::Options::for_path(&node.path, &settings)
            .unwrap_or_else(|| compile::Options::javascript(&settings));
        let options = format.map_or(options, |format| format.options(settings));
        node.options = Some(options.clone());
        let compiled = match self.cache.compile(source, &options) {
            Ok(compiled) => compiled,
            Err(problems) => return problems.0.into_iter().for_each(|problem| self.report(problem)),
        };
        let node = &mut self.nodes[index];
        node.edges = vec![Edge::Unknown; compiled.imports.len()];
        node.body = Some(Body::Code(compiled));
    }

    fn settings_of(&mut self, path: &Path) -> Arc<Settings> {
        if is_installed(path) || self.is_given() || self.options.modules.no_bundle {
            return self.settings.clone();
        }
        let Some(config) = path.parent().and_then(|directory| self.disk.tsconfig_of(directory)) else {
            return self.settings.clone();
        };
        if let Some((_, settings)) = self.configured.iter().find(|(known, _)| Arc::ptr_eq(known, &config)) {
            return settings.clone();
        }
        let settings = Arc::new(config.settings(&self.settings));
        self.configured.push((config, settings.clone()));
        settings
    }

    fn follow(&mut self, directory: &Path, source: &Source, import: &Import) -> Result<Followed, Problem> {
        if let Some(edge) = self.brought(source, import)? {
            return Ok(Followed::Edge(edge));
        }
        if self.is_given() {
            return given::follow(self, directory, source, import).map(Followed::Edge);
        }
        let alias = self.options.modules.alias.iter().find(|(from, _)| **from == *import.specifier);
        let (directory, specifier) = match alias {
            Some((_, to)) => (self.project.clone(), to.as_str()),
            None => (directory.to_path_buf(), &*import.specifier),
        };
        let as_node = alias.and_then(|_| resolve::alias(&mut self.disk, &directory, specifier)).map(Resolved::File);
        let chosen = self.options.modules.conditions.as_deref();
        let found =
            as_node.map_or_else(|| resolve::resolve(&mut self.disk, &directory, specifier, import.kind, chosen), Ok);
        let (path, main) = match found {
            Ok(Resolved::File(path)) => (path, None),
            Ok(Resolved::Module { path, main }) => (path, Some(main)),
            Ok(Resolved::Disabled(path)) => return Ok(Followed::Edge(Edge::Module(self.disabled(&path)))),
            Err(reason) => return Err(failure::not_found(&self.project, source, import, (&reason, chosen))),
        };
        // esbuild puts style sheets beside the bundle, where nobody asks for them.
        if path.extension().is_some_and(|end| end == "css") && self.rules.of_import(&import.specifier).is_none() {
            return Ok(Followed::Edge(Edge::Module(self.disabled(&path))));
        }
        let kind = self.kind(source, import, &path)?;
        let module = Edge::Module(self.node(path, kind, Some((source.clone(), import.span.clone()))));
        Ok(match main {
            Some(main) => Followed::Pair { module, main },
            None => Followed::Edge(module),
        })
    }

    /// What is no file: modules of the runtime and of the compiler.
    fn brought(&mut self, source: &Source, import: &Import) -> Result<Option<Edge>, Problem> {
        let specifier = &import.specifier;
        if self.options.modules.alias.iter().any(|(from, _)| **from == **specifier) {
            return Ok(None);
        }
        // The compiler's own imports have no place in the source.
        if import.span.is_empty()
            && let Some(helper) = self.helper(specifier)
        {
            return Ok(Some(Edge::Module(helper)));
        }
        let brought = |name: &str| match &self.options.builtins {
            Some(names) => names.iter().any(|known| known == name),
            None => kind::is_cloudflare(name) || node::has(name),
        };
        let node = kind::node_name(specifier).filter(|_| self.options.node.allows(specifier));
        let name = node.as_deref().or_else(|| Some(&**specifier).filter(|name| kind::is_cloudflare(name)));
        match name {
            Some(name) if brought(name) => Ok(Some(Edge::Builtin(name.into()))),
            Some(name) => Err(failure::not_brought(source, import, name)),
            None => failure::unsupported(source, import).map_or(Ok(None), Err),
        }
    }

    fn kind(&self, source: &Source, import: &Import, path: &Path) -> Result<Kind, Problem> {
        match self.rules.of_import(&import.specifier) {
            Some(kind) => Ok(kind),
            None if self.rules.is_ended(&import.specifier) => Err(failure::ended_rule(source, import)),
            None => match compile::Options::for_path(path, &self.settings) {
                Some(options) if options.language == compile::Language::Json => Ok(Kind::Json),
                Some(_) => Ok(Kind::Esm),
                // What esbuild takes for text by itself.
                None if path.extension().is_some_and(|extension| extension == "txt") => Ok(Kind::Text),
                None => Err(failure::no_rule(source, import, path)),
            },
        }
    }
}

/// Where an import leads, perhaps for now.
enum Followed {
    Edge(Edge),
    /// To a package's `module`, unless its `main` is found to be required.
    Pair {
        module: Edge,
        main: PathBuf,
    },
}

/// `path` relative to `project` with `/`; with `../` if it lies above.
fn name(project: &Path, path: &Path) -> Name {
    let shared = project.components().zip(path.components()).take_while(|(a, b)| a == b).count();
    let up = project.components().skip(shared).map(|_| "..".into());
    let down = path.components().skip(shared).map(|part| part.as_os_str().to_string_lossy());
    up.chain(down).collect::<Vec<_>>().join("/").into()
}

/// An error of the file system, in words for a person.
pub(super) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        io::ErrorKind::NotFound => "no such file".into(),
        io::ErrorKind::IsADirectory => "it is a directory".into(),
        _ => error.to_string(),
    }
}
