//! Text of others (guests, paths, requests) made safe for a terminal.
//!
//! A terminal obeys control characters: it could be made to hide lines, rename windows or answer as if the user typed.
//! They are shown as escapes instead. Colours (`ESC [ ... m`) are let through where colours are on, since loggers
//! write them on purpose, and left out where they are off.

use std::fmt::Write as _;

/// What an escape sequence may contain to be a mere colour; longer ones are shown, not obeyed.
const MAX_COLOR: usize = 24;

/// One line's worth: line breaks and tabs are escaped too, colours are left out.
#[must_use]
pub fn visible(text: &str) -> String {
    escape(text, &Allow { lines: false, color: false })
}

/// Several lines: line breaks stay, tabs become spaces, colours are left out.
#[must_use]
pub fn plain(text: &str) -> String {
    escape(text, &Allow { lines: true, color: false })
}

/// Several lines, with their colours if `color`.
pub(super) fn guest(text: &str, color: bool) -> String {
    escape(text, &Allow { lines: true, color })
}

struct Allow {
    lines: bool,
    color: bool,
}

fn escape(text: &str, allow: &Allow) -> String {
    if !text.chars().any(is_unsafe) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 16);
    let (mut rest, mut colored) = (text, false);
    while let Some(character) = rest.chars().next() {
        let length = color_length(rest);
        if length > 0 {
            if allow.color {
                out.push_str(&rest[..length]);
                colored = true;
            }
            rest = &rest[length..];
            continue;
        }
        put(&mut out, character, allow);
        rest = &rest[character.len_utf8()..];
    }
    if colored {
        out.push_str("\x1b[0m");
    }
    out
}

fn put(out: &mut String, character: char, allow: &Allow) {
    match character {
        '\n' if allow.lines => out.push('\n'),
        '\r' if allow.lines && out.ends_with('\n') => {}
        '\t' if allow.lines => out.push_str("    "),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        character if is_unsafe(character) && (character as u32) < 0x100 => {
            write!(out, "\\x{:02x}", character as u32).expect("a string takes everything");
        }
        character if is_unsafe(character) => {
            write!(out, "\\u{{{:x}}}", character as u32).expect("a string takes everything");
        }
        character => out.push(character),
    }
}

/// Control characters, and the marks that turn the direction of writing around.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

/// Bytes of the colour sequence at the start, or 0.
fn color_length(text: &str) -> usize {
    let Some(rest) = text.strip_prefix("\x1b[") else { return 0 };
    let digits = rest.bytes().take(MAX_COLOR).take_while(|byte| matches!(byte, b'0'..=b'9' | b';' | b':')).count();
    if rest.as_bytes().get(digits) == Some(&b'm') { digits + 3 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_are_shown_and_not_obeyed() {
        assert_eq!(
            visible("a\x1b]0;title\x07b\r\n\tc\u{9b}2J\u{202e}d\x7f"),
            "a\\x1b]0;title\\x07b\\r\\n\\tc\\x9b2J\\u{202e}d\\x7f"
        );
        assert_eq!(plain("one\r\ntwo\tthree\x1b[2J"), "one\\r\ntwo    three\\x1b[2J");
        assert_eq!(visible("käse 🧀"), "käse 🧀");
    }

    #[test]
    fn colours_pass_only_where_colours_are_on() {
        let text = "\x1b[32m200\x1b[0m ok \x1b[1;31mred";
        assert_eq!(
            guest(text, true),
            "\x1b[32m200\x1b[0m ok \x1b[1;31mred\x1b[0m",
            "and never leak into the next line"
        );
        assert_eq!(guest(text, false), "200 ok red");
        assert_eq!(guest("\x1b[31", true), "\\x1b[31");
    }
}
