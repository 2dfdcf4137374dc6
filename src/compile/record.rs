//! What a parsed file imports and exports, read off its top-level statements (after types were stripped).

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use oxc::ast::ast::{
    Declaration, ExportAllDeclaration, ExportFromDeclaration, ExportNamedDeclaration, ImportDeclaration,
    ImportDeclarationSpecifier, Program, Statement, StringLiteral, WithClause,
};
use oxc::semantic::Scoping;
use oxc::span::{GetSpan, Span};

use super::names::Names;
use super::{Export, Import, ImportKind, ImportedName};

/// The import and export tables under construction.
#[derive(Default)]
pub(super) struct Record {
    pub(super) imports: Vec<Import>,
    pub(super) exports: BTreeMap<Arc<str>, Export>,
    pub(super) stars: Vec<usize>,
    /// Local name -> the import statement and the place among its names.
    bound: HashMap<Arc<str>, (usize, usize)>,
}

pub(super) fn range(span: Span) -> Range<usize> {
    span.start as usize..span.end as usize
}

impl Record {
    /// `scoping` tells which imports are used; without it all count as used.
    pub(super) fn of(program: &Program<'_>, scoping: Option<&Scoping>) -> Self {
        let mut record = Self::default();
        for statement in &program.body {
            record.statement(statement, scoping);
        }
        // Last, since `export { a }` may stand before `import { a } from`.
        for statement in &program.body {
            if let Statement::ExportNamedDeclaration(export) = statement {
                record.export_named(export);
            }
        }
        record
    }

    fn statement(&mut self, statement: &Statement<'_>, scoping: Option<&Scoping>) {
        match statement {
            Statement::ImportDeclaration(import) => self.import(import, scoping),
            Statement::ExportDeclaration(export) => self.export_declaration(&export.declaration),
            Statement::ExportDefaultDeclaration(_) => self.export_local("default"),
            Statement::ExportFromDeclaration(export) => self.export_from(export),
            Statement::ExportAllDeclaration(export) => self.export_all(export),
            _ => {}
        }
    }

    /// The names that a CommonJS module is seen to export.
    pub(super) fn common_js(&mut self, names: Names) {
        self.exports.extend(names.names.into_iter().map(|name| (name.into(), Export::Local)));
        let imports = self.imports.iter().enumerate();
        let passed_on = imports.filter(|(_, import)| names.passed_on.iter().any(|one| **one == *import.specifier));
        self.stars = passed_on.map(|(index, _)| index).collect();
    }

    fn import(&mut self, statement: &ImportDeclaration<'_>, scoping: Option<&Scoping>) {
        let index = self.request(ImportKind::Static, &statement.source, statement.with_clause.as_deref());
        for specifier in statement.specifiers.iter().flatten() {
            let (name, local): (Arc<str>, &str) = match specifier {
                ImportDeclarationSpecifier::ImportSpecifier(one) => {
                    (one.imported.name().as_str().into(), one.local.name.as_str())
                }
                ImportDeclarationSpecifier::ImportDefaultSpecifier(one) => ("default".into(), one.local.name.as_str()),
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(one) => ("*".into(), one.local.name.as_str()),
            };
            let names = &mut self.imports[index].names;
            self.bound.insert(local.into(), (index, names.len()));
            let used = scoping
                .is_none_or(|scoping| scoping.get_resolved_references(specifier.local().symbol_id()).next().is_some());
            names.push(ImportedName { name, span: range(specifier.span()), exported: false, used });
        }
    }

    fn export_declaration(&mut self, declaration: &Declaration<'_>) {
        match declaration {
            Declaration::VariableDeclaration(variables) => {
                for declarator in &variables.declarations {
                    for identifier in declarator.id.get_binding_identifiers() {
                        self.export_local(identifier.name.as_str());
                    }
                }
            }
            other => {
                if let Some(identifier) = other.id() {
                    self.export_local(identifier.name.as_str());
                }
            }
        }
    }

    fn export_local(&mut self, name: &str) {
        self.exports.insert(name.into(), Export::Local);
    }

    fn export_named(&mut self, export: &ExportNamedDeclaration<'_>) {
        for specifier in &export.specifiers {
            let from = match self.bound.get(specifier.local.name().as_str()) {
                Some(&(import, place)) => {
                    let name = &mut self.imports[import].names[place];
                    name.exported = true;
                    Export::From { import, name: name.name.clone() }
                }
                None => Export::Local,
            };
            self.exports.insert(specifier.exported.name().as_str().into(), from);
        }
    }

    fn export_from(&mut self, export: &ExportFromDeclaration<'_>) {
        let index = self.request(ImportKind::Reexport, &export.source, export.with_clause.as_deref());
        for specifier in &export.specifiers {
            let name: Arc<str> = specifier.local.name().as_str().into();
            let span = range(specifier.local.span());
            self.imports[index].names.push(ImportedName { name: name.clone(), span, exported: true, used: true });
            let from = Export::From { import: index, name };
            self.exports.insert(specifier.exported.name().as_str().into(), from);
        }
    }

    fn export_all(&mut self, export: &ExportAllDeclaration<'_>) {
        let index = self.request(ImportKind::Reexport, &export.source, export.with_clause.as_deref());
        match &export.exported {
            Some(name) => {
                let from = Export::From { import: index, name: "*".into() };
                self.exports.insert(name.name().as_str().into(), from);
            }
            None => self.stars.push(index),
        }
    }

    fn request(&mut self, kind: ImportKind, source: &StringLiteral<'_>, with: Option<&WithClause<'_>>) -> usize {
        let attribute = with
            .iter()
            .flat_map(|clause| &clause.with_entries)
            .find(|entry| entry.key.as_arena_str().as_str() == "type")
            .map(|entry| entry.value.value.as_str().into());
        self.imports.push(Import {
            specifier: source.value.as_str().into(),
            span: range(source.span),
            kind,
            attribute,
            names: Vec::new(),
            optional: false,
        });
        self.imports.len() - 1
    }
}
