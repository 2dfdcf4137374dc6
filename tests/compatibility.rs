//! Compatibility dates and flags: what a Worker of a date has, and what is refused.

use crate::support::{Dev, Form, Server};

const ASKS: &str = "export default { async fetch(request, env, ctx) {
    const does = (run) => { try { return run(); } catch (error) { return error.name; } };
    return Response.json({
        navigator: typeof navigator,
        language: does(() => navigator.language),
        channel: [typeof MessageChannel, typeof MessagePort],
        weak: [typeof WeakRef, typeof FinalizationRegistry],
        cookies: typeof new Headers().getSetCookie,
        value: new URLSearchParams('a=1').has('a', '2'),
        patch: does(() => new Request('http://a.test', { method: 'patch' }).method),
        cache: ['no-store', 'no-cache'].map((cache) => does(() => new Request('http://a.test', { cache }).cache)),
        iterable: await new Response([new Uint8Array([65])]).text(),
        exports: typeof ctx.exports,
        flags: ['global_navigator', 'enable_nodejs_global_timers'].map((flag) => Cloudflare.compatibilityFlags[flag]),
    });
} };";

/// An uploaded Worker of a date, with flags as a JSON list.
fn of(date: &str, flags: &str) -> Server {
    let dev = Dev::api().start();
    let metadata =
        format!(r#"{{"main_module":"index.js","compatibility_date":"{date}","compatibility_flags":{flags}}}"#);
    dev.api("PUT", "/workers/scripts/b").form(Form::upload(&metadata, ASKS)).send().done();
    dev
}

#[test]
fn a_new_date_brings_what_old_ones_lack() {
    let old = of("2021-11-01", "[]");
    old.get("/").json(
        r#"{"navigator":"undefined","language":"ReferenceError","channel":["undefined","undefined"],
        "weak":["undefined","undefined"],"cookies":"undefined","value":true,"patch":"TypeError","cache":["Error","Error"],
        "iterable":"65","exports":"undefined","flags":[false,false]}"#,
    );
    let new = of("2026-07-01", "[]");
    new.get("/").json(
        r#"{"navigator":"object","language":"en","channel":["function","function"],"weak":["function","function"],
        "cookies":"function","value":false,"patch":"PATCH","cache":["no-store","no-cache"],"iterable":"A",
        "exports":"object","flags":[true,false]}"#,
    );
}

#[test]
fn flags_switch_one_thing_whatever_the_date() {
    let some = r#"["no_global_navigator", "disable_weak_ref", "no_fetch_iterable_type_support", "nodejs_compat"]"#;
    of("2026-07-01", some).get("/").json(
        r#"{"navigator":"undefined","language":"ReferenceError","channel":["function","function"],
        "weak":["undefined","undefined"],"cookies":"function","value":false,"patch":"PATCH","cache":["no-store","no-cache"],
        "iterable":"65","exports":"object","flags":[false,true]}"#,
    );
    of("2021-11-01", r#"["global_navigator", "cache_option_enabled", "upper_case_all_http_methods"]"#).get("/").json(
        r#"{"navigator":"object","channel":["undefined","undefined"],"weak":["undefined","undefined"],
        "cookies":"undefined","value":true,"patch":"PATCH","cache":["no-store","TypeError"],"iterable":"65",
        "exports":"undefined","flags":[true,false]}"#,
    );
}

#[test]
fn flags_that_cannot_be_are_refused_with_the_one_that_was_meant() {
    let told = |flags: &str| {
        let config = format!("compatibility_flags = {flags}");
        Dev::new().worker("a", "export default {};").config("a", &config).refused().join("\n")
    };
    let unknown = told("[\"nodejs_compta\"]");
    assert!(unknown.contains("no such compatibility flag: \"nodejs_compta\""), "{unknown}");
    let both = told("[\"url_standard\", \"url_original\"]");
    assert!(both.contains("\"url_original\" and \"url_standard\" contradict each other"), "{both}");
    let dev = Dev::api().start();
    let metadata = r#"{"main_module":"index.js","compatibility_date":"2026-01-01","compatibility_flags":["nodejs"]}"#;
    let refused = dev.api("PUT", "/workers/scripts/b").form(Form::upload(metadata, ASKS)).send();
    assert!(refused.text().contains("no such compatibility flag"));
}
