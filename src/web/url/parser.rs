//! The URL standard's basic URL parser. It works on whole slices where the standard walks by code point; the names of
//! the functions are those of the standard's states. Hosts are left to the `url` crate.

use std::borrow::Cow;

use url::Host;

use super::record::{
    CONTROLS, FRAGMENT, PATH, QUERY, Record, SPECIAL_QUERY, USERINFO, drive_of, is_drive, is_special, starts_with_drive,
};

/// Parses a URL. Nothing when it is invalid.
pub(super) fn parse(input: &str, base: Option<&Record>) -> Option<Record> {
    let input = input.trim_matches(|character| character <= ' ');
    let input = without_line_breaks(input);
    match scheme_of(&input) {
        Some((scheme, rest)) => with_scheme(scheme, rest, base),
        None => without_scheme(&input, base?),
    }
}

/// Tabs and line breaks count for nothing anywhere in a URL.
pub(super) fn without_line_breaks(input: &str) -> Cow<'_, str> {
    let ignored = ['\t', '\n', '\r'];
    if input.contains(ignored) { Cow::Owned(input.replace(ignored, "")) } else { Cow::Borrowed(input) }
}

/// A leading scheme in lower case, and what follows its colon.
pub(super) fn scheme_of(input: &str) -> Option<(String, &str)> {
    let colon = input.find(|character: char| !(character.is_ascii_alphanumeric() || "+-.".contains(character)))?;
    let letter = input.as_bytes()[0].is_ascii_alphabetic();
    (letter && input[colon..].starts_with(':')).then(|| (input[..colon].to_ascii_lowercase(), &input[colon + 1..]))
}

fn with_scheme(scheme: String, rest: &str, base: Option<&Record>) -> Option<Record> {
    let url = Record { scheme, ..Record::default() };
    let base = base.filter(|base| base.scheme == url.scheme);
    if url.is_file() {
        return file(url, rest, base);
    }
    if url.is_special() {
        return match base {
            Some(base) if !rest.starts_with("//") => relative(rest, base),
            _ => authority(url, rest.trim_start_matches(['/', '\\'])),
        };
    }
    match rest.strip_prefix('/') {
        Some(after) => match after.strip_prefix('/') {
            Some(after) => authority(url, after),
            None => Some(path(url, after)),
        },
        None => Some(opaque_path(url, rest)),
    }
}

fn without_scheme(input: &str, base: &Record) -> Option<Record> {
    if base.opaque {
        return input.starts_with('#').then(|| tail(base.clone(), input));
    }
    if base.is_file() {
        let url = Record { scheme: base.scheme.clone(), ..Record::default() };
        return file(url, input, Some(base));
    }
    relative(input, base)
}

fn relative(input: &str, base: &Record) -> Option<Record> {
    let slashes: &[char] = if base.is_special() { &['/', '\\'] } else { &['/'] };
    let Some(after) = input.strip_prefix(slashes) else {
        return Some(relative_path(Record { fragment: None, ..base.clone() }, input, false));
    };
    let url = Record { scheme: base.scheme.clone(), ..Record::default() };
    match after.strip_prefix(slashes) {
        Some(after) if base.is_special() => authority(url, after.trim_start_matches(slashes)),
        Some(after) => authority(url, after),
        None => Some(path(Record { path: String::new(), query: None, fragment: None, ..base.clone() }, after)),
    }
}

/// What follows a base's path: it replaces the last segment, or all of the path where `whole`.
fn relative_path(mut url: Record, input: &str, whole: bool) -> Record {
    match input.as_bytes().first() {
        None | Some(b'#') => tail(url, input),
        Some(b'?') => {
            url.query = None;
            tail(url, input)
        }
        Some(_) => {
            url.query = None;
            if whole {
                url.path.clear();
            } else {
                url.pop_segment();
            }
            path(url, input)
        }
    }
}

fn file(mut url: Record, input: &str, base: Option<&Record>) -> Option<Record> {
    url.host = Some(String::new());
    if let Some(after) = input.strip_prefix(['/', '\\']) {
        return match after.strip_prefix(['/', '\\']) {
            Some(after) => file_host(url, after),
            None => Some(file_slash(url, after, base)),
        };
    }
    match base {
        Some(base) => {
            let url = Record { fragment: None, ..base.clone() };
            Some(relative_path(url, input, starts_with_drive(input)))
        }
        None => Some(path(url, input)),
    }
}

fn file_slash(mut url: Record, input: &str, base: Option<&Record>) -> Record {
    if let Some(base) = base {
        url.host.clone_from(&base.host);
        if let Some(drive) = drive_of(&base.path).filter(|_| !starts_with_drive(input)) {
            url.push_segment(drive);
        }
    }
    path(url, input)
}

fn file_host(mut url: Record, input: &str) -> Option<Record> {
    let end = input.find(['/', '\\', '?', '#']).unwrap_or(input.len());
    let (name, rest) = input.split_at(end);
    if is_drive(name) {
        return Some(path(url, input));
    }
    url.host = Some(file_host_name(name)?);
    Some(path_start(url, rest))
}

/// The host of a `file:` URL; `localhost` is none.
pub(super) fn file_host_name(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some(String::new());
    }
    host(name, true).map(|name| if name == "localhost" { String::new() } else { name })
}

fn authority(mut url: Record, input: &str) -> Option<Record> {
    let (text, rest) = input.split_at(authority_end(input, url.is_special()));
    let place = match text.rsplit_once('@') {
        Some((_, "")) => return None,
        Some((credentials, place)) => {
            let (username, password) = credentials.split_once(':').unwrap_or((credentials, ""));
            url.username = USERINFO.encoded(username);
            url.password = USERINFO.encoded(password);
            place
        }
        None => text,
    };
    let (name, port) = split_port(place);
    if name.is_empty() && (port.is_some() || url.is_special()) {
        return None;
    }
    url.host = Some(host(name, url.is_special())?);
    match port {
        None | Some("") => {}
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => url.set_port(digits.parse().ok()?),
        Some(_) => return None,
    }
    Some(path_start(url, rest))
}

/// Where a host, with what stands before and after it, ends.
pub(super) fn authority_end(input: &str, special: bool) -> usize {
    input
        .find(|character| matches!(character, '/' | '?' | '#') || (special && character == '\\'))
        .unwrap_or(input.len())
}

/// `host:port` at the first colon outside brackets.
pub(super) fn split_port(place: &str) -> (&str, Option<&str>) {
    let mut brackets = false;
    for (at, byte) in place.bytes().enumerate() {
        match byte {
            b'[' => brackets = true,
            b']' => brackets = false,
            b':' if !brackets => return (&place[..at], Some(&place[at + 1..])),
            _ => {}
        }
    }
    (place, None)
}

/// A host in its serialised form.
pub(super) fn host(name: &str, special: bool) -> Option<String> {
    if name.is_empty() {
        return (!special).then(String::new);
    }
    let parsed = if special { Host::parse(name) } else { Host::parse_opaque(name) };
    parsed.ok().map(|host| host.to_string())
}

fn path_start(url: Record, input: &str) -> Record {
    let special = url.is_special();
    match input.as_bytes().first() {
        Some(b'/') => path(url, &input[1..]),
        Some(b'\\') if special => path(url, &input[1..]),
        _ if special => path(url, input),
        None | Some(b'?' | b'#') => tail(url, input),
        Some(_) => path(url, input),
    }
}

/// Appends the segments of a text, up to a query or a fragment.
fn path(mut url: Record, input: &str) -> Record {
    let end = input.find(['?', '#']).unwrap_or(input.len());
    segments(&mut url, &input[..end]);
    tail(url, &input[end..])
}

/// Appends all of a text as segments.
pub(super) fn segments(url: &mut Record, text: &str) {
    let special = url.is_special();
    let mut rest = Some(text);
    while let Some(input) = rest {
        let end = input.find(|character| character == '/' || (special && character == '\\'));
        let raw = &input[..end.unwrap_or(input.len())];
        rest = end.map(|end| &input[end + 1..]);
        match dots(raw) {
            0 if url.is_file() && url.path.is_empty() && is_drive(raw) => url.push_segment(&format!("{}:", &raw[..1])),
            0 => {
                url.path.push('/');
                PATH.encode(&mut url.path, raw);
            }
            count => {
                if count == 2 {
                    url.pop_segment();
                }
                if rest.is_none() {
                    url.path.push('/');
                }
            }
        }
    }
}

/// 1 for `.`, 2 for `..`, also where a dot is `%2e`; else 0.
fn dots(segment: &str) -> usize {
    if segment.len() > 6 || !segment.starts_with(['.', '%']) {
        return 0;
    }
    match segment.to_ascii_lowercase().replace("%2e", ".").as_str() {
        "." => 1,
        ".." => 2,
        _ => 0,
    }
}

fn opaque_path(mut url: Record, input: &str) -> Record {
    url.opaque = true;
    let end = input.find(['?', '#']).unwrap_or(input.len());
    let (text, rest) = input.split_at(end);
    CONTROLS.encode(&mut url.path, text);
    if url.path.ends_with(' ') && !rest.is_empty() {
        url.path.replace_range(url.path.len() - 1.., "%20");
    }
    tail(url, rest)
}

/// What follows a path: `?query` and `#fragment`.
fn tail(mut url: Record, input: &str) -> Record {
    let (query, fragment) = input.split_once('#').map_or((input, None), |(query, fragment)| (query, Some(fragment)));
    if let Some(query) = query.strip_prefix('?') {
        let set = if url.is_special() { SPECIAL_QUERY } else { QUERY };
        url.query = Some(set.encoded(query));
    }
    url.fragment = fragment.map(|fragment| FRAGMENT.encoded(fragment));
    url
}

/// Whether a scheme may be replaced by another: both special or neither.
pub(super) fn same_kind(a: &str, b: &str) -> bool {
    is_special(a) == is_special(b)
}
