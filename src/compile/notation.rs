//! How imports, exports and their names are written in code that is put into a file.

use oxc::ast::ast::{ImportDeclarationSpecifier, ModuleExportName, WithClause};

/// A JavaScript string literal.
pub(super) fn string(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

pub(super) fn property(object: &str, name: &str) -> String {
    if is_identifier(name) { format!("{object}.{name}") } else { format!("{object}[{}]", string(name)) }
}

pub(super) fn is_identifier(name: &str) -> bool {
    oxc::syntax::identifier::is_identifier_name(name)
}

/// An exported name as it is written: an identifier or a string.
pub(super) fn export_name(name: &ModuleExportName<'_>) -> String {
    let text = name.name();
    if is_identifier(text.as_str()) { text.to_string() } else { string(text.as_str()) }
}

/// A name of another module as it is written in an import: `*`, an identifier or a string.
pub(super) fn written(name: &str) -> String {
    if is_identifier(name) || name == "*" { name.to_owned() } else { string(name) }
}

pub(super) fn passed_on(name: &str, exported: &str, from: &str) -> String {
    match name {
        "*" => format!("export*as {exported} from{from};"),
        name => format!("export{{{name} as {exported}}}from{from};"),
    }
}

pub(super) fn pair(local: &ModuleExportName<'_>, exported: &ModuleExportName<'_>) -> String {
    let (local, exported) = (export_name(local), export_name(exported));
    if local == exported { local } else { format!("{local} as {exported}") }
}

/// What stands between `import` and the specifier.
pub(super) fn clause(specifiers: &[&ImportDeclarationSpecifier<'_>]) -> String {
    let mut parts = Vec::new();
    let mut named = Vec::new();
    for specifier in specifiers {
        let local = &specifier.local().name;
        match specifier {
            ImportDeclarationSpecifier::ImportDefaultSpecifier(_) => parts.push(local.to_string()),
            ImportDeclarationSpecifier::ImportNamespaceSpecifier(_) => parts.push(format!("* as {local}")),
            ImportDeclarationSpecifier::ImportSpecifier(one) => {
                named.push(format!("{} as {local}", export_name(&one.imported)));
            }
        }
    }
    if !named.is_empty() {
        parts.push(format!("{{{}}}", named.join(",")));
    }
    if parts.is_empty() { String::new() } else { format!(" {} from", parts.join(",")) }
}

pub(super) fn attributes(clause: Option<&WithClause<'_>>) -> String {
    let entries = clause.iter().flat_map(|clause| &clause.with_entries);
    let entries =
        entries.map(|one| format!("{}:{}", string(one.key.as_arena_str().as_str()), string(one.value.value.as_str())));
    let entries: Vec<String> = entries.collect();
    if entries.is_empty() { String::new() } else { format!("with{{{}}}", entries.join(",")) }
}
