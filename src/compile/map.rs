//! Positions in compiled code -> positions in the source.

use std::ops::Range;

use crate::error::Source;

/// One-based line and column; columns count characters, as stack traces do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

/// Pairs of places, in the order of the compiled code.
#[derive(Debug)]
pub struct Map(Box<[Pair]>);

/// Zero-based; columns in UTF-16 units, as source maps have them.
#[derive(Debug, Clone, Copy)]
struct Pair {
    code: (u32, u32),
    source: (u32, u32),
}

impl Map {
    /// From `((line, column), (line, column))` pairs of code and source, ascending in the code.
    pub(super) fn new(pairs: impl Iterator<Item = ((u32, u32), (u32, u32))>) -> Self {
        Self(pairs.map(|(code, source)| Pair { code, source }).collect())
    }

    /// The place in `source` that the nearest mapped place at or before `at` in `code` came from, on the same line;
    /// before the line's first mapped place, that one.
    #[must_use]
    pub fn lookup(&self, code: &str, source: &str, at: Position) -> Option<Position> {
        let line = u32::try_from(at.line.checked_sub(1)?).ok()?;
        let column = to_utf16(line_of(code, at.line), at.column.saturating_sub(1));
        let after = self.0.partition_point(|pair| pair.code <= (line, column));
        let pair = match after.checked_sub(1).map(|index| self.0[index]) {
            Some(pair) if pair.code.0 == line => pair,
            _ => *self.0.get(after).filter(|pair| pair.code.0 == line)?,
        };
        let line = pair.source.0 as usize + 1;
        Some(Position { line, column: from_utf16(line_of(source, line), pair.source.1) + 1 })
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

fn line_of(text: &str, line: usize) -> &str {
    text.split('\n').nth(line - 1).unwrap_or("")
}

fn to_utf16(line: &str, characters: usize) -> u32 {
    let units: usize = line.chars().take(characters).map(char::len_utf16).sum();
    let beyond = characters.saturating_sub(line.chars().count());
    u32::try_from(units + beyond).unwrap_or(u32::MAX)
}

fn from_utf16(line: &str, units: u32) -> usize {
    let mut left = units as usize;
    let mut characters = 0;
    for character in line.chars() {
        if left == 0 {
            break;
        }
        left = left.saturating_sub(character.len_utf16());
        characters += 1;
    }
    characters + left
}
