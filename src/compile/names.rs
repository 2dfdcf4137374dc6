//! The names that a CommonJS module is seen to export, for `export * from` it: native modules must list theirs.
//!
//! Finds the forms that people and compilers write: `exports.a =`, `module.exports = { a }`, `defineProperty`,
//! `__exportStar(require())`, esbuild's `__export(x, { a: () => a })`.
//! Differs: names that a CommonJS module makes in a loop are not passed on by `export *`.
//! Native modules must name what they export, and pass on values, not the properties behind them; importing from the
//! CommonJS module itself has neither limit.

use std::collections::BTreeSet;

use oxc::ast::ast::{
    Argument, AssignmentExpression, AssignmentTarget, CallExpression, Expression, ObjectExpression, ObjectPropertyKind,
    Program,
};
use oxc::ast_visit::{Visit, walk};

/// Names, and the specifiers of modules whose names are passed on.
#[derive(Default)]
pub(super) struct Names {
    pub(super) names: BTreeSet<String>,
    pub(super) passed_on: Vec<String>,
}

impl Names {
    pub(super) fn of(program: &Program<'_>) -> Self {
        let mut names = Self::default();
        names.visit_program(program);
        names
    }

    fn object(&mut self, object: &ObjectExpression<'_>) {
        for property in &object.properties {
            match property {
                ObjectPropertyKind::ObjectProperty(property) => {
                    self.names.extend(property.key.static_name().map(|name| name.to_string()));
                }
                ObjectPropertyKind::SpreadProperty(spread) => self.pass_on(&spread.argument),
            }
        }
    }

    fn pass_on(&mut self, expression: &Expression<'_>) {
        self.passed_on.extend(required(expression).map(str::to_owned));
    }
}

/// `exports` or `module.exports`.
fn is_exports(expression: &Expression<'_>) -> bool {
    match expression {
        Expression::Identifier(name) => name.name == "exports",
        Expression::StaticMemberExpression(member) => is_module_exports(&member.object, &member.property.name),
        _ => false,
    }
}

fn is_module_exports(object: &Expression<'_>, property: &str) -> bool {
    property == "exports" && matches!(object, Expression::Identifier(name) if name.name == "module")
}

/// `a` of `require("a")`, also through a helper: `__importStar(require("a"))`.
fn required<'a>(expression: &Expression<'a>) -> Option<&'a str> {
    let Expression::CallExpression(call) = expression else { return None };
    let argument = call.arguments.first()?.as_expression()?;
    match (&call.callee, argument) {
        (Expression::Identifier(name), Expression::StringLiteral(text)) if name.name == "require" => {
            Some(text.value.as_str())
        }
        (_, Expression::CallExpression(_)) => required(argument),
        _ => None,
    }
}

impl<'a> Visit<'a> for Names {
    fn visit_assignment_expression(&mut self, it: &AssignmentExpression<'a>) {
        match &it.left {
            AssignmentTarget::StaticMemberExpression(member) if is_exports(&member.object) => {
                self.names.insert(member.property.name.to_string());
            }
            AssignmentTarget::ComputedMemberExpression(member) if is_exports(&member.object) => {
                if let Expression::StringLiteral(name) = &member.expression {
                    self.names.insert(name.value.to_string());
                }
            }
            AssignmentTarget::StaticMemberExpression(member)
                if is_module_exports(&member.object, &member.property.name) =>
            {
                match &it.right {
                    Expression::ObjectExpression(object) => self.object(object),
                    other => self.pass_on(other),
                }
            }
            _ => {}
        }
        walk::walk_assignment_expression(self, it);
    }

    fn visit_call_expression(&mut self, it: &CallExpression<'a>) {
        let mut arguments = it.arguments.iter().filter_map(Argument::as_expression);
        match (it.callee_name(), arguments.next(), arguments.next()) {
            (Some("defineProperty"), Some(target), Some(Expression::StringLiteral(name))) if is_exports(target) => {
                self.names.insert(name.value.to_string());
            }
            (Some("__exportStar"), Some(from), Some(target)) if is_exports(target) => self.pass_on(from),
            (Some("__export" | "__exportStar"), Some(from), None) => self.pass_on(from),
            (Some("__export"), _, Some(Expression::ObjectExpression(object))) => self.object(object),
            _ => {}
        }
        walk::walk_call_expression(self, it);
    }
}
