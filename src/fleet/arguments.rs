//! `DIR` and `NAMESPACE=DIR` of the command line.

use std::path::Path;

/// One argument, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Argument {
    pub(super) namespace: Option<String>,
    /// A directory, a configuration file, or a glob of either.
    pub(super) pattern: String,
}

/// What stands before the first `=` is a namespace, unless it is part of a path that exists or of no name.
pub(super) fn parse(text: &str, base: &Path) -> Argument {
    let plain = || Argument { namespace: None, pattern: text.to_owned() };
    match text.split_once('=') {
        Some((name, pattern)) if is_namespace(name) && !pattern.is_empty() && !base.join(text).exists() => {
            Argument { namespace: Some(name.to_owned()), pattern: pattern.to_owned() }
        }
        _ => plain(),
    }
}

/// Letters, digits, dashes, underscores and dots: no path has only these before a `=` by accident.
fn is_namespace(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    !name.is_empty() && !name.starts_with('.') && name.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_a_plain_name_before_an_equals_sign() {
        let parsed = |text| {
            let Argument { namespace, pattern } = parse(text, Path::new("/nowhere"));
            (namespace.unwrap_or_default(), pattern)
        };
        assert_eq!(parsed("staging=./c/*"), ("staging".into(), "./c/*".into()));
        assert_eq!(parsed("a=b=c"), ("a".into(), "b=c".into()));
        for text in ["./c", "./x=y", "=c", "staging=", "a/b=c"] {
            assert_eq!(parsed(text), (String::new(), text.into()));
        }
    }
}
