//! Parsing behind `URL` and `URLSearchParams`, by the URL standard. Stateless: a `URL` object in JavaScript is its
//! serialised form and the places of the parts in it, which these functions make anew.
//!
//! The crate `url` does hosts and forms here and not the whole, since it departs from the standard (and from workerd)
//! where paths begin with empty segments and in most of `file:`.
#![allow(clippy::needless_pass_by_value, reason = "rquickjs hands converted arguments over by value")]

mod parser;
mod record;
mod setters;

use std::ops::ControlFlow;

use rquickjs::function::{Func, Opt};
use rquickjs::{Array, Ctx, Object, Result, Value};
use url::form_urlencoded;

use crate::engine::text;
use record::Record;

/// `[href, places ...]` as [`record::Places`] names them, or nothing when the URL is invalid. No base is `undefined`.
fn parse<'js>(ctx: Ctx<'js>, input: Value<'js>, base: Opt<Value<'js>>) -> Result<Option<Array<'js>>> {
    let Some(base) = base.0.filter(|base| !base.is_undefined()) else {
        return shown(ctx.clone(), text::with_usv(&ctx, &input, |input| parser::parse(input, None))?);
    };
    let input = text::usv(&ctx, &input)?;
    let base = text::with_usv(&ctx, &base, |base| parser::parse(base, None))?;
    shown(ctx, base.and_then(|base| parser::parse(&input, Some(&base))))
}

/// The serialised form alone; undefined where the text is no URL.
fn href<'js>(ctx: Ctx<'js>, input: Value<'js>) -> Result<Option<String>> {
    text::with_usv(&ctx, &input, |input| parser::parse(input, None).map(|url| url.serialise().0))
}

/// Runs one of the standard's setters on a serialised URL; nothing when the URL stays as it is.
fn set<'js>(ctx: Ctx<'js>, href: String, part: String, value: Value<'js>) -> Result<Option<Array<'js>>> {
    let mut url = parser::parse(&href, None).expect("a serialised URL parses");
    let changed = text::with_usv(&ctx, &value, |value| setters::set(&mut url, &part, value))?;
    shown(ctx, changed.map(|()| url))
}

fn shown(ctx: Ctx<'_>, url: Option<Record>) -> Result<Option<Array<'_>>> {
    let Some(url) = url else { return Ok(None) };
    let (href, places) = url.serialise();
    let shown = Array::new(ctx)?;
    shown.set(0, href)?;
    for (at, place) in places.into_iter().enumerate() {
        shown.set(at + 1, place)?;
    }
    Ok(Some(shown))
}

/// `a=1&b=2` -> `["a", "1", "b", "2"]`.
fn query_pairs<'js>(ctx: Ctx<'js>, query: Value<'js>) -> Result<Array<'js>> {
    let flat = Array::new(ctx.clone())?;
    let stopped = text::with_usv(&ctx, &query, |query| {
        let mut pairs = form_urlencoded::parse(query.as_bytes()).flat_map(|(name, value)| [name, value]).enumerate();
        pairs.try_for_each(|(at, text)| match flat.set(at, text.as_ref()) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        })
    })?;
    match stopped {
        ControlFlow::Continue(()) => Ok(flat),
        ControlFlow::Break(error) => Err(error),
    }
}

/// `["a", "1", "b", "2"]` -> `a=1&b=2`.
fn query_text<'js>(ctx: Ctx<'js>, flat: Array<'js>) -> Result<String> {
    let mut out = form_urlencoded::Serializer::new(String::new());
    for at in (0..flat.len()).step_by(2) {
        let value = text::usv(&ctx, &flat.get(at + 1)?)?;
        text::with_usv(&ctx, &flat.get(at)?, |name| {
            out.append_pair(name, &value);
        })?;
    }
    Ok(out.finish())
}

pub(super) fn init<'js>(_ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("urlHref", Func::from(href))?;
    host.set("urlParse", Func::from(parse))?;
    host.set("urlSet", Func::from(set))?;
    host.set("urlQueryPairs", Func::from(query_pairs))?;
    host.set("urlQueryText", Func::from(query_text))
}

#[cfg(test)]
mod tests {
    use super::{parser, setters};

    fn href(input: &str, base: Option<&str>) -> Option<String> {
        let base = base.map(|base| parser::parse(base, None).expect("the test's base is valid"));
        parser::parse(input, base.as_ref()).map(|url| url.serialise().0)
    }

    #[test]
    fn references_resolve_against_a_base() {
        for (input, base, expected) in [
            ("../x?y#z", "http://a/b/c/d", "http://a/b/x?y#z"),
            ("//h:80/%2e%2E/p", "http://a/b", "http://h/p"),
            ("///h", "https://a/b", "https://h/"),
            ("https:q", "https://a/b/c?d", "https://a/b/q"),
            ("?q", "foo:/a/b?c#d", "foo:/a/b?q"),
            ("#f", "mailto:me", "mailto:me#f"),
            ("C|/x", "file://host/D:/y", "file://host/C:/x"),
            ("/x", "file:///C:/y", "file:///C:/x"),
        ] {
            assert_eq!(href(input, Some(base)).as_deref(), Some(expected), "{input} against {base}");
        }
        assert_eq!(href("x", Some("mailto:me")), None);
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for input in
            ["", "x", "//x", "http://", "http://a b/", "http://a:65536/", "http://a:x/", "http://u@/", "http://[1]/"]
        {
            assert_eq!(href(input, None), None, "{input}");
        }
    }

    #[test]
    fn places_find_the_parts() {
        let (href, places) = parser::parse("http://u:p@h:81/a?q#f", None).expect("valid").serialise();
        let [_, user, password, host, port, path, query, fragment] = places;
        let parts =
            [&href[user..password], &href[password..host], &href[host..port], &href[port..path], &href[path..query]];
        assert_eq!(parts, ["u", ":p@", "h", ":81", "/a"]);
        assert_eq!([&href[query..fragment], &href[fragment..]], ["?q", "#f"]);
    }

    #[test]
    fn setters_change_what_the_standard_lets_them() {
        for (part, value, expected) in [
            ("protocol", "https:", "https://h:81/a"),
            ("protocol", "foo", "http://h:81/a"),
            ("host", "x:82/y", "http://x:82/a"),
            ("hostname", "x:82", "http://h:81/a"),
            ("port", "80", "http://h/a"),
            ("port", "8\t3x", "http://h:83/a"),
            ("pathname", "b/../c?", "http://h:81/c%3F"),
            ("search", "?a'#", "http://h:81/a?a%27%23"),
            ("username", "a:", "http://a%3A@h:81/a"),
        ] {
            let mut url = parser::parse("http://h:81/a", None).expect("valid");
            let _ = setters::set(&mut url, part, value);
            assert_eq!(url.serialise().0, expected, "{part} = {value}");
        }
    }
}
