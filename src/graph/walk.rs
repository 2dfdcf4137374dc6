//! Finds every module from the entry on: read, compile, resolve, repeat. A queue, not recursion: chains of ten
//! thousand imports are legal.

use std::collections::{HashMap, VecDeque};
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
use super::{Body, Name, Options, failure};
use crate::compile::{self, Cache, Hint, Import, Settings};
use crate::error::{Problem, Problems, Source};

/// Problems that are listed for one build; the rest is counted.
const LISTED: usize = 20;

/// The modules found so far, in the order of discovery; the entry first.
pub(super) struct Walk<'a> {
    pub(super) cache: &'a Cache,
    /// The project directory, without symbolic links.
    project: PathBuf,
    pub(super) disk: Disk,
    pub(super) nodes: Vec<Node>,
    by_path: HashMap<OsString, usize>,
    queue: VecDeque<Pending>,
    /// Imports of a package's `module` whose `main` is meant if anything requires that.
    pairs: Vec<Pair>,
    options: &'a Options,
    rules: Rules,
    settings: Arc<Settings>,
    /// The settings by the tsconfig.json that changes them.
    configured: Vec<(Arc<TsConfig>, Arc<Settings>)>,
    pub(super) problems: Problems,
}

struct Pair {
    node: usize,
    import: usize,
    main: PathBuf,
}

pub(super) struct Node {
    pub(super) name: Name,
    pub(super) path: Arc<Path>,
    pub(super) kind: Kind,
    pub(super) source: Option<Source>,
    pub(super) options: Option<compile::Options>,
    /// `None` if the file could not be read or compiled; that is among the problems.
    pub(super) body: Option<Body>,
    /// For each of the compiled module's imports, where it leads; `None` if nowhere.
    pub(super) edges: Vec<Option<Edge>>,
    /// The link step has edited it, so that it may import the helpers for CommonJS.
    pub(super) linked: bool,
    /// Loaded although nothing is seen to import it.
    pub(super) is_root: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Edge {
    Module(usize),
    Builtin(Arc<str>),
}

struct Pending {
    node: usize,
    /// Who asked: the source and the span of the specifier; `None` for the entry.
    from: Option<(Source, Range<usize>)>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(project: &Path, options: &'a Options, cache: &'a Cache) -> Self {
        Self {
            cache,
            project: std::fs::canonicalize(project).unwrap_or_else(|_| project.to_path_buf()),
            disk: Disk::new(options.modules.tsconfig.clone()),
            nodes: Vec::new(),
            by_path: HashMap::new(),
            queue: VecDeque::new(),
            pairs: Vec::new(),
            options,
            rules: Rules::new(&options.modules.rules),
            settings: Arc::new(options.settings()),
            configured: Vec::new(),
            problems: Problems::default(),
        }
    }

    /// Starts at the main file and goes on until every import is followed.
    pub(super) fn enter(&mut self, entry: &Path) {
        let path = self.disk.real(entry);
        if !self.disk.is_file(&path) {
            return self.report(failure::no_entry(&path));
        }
        let root = path.parent().unwrap_or(&path).to_path_buf();
        self.node(path, Kind::Esm, None);
        if self.options.modules.find_additional_modules {
            self.additional(&self.options.modules.base_dir.clone().unwrap_or(root));
        }
        while let Some(pending) = self.queue.pop_front() {
            self.visit(&pending);
        }
        for pair in std::mem::take(&mut self.pairs) {
            if let Some(main) = self.by_path.get(pair.main.as_os_str()) {
                self.nodes[pair.node].edges[pair.import] = Some(Edge::Module(*main));
            }
        }
        for problem in std::mem::take(&mut self.disk.problems) {
            self.report(problem);
        }
    }

    /// Whether Node.js takes the module for an ES module by its name or package: it then sees CommonJS as a whole.
    pub(super) fn is_node_mode(&mut self, node: usize) -> bool {
        let node = &self.nodes[node];
        match node.options.as_ref().map(|options| options.hint) {
            Some(Hint::Esm) => true,
            Some(Hint::CommonJs) => false,
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
    fn node(&mut self, path: PathBuf, kind: Kind, from: Option<(Source, Range<usize>)>) -> usize {
        if let Some(node) = self.by_path.get(path.as_os_str()) {
            return *node;
        }
        let node = self.add(name(&self.project, &path), &path, kind);
        self.by_path.insert(path.into(), node);
        self.queue.push_back(Pending { node, from });
        node
    }

    fn add(&mut self, name: Name, path: &Path, kind: Kind) -> usize {
        let node = Node {
            name,
            path: path.into(),
            kind,
            source: None,
            options: None,
            body: None,
            edges: Vec::new(),
            linked: false,
            is_root: false,
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
        node
    }

    /// What a `browser` map takes out: an empty CommonJS module, as in esbuild.
    fn disabled(&mut self, path: &Path) -> usize {
        let name: Name = format!("(disabled):{}", name(&self.project, path)).into();
        self.virtual_module(&PathBuf::from(format!("(disabled):{}", path.display())), name, "", Hint::CommonJs)
    }

    fn visit(&mut self, pending: &Pending) {
        let path = self.nodes[pending.node].path.clone();
        match self.disk.read(&path) {
            Ok(bytes) => self.build(pending.node, bytes),
            Err(error) => self.report(failure::unreadable(&path, &error, pending.from.as_ref())),
        }
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
        let node = &mut self.nodes[index];
        node.source = Some(source.clone());
        // A main file without a known extension is read as JavaScript.
        let options = compile::Options::for_path(&node.path, &settings)
            .unwrap_or_else(|| compile::Options::javascript(&settings));
        node.options = Some(options.clone());
        let compiled = match self.cache.compile(source, &options) {
            Ok(compiled) => compiled,
            Err(problems) => return problems.0.into_iter().for_each(|problem| self.report(problem)),
        };
        self.nodes[index].body = Some(Body::Code(compiled.clone()));
        let directory = source.path.parent().unwrap_or(&source.path).to_path_buf();
        for import in &compiled.imports {
            let edge = match self.follow(&directory, source, import) {
                Ok(Followed::Edge(edge)) => Some(edge),
                Ok(Followed::Pair { module, main }) => {
                    let import = self.nodes[index].edges.len();
                    self.pairs.push(Pair { node: index, import, main });
                    Some(module)
                }
                Err(_) if import.optional => None,
                Err(problem) => {
                    self.report(problem);
                    None
                }
            };
            self.nodes[index].edges.push(edge);
        }
    }

    fn settings_of(&mut self, path: &Path) -> Arc<Settings> {
        if is_installed(path) {
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
        let alias = self.options.modules.alias.iter().find(|(from, _)| **from == *import.specifier);
        let (directory, specifier) = match alias {
            Some((_, to)) => (self.project.clone(), to.as_str()),
            None => (directory.to_path_buf(), &*import.specifier),
        };
        let (path, main) = match resolve::resolve(&mut self.disk, &directory, specifier, import.kind) {
            Ok(Resolved::File(path)) => (path, None),
            Ok(Resolved::Module { path, main }) => (path, Some(main)),
            Ok(Resolved::Disabled(path)) => return Ok(Followed::Edge(Edge::Module(self.disabled(&path)))),
            Err(reason) => return Err(failure::not_found(&self.project, source, import, &reason)),
        };
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
            None => kind::is_cloudflare(name),
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
            Some(Kind::Wasm) => Err(failure::wasm(source, import)),
            Some(kind) => Ok(kind),
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
