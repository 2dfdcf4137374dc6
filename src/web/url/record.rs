//! A URL taken apart, as the URL standard's "URL record", and its serialisation.

use std::fmt::Write;

/// The parts of a URL. Everything but `scheme` and `port` stands percent-encoded, as it is serialised.
#[derive(Clone, Default, Debug)]
pub(super) struct Record {
    pub(super) scheme: String,
    pub(super) username: String,
    pub(super) password: String,
    /// Absent in `mailto:x`; empty in `file:///x`.
    pub(super) host: Option<String>,
    pub(super) port: Option<u16>,
    /// Segments each led by a slash (an empty path has none), or any text where `opaque`.
    pub(super) path: String,
    pub(super) opaque: bool,
    pub(super) query: Option<String>,
    pub(super) fragment: Option<String>,
}

/// Where the parts stand in the serialised text. Each begins where the one before ends, with its own sign: `:` before
/// password and port, `@` before host where there are credentials, `?` before query, `#` before fragment.
pub(super) type Places = [usize; 8];

impl Record {
    pub(super) fn is_special(&self) -> bool {
        is_special(&self.scheme)
    }

    pub(super) fn is_file(&self) -> bool {
        self.scheme == "file"
    }

    pub(super) fn has_credentials(&self) -> bool {
        !(self.username.is_empty() && self.password.is_empty())
    }

    pub(super) fn cannot_have_credentials_or_port(&self) -> bool {
        self.is_file() || self.host.as_deref().is_none_or(str::is_empty)
    }

    /// Sets the port, unless it is the scheme's own.
    pub(super) fn set_port(&mut self, port: u16) {
        self.port = Some(port).filter(|_| default_port(&self.scheme) != Some(port));
    }

    /// Appends a segment to the path.
    pub(super) fn push_segment(&mut self, segment: &str) {
        self.path.push('/');
        self.path.push_str(segment);
    }

    /// Removes the last segment; a drive letter that is the only one of a `file:` URL stays.
    pub(super) fn pop_segment(&mut self) {
        if !(self.is_file() && is_drive_path(&self.path)) {
            self.path.truncate(self.path.rfind('/').unwrap_or(0));
        }
    }

    /// The text, and where scheme, user, password, host, port, path, query and fragment begin in it (the scheme's
    /// place is that of its colon).
    pub(super) fn serialise(&self) -> (String, Places) {
        let mut text = String::with_capacity(self.scheme.len() + self.path.len() + 64);
        text.push_str(&self.scheme);
        let colon = text.len();
        text.push(':');
        let [user, password, host, port] = self.serialise_authority(&mut text);
        let path = text.len();
        text.push_str(&self.path);
        let query = text.len();
        if let Some(value) = &self.query {
            text.push('?');
            text.push_str(value);
        }
        let fragment = text.len();
        if let Some(value) = &self.fragment {
            text.push('#');
            text.push_str(value);
        }
        (text, [colon, user, password, host, port, path, query, fragment])
    }

    fn serialise_authority(&self, text: &mut String) -> [usize; 4] {
        let Some(name) = &self.host else {
            if !self.opaque && self.path.starts_with("//") {
                text.push_str("/."); // or the path would be taken for a host
            }
            return [text.len(); 4];
        };
        text.push_str("//");
        let user = text.len();
        text.push_str(&self.username);
        let password = text.len();
        if !self.password.is_empty() {
            text.push(':');
            text.push_str(&self.password);
        }
        if self.has_credentials() {
            text.push('@');
        }
        let host = text.len();
        text.push_str(name);
        let port = text.len();
        if let Some(number) = self.port {
            write!(text, ":{number}").expect("writing to a string cannot fail");
        }
        [user, password, host, port]
    }
}

pub(super) fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        "ftp" => Some(21),
        _ => None,
    }
}

pub(super) fn is_special(scheme: &str) -> bool {
    matches!(scheme, "http" | "https" | "ws" | "wss" | "ftp" | "file")
}

/// `C:` or `C|`.
pub(super) fn is_drive(text: &str) -> bool {
    matches!(text.as_bytes(), [letter, b':' | b'|'] if letter.is_ascii_alphabetic())
}

/// `/C:`: a path whose only segment is a drive letter, in the form it has there.
fn is_drive_path(path: &str) -> bool {
    matches!(path.as_bytes(), [b'/', letter, b':'] if letter.is_ascii_alphabetic())
}

/// The drive letter a path begins with.
pub(super) fn drive_of(path: &str) -> Option<&str> {
    path.get(..3)
        .filter(|start| is_drive_path(start) && matches!(path.as_bytes().get(3), None | Some(b'/')))
        .map(|start| &start[1..])
}

/// Whether a text begins with a drive letter that ends there or before `/`, `\`, `?` or `#`.
pub(super) fn starts_with_drive(text: &str) -> bool {
    text.get(..2).is_some_and(is_drive) && matches!(text.as_bytes().get(2), None | Some(b'/' | b'\\' | b'?' | b'#'))
}

/// A percent-encode set: the ASCII characters it encodes besides controls. Nothing outside ASCII is ever left.
#[derive(Clone, Copy)]
pub(super) struct EncodeSet(&'static [u8]);

pub(super) const CONTROLS: EncodeSet = EncodeSet(b"");
pub(super) const FRAGMENT: EncodeSet = EncodeSet(b" \"<>`");
pub(super) const QUERY: EncodeSet = EncodeSet(b" \"#<>");
pub(super) const SPECIAL_QUERY: EncodeSet = EncodeSet(b" \"#<>'");
pub(super) const PATH: EncodeSet = EncodeSet(b" \"#<>?`{}");
pub(super) const USERINFO: EncodeSet = EncodeSet(b" \"#<>?`{}/:;=@[\\]^|");

impl EncodeSet {
    /// Appends a text, percent-encoded.
    pub(super) fn encode(self, out: &mut String, text: &str) {
        let mut plain = 0;
        for (at, byte) in text.bytes().enumerate() {
            if matches!(byte, b' '..=b'~') && !self.0.contains(&byte) {
                continue;
            }
            // The bytes of one character are all outside ASCII or none is: what is plain ends at a boundary.
            out.push_str(text.get(plain..at).unwrap_or_default());
            write!(out, "%{byte:02X}").expect("writing to a string cannot fail");
            plain = at + 1;
        }
        out.push_str(&text[plain..]);
    }

    pub(super) fn encoded(self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        self.encode(&mut out, text);
        out
    }
}
