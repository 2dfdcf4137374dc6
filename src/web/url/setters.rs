//! The setters of `URL`: the standard's basic URL parser with a state override, one function for each start. `None` means
//! that the URL stays as it is.

use super::parser::{
    authority_end, file_host_name, host, same_kind, scheme_of, segments, split_port, without_line_breaks,
};
use super::record::{FRAGMENT, QUERY, Record, SPECIAL_QUERY, USERINFO};

/// Sets one part of a URL, named as the attribute of `URL` is.
pub(super) fn set(url: &mut Record, part: &str, value: &str) -> Option<()> {
    let clean = without_line_breaks(value);
    match part {
        "protocol" => set_scheme(url, &clean),
        "username" => set_credential(url, value, |url| &mut url.username),
        "password" => set_credential(url, value, |url| &mut url.password),
        "host" => set_host(url, &clean, true),
        "hostname" => set_host(url, &clean, false),
        "port" if value.is_empty() => set_port(url, None),
        "port" => set_port(url, Some(leading_number(&clean)?)),
        "pathname" => set_path(url, &clean),
        "search" => {
            url.query = (!value.is_empty()).then(|| query(url.is_special(), value));
            Some(())
        }
        "hash" => {
            url.fragment = (!value.is_empty()).then(|| fragment(value));
            Some(())
        }
        other => unreachable!("no setter for {other}"),
    }
}

fn set_scheme(url: &mut Record, value: &str) -> Option<()> {
    let value = format!("{value}:");
    let (scheme, _) = scheme_of(&value)?;
    let bare_file = url.is_file() && url.host.as_deref() == Some("");
    let file_with_more = scheme == "file" && (url.has_credentials() || url.port.is_some());
    if !same_kind(&scheme, &url.scheme) || bare_file || file_with_more {
        return None;
    }
    url.scheme = scheme;
    if let Some(port) = url.port {
        url.set_port(port);
    }
    Some(())
}

fn set_credential(url: &mut Record, value: &str, field: impl Fn(&mut Record) -> &mut String) -> Option<()> {
    if url.cannot_have_credentials_or_port() {
        return None;
    }
    *field(url) = USERINFO.encoded(value);
    Some(())
}

/// Sets the host, and the port with it where `port_too` and the value has one.
fn set_host(url: &mut Record, value: &str, port_too: bool) -> Option<()> {
    if url.opaque {
        return None;
    }
    if url.is_file() {
        let end = value.find(['/', '\\', '?', '#']).unwrap_or(value.len());
        url.host = Some(file_host_name(&value[..end])?);
        return Some(());
    }
    let special = url.is_special();
    let (name, port) = split_port(&value[..authority_end(value, special)]);
    if port.is_some() && (name.is_empty() || !port_too) {
        return None;
    }
    if name.is_empty() && (special || url.has_credentials() || url.port.is_some()) {
        return None;
    }
    url.host = Some(host(name, special)?);
    if let Some(port) = port.and_then(leading_number) {
        url.set_port(port);
    }
    Some(())
}

fn set_port(url: &mut Record, port: Option<u16>) -> Option<()> {
    if url.cannot_have_credentials_or_port() {
        return None;
    }
    url.port = None;
    if let Some(port) = port {
        url.set_port(port);
    }
    Some(())
}

/// The digits a text begins with, as a port.
fn leading_number(text: &str) -> Option<u16> {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

fn set_path(url: &mut Record, value: &str) -> Option<()> {
    if url.opaque {
        return None;
    }
    url.path.clear();
    let special = url.is_special();
    if value.is_empty() && !special {
        // A path may be empty only where a host stands before it.
        if url.host.is_none() {
            url.path.push('/');
        }
        return Some(());
    }
    let slashes: &[char] = if special { &['/', '\\'] } else { &['/'] };
    segments(url, value.strip_prefix(slashes).unwrap_or(value));
    Some(())
}

fn query(special: bool, value: &str) -> String {
    let set = if special { SPECIAL_QUERY } else { QUERY };
    set.encoded(&without_line_breaks(value.strip_prefix('?').unwrap_or(value)))
}

fn fragment(value: &str) -> String {
    FRAGMENT.encoded(&without_line_breaks(value.strip_prefix('#').unwrap_or(value)))
}
