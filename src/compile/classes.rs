//! Where oxc's TypeScript departs from esbuild's: what is changed in classes before and after it runs.

use oxc::allocator::{Allocator, CloneIn, Vec};
use oxc::ast::ast::{Class, ClassBody, ClassElement, Expression, Program, PropertyKey};
use oxc::ast::builder::AstBuilder;
use oxc::ast_visit::{Visit, VisitMut, walk_mut};
use oxc::span::GetSpan;

use super::Settings;

/// Whether any class has decorators.
pub(super) fn are_decorated(program: &Program<'_>) -> bool {
    struct Found(bool);
    impl<'a> Visit<'a> for Found {
        fn visit_decorator(&mut self, _: &oxc::ast::ast::Decorator<'a>) {
            self.0 = true;
        }
    }
    let mut found = Found(false);
    found.visit_program(program);
    found.0
}

/// Static fields that are decorated and assigned would lose their decorators, and quoted ones their names:
/// `@d static a = 1` is written as `@d static a; static a = 1`.
pub(super) fn prepare<'a>(program: &mut Program<'a>, allocator: &'a Allocator, settings: &Settings) {
    struct Split<'a>(&'a Allocator);
    impl<'a> VisitMut<'a> for Split<'a> {
        fn visit_class_body(&mut self, it: &mut ClassBody<'a>) {
            walk_mut::walk_class_body(self, it);
            let is_split = |element: &ClassElement<'a>| match element {
                ClassElement::PropertyDefinition(field) => {
                    let is_literal =
                        matches!(field.key, PropertyKey::StringLiteral(_) | PropertyKey::NumericLiteral(_));
                    (field.r#static || is_literal) && field.value.is_some() && !field.decorators.is_empty()
                }
                _ => false,
            };
            if !it.body.iter().any(is_split) {
                return;
            }
            let mut body = Vec::new_in(&self.0);
            for mut element in it.body.drain(..) {
                if is_split(&element)
                    && let ClassElement::PropertyDefinition(field) = &mut element
                {
                    let mut assigned = field.clone_in(self.0);
                    assigned.decorators.clear();
                    // Two fields of a name would be refused.
                    if let Some(name) = field.key.static_name() {
                        let (builder, span) = (AstBuilder::new(self.0), field.key.span());
                        let name = Expression::new_string_literal(span, self.0.alloc_str(&name), None, &builder);
                        assigned.key = PropertyKey::new_parenthesized_expression(span, name, &builder);
                        assigned.computed = true;
                    }
                    field.value = None;
                    body.push(element);
                    body.push(ClassElement::PropertyDefinition(assigned));
                } else {
                    body.push(element);
                }
            }
            it.body = body;
        }
    }
    if settings.legacy_decorators && settings.assign_class_fields {
        Split(allocator).visit_program(program);
    }
}

/// Takes out the fields that stand for a constructor's `public a` before all others: esbuild only assigns them.
pub(super) fn finish(program: &mut Program<'_>) {
    struct Undeclare;
    impl<'a> VisitMut<'a> for Undeclare {
        fn visit_class(&mut self, it: &mut Class<'a>) {
            walk_mut::walk_class(self, it);
            let constructor = it.body.body.iter().find_map(|element| match element {
                ClassElement::MethodDefinition(method) if method.kind.is_constructor() => {
                    Some(method.value.params.span)
                }
                _ => None,
            });
            let Some(parameters) = constructor else { return };
            // They have the place of the parameter.
            it.body.body.retain(|element| match element {
                ClassElement::PropertyDefinition(field) => {
                    let is_made = parameters.start <= field.span.start && field.span.end <= parameters.end;
                    !(is_made && field.value.is_none() && !field.span.is_empty())
                }
                _ => true,
            });
        }
    }
    Undeclare.visit_program(program);
}
