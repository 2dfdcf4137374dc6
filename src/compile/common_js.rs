//! CommonJS modules as ES modules that carry them: loaded with the graph, run when first asked for.
//!
//! The module's text stays as it is, as the body of a function on the same lines. What it requires is imported by
//! the carrier, so that the engine loads it; a carrier's own evaluation runs nothing of the module.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

use super::link::{dynamic_imports, service_worker};
use super::notation::string;
use super::splice::{Edit, splice};
use super::{Compiled, DefaultExport, INTEROP_NAME, Links, Map, Required};

/// A name that the text does not use, so that what we add cannot clash with it.
pub(super) fn unused(code: &str, name: &str) -> String {
    let mut candidate = format!("{name}$");
    while code.contains(&candidate) {
        candidate.push('$');
    }
    candidate
}

pub(super) fn carrier(compiled: &Compiled, links: &Links) -> Compiled {
    let code = &*compiled.code;
    let name = |name| unused(code, name);
    let (run, body, requires, dependency) = (name("run"), name("body"), name("requires"), name("d"));
    let mut head = format!("import{{run as {run}}}from{};", string(INTEROP_NAME));
    let (imports, table) = requirements(links, &dependency);
    head.push_str(&imports);
    let carrier = name("carrier");
    let _ = write!(
        head,
        "export function {carrier}(){{return {run}({carrier},{body},{requires})}}export{{{carrier} as run$}};\
         function {requires}(){{return{{{table}}}}}"
    );
    match links.default_export {
        Some(DefaultExport::Listeners) => {
            head.insert_str(0, &service_worker());
            let _ = write!(head, "{carrier}();");
        }
        Some(DefaultExport::Whole) => {
            let whole = name("whole");
            let _ = write!(head, "const {whole}={carrier}();export{{{whole} as default}};");
        }
        None => {}
    }
    let _ = write!(head, "function {body}(exports,require,module){{");
    let mut edits = dynamic_imports(code, links, &mut head);
    edits.push(Edit::insert(0, head));
    if code.starts_with("#!") {
        edits.push(Edit::replace(0..2, "//"));
    }
    let (code, stage) = splice(code, edits);
    let map = compiled.map.as_ref().map_or_else(|| Map::from(stage.clone()), |map| map.then(stage.clone()));
    Compiled { code: format!("{code}\n}}").into(), map: Some(map), ..compiled.clone() }
}

/// What the code imports for a `require(specifier)`: it may mean another file than `import` of the same does.
#[must_use]
pub fn required(specifier: &str) -> String {
    format!("require:{specifier}")
}

/// Imports of everything that is required, and the table that leads from specifiers to them.
pub(super) fn requirements(links: &Links, dependency: &str) -> (String, String) {
    let (mut imports, mut table) = (String::new(), String::new());
    let mut seen: BTreeSet<&Arc<str>> = BTreeSet::new();
    for (index, (specifier, how)) in links.requires.iter().filter(|(specifier, _)| seen.insert(specifier)).enumerate() {
        let how = match how {
            Required::CommonJs => 0,
            Required::Esm => 1,
            Required::Default => 2,
        };
        let quoted = string(specifier);
        let _ = write!(imports, "import*as {dependency}{index} from{};", string(&required(specifier)));
        let _ = write!(table, "{quoted}:[{how},{dependency}{index}],");
    }
    (imports, table)
}
