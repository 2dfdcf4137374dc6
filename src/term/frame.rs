//! A place in a source as a person wants to see it: a few lines of context and a mark under the spot.
//!
//! One model for terminal, plain text and HTML. Control characters are shown as escapes, tabs as spaces, and a line of
//! a minified file is cut to a window around the mark.

use std::fmt::Write as _;
use std::ops::Range;
use std::path::PathBuf;

use unicode_width::UnicodeWidthChar;

use super::{Style, visible};
use crate::error::{Place, Severity};

/// Lines shown before the marked ones and after them.
const BEFORE: usize = 2;
const AFTER: usize = 1;
/// Marked lines shown at most.
const MARKED: usize = 6;
/// Columns shown of one line.
const COLUMNS: usize = 110;
/// Columns shown before the mark when a line is cut.
const LEAD: usize = 40;

/// A piece of source around a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    pub path: PathBuf,
    /// One-based, of the mark's start.
    pub line: usize,
    pub column: usize,
    pub rows: Vec<Row>,
    /// Belongs under the last mark.
    pub label: String,
}

/// One line of a frame, safe to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// One-based.
    pub number: usize,
    pub text: String,
    /// The marked part: bytes of `text`, and the columns where a terminal draws the mark.
    pub mark: Option<Mark>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub bytes: Range<usize>,
    pub columns: Range<usize>,
}

impl Frame {
    #[must_use]
    pub fn of(place: &Place) -> Self {
        let (line, column) = place.source.line_column(place.span.start);
        let first = line.saturating_sub(1 + BEFORE);
        let mut rows = Vec::new();
        let mut start = 0;
        let mut marked = 0;
        for (index, text) in place.source.text.split('\n').enumerate() {
            let range = start..start + text.len();
            start = range.end + 1;
            if index < first {
                continue;
            }
            let touched = index + 1 == line || (index + 1 > line && range.start < place.span.end);
            marked += usize::from(touched);
            if marked > MARKED || (!touched && index + 1 > line + marked.max(1) - 1 + AFTER) {
                break;
            }
            let mark = touched.then(|| place.span.start.max(range.start)..place.span.end.clamp(range.start, range.end));
            let mark = mark.map(|mark| mark.start - range.start..mark.end.max(mark.start) - range.start);
            rows.push(Row::of(index + 1, text.trim_end_matches('\r'), mark));
        }
        while rows.last().is_some_and(|row| row.mark.is_none() && row.text.is_empty()) {
            rows.pop();
        }
        Self { path: place.source.path.to_path_buf(), line, column, rows, label: place.label.clone() }
    }

    /// For a terminal, or as plain text if the style has no colours.
    pub fn pretty(&self, style: &Style, severity: Severity, out: &mut String) {
        let digits = self.rows.last().map_or(1, |row| row.number.to_string().len());
        let bar = style.detail("│");
        let location = format!("{}:{}:{}", style.path(&self.path), self.line, self.column);
        writeln!(out, " {:digits$} {} {location}", "", style.detail("╭─")).expect("a string takes everything");
        let last = self.rows.iter().rposition(|row| row.mark.is_some());
        for (index, row) in self.rows.iter().enumerate() {
            let number = style.detail(format!("{:digits$}", row.number));
            writeln!(out, " {number} {bar} {}", row.text).expect("a string takes everything");
            let Some(mark) = &row.mark else { continue };
            let label = if last == Some(index) { visible(&self.label) } else { String::new() };
            let drawn = format!("{} {label}", "━".repeat(mark.columns.len().max(1)));
            let drawn = match severity {
                Severity::Error => style.failed(drawn.trim_end()),
                Severity::Warning => style.differs(drawn.trim_end()),
            };
            let indent = " ".repeat(mark.columns.start);
            writeln!(out, " {:digits$} {bar} {indent}{drawn}", "").expect("a string takes everything");
        }
    }
}

impl Row {
    /// `mark`: bytes of `text`.
    fn of(number: usize, text: &str, mark: Option<Range<usize>>) -> Self {
        let mut row = Self { number, text: String::new(), mark: None };
        let window = window(text, mark.as_ref());
        if window.start > 0 {
            row.text.push('…');
        }
        let mut column = usize::from(window.start > 0);
        let mut found: Option<Mark> = None;
        let shown = text[window.clone()].char_indices();
        for (at, character) in shown.map(|(at, character)| (at + window.start, character)) {
            let (start, from) = (row.text.len(), column);
            column += put(&mut row.text, character);
            if mark.as_ref().is_some_and(|mark| mark.start <= at) {
                found.get_or_insert(Mark { bytes: start..start, columns: from..from });
            }
            if let Some(found) = found.as_mut().filter(|_| mark.as_ref().is_some_and(|mark| mark.contains(&at))) {
                found.bytes.end = row.text.len();
                found.columns.end = column;
            }
        }
        let end = row.text.len();
        row.mark = mark.map(|_| found.unwrap_or(Mark { bytes: end..end, columns: column..column }));
        if window.end < text.len() {
            row.text.push('…');
        }
        row
    }
}

/// The bytes of a line that are shown.
fn window(text: &str, mark: Option<&Range<usize>>) -> Range<usize> {
    if text.len() <= COLUMNS {
        return 0..text.len();
    }
    let start = mark.map_or(0, |mark| mark.start);
    let start = if start + LEAD <= COLUMNS { 0 } else { text.floor_char_boundary(start - LEAD) };
    start..text.floor_char_boundary(start + COLUMNS)
}

/// Appends a character as it is shown; answers its columns.
fn put(text: &mut String, character: char) -> usize {
    if character == '\t' {
        text.push_str("    ");
        return 4;
    }
    if let Some(width) = character.width().filter(|_| !character.is_control()) {
        text.push(character);
        return width;
    }
    let shown = visible(character.encode_utf8(&mut [0; 4]));
    text.push_str(&shown);
    shown.len()
}
