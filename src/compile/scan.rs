//! What the tables of statements do not show: `import()`, top-level `await`, `addEventListener("fetch")`.

use std::ops::Range;

use oxc::ast::ast::{
    ArrowFunctionExpression, AwaitExpression, CallExpression, Expression, ForOfStatement, Function, ImportExpression,
    Program, StaticBlock,
};
use oxc::ast_visit::{Visit, walk};
use oxc::span::GetSpan;
use oxc::syntax::scope::ScopeFlags;

use super::record::range;
use super::{Import, ImportKind};

/// The findings of one walk over a whole file.
#[derive(Default)]
pub(super) struct Scan {
    pub(super) dynamic: Vec<Import>,
    pub(super) has_top_level_await: bool,
    pub(super) fetch_listener: Option<Range<usize>>,
    /// Functions around the node being visited.
    depth: usize,
}

impl Scan {
    /// Walks only where the text has something to find: most files have none of it.
    pub(super) fn of(program: &Program<'_>) -> Self {
        let mut scan = Self::default();
        let text = program.source_text;
        if ["import(", "import (", "await", "addEventListener"].iter().any(|needle| text.contains(needle)) {
            scan.visit_program(program);
        }
        scan
    }
}

impl<'a> Visit<'a> for Scan {
    fn visit_function(&mut self, it: &Function<'a>, flags: ScopeFlags) {
        self.depth += 1;
        walk::walk_function(self, it, flags);
        self.depth -= 1;
    }

    fn visit_arrow_function_expression(&mut self, it: &ArrowFunctionExpression<'a>) {
        self.depth += 1;
        walk::walk_arrow_function_expression(self, it);
        self.depth -= 1;
    }

    fn visit_static_block(&mut self, it: &StaticBlock<'a>) {
        self.depth += 1;
        walk::walk_static_block(self, it);
        self.depth -= 1;
    }

    fn visit_await_expression(&mut self, it: &AwaitExpression<'a>) {
        self.has_top_level_await |= self.depth == 0;
        walk::walk_await_expression(self, it);
    }

    fn visit_for_of_statement(&mut self, it: &ForOfStatement<'a>) {
        self.has_top_level_await |= it.r#await && self.depth == 0;
        walk::walk_for_of_statement(self, it);
    }

    fn visit_import_expression(&mut self, it: &ImportExpression<'a>) {
        let literal = match &it.source {
            Expression::StringLiteral(text) => Some(text.value),
            Expression::TemplateLiteral(text) => text.single_quasi(),
            _ => None,
        };
        if let Some(specifier) = literal {
            self.dynamic.push(Import {
                specifier: specifier.as_str().into(),
                span: range(it.source.span()),
                kind: ImportKind::Dynamic,
                attribute: None,
                names: Vec::new(),
            });
        }
        walk::walk_import_expression(self, it);
    }

    fn visit_call_expression(&mut self, it: &CallExpression<'a>) {
        let listens = it.callee_name() == Some("addEventListener");
        let event = it.arguments.first().and_then(|argument| argument.as_expression());
        if let (true, 0, Some(Expression::StringLiteral(event))) = (listens, self.depth, event)
            && event.value == "fetch"
        {
            self.fetch_listener.get_or_insert(range(it.span));
        }
        walk::walk_call_expression(self, it);
    }
}
