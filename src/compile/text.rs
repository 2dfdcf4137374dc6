//! Bytes of a source file -> text that the compiler and QuickJS can take.

use std::path::Path;

use crate::error::{Problem, Source};

/// Decodes a source file: UTF-8, an initial byte order mark dropped, no NUL (QuickJS takes C strings).
///
/// # Errors
/// A problem with the place of the first byte that cannot be.
pub fn read(path: &Path, bytes: Vec<u8>) -> Result<Source, Problem> {
    let mut text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return Err(not_utf8(path, &error)),
    };
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    let source = Source::new(path, text);
    if let Some(at) = source.text.find('\0') {
        return Err(Problem::error("the file contains a NUL byte, so it cannot be a script")
            .at(&source, at..at + 1, "NUL byte")
            .help("If this is data, import it as a file that ends in .bin (an ArrayBuffer) or .txt (a string)."));
    }
    match too_deep(source.text.as_bytes()) {
        Some(at) => Err(Problem::error("the code is nested too deep")
            .at(&source, at..at + 1, "too deep here")
            .help("If this is data, import it as a .json, .txt or .bin file.")),
        None => Ok(source),
    }
}

/// How deep brackets may be nested: compilers recurse, and indent what they print.
const BRACKETS: usize = 5_000;
/// How many operators may nest to the right: `a ? b : c ? d`, `a => b => c`, `!!a`.
const OPERATORS: usize = 30_000;

/// Where the nesting gets too deep. Operators are counted since the last sign that ends an expression. Strings are not
/// told apart: none nests so deep.
fn too_deep(text: &[u8]) -> Option<usize> {
    if text.len() <= BRACKETS {
        return None;
    }
    let (mut brackets, mut operators) = (0_usize, 0);
    text.iter().position(|byte| {
        match byte {
            b'(' | b'[' => brackets += 1,
            b'{' => (brackets, operators) = (brackets + 1, 0),
            b')' | b']' => brackets = brackets.saturating_sub(1),
            b'}' => (brackets, operators) = (brackets.saturating_sub(1), 0),
            b';' | b',' => operators = 0,
            b'?' | b'>' | b'<' | b'!' => operators += 1,
            _ => {}
        }
        brackets > BRACKETS || operators > OPERATORS
    })
}

fn not_utf8(path: &Path, error: &std::string::FromUtf8Error) -> Problem {
    let at = error.utf8_error().valid_up_to();
    let byte = error.as_bytes()[at];
    let source = Source::new(path, String::from_utf8_lossy(error.as_bytes()));
    Problem::error("the file is not valid UTF-8")
        .at(&source, at..at + '\u{fffd}'.len_utf8(), format!("byte 0x{byte:02x} cannot stand here"))
        .help("Save the file as UTF-8. If it is data, import it as a file that ends in .bin (an ArrayBuffer).")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_is_dropped() {
        let source = read(Path::new("a.js"), b"\xef\xbb\xbfexport {}".to_vec()).unwrap();
        assert_eq!(&*source.text, "export {}");
    }

    #[test]
    fn bytes_that_are_not_utf8_are_pointed_at() {
        let problem = read(Path::new("a.js"), b"// caf\xe9\n".to_vec()).unwrap_err();
        assert_eq!(problem.location().unwrap(), "a.js:1:7");
        assert_eq!(problem.places[0].label, "byte 0xe9 cannot stand here");
    }

    #[test]
    fn code_that_is_nested_too_deep_is_refused() {
        let deep = |open: &str| read(Path::new("a.js"), open.repeat(40_000).into_bytes()).is_err();
        assert!(deep("[") && deep("x?1:") && deep("()=>") && deep("!"));
        assert!(!deep("[],") && !deep("x?1:2;") && !deep("1+"));
    }

    #[test]
    fn a_nul_byte_is_pointed_at() {
        let problem = read(Path::new("a.js"), b"let a;\n'\0'".to_vec()).unwrap_err();
        assert_eq!(problem.location().unwrap(), "a.js:2:2");
    }
}
