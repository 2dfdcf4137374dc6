//! Who may ask: tokens, accounts, and the `Host` and `Origin` by which a web page's requests are told from a client's.

use std::net::IpAddr;

use http::HeaderMap;

use super::Caller;
use super::envelope::{ApiError, code};

/// The one account there is; spelled in letters, it says what it is.
pub const ACCOUNT: &str = "646576666c6172652d6f66666c696e65";
/// What the banner proposes as a token; any other does as well on this machine.
pub const TOKEN: &str = "devflare";

/// Who is let in at the port.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// The token that is asked for; any does where none is set, which is for loopback alone.
    pub token: Option<String>,
    /// Only names of this machine are taken as `Host`: a name that an attacker's DNS leads here is none.
    pub loopback: bool,
}

/// Anything that stands for a token keeps web pages out: they cannot send one unasked.
pub(super) fn check_token(access: Option<&Access>, caller: Caller, headers: &HeaderMap) -> Result<(), ApiError> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = text("authorization").and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let key = text("x-auth-key").filter(|_| text("x-auth-email").is_some());
    let given = bearer.or(key).filter(|token| !token.is_empty());
    let Some(given) = given else {
        let missing = "Missing X-Auth-Key, X-Auth-Email or Authorization headers";
        return Err(ApiError::new(400, code::NO_TOKEN, missing));
    };
    let any = if caller == Caller::Guest { Some(TOKEN) } else { None };
    match access.and_then(|access| access.token.as_deref()).or(any) {
        Some(wanted) if !same(wanted.as_bytes(), given.as_bytes()) => {
            Err(ApiError::new(401, code::WRONG_TOKEN, "Authentication error"))
        }
        _ => Ok(()),
    }
}

/// In a time that does not tell where they differ.
pub(super) fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

/// Any account that could be one is taken: configurations carry the real one's id.
pub(super) fn check_account(account: &str) -> Result<(), ApiError> {
    if account.len() == 32 && account.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(());
    }
    let what = format!("Could not route to /accounts/{account}, perhaps your object identifier is invalid?");
    Err(ApiError::new(404, code::NO_ROUTE, what))
}

/// Refuses requests that a web page of another origin has made, or that came by another name than this machine's.
pub(super) fn check_door(access: &Access, host: &str, headers: &HeaderMap) -> Result<(), ApiError> {
    let forbidden = |what: String| Err(ApiError::new(403, code::FORBIDDEN, what));
    if access.loopback && !is_this_machine(host) {
        return forbidden(format!("devflare's API does not answer to the host {host:?}; ask localhost."));
    }
    let Some(origin) = headers.get("origin") else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default();
    let same = origin.split_once("://").is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host));
    if same { Ok(()) } else { forbidden(format!("devflare's API does not answer pages of {origin:?}.")) }
}

/// Whether a host, with a port or without, can only mean this machine.
#[must_use]
pub fn is_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_matches(['[', ']']).to_ascii_lowercase();
    let is_local = name == "localhost" || name.ends_with(".localhost") || name == super::HOST;
    is_local || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_token_must_be_there_and_where_one_is_set_be_that() {
        let open = Access::default();
        let closed = Access { token: Some("secret".to_owned()), loopback: false };
        let check = |access: &Access, pairs: &[(&'static str, &str)]| {
            check_token(Some(access), Caller::Owner, &headers(pairs)).map_err(|error| error.status)
        };
        assert_eq!(check(&open, &[]), Err(400));
        assert_eq!(check(&open, &[("authorization", "Bearer ")]), Err(400));
        assert_eq!(check(&open, &[("authorization", "Basic eDp5")]), Err(400));
        assert_eq!(check(&open, &[("authorization", "bearer x")]), Ok(()));
        assert_eq!(check(&open, &[("x-auth-key", "k"), ("x-auth-email", "e")]), Ok(()));
        assert_eq!(check(&closed, &[("authorization", "Bearer x")]), Err(401));
        assert_eq!(check(&closed, &[("authorization", "Bearer secret")]), Ok(()));
        let guest =
            |access, token| check_token(Some(access), Caller::Guest, &headers(&[("authorization", token)])).is_ok();
        assert!(guest(&open, "Bearer devflare") && guest(&closed, "Bearer secret"));
        assert!(!guest(&open, "Bearer x") && !guest(&closed, "Bearer devflare"));
    }

    #[test]
    fn foreign_hosts_and_origins_are_refused() {
        let local = Access { token: None, loopback: true };
        let check = |host: &str, origin: &[(&'static str, &str)]| check_door(&local, host, &headers(origin)).is_ok();
        for host in ["localhost:8788", "127.0.0.1", "[::1]:80", "api.localhost", "api.cloudflare.com"] {
            assert!(check(host, &[]), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example:8788", "192.168.0.1", ""] {
            assert!(!check(host, &[]), "{host}");
        }
        assert!(check("localhost:8788", &[("origin", "http://localhost:8788")]));
        assert!(!check("localhost:8788", &[("origin", "http://localhost:8787")]));
        assert!(!check("localhost:8788", &[("origin", "null")]));
    }
}
