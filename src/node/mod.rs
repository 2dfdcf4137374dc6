//! Node.js's modules: `src/node/PATH.js` is the module `node:PATH`, bytecode in the binary, evaluated when a Worker first
//! imports it. What is under `internal/` and `vendor/` is for the others alone.
//!
//! Knows no bindings and no configs; a Worker without these modules pays nothing for them. What is easier or faster said
//! in Rust is in the natives beside, made when the first module asks for them ([`natives`]).

mod buffer;
mod builtin;
mod cipher;
mod context;
mod crypto;
mod numbers;
mod zlib;

use rquickjs::{Ctx, Object, Result};

use crate::web::BUILTINS;

/// The globals that `nodejs_compat` adds, by the module that exports them.
pub const GLOBALS: &[(&str, &[&str])] = &[
    ("node:buffer", &["Buffer"]),
    ("node:internal/globals", &["global"]),
    ("node:internal/process", &["process"]),
    ("node:timers", &["clearImmediate", "setImmediate"]),
];

/// The same where the timers of the global scope are Node.js's.
pub const GLOBALS_WITH_TIMERS: &[(&str, &[&str])] = &[
    ("node:buffer", &["Buffer"]),
    ("node:internal/globals", &["global"]),
    ("node:internal/process", &["process"]),
    ("node:timers", TIMERS),
];

const TIMERS: &[&str] =
    &["clearImmediate", "clearInterval", "clearTimeout", "setImmediate", "setInterval", "setTimeout"];

/// Every module that a Worker may import, as `node:NAME`.
pub fn modules() -> impl Iterator<Item = &'static str> {
    BUILTINS.iter().map(|(name, _)| *name).filter(|name| is_public(name))
}

/// Whether there is a module of this name, which begins with `node:`.
#[must_use]
pub fn has(name: &str) -> bool {
    is_public(name) && BUILTINS.iter().any(|(known, _)| *known == name)
}

fn is_public(name: &str) -> bool {
    let below = name.strip_prefix("node:");
    below.is_some_and(|below| !below.starts_with("internal/") && !below.starts_with("vendor/"))
}

type Init = for<'js> fn(&Ctx<'js>, &Object<'js>) -> Result<()>;

const NATIVES: &[Init] =
    &[buffer::init, builtin::init, cipher::init, context::init, crypto::init, numbers::init, zlib::init];

/// The natives of these modules, which `internal/natives.js` asks for once.
pub fn natives(ctx: Ctx<'_>) -> Result<Object<'_>> {
    let natives = Object::new(ctx.clone())?;
    for init in NATIVES {
        init(&ctx, &natives)?;
    }
    Ok(natives)
}
