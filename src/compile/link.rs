//! The second step for ES modules: edits that fit a file to what its imports turned out to be.
//!
//! Imports of CommonJS modules become property accesses, as esbuild does it (`a` -> `ns.a`), so that no list of their
//! exports is needed and bindings stay live. Names that are only types, or exist nowhere, are taken out.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::ops::Range;
use std::sync::Arc;

use oxc::allocator::Allocator;
use oxc::ast::ast::{
    CallExpression, ExportAllDeclaration, ExportFromDeclaration, ExportNamedDeclaration, Expression,
    ExpressionStatement, IdentifierReference, ImportDeclaration, ImportDeclarationSpecifier, ImportExpression,
    ModuleExportName, ObjectProperty, Program, Statement,
};
use oxc::ast_visit::{Visit, walk};
use oxc::parser::Parser;
use oxc::semantic::{Scoping, SemanticBuilder};
use oxc::span::SourceType;
use oxc::syntax::symbol::SymbolId;

use super::common_js::{requirements, unused};
use super::notation::{attributes, clause, export_name, pair, passed_on, property, string, written};
use super::record::range;
use super::splice::{Edit, splice};
use super::{Compiled, DefaultExport, INTEROP_NAME, Links, Map, Moved, SERVICE_WORKER_NAME};

pub(super) fn edit(compiled: &Compiled, links: &Links) -> Compiled {
    let allocator = Allocator::default();
    let program = Parser::new(&allocator, &compiled.code, SourceType::mjs()).parse().program;
    let scoping = SemanticBuilder::new().build(&program).semantic.into_scoping();
    let mut linker = Linker::new(&compiled.code, links, &scoping);
    for statement in &program.body {
        linker.imports(statement);
    }
    for statement in &program.body {
        linker.exports(statement);
    }
    linker.visit_program(&program);
    linker.finish(&program);
    let (mut code, stage) = splice(&compiled.code, linker.edits);
    if !linker.tail.is_empty() {
        code = format!("{code}\n{}", linker.tail);
    }
    let map = compiled.map.as_ref().map_or_else(|| Map::from(stage.clone()), |map| map.then(stage.clone()));
    Compiled { code: code.into(), map: Some(map), ..compiled.clone() }
}

/// Passes on the handlers that stand for the listeners; imported first, since it makes globals of the bindings.
pub(super) fn service_worker() -> String {
    format!("export{{default}}from{};", string(SERVICE_WORKER_NAME))
}

/// Edits of the `import()`s in a CommonJS module, and the statement that they need at its top.
pub(super) fn dynamic_imports(code: &str, links: &Links, head: &mut String) -> Vec<Edit> {
    if links.common_js.is_empty() {
        return Vec::new();
    }
    let allocator = Allocator::default();
    let program = Parser::new(&allocator, code, SourceType::cjs()).parse().program;
    let scoping = SemanticBuilder::new().build(&program).semantic.into_scoping();
    let mut imports = DynamicImports(Linker::new(code, links, &scoping));
    imports.visit_program(&program);
    imports.0.import_interop();
    head.insert_str(0, &imports.0.head);
    imports.0.edits
}

struct DynamicImports<'a>(Linker<'a>);

impl<'a> Visit<'a> for DynamicImports<'_> {
    fn visit_import_expression(&mut self, it: &ImportExpression<'a>) {
        walk::walk_import_expression(self, it);
        self.0.dynamic_import(it);
    }
}

struct Linker<'a> {
    links: &'a Links,
    scoping: &'a Scoping,
    /// Names for what is added, unused in the file.
    interop: String,
    namespace: String,
    exported: String,
    require: String,
    dependency: String,
    /// Bindings of imports that are gone -> what to write for them.
    access: HashMap<SymbolId, String>,
    /// Bindings of types: they must not be exported.
    types: Vec<SymbolId>,
    /// Bindings of other imports -> specifier and name, quoted.
    imported: HashMap<SymbolId, (String, String)>,
    edits: Vec<Edit>,
    /// Statements at the top of the file, on its first line, and after its last.
    head: String,
    tail: String,
    namespaces: usize,
    exports: usize,
    starred: HashSet<&'a str>,
    requires: bool,
    /// Start of the expression statement being visited.
    statement: Option<u32>,
}

impl<'a> Linker<'a> {
    fn new(code: &str, links: &'a Links, scoping: &'a Scoping) -> Self {
        let name = |name| unused(code, name);
        Self {
            links,
            scoping,
            interop: name("interop"),
            namespace: name("cjs"),
            exported: name("exported"),
            require: name("require"),
            dependency: name("d"),
            access: HashMap::new(),
            types: Vec::new(),
            imported: HashMap::new(),
            edits: Vec::new(),
            head: String::new(),
            tail: String::new(),
            namespaces: 0,
            exports: 0,
            starred: HashSet::new(),
            requires: false,
            statement: None,
        }
    }

    fn is_common_js(&self, specifier: &str) -> bool {
        self.links.common_js.iter().any(|one| &**one == specifier)
    }

    fn imports(&mut self, statement: &Statement<'_>) {
        if let Statement::ImportDeclaration(import) = statement {
            let from = import.source.value.as_str();
            if self.is_common_js(from) && !self.is_dropped(import) {
                self.import_common_js(import);
            } else {
                self.import_names(import);
            }
        }
    }

    fn exports(&mut self, statement: &Statement<'_>) {
        match statement {
            Statement::ExportNamedDeclaration(export) => self.export_named(export),
            Statement::ExportFromDeclaration(export) if self.is_common_js(export.source.value.as_str()) => {
                self.export_from_common_js(export);
            }
            Statement::ExportFromDeclaration(export) => self.export_from(export),
            Statement::ExportAllDeclaration(export) if self.is_common_js(export.source.value.as_str()) => {
                self.export_all_common_js(export);
            }
            _ => {}
        }
    }

    /// Whether an import of a module that need not be evaluated takes nothing from it.
    fn is_dropped(&self, import: &ImportDeclaration<'_>) -> bool {
        let from = import.source.value.as_str();
        let mut names = import.specifiers.iter().flatten().map(imported_name);
        self.is_free(from) && names.all(|name| self.moved(from, name).is_some())
    }

    fn is_free(&self, specifier: &str) -> bool {
        self.links.free.iter().any(|one| &**one == specifier)
    }

    fn moved(&self, specifier: &str, name: &str) -> Option<&'a Moved> {
        self.links.moved.iter().find(|moved| &*moved.specifier == specifier && &*moved.name == name)
    }

    /// `import a, { b } from "cjs"` -> an import of the carrier; `a` and `b` become properties of what it gives.
    fn import_common_js(&mut self, import: &ImportDeclaration<'_>) {
        let Some(specifiers) = &import.specifiers else {
            let from = import.source.value.as_str();
            let carrier = self.carrier(range(import.span), from);
            if !self.is_later(from) {
                let _ = write!(self.head, "{carrier}();");
            }
            return;
        };
        let namespace = self.common_js(range(import.span), import.source.value.as_str());
        for specifier in specifiers {
            let access = match specifier {
                ImportDeclarationSpecifier::ImportSpecifier(one) => property(&namespace, one.imported.name().as_str()),
                ImportDeclarationSpecifier::ImportDefaultSpecifier(_) => property(&namespace, "default"),
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(_) => namespace.clone(),
            };
            self.access.insert(specifier.local().symbol_id(), access);
        }
    }

    /// Imports a carrier in the place of a statement, and names what runs it.
    fn carrier(&mut self, place: Range<usize>, specifier: &str) -> String {
        let carrier = format!("{}{}run", self.namespace, self.namespaces);
        self.namespaces += 1;
        self.edits.push(Edit::replace(place, format!("import{{run$ as {carrier}}}from{};", string(specifier))));
        carrier
    }

    /// As `carrier`; names the object that stands for the CommonJS module's namespace.
    fn common_js(&mut self, place: Range<usize>, specifier: &str) -> String {
        let namespace = format!("{}{}", self.namespace, self.namespaces);
        let carrier = self.carrier(place, specifier);
        let (interop, node) = (&self.interop, self.links.node_mode);
        let run = if self.is_later(specifier) { format!("later({carrier}") } else { format!("toModule({carrier}()") };
        let _ = write!(self.head, "const {namespace}={interop}.{run},{node});");
        namespace
    }

    fn is_later(&self, specifier: &str) -> bool {
        self.links.later.iter().any(|one| &**one == specifier)
    }

    /// Takes out of an import what is a type or absent.
    fn import_names(&mut self, import: &ImportDeclaration<'_>) {
        let from = import.source.value.as_str();
        let mut kept = Vec::new();
        let mut moved = String::new();
        let specifiers = import.specifiers.iter().flatten();
        let before = specifiers.clone().count();
        for specifier in specifiers {
            let name = imported_name(specifier);
            let symbol = specifier.local().symbol_id();
            if contains(&self.links.types, from, name) {
                self.types.push(symbol);
            } else if contains(&self.links.absent, from, name) {
                self.access.insert(symbol, "(void 0)".into());
            } else if let Some(place) = self.moved(from, name) {
                if let Some((from, name)) = &place.to {
                    self.imported.insert(symbol, (string(from), written(name)));
                    let (local, from) = (&specifier.local().name, string(from));
                    let _ = match &**name {
                        "*" => write!(moved, "import*as {local} from{from};"),
                        name => write!(moved, "import{{{} as {local}}}from{from};", written(name)),
                    };
                }
            } else {
                self.imported.insert(symbol, (string(from), written(name)));
                kept.push(specifier);
            }
        }
        let goes = kept.is_empty() && self.is_free(from);
        if kept.len() < before || goes {
            let mut text = moved;
            if !goes {
                let attributes = attributes(import.with_clause.as_deref());
                let _ = write!(text, "import{}{}{attributes};", clause(&kept), string(from));
            }
            self.edits.push(Edit::replace(range(import.span), text));
        }
    }

    /// `export { a }` of an imported `a`.
    fn export_named(&mut self, export: &ExportNamedDeclaration<'_>) {
        let mut kept = Vec::new();
        let mut forwarded = String::new();
        for specifier in &export.specifiers {
            let symbol = match &specifier.local {
                ModuleExportName::IdentifierReference(local) => self.symbol(local),
                _ => None,
            };
            match symbol.and_then(|symbol| self.access.get(&symbol)).cloned() {
                Some(access) => self.export_value(&access, &specifier.exported),
                None if symbol.is_some_and(|symbol| self.types.contains(&symbol)) => {}
                None => match symbol.and_then(|symbol| self.imported.get(&symbol)).filter(|_| self.links.forward) {
                    Some((from, name)) => {
                        forwarded.push_str(&passed_on(name, &export_name(&specifier.exported), from));
                    }
                    None => kept.push(pair(&specifier.local, &specifier.exported)),
                },
            }
        }
        if kept.len() < export.specifiers.len() {
            let text = format!("export{{{}}};{forwarded}", kept.join(","));
            self.edits.push(Edit::replace(range(export.span), text));
        }
    }

    /// esbuild takes the value when the module runs, too, where a name leaves the bundle.
    fn export_value(&mut self, value: &str, name: &ModuleExportName<'_>) {
        self.export_text(value, &export_name(name));
    }

    fn export_text(&mut self, value: &str, name: &str) {
        let local = format!("{}{}", self.exported, self.exports);
        self.exports += 1;
        let _ = write!(self.head, "const {local}={value};export{{{local} as {name}}};");
    }

    fn export_from(&mut self, export: &ExportFromDeclaration<'_>) {
        let from = export.source.value.as_str();
        let is_gone = |name: &str| contains(&self.links.types, from, name) || contains(&self.links.absent, from, name);
        let kept = export.specifiers.iter().filter(|one| !is_gone(one.local.name().as_str()));
        let (moved, kept): (Vec<_>, Vec<_>) =
            kept.partition(|one| self.moved(from, one.local.name().as_str()).is_some());
        let kept: Vec<String> = kept.into_iter().map(|one| pair(&one.local, &one.exported)).collect();
        let mut text = String::new();
        for one in moved {
            if let Some((from, name)) = self.moved(from, one.local.name().as_str()).and_then(|moved| moved.to.as_ref())
            {
                let _ = write!(text, "{}", passed_on(&written(name), &export_name(&one.exported), &string(from)));
            }
        }
        if kept.len() < export.specifiers.len() {
            if !(kept.is_empty() && self.is_free(from)) {
                let attributes = attributes(export.with_clause.as_deref());
                let _ = write!(text, "export{{{}}}from{}{attributes};", kept.join(","), string(from));
            }
            self.edits.push(Edit::replace(range(export.span), text));
        }
    }

    fn export_from_common_js(&mut self, export: &ExportFromDeclaration<'_>) {
        let namespace = self.common_js(range(export.span), export.source.value.as_str());
        for specifier in &export.specifiers {
            let value = property(&namespace, specifier.local.name().as_str());
            self.export_value(&value, &specifier.exported);
        }
    }

    fn export_all_common_js(&mut self, export: &ExportAllDeclaration<'_>) {
        let from = export.source.value.as_str();
        let namespace = self.common_js(range(export.span), from);
        if let Some(name) = &export.exported {
            let _ = write!(self.head, "export{{{namespace} as {}}};", export_name(name));
            return;
        }
        let names = self.links.stars.iter().filter(|(specifier, _)| &**specifier == from);
        for name in names.flat_map(|(_, names)| names).collect::<Vec<_>>() {
            // Of several stars the first has the name.
            if !self.starred.insert(name) {
                continue;
            }
            self.export_text(&property(&namespace, name), &string(name));
        }
    }

    fn symbol(&self, identifier: &IdentifierReference<'_>) -> Option<SymbolId> {
        identifier.reference_id.get().and_then(|id| self.scoping.get_reference(id).symbol_id())
    }

    fn access(&self, identifier: &IdentifierReference<'_>) -> Option<&String> {
        self.access.get(&self.symbol(identifier)?)
    }

    /// `a()` -> `(0, ns.a)()`: called without a `this` (a tag of a template gets one, as with esbuild). Where the parenthesis would begin a statement, it could
    /// continue the one before; a function's name cannot.
    fn call(&mut self, callee: &Expression<'_>) -> bool {
        let Expression::Identifier(name) = callee else { return false };
        let Some(access) = self.access(name).filter(|access| access.contains(['.', '['])) else { return false };
        let text = if self.statement == Some(name.span.start) {
            format!("{}.plain({access})", self.interop)
        } else {
            format!("(0,{access})")
        };
        self.edits.push(Edit::replace(range(name.span), text));
        true
    }

    /// `import("cjs")` -> `import("cjs").then(...)`.
    fn dynamic_import(&mut self, it: &ImportExpression<'_>) {
        let Expression::StringLiteral(specifier) = &it.source else { return };
        if self.is_common_js(specifier.value.as_str()) {
            let (interop, node) = (&self.interop, self.links.node_mode);
            let text = format!(".then(module=>{interop}.toModule(module.run$(),{node}))");
            self.edits.push(Edit::insert(it.span.end as usize, text));
        }
    }

    fn import_interop(&mut self) {
        if self.head.contains(&self.interop) || self.edits.iter().any(|edit| edit.text.contains(&self.interop)) {
            self.head = format!("import*as {} from{};{}", self.interop, string(INTEROP_NAME), self.head);
        }
    }

    fn finish(&mut self, program: &Program<'_>) {
        let code = program.source_text;
        if self.requires {
            let (imports, table) = requirements(self.links, &self.dependency);
            // Last, so that they are evaluated after what the file imports.
            self.tail = imports;
            let _ = write!(self.head, "const {}={}.requirer({{{table}}});", self.require, self.interop);
        }
        self.import_interop();
        if self.links.default_export == Some(DefaultExport::Listeners) {
            self.head.insert_str(0, &service_worker());
        }
        let start = program.hashbang.as_ref().map_or(0, |hashbang| hashbang.span.end as usize);
        let start = if start > 0 && code[start..].starts_with('\n') { start + 1 } else { start };
        if !self.head.is_empty() {
            self.edits.push(Edit::insert(start, std::mem::take(&mut self.head)));
        }
    }
}

impl<'a> Visit<'a> for Linker<'_> {
    fn visit_import_declaration(&mut self, _: &ImportDeclaration<'a>) {}

    fn visit_export_named_declaration(&mut self, _: &ExportNamedDeclaration<'a>) {}

    fn visit_expression_statement(&mut self, it: &ExpressionStatement<'a>) {
        self.statement = Some(it.span.start);
        walk::walk_expression_statement(self, it);
    }

    fn visit_identifier_reference(&mut self, it: &IdentifierReference<'a>) {
        if it.name == "require" && !self.links.requires.is_empty() && self.symbol(it).is_none() {
            self.requires = true;
            self.edits.push(Edit::replace(range(it.span), self.require.clone()));
        } else if let Some(access) = self.access(it) {
            self.edits.push(Edit::replace(range(it.span), access.clone()));
        }
    }

    fn visit_object_property(&mut self, it: &ObjectProperty<'a>) {
        match &it.value {
            Expression::Identifier(value) if it.shorthand => {
                if let Some(access) = self.access(value) {
                    let text = format!("{}: {access}", value.name);
                    self.edits.push(Edit::replace(range(value.span), text));
                }
            }
            _ => walk::walk_object_property(self, it),
        }
    }

    fn visit_call_expression(&mut self, it: &CallExpression<'a>) {
        if !self.call(&it.callee) {
            self.visit_expression(&it.callee);
        }
        self.visit_arguments(&it.arguments);
    }

    fn visit_import_expression(&mut self, it: &ImportExpression<'a>) {
        walk::walk_import_expression(self, it);
        self.dynamic_import(it);
    }
}

fn contains(pairs: &[(Arc<str>, Arc<str>)], specifier: &str, name: &str) -> bool {
    pairs.iter().any(|(one, other)| &**one == specifier && &**other == name)
}

fn imported_name<'a>(specifier: &'a ImportDeclarationSpecifier<'a>) -> &'a str {
    match specifier {
        ImportDeclarationSpecifier::ImportSpecifier(one) => one.imported.name().as_str(),
        ImportDeclarationSpecifier::ImportDefaultSpecifier(_) => "default",
        ImportDeclarationSpecifier::ImportNamespaceSpecifier(_) => "*",
    }
}
