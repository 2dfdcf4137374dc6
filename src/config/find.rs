//! Finds the configuration file of a project and reads its text.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::node::Node;
use super::{read_json, read_toml, saved};
use crate::error::{Problem, Problems, Source, nearest};

/// In the order in which wrangler prefers them.
pub const FILE_NAMES: [&str; 3] = ["wrangler.json", "wrangler.jsonc", "wrangler.toml"];

/// Where a build tool, such as Cloudflare's Vite plugin, says which configuration it has written.
pub(super) const REDIRECT: &str = ".wrangler/deploy/config.json";

/// True when the directory holds a configuration file.
#[must_use]
pub fn is_project(directory: &Path) -> bool {
    FILE_NAMES.iter().chain([&REDIRECT]).any(|name| directory.join(name).is_file())
}

/// The configuration file of a project given as a directory, or as the file itself.
pub(super) fn file_of(project: &Path, problems: &mut Problems) -> Option<PathBuf> {
    match fs::metadata(project) {
        Ok(found) if found.is_dir() => match redirected(project, problems) {
            Redirect::None => in_directory(project, problems),
            Redirect::To(file) => Some(file),
            Redirect::Broken => None,
        },
        Ok(_) if is_config_name(project) => Some(project.to_owned()),
        Ok(_) => {
            let problem = Problem::error(format!("`{}` is a file, not a project", project.display()));
            problems.push(problem.help("name the project's directory, or its wrangler.toml, .json or .jsonc"));
            None
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            problems.push(missing_directory(project));
            None
        }
        Err(error) => {
            problems.push(Problem::error(format!("cannot open `{}`: {}", project.display(), reason(&error))));
            None
        }
    }
}

/// The tree of a configuration file, by its extension.
///
/// # Errors
/// Why it cannot be read, or every mistake of its syntax.
pub fn read(file: &Path) -> Result<Node, Problems> {
    let source = read_text(file)?;
    if file.extension().is_some_and(|extension| extension == "toml") {
        read_toml::read(&source)
    } else {
        read_json::read(&source)
    }
}

/// A text file, without its byte order mark; an error that says why it cannot be read as UTF-8.
pub(super) fn read_text(file: &Path) -> Result<Source, Problem> {
    let bytes = saved::read(file)
        .map_err(|error| Problem::error(format!("cannot read this file: {}", reason(&error))).in_file(file))?;
    if let Some(encoding) = foreign_mark(&bytes) {
        let problem = Problem::error(format!("this file is {encoding}, not UTF-8")).in_file(file);
        return Err(problem.help("save it as UTF-8"));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Source::new(file, text)),
        Err(error) => {
            let at = error.valid_up_to();
            let source = Source::new(file, String::from_utf8_lossy(bytes));
            let problem = Problem::error("this file is not UTF-8").help("save it as UTF-8");
            Err(problem.at(&source, at..at + '\u{FFFD}'.len_utf8(), "this byte is no text"))
        }
    }
}

enum Redirect {
    None,
    To(PathBuf),
    Broken,
}

/// `{"configPath": "../../dist/app/wrangler.json"}`, relative to the file that says so.
fn redirected(directory: &Path, problems: &mut Problems) -> Redirect {
    let file = directory.join(REDIRECT);
    if !file.is_file() {
        return Redirect::None;
    }
    let root = match read(&file) {
        Ok(root) => root,
        Err(found) => {
            problems.extend(found);
            return Redirect::Broken;
        }
    };
    let Some((node, path)) = root.get("configPath").and_then(|node| Some((node, node.as_str()?))) else {
        let problem = Problem::error("it has no `configPath`: which configuration is meant?").in_file(&file);
        problems.push(problem.help("build the project again, or delete this file"));
        return Redirect::Broken;
    };
    let target = file.parent().unwrap_or(directory).join(path);
    if !target.is_file() {
        let problem = node.error("the configuration that a build tool has written is gone", "no such file");
        problems.push(problem.help(format!("build the project again, or delete {}", file.display())));
        return Redirect::Broken;
    }
    // Without `..`, as people would write it.
    Redirect::To(fs::canonicalize(&target).unwrap_or(target))
}

fn in_directory(directory: &Path, problems: &mut Problems) -> Option<PathBuf> {
    let mut present = FILE_NAMES.iter().map(|name| directory.join(name)).filter(|file| file.is_file());
    let Some(chosen) = present.next() else {
        problems.push(no_config(directory));
        return None;
    };
    let others: Vec<_> = present.map(|file| file_name(&file)).collect();
    if !others.is_empty() {
        let what = format!("two configurations in one project: {} is used, as wrangler does", file_name(&chosen));
        let help = format!("remove {} or {}", others.join(" and "), file_name(&chosen));
        problems.push(Problem::warning(what).in_file(directory).help(help));
    }
    Some(chosen)
}

fn no_config(directory: &Path) -> Problem {
    let problem = Problem::error("no wrangler.json, wrangler.jsonc or wrangler.toml in this directory");
    let problem = problem.in_file(directory);
    let names = names_in(directory);
    let near = names.iter().find_map(|name| nearest(name, FILE_NAMES).map(|known| (name, known)));
    if let Some((name, known)) = near {
        return problem.help(format!("there is `{name}`: did you mean `{known}`?"));
    }
    let below: Vec<_> = names.iter().map(|name| directory.join(name)).filter(|path| is_project(path)).collect();
    if !below.is_empty() {
        let list = below.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" ");
        return problem.help(format!("there are projects below it: {list}"));
    }
    problem.help("a Worker needs at least: name = \"my-worker\", main = \"src/index.js\"")
}

/// The error about a directory that does not exist, with the nearest name that does.
#[must_use]
pub fn missing_directory(project: &Path) -> Problem {
    let problem = Problem::error(format!("no such directory: {}", project.display()));
    let parent = match project.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let wanted = file_name(project);
    let names = names_in(parent);
    match nearest(&wanted, names.iter().map(String::as_str)) {
        Some(near) => problem.help(format!("did you mean {}?", project.with_file_name(near).display())),
        None if !parent.is_dir() => problem.help(format!("`{}` does not exist either", parent.display())),
        None => problem,
    }
}

/// The visible names in a directory, sorted; none when it cannot be read.
#[must_use]
pub fn names_in(directory: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut names: Vec<_> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.') && name != "node_modules")
        .collect();
    names.sort();
    names
}

fn is_config_name(file: &Path) -> bool {
    let extension = file.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("toml" | "json" | "jsonc"))
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// What the system says, without its error number.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

/// Byte order marks that wrangler refuses, too.
fn foreign_mark(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0, 0, 0xFE, 0xFF, ..] | [0xFF, 0xFE, 0, 0, ..] => Some("UTF-32"),
        [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] => Some("UTF-16"),
        _ => None,
    }
}
