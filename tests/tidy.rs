//! The house rules that the compiler does not know: what every file must have, and which layer may import which.

use std::fs;
use std::path::{Path, PathBuf};

/// Foundations first; a file uses only layers listed before its own.
const LAYERS: [&str; 19] = [
    "error", "clock", "term", "worker", "store", "engine", "web", "node", "config", "compile", "graph", "assets",
    "bindings", "fleet", "runtime", "front", "control", "dev", "cli",
];

/// Lines that a Rust file may have.
const MAX_LINES: usize = 500;

/// Files that may be longer, each with its reason.
const LONGER: [(&str, &str); 0] = [];

/// Names that say nothing about what is in a file.
const NAMELESS: [&str; 6] = ["utils", "util", "helpers", "common", "types", "misc"];

/// Words of unfinished work, put together here so that this file may pass its own test.
const UNFINISHED: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:")];

struct File {
    path: PathBuf,
    text: String,
}

impl File {
    fn shown(&self) -> String {
        self.path.strip_prefix(env!("CARGO_MANIFEST_DIR")).expect("a file of the package").display().to_string()
    }

    fn has_ending(&self, ending: &str) -> bool {
        self.path.extension().is_some_and(|found| found == ending)
    }

    /// `src/term/line/note.rs` -> `term`.
    fn layer(&self) -> Option<String> {
        let shown = self.shown();
        let below = shown.strip_prefix("src/")?;
        let layer = below.split_once('/').map_or(below.strip_suffix(".rs")?, |(layer, _)| layer);
        Some(layer.to_owned())
    }
}

/// The files of the package that people write.
fn files() -> Vec<File> {
    let mut found = Vec::new();
    for name in ["src", "tests", "scripts", "sample-projects"] {
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join(name), &mut found);
    }
    found.push(PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/build.rs")));
    let read = |path: PathBuf| fs::read_to_string(&path).ok().map(|text| File { path, text });
    found.into_iter().filter_map(read).collect()
}

fn collect(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        let skipped = ["node_modules", "snapshots", "target"].iter().any(|skipped| name == *skipped);
        match path.is_dir() {
            true if skipped || name.to_string_lossy().starts_with('.') => {}
            true => collect(&path, found),
            false => found.push(path),
        }
    }
}

/// Fails with every complaint at once.
fn expect_none(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

fn is_ours(file: &File) -> bool {
    let shown = file.shown();
    let others = ["sample-projects", "tests/web/resources", "src/node/vendor"];
    !others.iter().any(|other| shown.starts_with(other))
}

#[test]
fn every_file_opens_by_saying_what_it_is() {
    let opens = |file: &File| match () {
        () if file.has_ending("rs") => file.text.starts_with("//! "),
        () if file.has_ending("js") || file.has_ending("mjs") => {
            file.text.starts_with("// ") || file.text.starts_with("/*") || file.text.starts_with("#!")
        }
        () => true,
    };
    let silent = files().into_iter().filter(|file| is_ours(file) && !opens(file));
    expect_none(silent.map(|file| format!("{} does not open with what it is", file.shown())).collect());
}

#[test]
fn no_file_is_too_long_to_read() {
    let rust = files().into_iter().filter(|file| file.has_ending("rs"));
    let excused = |file: &File| LONGER.iter().any(|(path, _reason)| *path == file.shown());
    let long = rust.filter(|file| file.text.lines().count() > MAX_LINES && !excused(file));
    expect_none(long.map(|file| format!("{} has {} lines", file.shown(), file.text.lines().count())).collect());
}

#[test]
fn every_file_has_a_telling_name() {
    // Node.js' modules have the names that Node.js gave them.
    let is_nodes = |file: &File| file.shown().starts_with("src/node/util");
    let nameless = |file: &File| file.path.file_stem().is_some_and(|stem| NAMELESS.iter().any(|name| stem == *name));
    let found = files().into_iter().filter(|file| is_ours(file) && !is_nodes(file) && nameless(file));
    expect_none(found.map(|file| format!("{} has a name that tells nothing", file.shown())).collect());
}

#[test]
fn no_work_is_left_for_later() {
    let mut complaints = Vec::new();
    for file in files().into_iter().filter(is_ours) {
        for (index, line) in file.text.lines().enumerate() {
            if UNFINISHED.iter().any(|word| line.contains(word)) {
                complaints.push(format!("{}:{}: {}", file.shown(), index + 1, line.trim()));
            }
        }
    }
    expect_none(complaints);
}

#[test]
fn layers_import_only_what_lies_below_them() {
    let rank = |layer: &str| LAYERS.iter().position(|known| *known == layer);
    let mut complaints = Vec::new();
    for file in files().into_iter().filter(|file| file.has_ending("rs")) {
        let Some(layer) = file.layer().filter(|layer| layer != "lib" && layer != "main") else { continue };
        let Some(own) = rank(&layer) else {
            complaints.push(format!("{} belongs to no layer", file.shown()));
            continue;
        };
        for (index, line) in file.text.lines().enumerate() {
            let words = line.trim_start();
            // Prose may point anywhere, and tests may use everything.
            if words.starts_with("//") || file.path.components().any(|part| part.as_os_str() == "tests") {
                continue;
            }
            let used = imports(&file.text, words).into_iter().filter(|used| rank(used).is_some_and(|used| used > own));
            complaints.extend(used.map(|used| format!("{}:{}: {layer} uses {used}", file.shown(), index + 1)));
        }
    }
    expect_none(complaints);
}

/// The layers that a line names: `crate::config::x`, `use crate::{clock, config}`.
fn imports(file: &str, line: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in line.match_indices("crate::") {
        let rest = &line[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            // A group may go on over several lines, each with whole paths.
            let start = file.find(line).unwrap_or(0) + at + "crate::{".len();
            let text = if group.contains('}') { group } else { &file[start..] };
            let text = text.split(';').next().unwrap_or_default();
            found.extend(text.split(',').map(first_word));
        } else {
            found.push(first_word(rest));
        }
    }
    found
}

fn first_word(path: &str) -> String {
    path.trim().chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect()
}

#[test]
fn what_differs_from_cloudflare_is_in_the_readme() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap_or_default();
    let mut complaints = Vec::new();
    for file in files().into_iter().filter(|file| file.shown().starts_with("src/")) {
        for difference in file.text.lines().filter_map(|line| line.split_once("Differs: ")).map(|(_, rest)| rest) {
            let first = difference.split(['.', ';', '(']).next().unwrap_or_default().trim();
            if !readme.contains(first) {
                complaints.push(format!("{}: the README does not say: {first}", file.shown()));
            }
        }
    }
    expect_none(complaints);
}

#[test]
fn every_sample_project_is_run_by_a_test() {
    let tests: String =
        files().into_iter().filter(|file| file.shown().starts_with("tests/")).map(|file| file.text).collect();
    let samples = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/sample-projects")).into_iter().flatten().flatten();
    let names = samples.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let untested = names
        .filter(|name| !tests.contains(&format!("sample-projects/{name}")) && !tests.contains(&format!("\"{name}\"")));
    expect_none(untested.map(|name| format!("no test runs sample-projects/{name}")).collect());
}
