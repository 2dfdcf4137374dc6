//! MIME types as the MIME Sniffing standard parses and writes them, and as the Fetch standard finds one in the values of
//! a `Content-Type` header. For bodies and forms.

use rquickjs::function::Func;
use rquickjs::{Ctx, Object, Result, Value};

use crate::engine::text;

/// `type/subtype;name=value`; all but parameter values in lower case.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mime {
    pub(super) essence: String,
    parameters: Vec<(String, String)>,
}

const SPACE: [char; 4] = ['\t', '\n', '\r', ' '];

impl Mime {
    /// One MIME type.
    pub(super) fn parse(input: &str) -> Option<Self> {
        let (essence, rest) = input.trim_matches(SPACE).split_once(';').unwrap_or((input.trim_matches(SPACE), ""));
        let (kind, subtype) = essence.split_once('/')?;
        let subtype = subtype.trim_end_matches(SPACE);
        let essence =
            (is_token(kind) && is_token(subtype)).then(|| format!("{kind}/{subtype}").to_ascii_lowercase())?;
        let mut mime = Self { essence, parameters: Vec::new() };
        let mut rest = rest;
        while !rest.is_empty() {
            let (name, value, next) = parameter(rest);
            let name = name.to_ascii_lowercase();
            if let Some(value) =
                value.filter(|value| is_token(&name) && is_quotable(value) && mime.get(&name).is_none())
            {
                mime.parameters.push((name, value));
            }
            rest = next;
        }
        Some(mime)
    }

    /// The type that the values of a `Content-Type` header, joined by commas, amount to: the last one that is valid. It
    /// takes over the charset of an earlier one of the same essence.
    pub(super) fn of_header(values: &str) -> Option<Self> {
        let mut found: Option<Self> = None;
        for mut mime in split_values(values).into_iter().filter_map(Self::parse).filter(|mime| mime.essence != "*/*") {
            let before = found.filter(|before| before.essence == mime.essence);
            if let Some(charset) = before.as_ref().and_then(|before| before.get("charset"))
                && mime.get("charset").is_none()
            {
                mime.parameters.push(("charset".to_owned(), charset.to_owned()));
            }
            found = Some(mime);
        }
        found
    }

    /// The value of a parameter.
    pub(super) fn get(&self, wanted: &str) -> Option<&str> {
        self.parameters.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
    }

    fn serialise(&self) -> String {
        self.parameters.iter().fold(self.essence.clone(), |mut text, (name, value)| {
            text.extend([";", name, "="]);
            if is_token(value) {
                text.push_str(value);
            } else {
                text.extend(["\"", &value.replace('\\', "\\\\").replace('"', "\\\""), "\""]);
            }
            text
        })
    }
}

/// The name and the value of the first parameter, and what follows its semicolon.
pub(super) fn parameter(input: &str) -> (&str, Option<String>, &str) {
    let (name, after) = input.split_at(input.find([';', '=']).unwrap_or(input.len()));
    let name = name.trim_start_matches(SPACE);
    let Some(value) = after.strip_prefix('=') else { return (name, None, after.get(1..).unwrap_or_default()) };
    let (value, rest) = if let Some(quoted) = value.strip_prefix('"') {
        let (value, rest) = unquote(quoted);
        (Some(value), rest)
    } else {
        let (value, rest) = value.split_at(value.find(';').unwrap_or(value.len()));
        (Some(value.trim_end_matches(SPACE).to_owned()).filter(|value| !value.is_empty()), rest)
    };
    (name, value, rest.split_once(';').map_or("", |(_, next)| next))
}

/// The text up to the closing quote, with backslash escapes undone, and what follows the quote.
fn unquote(quoted: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.push(characters.next().map_or('\\', |(_, escaped)| escaped)),
            _ => value.push(character),
        }
    }
    (value, "")
}

/// The values that commas outside quotes separate.
fn split_values(values: &str) -> Vec<&str> {
    let (mut start, mut quoted, mut escaped) = (0, false, false);
    let mut parts = Vec::new();
    for (at, character) in values.char_indices() {
        match character {
            ',' if !quoted => {
                parts.push(&values[start..at]);
                start = at + 1;
            }
            '"' if !escaped => quoted = !quoted,
            _ => {}
        }
        escaped = quoted && character == '\\' && !escaped;
    }
    parts.push(&values[start..]);
    parts
}

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(|character| character.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(character))
}

/// Whether a text can stand in quotes: tabs, visible ASCII and Latin-1.
fn is_quotable(text: &str) -> bool {
    text.chars().all(|character| matches!(character, '\t' | ' '..='~' | '\u{80}'..='\u{FF}'))
}

/// The MIME type of a `Content-Type` header's values, serialised; the empty text where there is none.
fn serialised<'js>(ctx: Ctx<'js>, values: Value<'js>) -> Result<String> {
    text::with_usv(&ctx, &values, |values| Mime::of_header(values).map(|mime| mime.serialise()).unwrap_or_default())
}

pub(super) fn init<'js>(_ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("mimeType", Func::from(serialised))
}

#[cfg(test)]
mod tests {
    use super::Mime;

    #[test]
    fn header_values_amount_to_one_type() {
        for (values, expected) in [
            ("text/html; charset=UTF-8", "text/html;charset=UTF-8"),
            ("TEXT/HTML;charset=\"UTF 8\"", "text/html;charset=\"UTF 8\""),
            ("text/html;x=y;charset=a,text/plain", "text/plain"),
            ("text/plain, x/y, text/html", "text/html"),
            ("text/html;charset=gbk, text/html", "text/html;charset=gbk"),
            ("text/html;;;", "text/html"),
            ("text/html;a=\"b\\\"c,d\"", "text/html;a=\"b\\\"c,d\""),
            ("text/html, */*", "text/html"),
            ("a/b;c=d;c=e; f", "a/b;c=d"),
            ("a/b;c=;d=\"\"", "a/b;d=\"\""),
        ] {
            assert_eq!(Mime::of_header(values).expect(values).serialise(), expected);
        }
        for values in ["", "text", "text/", "/html", "a b/c", "a/b c"] {
            assert_eq!(Mime::of_header(values), None, "{values}");
        }
    }
}
