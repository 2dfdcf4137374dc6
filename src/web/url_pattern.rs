//! The native half of `URLPattern`: patterns to regular expressions, and URLs to the parts that those are matched with.
//!
//! Structures cross as JSON; JavaScript has converted every string before, so that all are well formed. The expressions
//! run on the JavaScript engine.
#![allow(clippy::needless_pass_by_value, reason = "rquickjs hands converted arguments over by value")]

use std::panic::catch_unwind;

use rquickjs::function::Func;
use rquickjs::{Ctx, Object, Result};
use urlpattern::quirks::{self, EcmaRegexp, StringOrInit};
use urlpattern::{Error, UrlPatternOptions};

use crate::engine::throw_type;

/// A pattern (a string or its parts, as JSON) to its components; each with its text, its expression and its groups.
fn parse(ctx: Ctx<'_>, input: String, base: Option<String>, ignore_case: bool) -> Result<String> {
    // Unmatched braces overflow a counter in the crate, which only a build with overflow checks notices.
    let parsed = catch_unwind(|| parsed(&input, base.as_deref(), ignore_case));
    let parsed = parsed.unwrap_or_else(|_| Err("Invalid URL pattern: its braces do not match".to_owned()));
    parsed.map_err(|message| throw_type(&ctx, &message))
}

fn parsed(input: &str, base: Option<&str>, ignore_case: bool) -> std::result::Result<String, String> {
    let init = quirks::process_construct_pattern_input(given(input), base).map_err(|error| told(&error))?;
    let options = UrlPatternOptions { ignore_case, ..UrlPatternOptions::default() };
    let pattern = quirks::parse_pattern::<EcmaRegexp>(init, options).map_err(|error| told(&error))?;
    Ok(serde_json::to_string(&pattern).expect("strings and numbers are JSON"))
}

/// What to match (a URL or its parts, as JSON) to the texts of its components; nothing where it is no URL.
fn input(ctx: Ctx<'_>, input: String, base: Option<String>) -> Result<Option<String>> {
    match quirks::process_match_input(given(&input), base.as_deref()) {
        Ok(processed) => Ok(processed
            .and_then(|(input, _)| quirks::parse_match_input(input))
            .map(|input| serde_json::to_string(&input).expect("strings are JSON"))),
        Err(error) => Err(throw_type(&ctx, &told(&error))),
    }
}

fn given(json: &str) -> StringOrInit<'_> {
    serde_json::from_str(json).expect("internal:url_pattern sends strings and dictionaries of strings")
}

fn told(error: &Error) -> String {
    format!("Invalid URL pattern: {error}")
}

pub(super) fn init<'js>(_ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("urlPatternParse", Func::from(parse))?;
    host.set("urlPatternInput", Func::from(input))
}
