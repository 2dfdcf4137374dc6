//! A module graph -> the form that an upload is: a part for the metadata, and one for each module.
//!
//! Modules keep their paths for names, so that stacks read well; where a path is no name for an upload (`../`), or the
//! name does not lead from the importing module to it, the import is rewritten.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use crate::compile::{Compiled, Format, SERVICE_WORKER_NAME, rename_imports};
use crate::error::{Problems, Source};
use crate::graph::{self, Body, Graph, Target};

const ESM: &str = "application/javascript+module";
/// Of service-worker syntax.
const SCRIPT: &str = "application/javascript";

/// A part of the form.
pub(super) struct Module {
    pub(super) name: Arc<str>,
    content_type: &'static str,
    pub(super) bytes: Bytes,
}

/// A body with its type.
pub(super) struct Form {
    pub(super) content_type: String,
    pub(super) body: Vec<u8>,
}

impl Module {
    pub(super) fn is_script(&self) -> bool {
        self.content_type == SCRIPT
    }
}

/// All modules, the main one first.
pub(super) fn modules(graph: &Graph) -> Result<Vec<Module>, Problems> {
    let names = names(graph);
    let main = graph.module(&graph.entry).expect("the entry is one of the modules");
    let others = graph.modules.iter().filter(|module| module.name != graph.entry);
    std::iter::once(main).chain(others).map(|module| part(module, &names)).collect()
}

fn part(module: &graph::Module, names: &HashMap<&str, Arc<str>>) -> Result<Module, Problems> {
    let name = names[&*module.name].clone();
    let (content_type, bytes) = match &module.body {
        Body::Text(text) => ("text/plain", Bytes::copy_from_slice(text.as_bytes())),
        Body::Data(bytes) if module.kind == graph::Kind::Wasm => ("application/wasm", bytes.clone()),
        Body::Data(bytes) => ("application/octet-stream", bytes.clone()),
        Body::Code(compiled) => {
            let rename = |specifier: &str| match module.resolved.get(specifier)? {
                Target::Module(target) => Some(path_between(&name, &names[&**target])),
                Target::Builtin(builtin) => Some(builtin.to_string()),
            };
            let code = rename_imports(&Source::new(&*name, as_written(compiled)), rename)?;
            (if is_script(compiled) { SCRIPT } else { ESM }, code.into())
        }
    };
    Ok(Module { name, content_type, bytes })
}

/// The code without what stands for the listeners of service-worker syntax: who loads the upload puts that in again.
fn as_written(compiled: &Compiled) -> &str {
    let rest = compiled.code.split_once(';').filter(|(first, _)| first.contains(SERVICE_WORKER_NAME));
    rest.map_or(&compiled.code, |(_, rest)| rest)
}

fn is_script(compiled: &Compiled) -> bool {
    compiled.format == Format::Plain && compiled.is_service_worker()
}

/// What each module is called in the upload.
fn names(graph: &Graph) -> HashMap<&str, Arc<str>> {
    let mut taken = HashSet::new();
    let mut unique = |module: &graph::Module| {
        let wanted = acceptable(&module.name, matches!(module.body, Body::Code(_)));
        let others = (2..).map(|count| format!("{count}/{wanted}"));
        let mut candidates = std::iter::once(wanted.clone()).chain(others);
        let name = candidates.find(|name| taken.insert(name.clone())).expect("there are more names than modules");
        Arc::from(name)
    };
    graph.modules.iter().map(|module| (&*module.name, unique(module))).collect()
}

/// A relative path without steps up; code by its ending too.
fn acceptable(path: &str, is_code: bool) -> String {
    let step = |step: &str| match step {
        ".." => "__".to_owned(),
        step => step.replace(|other: char| other.is_control() || "\\:\"".contains(other), "-"),
    };
    let steps: Vec<_> = path.split('/').filter(|step| !matches!(*step, "" | ".")).map(step).collect();
    let name = steps.join("/");
    let is_named_so = [".js", ".mjs"].iter().any(|ending| name.ends_with(ending));
    if is_code && !is_named_so { format!("{name}.js") } else { name }
}

/// How one module imports another.
fn path_between(from: &str, to: &str) -> String {
    let folder: Vec<_> = from.split('/').rev().skip(1).collect();
    let folder: Vec<_> = folder.into_iter().rev().collect();
    let to: Vec<_> = to.split('/').collect();
    let shared = folder.iter().zip(&to).take_while(|(a, b)| a == b).count().min(to.len() - 1);
    let up = folder.len() - shared;
    let start = if up == 0 { "./".to_owned() } else { "../".repeat(up) };
    start + &to[shared..].join("/")
}

/// The form as bytes.
pub(super) fn form(metadata: &Value, modules: &[Module]) -> Form {
    let boundary = format!("devflare-{}", uuid::Uuid::new_v4().simple());
    let mut body = Vec::new();
    let mut part = |head: &str, bytes: &[u8]| {
        body.extend_from_slice(format!("--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n").as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    };
    part("name=\"metadata\"", metadata.to_string().as_bytes());
    for Module { name, content_type, bytes } in modules {
        part(&format!("name=\"{name}\"; filename=\"{name}\"\r\nContent-Type: {content_type}"), bytes);
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Form { content_type: format!("multipart/form-data; boundary={boundary}"), body }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_find_one_another_by_relative_paths() {
        assert_eq!(path_between("a.js", "b.js"), "./b.js");
        assert_eq!(path_between("src/a.js", "src/b.js"), "./b.js");
        assert_eq!(path_between("src/a.js", "b.js"), "../b.js");
        assert_eq!(path_between("src/deep/a.js", "src/x/y.js"), "../x/y.js");
        assert_eq!(path_between("a.js", "src/x.js"), "./src/x.js");
    }

    #[test]
    fn names_leave_no_directory_and_say_what_is_code() {
        assert_eq!(acceptable("../../lib/a.ts", true), "__/__/lib/a.ts.js");
        assert_eq!(acceptable("src/page.html", false), "src/page.html");
        assert_eq!(acceptable("devflare:interop", true), "devflare-interop.js");
    }
}
