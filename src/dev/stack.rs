//! Stacks with the author's files: `src/index.ts:3:9` as the terminal can open it, not as QuickJS saw it.

use std::path::Path;

use crate::compile::{Position, token};
use crate::error::{Place, Source};
use crate::graph::Graph;

/// Each frame's `(module:line:column)` mapped to its file, relative to `base`; frames of devflare's own are left out.
pub(super) fn mapped(stack: &str, graph: &Graph, base: &Path) -> String {
    let mut lines = Vec::new();
    let is_ours = |line: &&str| frame(line).is_some_and(|frame| frame.file.starts_with("internal:"));
    for line in stack.lines().filter(|line| !is_ours(line)) {
        lines.push(frame(line).and_then(|frame| frame.mapped(graph, base)).unwrap_or_else(|| line.to_owned()));
    }
    lines.join("\n")
}

/// The topmost place of a mapped stack whose file can be read.
pub(super) fn place(stack: &str, base: &Path) -> Option<Place> {
    stack.lines().filter_map(frame).find_map(|frame| {
        let path = base.join(frame.file);
        let source = Source::new(&path, std::fs::read_to_string(&path).ok()?);
        let span = token(&source, Position { line: frame.line, column: frame.column });
        Some(Place { source, span, label: String::new() })
    })
}

struct Frame<'a> {
    before: &'a str,
    file: &'a str,
    line: usize,
    column: usize,
    after: &'a str,
}

/// `    at name (file:line:column)` or `    at file:line:column`.
fn frame(text: &str) -> Option<Frame<'_>> {
    let rest = text.trim_start().strip_prefix("at ")?;
    let (start, end) = match (rest.rfind('('), rest.rfind(')')) {
        (Some(open), Some(close)) if open < close => (open + 1, close),
        _ => (0, rest.len()),
    };
    let mut parts = rest[start..end].rsplitn(3, ':');
    let column = parts.next()?.parse().ok()?;
    let line = parts.next()?.parse().ok()?;
    let file = parts.next()?;
    let lead = text.len() - rest.len();
    Some(Frame { before: &text[..lead + start], file, line, column, after: &rest[end..] })
}

impl Frame<'_> {
    fn mapped(&self, graph: &Graph, base: &Path) -> Option<String> {
        let (path, Position { line, column }) = graph.map_position(self.file, self.line, self.column)?;
        let path = path.strip_prefix(base).unwrap_or(&path).display();
        Some(format!("{}{path}:{line}:{column}{}", self.before, self.after))
    }
}
