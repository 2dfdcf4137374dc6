//! `tsconfig.json`: the options that change what code means, and `paths`.

use std::path::{Path, PathBuf};

use jsonc_parser::{ParseOptions, parse_to_serde_value};
use serde_json::Value;

use super::disk::{self, Disk};
use super::package::conditions;
use super::resolve::is_package;
use crate::compile::{ImportKind, Jsx, Settings};
use crate::error::{Problem, Source};

/// Links of `extends` that are followed.
const EXTENDED: usize = 32;

/// What is said by a file and those that it extends.
#[derive(Debug, Clone, Default)]
pub(super) struct TsConfig {
    pub(super) base_url: Option<PathBuf>,
    /// Patterns with at most one `*`, and what to try for them, relative to `paths_base`.
    paths: Vec<(String, Vec<String>)>,
    paths_base: PathBuf,
    jsx: Option<String>,
    jsx_factory: Option<String>,
    jsx_fragment: Option<String>,
    jsx_import_source: Option<String>,
    experimental_decorators: Option<bool>,
    use_define: Option<bool>,
    target_has_fields: Option<bool>,
    keep_imports: Option<bool>,
}

impl TsConfig {
    pub(super) fn load(disk: &mut Disk, file: &Path) -> Option<Self> {
        Self::load_at(disk, file, 0)
    }

    fn load_at(disk: &mut Disk, file: &Path, depth: usize) -> Option<Self> {
        let bytes = disk.read(file).ok()?;
        let (source, value) = match parse(file, bytes) {
            Ok(parsed) => parsed,
            Err(problem) => {
                disk.problems.push(problem);
                return None;
            }
        };
        let mut config = Self::default();
        let directory = file.parent().unwrap_or(file);
        for name in strings(value.get("extends")) {
            match extended(disk, directory, name) {
                Some(base) if depth < EXTENDED => {
                    if let Some(base) = Self::load_at(disk, &base, depth + 1) {
                        config = base.or(config);
                    }
                }
                _ if disk::is_installed(file) => {}
                _ => disk.problems.push(not_found(&source, name)),
            }
        }
        Some(Self::read(directory, &value).or(config))
    }

    fn read(directory: &Path, value: &Value) -> Self {
        let options = value.get("compilerOptions");
        let get = |key: &str| options.and_then(|options| options.get(key));
        let text = |key: &str| get(key).and_then(Value::as_str).map(str::to_owned);
        let truth = |key: &str| get(key).and_then(Value::as_bool);
        let template = |path: &str| path.replace("${configDir}", &directory.display().to_string());
        let paths = get("paths").and_then(Value::as_object).into_iter().flatten();
        let target = text("target").map(|target| target.to_lowercase());
        Self {
            base_url: text("baseUrl").map(|path| disk::join(directory, &template(&path))),
            paths: paths.map(|(key, to)| (key.clone(), strings(Some(to)).map(template).collect())).collect(),
            paths_base: directory.to_path_buf(),
            jsx: text("jsx").map(|jsx| jsx.to_lowercase()),
            jsx_factory: text("jsxFactory"),
            jsx_fragment: text("jsxFragmentFactory"),
            jsx_import_source: text("jsxImportSource"),
            experimental_decorators: truth("experimentalDecorators"),
            use_define: truth("useDefineForClassFields"),
            target_has_fields: target.and_then(|target| has_fields(&target)),
            keep_imports: truth("verbatimModuleSyntax").or_else(|| truth("preserveValueImports")),
        }
    }

    /// This file's word, where it says nothing `base`'s.
    fn or(self, base: Self) -> Self {
        let (paths, paths_base) =
            if self.paths.is_empty() { (base.paths, base.paths_base) } else { (self.paths, self.paths_base) };
        Self {
            base_url: self.base_url.or(base.base_url),
            paths,
            paths_base,
            jsx: self.jsx.or(base.jsx),
            jsx_factory: self.jsx_factory.or(base.jsx_factory),
            jsx_fragment: self.jsx_fragment.or(base.jsx_fragment),
            jsx_import_source: self.jsx_import_source.or(base.jsx_import_source),
            experimental_decorators: self.experimental_decorators.or(base.experimental_decorators),
            use_define: self.use_define.or(base.use_define),
            target_has_fields: self.target_has_fields.or(base.target_has_fields),
            keep_imports: self.keep_imports.or(base.keep_imports),
        }
    }

    /// The project's settings with this file's word put in.
    pub(super) fn settings(&self, base: &Settings) -> Settings {
        let mut settings = base.clone();
        match self.jsx.as_deref() {
            Some("react") => settings.jsx.automatic = false,
            Some("react-jsx") => (settings.jsx.automatic, settings.jsx.development) = (true, false),
            Some("react-jsxdev") => (settings.jsx.automatic, settings.jsx.development) = (true, true),
            // esbuild leaves "preserve" aside as well: tools put it there for reasons of their own.
            _ => {}
        }
        let Jsx { factory, fragment, import_source, .. } = &mut settings.jsx;
        for (own, target) in
            [(&self.jsx_factory, factory), (&self.jsx_fragment, fragment), (&self.jsx_import_source, import_source)]
        {
            if own.is_some() {
                target.clone_from(own);
            }
        }
        settings.legacy_decorators = self.experimental_decorators == Some(true);
        settings.assign_class_fields = !self.use_define.or(self.target_has_fields).unwrap_or(true);
        settings.keep_imports = self.keep_imports == Some(true);
        settings
    }

    /// The files to try for a specifier, if `paths` speaks of it.
    pub(super) fn substitutes(&self, specifier: &str) -> Vec<PathBuf> {
        let exact = self.paths.iter().find(|(key, _)| key == specifier).map(|(_, targets)| (targets, ""));
        let matching = || {
            let patterns = self.paths.iter().filter_map(|(key, targets)| {
                let (prefix, suffix) = key.split_once('*')?;
                let middle = specifier.strip_prefix(prefix)?.strip_suffix(suffix)?;
                Some((prefix.len(), suffix.len(), targets, middle))
            });
            let best = patterns.max_by_key(|(prefix, suffix, ..)| (*prefix, *suffix));
            best.map(|(_, _, targets, middle)| (targets, middle))
        };
        let Some((targets, middle)) = exact.or_else(matching) else { return Vec::new() };
        let base = self.base_url.as_ref().unwrap_or(&self.paths_base);
        let targets = targets.iter().map(|target| target.replacen('*', middle, 1));
        // Declarations are for the type checker only.
        targets.filter(|target| !target.ends_with(".d.ts")).map(|target| disk::join(base, &target)).collect()
    }
}

fn parse(file: &Path, bytes: Vec<u8>) -> Result<(Source, Value), Problem> {
    let source = crate::compile::read(file, bytes)?;
    match parse_to_serde_value(&source.text, &ParseOptions::default()) {
        Ok(value) => Ok((source, value)),
        Err(error) => {
            let range = error.range();
            let problem = Problem::error(format!("{} is not valid", file.file_name().unwrap_or_default().display()));
            Err(problem.at(&source, range.start..range.end, error.kind().to_string()))
        }
    }
}

/// A string, or each string of a list.
fn strings(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let list = value.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    value.and_then(Value::as_str).into_iter().chain(list.iter().filter_map(Value::as_str))
}

/// Whether the target knows class fields; TypeScript defines them from there on.
fn has_fields(target: &str) -> Option<bool> {
    let year = match target {
        "esnext" => return Some(true),
        "es3" | "es5" | "es6" => return Some(false),
        other => other.strip_prefix("es")?.parse::<u32>().ok()?,
    };
    Some(year >= 2022)
}

/// The file that `extends` means.
fn extended(disk: &mut Disk, directory: &Path, name: &str) -> Option<PathBuf> {
    let candidates = |path: PathBuf| {
        let json = PathBuf::from(format!("{}.json", path.display()));
        [path.join("tsconfig.json"), path, json]
    };
    if !is_package(name) {
        let name = if matches!(name, "." | "..") { format!("{name}/tsconfig.json") } else { name.to_owned() };
        let [_, path, json] = candidates(disk::join(directory, &name));
        return [path, json].into_iter().find(|path| disk.is_file(path));
    }
    let (package, subpath) = super::resolve::split_package(name)?;
    for above in directory.ancestors().filter(|above| !above.ends_with("node_modules")) {
        let root = above.join("node_modules").join(package);
        let exported = disk
            .package_in(&root)
            .and_then(|found| found.export(&subpath, &conditions(ImportKind::Require, None)).ok());
        let named = exported.map(|target| disk::join(&root, &target));
        let found = named.into_iter().chain(candidates(disk::join(&root, &subpath))).find(|path| disk.is_file(path));
        if found.is_some() {
            return found;
        }
    }
    None
}

fn not_found(source: &Source, name: &str) -> Problem {
    let quoted = format!("\"{name}\"");
    let at = source.text.find(&quoted).unwrap_or(0);
    Problem::warning(format!("cannot find the configuration {quoted}"))
        .at(source, at..(at + quoted.len()).min(source.text.len()), "extended here")
        .help("What it says about JSX, decorators or paths is not known.")
}
