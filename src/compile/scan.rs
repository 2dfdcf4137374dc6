//! What the tables of statements do not show: `import()`, `require()`, `define`d names, top-level `await`,
//! `addEventListener("fetch")`. Branches that are certain not to run are passed over.

use std::ops::Range;

use oxc::ast::ast::{
    Argument, ArrowFunctionExpression, AwaitExpression, CallExpression, ConditionalExpression, Expression,
    ForOfStatement, Function, IfStatement, ImportExpression, LogicalExpression, MemberExpression, ObjectProperty,
    Program, SimpleAssignmentTarget, StaticBlock, TryStatement,
};
use oxc::ast_visit::{Visit, walk};
use oxc::semantic::Scoping;
use oxc::span::GetSpan;
use oxc::syntax::operator::LogicalOperator;
use oxc::syntax::scope::ScopeFlags;

use super::constant::Constants;
use super::record::range;
use super::splice::Edit;
use super::{Import, ImportKind, Settings};

/// The findings of one walk over a whole file.
pub(super) struct Scan<'s> {
    /// Literal `import()` and `require()`, in source order.
    pub(super) imports: Vec<Import>,
    /// Where `define`d expressions stand, and what takes their place.
    pub(super) defined: Vec<Edit>,
    pub(super) has_top_level_await: bool,
    pub(super) fetch_listener: Option<Range<usize>>,
    constants: Constants<'s>,
    /// Functions, and blocks of `try`, around the node being visited.
    functions: usize,
    tries: usize,
}

impl<'s> Scan<'s> {
    /// Walks only where the text has something to find: most files have none of it.
    pub(super) fn of(program: &Program<'_>, scoping: &'s Scoping, settings: &'s Settings) -> Self {
        let mut scan = Self {
            imports: Vec::new(),
            defined: Vec::new(),
            has_top_level_await: false,
            fetch_listener: None,
            constants: Constants { settings, scoping },
            functions: 0,
            tries: 0,
        };
        let last_name = |key: &'s str| key.rsplit('.').next().unwrap_or(key);
        let mut needles = settings.define.iter().map(|(key, _)| last_name(key));
        let always = ["import(", "import (", "require", "await", "addEventListener"];
        let text = program.source_text;
        if always.iter().any(|needle| text.contains(needle)) || needles.any(|needle| text.contains(needle)) {
            scan.visit_program(program);
        }
        scan
    }

    fn import(&mut self, specifier: &str, span: Range<usize>, kind: ImportKind) {
        self.imports.push(Import {
            specifier: specifier.into(),
            span,
            kind,
            attribute: None,
            names: Vec::new(),
            optional: self.tries > 0,
        });
    }

    fn listener(&mut self, call: &CallExpression<'_>, event: &str) {
        if event == "fetch" {
            self.fetch_listener.get_or_insert(range(call.span));
        }
    }

    /// Puts a definition in the place of an expression; `name` is the key of a property in short form.
    fn define(&mut self, expression: &Expression<'_>, name: Option<&str>) -> bool {
        let Some(value) = self.constants.define(expression) else { return false };
        let plain = value.starts_with(['"', '\'']) || value.chars().all(|c| c.is_alphanumeric() || "_$.".contains(c));
        let value = if plain { value.to_owned() } else { format!("({value})") };
        let text = name.map_or_else(|| value.clone(), |name| format!("{name}: {value}"));
        self.defined.push(Edit::replace(range(expression.span()), text));
        true
    }
}

fn literal<'a>(expression: &Expression<'a>) -> Option<&'a str> {
    match expression {
        Expression::StringLiteral(text) => Some(text.value.as_str()),
        Expression::TemplateLiteral(text) => text.single_quasi().map(|quasi| quasi.as_str()),
        _ => None,
    }
}

impl<'a> Visit<'a> for Scan<'_> {
    fn visit_function(&mut self, it: &Function<'a>, flags: ScopeFlags) {
        self.functions += 1;
        walk::walk_function(self, it, flags);
        self.functions -= 1;
    }

    fn visit_arrow_function_expression(&mut self, it: &ArrowFunctionExpression<'a>) {
        self.functions += 1;
        walk::walk_arrow_function_expression(self, it);
        self.functions -= 1;
    }

    fn visit_static_block(&mut self, it: &StaticBlock<'a>) {
        self.functions += 1;
        walk::walk_static_block(self, it);
        self.functions -= 1;
    }

    fn visit_await_expression(&mut self, it: &AwaitExpression<'a>) {
        self.has_top_level_await |= self.functions == 0;
        walk::walk_await_expression(self, it);
    }

    fn visit_for_of_statement(&mut self, it: &ForOfStatement<'a>) {
        self.has_top_level_await |= it.r#await && self.functions == 0;
        walk::walk_for_of_statement(self, it);
    }

    fn visit_try_statement(&mut self, it: &TryStatement<'a>) {
        self.tries += 1;
        self.visit_block_statement(&it.block);
        self.tries -= 1;
        if let Some(handler) = &it.handler {
            self.visit_catch_clause(handler);
        }
        if let Some(finalizer) = &it.finalizer {
            self.visit_block_statement(finalizer);
        }
    }

    fn visit_if_statement(&mut self, it: &IfStatement<'a>) {
        let truth = self.constants.truth(&it.test);
        self.visit_expression(&it.test);
        if truth != Some(false) {
            self.visit_statement(&it.consequent);
        }
        if let Some(alternate) = it.alternate.as_ref().filter(|_| truth != Some(true)) {
            self.visit_statement(alternate);
        }
    }

    fn visit_conditional_expression(&mut self, it: &ConditionalExpression<'a>) {
        let truth = self.constants.truth(&it.test);
        self.visit_expression(&it.test);
        if truth != Some(false) {
            self.visit_expression(&it.consequent);
        }
        if truth != Some(true) {
            self.visit_expression(&it.alternate);
        }
    }

    fn visit_logical_expression(&mut self, it: &LogicalExpression<'a>) {
        let truth = self.constants.truth(&it.left);
        self.visit_expression(&it.left);
        let dead = match it.operator {
            LogicalOperator::And => truth == Some(false),
            LogicalOperator::Or => truth == Some(true),
            LogicalOperator::Coalesce => false,
        };
        if !dead {
            self.visit_expression(&it.right);
        }
    }

    fn visit_import_expression(&mut self, it: &ImportExpression<'a>) {
        if let Some(specifier) = literal(&it.source) {
            self.import(specifier, range(it.source.span()), ImportKind::Dynamic);
        }
        walk::walk_import_expression(self, it);
    }

    fn visit_call_expression(&mut self, it: &CallExpression<'a>) {
        let argument = it.arguments.first().and_then(Argument::as_expression);
        if let (Expression::Identifier(callee), Some(argument)) = (&it.callee, argument)
            && let Some(text) = literal(argument)
            && self.constants.is_global(callee)
        {
            match callee.name.as_str() {
                "require" if it.arguments.len() == 1 => self.import(text, range(argument.span()), ImportKind::Require),
                "addEventListener" => self.listener(it, text),
                _ => {}
            }
        }
        // `self.addEventListener("fetch", ...)`
        if let (Expression::StaticMemberExpression(member), Some(argument)) = (&it.callee, argument)
            && member.property.name == "addEventListener"
            && let (Expression::Identifier(scope), Some(text)) = (&member.object, literal(argument))
            && matches!(scope.name.as_str(), "self" | "globalThis")
            && self.constants.is_global(scope)
        {
            self.listener(it, text);
        }
        // `import("x").catch(...)` copes with a missing module as `try` does.
        let catches =
            it.callee.as_member_expression().and_then(MemberExpression::static_property_name) == Some("catch");
        self.tries += usize::from(catches);
        walk::walk_call_expression(self, it);
        self.tries -= usize::from(catches);
    }

    fn visit_object_property(&mut self, it: &ObjectProperty<'a>) {
        match &it.value {
            Expression::Identifier(name) if it.shorthand && self.define(&it.value, Some(name.name.as_str())) => {}
            _ => walk::walk_object_property(self, it),
        }
    }

    fn visit_expression(&mut self, it: &Expression<'a>) {
        if !self.define(it, None) {
            walk::walk_expression(self, it);
        }
    }

    fn visit_simple_assignment_target(&mut self, it: &SimpleAssignmentTarget<'a>) {
        // What is assigned to stays.
        match it {
            SimpleAssignmentTarget::AssignmentTargetIdentifier(_) => {}
            SimpleAssignmentTarget::StaticMemberExpression(member) => self.visit_expression(&member.object),
            other => walk::walk_simple_assignment_target(self, other),
        }
    }
}
