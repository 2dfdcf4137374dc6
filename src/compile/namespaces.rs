//! Variables that a TypeScript namespace exports and changes later: they are properties of the namespace.
//!
//! oxc copies what they are at first. Written as properties wherever they are used, they stay what they are.

use std::collections::HashMap;

use oxc::ast::ast::{
    AssignmentTargetPropertyIdentifier, BindingPattern, Declaration, Expression, IdentifierReference, ObjectProperty,
    Program, Statement, TSModuleBlock, TSNamespaceDeclaration, TSNamespaceDeclarationBody,
};
use oxc::ast_visit::{Visit, walk};
use oxc::semantic::Scoping;
use oxc::syntax::symbol::SymbolId;

use super::map::Stage;
use super::record::range;
use super::splice::{Edit, splice};

/// The text with such variables written as properties; `None` if there are none.
pub(super) fn lower(text: &str, program: &Program<'_>, scoping: &Scoping) -> Option<(String, Stage)> {
    if !text.contains("namespace") && !text.contains("module") {
        return None;
    }
    let mut exported = Exported { scoping, changed: HashMap::new() };
    exported.visit_program(program);
    if exported.changed.is_empty() {
        return None;
    }
    let mut uses = Uses { scoping, changed: exported.changed, edits: Vec::new() };
    uses.visit_program(program);
    Some(splice(text, uses.edits))
}

/// Finds the variables and the names of their namespaces.
struct Exported<'s> {
    scoping: &'s Scoping,
    changed: HashMap<SymbolId, String>,
}

impl Exported<'_> {
    fn block(&mut self, namespace: &str, block: &TSModuleBlock<'_>) {
        for statement in &block.body {
            let Statement::ExportDeclaration(export) = statement else { continue };
            let Declaration::VariableDeclaration(variables) = &export.declaration else { continue };
            for declarator in &variables.declarations {
                let BindingPattern::BindingIdentifier(name) = &declarator.id else { continue };
                let symbol = name.symbol_id();
                if self.scoping.get_resolved_references(symbol).any(oxc::semantic::Reference::is_write) {
                    self.changed.insert(symbol, format!("{namespace}.{}", name.name));
                }
            }
        }
    }
}

impl<'a> Visit<'a> for Exported<'_> {
    fn visit_ts_namespace_declaration(&mut self, it: &TSNamespaceDeclaration<'a>) {
        if let TSNamespaceDeclarationBody::TSModuleBlock(block) = &it.body {
            self.block(it.id.name.as_str(), block);
        }
        walk::walk_ts_namespace_declaration(self, it);
    }
}

struct Uses<'s> {
    scoping: &'s Scoping,
    changed: HashMap<SymbolId, String>,
    edits: Vec<Edit>,
}

impl Uses<'_> {
    fn property(&self, identifier: &IdentifierReference<'_>) -> Option<&String> {
        let symbol = identifier.reference_id.get().and_then(|id| self.scoping.get_reference(id).symbol_id())?;
        self.changed.get(&symbol)
    }
}

impl<'a> Visit<'a> for Uses<'_> {
    fn visit_identifier_reference(&mut self, it: &IdentifierReference<'a>) {
        if let Some(property) = self.property(it) {
            self.edits.push(Edit::replace(range(it.span), property.clone()));
        }
    }

    fn visit_object_property(&mut self, it: &ObjectProperty<'a>) {
        match &it.value {
            Expression::Identifier(value) if it.shorthand => {
                if let Some(property) = self.property(value) {
                    self.edits.push(Edit::replace(range(value.span), format!("{}: {property}", value.name)));
                }
            }
            _ => walk::walk_object_property(self, it),
        }
    }

    fn visit_assignment_target_property_identifier(&mut self, it: &AssignmentTargetPropertyIdentifier<'a>) {
        if let Some(property) = self.property(&it.binding) {
            let text = format!("{}: {property}", it.binding.name);
            self.edits.push(Edit::replace(range(it.binding.span), text));
        }
        if let Some(default) = &it.init {
            self.visit_expression(default);
        }
    }
}
