//! Positions in compiled code -> positions in the source.

use std::ops::Range;

use crate::error::Source;

/// One-based line and column; columns count characters, as stack traces do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

/// The steps that a script went through, first to last.
#[derive(Debug, Clone, Default)]
pub struct Map(Vec<Stage>);

/// What one step did to positions, in the order of its output.
#[derive(Debug, Clone)]
pub(super) struct Stage {
    anchors: Box<[Anchor]>,
    /// Positions on lines without an anchor stay as they are (text was edited in place); otherwise they have no
    /// source (text was printed anew) and lead to the nearest anchor.
    in_place: bool,
}

/// A place in the output and the place it came from: zero-based line and column, in characters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Anchor {
    pub(super) code: (usize, usize),
    pub(super) source: (usize, usize),
    /// Whether what follows on the line follows in the source as well.
    pub(super) moves: bool,
}

impl Stage {
    pub(super) fn spliced(anchors: Vec<Anchor>) -> Self {
        Self { anchors: anchors.into(), in_place: true }
    }

    /// From a source map's pairs of zero-based lines and columns (in UTF-16 units), ascending in the code.
    pub(super) fn printed(code: &str, source: &str, pairs: impl Iterator<Item = ((u32, u32), (u32, u32))>) -> Self {
        let (code, source) = (Columns::of(code), Columns::of(source));
        let anchor = |(new, old)| Anchor { code: code.characters(new), source: source.characters(old), moves: false };
        Self { anchors: pairs.map(anchor).collect(), in_place: false }
    }

    fn back(&self, line: usize, column: usize) -> (usize, usize) {
        let after = self.anchors.partition_point(|anchor| anchor.code <= (line, column));
        let before = after.checked_sub(1).map(|index| self.anchors[index]);
        match before.filter(|anchor| anchor.code.0 == line || !self.in_place) {
            Some(anchor) if anchor.moves => (anchor.source.0, anchor.source.1 + column - anchor.code.1),
            Some(anchor) => anchor.source,
            None if self.in_place => (line, column),
            None => self.anchors.first().map_or((line, column), |first| first.source),
        }
    }
}

impl From<Stage> for Map {
    fn from(stage: Stage) -> Self {
        Self(vec![stage])
    }
}

impl Map {
    /// This map's steps, and then one more.
    #[must_use]
    pub(super) fn then(&self, stage: Stage) -> Self {
        Self(self.0.iter().cloned().chain([stage]).collect())
    }

    /// This map's steps, and then those of another.
    #[must_use]
    pub(super) fn and(&self, then: &Self) -> Self {
        Self(self.0.iter().chain(&then.0).cloned().collect())
    }

    /// The author's place of a place in the code.
    #[must_use]
    pub fn lookup(&self, at: Position) -> Position {
        let start = (at.line.saturating_sub(1), at.column.saturating_sub(1));
        let (line, column) = self.0.iter().rev().fold(start, |(line, column), stage| stage.back(line, column));
        Position { line: line + 1, column: column + 1 }
    }
}

/// The span of the token (word, or single character) at a position, for a caret under it.
#[must_use]
pub fn token(source: &Source, at: Position) -> Range<usize> {
    let start = source.offset(at.line, at.column);
    let rest = &source.text[start..];
    let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len());
    let length = if word > 0 { word } else { rest.chars().next().filter(|c| *c != '\n').map_or(0, char::len_utf8) };
    start..start + length
}

/// Turns columns in UTF-16 units into columns in characters; both are the same unless a text leaves Unicode's
/// first plane.
struct Columns<'a>(Option<Vec<&'a str>>);

impl<'a> Columns<'a> {
    fn of(text: &'a str) -> Self {
        let same = text.chars().all(|character| character.len_utf16() == 1);
        Self((!same).then(|| text.split('\n').collect()))
    }

    fn characters(&self, (line, column): (u32, u32)) -> (usize, usize) {
        let (line, column) = (line as usize, column as usize);
        let Some(text) = self.0.as_ref().and_then(|lines| lines.get(line)) else { return (line, column) };
        let mut left = column;
        let before = text.chars().take_while(|character| {
            let inside = left > 0;
            left = left.saturating_sub(character.len_utf16());
            inside
        });
        (line, before.count())
    }
}
