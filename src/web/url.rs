//! Parsing behind `URL` and `URLSearchParams`. Stateless: a `URL` object in JavaScript is its serialised form,
//! which these functions read and write anew; its getters slice that text without coming here.
#![allow(clippy::needless_pass_by_value, reason = "rquickjs hands converted arguments over by value")]

use std::ops::ControlFlow;

use rquickjs::function::{Func, Opt};
use rquickjs::{Array, Ctx, Object, Result, Value};
use url::{Url, form_urlencoded, quirks};

use crate::engine::text;

/// The serialised URL, or nothing when it is invalid. An absent base is `undefined`.
fn parse<'js>(ctx: Ctx<'js>, input: Value<'js>, base: Opt<Value<'js>>) -> Result<Option<String>> {
    let base = base.0.filter(|base| !base.is_undefined());
    let parsed = text::with_usv(&ctx, &input, |input| (base.is_none()).then(|| Url::parse(input)))?;
    let parsed = match (parsed, base) {
        (Some(parsed), _) => parsed,
        (None, base) => {
            let input = text::usv(&ctx, &input)?;
            let base = base.expect("without a base it is parsed already");
            text::with_usv(&ctx, &base, |base| Url::parse(base).and_then(|base| base.join(&input)))?
        }
    };
    Ok(parsed.ok().map(String::from))
}

/// Runs one of the standard's setters on a serialised URL; nothing when the URL stays as it is.
fn set<'js>(ctx: Ctx<'js>, href: String, part: String, value: Value<'js>) -> Result<Option<String>> {
    let mut url = Url::parse(&href).expect("a serialised URL parses");
    text::with_usv(&ctx, &value, |value| match part.as_str() {
        "protocol" => quirks::set_protocol(&mut url, value).ok(),
        "username" => quirks::set_username(&mut url, value).ok(),
        "password" => quirks::set_password(&mut url, value).ok(),
        "host" => quirks::set_host(&mut url, value).ok(),
        "hostname" => quirks::set_hostname(&mut url, value).ok(),
        "port" => quirks::set_port(&mut url, value).ok(),
        "pathname" => {
            quirks::set_pathname(&mut url, value);
            Some(())
        }
        "search" => {
            quirks::set_search(&mut url, value);
            Some(())
        }
        "hash" => {
            quirks::set_hash(&mut url, value);
            Some(())
        }
        other => unreachable!("no setter for {other}"),
    })
    .map(|changed| changed.map(|()| String::from(url)))
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
    host.set("urlParse", Func::from(parse))?;
    host.set("urlSet", Func::from(set))?;
    host.set("urlQueryPairs", Func::from(query_pairs))?;
    host.set("urlQueryText", Func::from(query_text))
}
