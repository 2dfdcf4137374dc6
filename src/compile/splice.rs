//! Edits of a script's text that leave every line where it is, so that most positions need no mapping.

use std::ops::Range;

use super::map::{Anchor, Stage};

/// Replaces a span; `text` holds no line feed, those of the span are kept behind it.
#[derive(Debug, Clone)]
pub(super) struct Edit {
    pub(super) span: Range<usize>,
    pub(super) text: String,
}

impl Edit {
    pub(super) fn replace(span: Range<usize>, text: impl Into<String>) -> Self {
        Self { span, text: text.into() }
    }

    pub(super) fn insert(at: usize, text: impl Into<String>) -> Self {
        Self { span: at..at, text: text.into() }
    }
}

/// Applies edits, which may come in any order and do not overlap.
pub(super) fn splice(text: &str, mut edits: Vec<Edit>) -> (String, Stage) {
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut writer = Writer { text, out: String::with_capacity(text.len() + 64 * edits.len()), ..Writer::default() };
    for edit in &edits {
        writer.copy_to(edit.span.start);
        writer.write(&edit.text);
        writer.skip_to(edit.span.end);
    }
    writer.copy_to(text.len());
    (writer.out, Stage::spliced(writer.anchors))
}

/// Walks the old text and writes the new one, counting lines and columns (in characters) of both.
#[derive(Default)]
struct Writer<'a> {
    text: &'a str,
    at: usize,
    out: String,
    line: usize,
    old_column: usize,
    new_column: usize,
    anchors: Vec<Anchor>,
}

impl Writer<'_> {
    fn copy_to(&mut self, end: usize) {
        let copied = &self.text[self.at..end];
        self.out.push_str(copied);
        if let Some(last) = copied.rfind('\n') {
            self.line += copied.matches('\n').count();
            self.old_column = copied[last + 1..].chars().count();
            self.new_column = self.old_column;
        } else {
            let columns = copied.chars().count();
            self.old_column += columns;
            self.new_column += columns;
        }
        self.at = end;
    }

    fn write(&mut self, text: &str) {
        debug_assert!(!text.contains('\n'), "an edit keeps the number of lines");
        self.anchor(false);
        self.out.push_str(text);
        self.new_column += text.chars().count();
    }

    fn skip_to(&mut self, end: usize) {
        for character in self.text[self.at..end].chars() {
            if character == '\n' {
                self.out.push('\n');
                self.line += 1;
                (self.old_column, self.new_column) = (0, 0);
                self.anchor(false);
            } else {
                self.old_column += 1;
            }
        }
        self.at = end;
        self.anchor(true);
    }

    /// From here on in the new text; `moves` if columns go on in step with the old text.
    fn anchor(&mut self, moves: bool) {
        self.anchors.push(Anchor { code: (self.line, self.new_column), source: (self.line, self.old_column), moves });
    }
}

#[cfg(test)]
mod tests {
    use super::super::map::{Map, Position};
    use super::*;

    #[test]
    fn lines_stay_and_columns_lead_back() {
        let text = "ab(\n x,\n yé) + z; q\nlast";
        let edits = vec![Edit::replace(0..13, "REPLACED"), Edit::insert(0, "at the start;"), Edit::insert(16, "(0)")];
        let (new, stage) = splice(text, edits);
        assert_eq!(new, "at the start;REPLACED\n\n + (0)z; q\nlast");
        let map = Map::from(stage);
        let back = |line, column| {
            let at = map.lookup(Position { line, column });
            (at.line, at.column)
        };
        assert_eq!(back(1, 5), (1, 1));
        assert_eq!(back(3, 1), (3, 5));
        assert_eq!(back(3, 7), (3, 8));
        assert_eq!(back(3, 10), (3, 11));
        assert_eq!(back(4, 3), (4, 3));
    }
}
