//! Conditions that are known when a file is compiled, so that the modules of a dead branch are not loaded:
//! `if (process.env.NODE_ENV === "production") require("./a"); else require("./b")`.

use oxc::ast::ast::{BinaryExpression, Expression, IdentifierReference, LogicalExpression, UnaryExpression};
use oxc::semantic::Scoping;
use oxc::syntax::operator::{BinaryOperator, LogicalOperator, UnaryOperator};

use super::Settings;

/// What an expression is certain to be.
#[derive(Debug, Clone, PartialEq)]
enum Constant {
    Text(String),
    Number(f64),
    Truth(bool),
    Null,
    Undefined,
}

/// Knows the `define`s and which names are global.
pub(super) struct Constants<'a> {
    pub(super) settings: &'a Settings,
    pub(super) scoping: &'a Scoping,
}

impl Constants<'_> {
    pub(super) fn is_global(&self, identifier: &IdentifierReference<'_>) -> bool {
        let reference = identifier.reference_id.get();
        let symbol = reference.and_then(|id| self.scoping.get_reference(id).symbol_id());
        // `declare const NAME: string` only tells TypeScript of a global.
        symbol.is_none_or(|symbol| self.scoping.symbol_flags(symbol).is_ambient())
    }

    /// The replacement of `a`, `a.b` or `a["b"]`, if it is defined and its first name is a global.
    pub(super) fn define(&self, expression: &Expression<'_>) -> Option<&str> {
        let mut names = Vec::new();
        let root = path(expression, &mut names)?;
        names.reverse();
        let is_it = |key: &str| key.split('.').eq(names.iter().copied());
        let (_, value) = self.settings.define.iter().find(|(key, _)| is_it(key))?;
        self.is_global(root).then_some(value)
    }

    /// Whether a condition holds, if that is certain.
    pub(super) fn truth(&self, condition: &Expression<'_>) -> Option<bool> {
        Some(match self.value(condition)? {
            Constant::Text(text) => !text.is_empty(),
            Constant::Number(number) => number != 0.0 && !number.is_nan(),
            Constant::Truth(truth) => truth,
            Constant::Null | Constant::Undefined => false,
        })
    }

    fn value(&self, expression: &Expression<'_>) -> Option<Constant> {
        if let Some(value) = self.define(expression) {
            return literal(value);
        }
        match expression {
            Expression::StringLiteral(text) => Some(Constant::Text(text.value.to_string())),
            Expression::NumericLiteral(number) => Some(Constant::Number(number.value)),
            Expression::BooleanLiteral(truth) => Some(Constant::Truth(truth.value)),
            Expression::NullLiteral(_) => Some(Constant::Null),
            Expression::ParenthesizedExpression(inner) => self.value(&inner.expression),
            Expression::UnaryExpression(unary) => self.unary(unary),
            Expression::BinaryExpression(binary) => self.binary(binary),
            Expression::LogicalExpression(logical) => self.logical(logical),
            _ => None,
        }
    }

    fn unary(&self, unary: &UnaryExpression<'_>) -> Option<Constant> {
        match unary.operator {
            UnaryOperator::LogicalNot => Some(Constant::Truth(!self.truth(&unary.argument)?)),
            UnaryOperator::Void if unary.argument.is_number_literal() => Some(Constant::Undefined),
            _ => None,
        }
    }

    fn binary(&self, binary: &BinaryExpression<'_>) -> Option<Constant> {
        let equal = match binary.operator {
            BinaryOperator::StrictEquality | BinaryOperator::Equality => true,
            BinaryOperator::StrictInequality | BinaryOperator::Inequality => false,
            _ => return None,
        };
        let (left, right) = (self.value(&binary.left)?, self.value(&binary.right)?);
        let strict = matches!(binary.operator, BinaryOperator::StrictEquality | BinaryOperator::StrictInequality);
        let comparable = strict || std::mem::discriminant(&left) == std::mem::discriminant(&right);
        comparable.then(|| Constant::Truth((left == right) == equal))
    }

    fn logical(&self, logical: &LogicalExpression<'_>) -> Option<Constant> {
        let left = self.truth(&logical.left);
        match (logical.operator, left) {
            (LogicalOperator::And, Some(false)) | (LogicalOperator::Or, Some(true)) => self.value(&logical.left),
            (LogicalOperator::And, Some(true)) | (LogicalOperator::Or, Some(false)) => self.value(&logical.right),
            _ => None,
        }
    }
}

fn path<'e>(expression: &'e Expression<'_>, names: &mut Vec<&'e str>) -> Option<&'e IdentifierReference<'e>> {
    match expression {
        Expression::Identifier(identifier) => {
            names.push(identifier.name.as_str());
            Some(identifier)
        }
        Expression::StaticMemberExpression(member) => {
            names.push(member.property.name.as_str());
            path(&member.object, names)
        }
        Expression::ComputedMemberExpression(member) => match &member.expression {
            Expression::StringLiteral(name) => {
                names.push(name.value.as_str());
                path(&member.object, names)
            }
            _ => None,
        },
        _ => None,
    }
}

fn literal(text: &str) -> Option<Constant> {
    match serde_json::from_str(text) {
        Ok(serde_json::Value::String(text)) => Some(Constant::Text(text)),
        Ok(serde_json::Value::Number(number)) => number.as_f64().map(Constant::Number),
        Ok(serde_json::Value::Bool(truth)) => Some(Constant::Truth(truth)),
        Ok(serde_json::Value::Null) => Some(Constant::Null),
        _ if text == "undefined" => Some(Constant::Undefined),
        _ => None,
    }
}
