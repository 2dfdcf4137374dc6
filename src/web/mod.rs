//! The web platform: one file per API, a native half (`init`) and a JavaScript half that is bytecode in the binary.
//!
//! Knows no bindings and no configs. Globals are lazy: the first touch evaluates the module that exports them, so a
//! Worker pays only for what it uses. [`install`] prepares an isolate.

pub(crate) mod body;
mod cache;
mod compression;
mod crypto;
mod data_url;
mod digest;
mod encoding;
mod event;
pub(crate) mod fetch;
pub(crate) mod formdata;
pub(crate) mod headers;
mod html_rewriter;
mod inspect;
mod mime;
mod redirect;
pub(crate) mod rpc;
pub(crate) mod serial;
mod sockets;
mod timers;
mod url;
mod url_pattern;
pub(crate) mod wasm;
pub(crate) mod websocket;

use std::sync::Arc;

use rquickjs::function::Func;
use rquickjs::{Ctx, Object, Result, Value};

use crate::engine::realm;

pub use cache::Caches;
pub use event::{Answer, ConsoleLine, Event, Host, map_stack};

include!(concat!(env!("OUT_DIR"), "/builtins.rs"));

/// One API: the module `internal:NAME`, the globals it exports, and its natives.
struct Api {
    module: &'static str,
    globals: &'static [&'static str],
    native: Option<Init>,
}

const fn script(module: &'static str, globals: &'static [&'static str]) -> Api {
    Api { module, globals, native: None }
}

type Init = for<'js> fn(&Ctx<'js>, &Object<'js>) -> Result<()>;

const fn native(module: &'static str, globals: &'static [&'static str], init: Init) -> Api {
    Api { module, globals, native: Some(init) }
}

/// Every API; the order does not matter.
const APIS: &[Api] = &[
    native("body", &["Body"], body::init),
    native("compression", &["CompressionStream", "DecompressionStream"], compression::init),
    native("cache", &["Cache", "CacheStorage", "caches"], cache::init),
    native("console", &["console"], timers::init_console),
    native("crypto", &["crypto", "Crypto", "SubtleCrypto"], crypto::init),
    native("digest", &[], digest::init),
    native("encoding", &["TextEncoder", "TextDecoder"], encoding::init),
    native("fetch", &["fetch"], fetch::init),
    native("formdata", &["FormData"], formdata::init),
    native("headers", &["Headers"], headers::init),
    native("html_rewriter", &["HTMLRewriter"], html_rewriter::init),
    native("inspect", &[], inspect::init),
    native("mime", &[], mime::init),
    native("rpc", &[], rpc::init),
    native("serial", &[], serial::init),
    native("sockets", &[], sockets::init),
    native("timers", TIMERS, timers::init),
    native("url", &["URL", "URLSearchParams"], url::init),
    native("url_pattern", &["URLPattern"], url_pattern::init),
    native("webassembly", &["WebAssembly"], wasm::init),
    native("websocket", &["WebSocket", "WebSocketPair"], websocket::init),
    script("abort", &["AbortController", "AbortSignal"]),
    script("auto_response", &["WebSocketRequestResponsePair"]),
    script("base64", &["atob", "btoa"]),
    script("blob", &["Blob", "File"]),
    script("clone", &["structuredClone"]),
    script("cloudflare", &["Cloudflare"]),
    script("crypto_key", &["CryptoKey"]),
    script("encoding_stream", &["TextEncoderStream", "TextDecoderStream"]),
    script("event", EVENT),
    script("event_kinds", &["CloseEvent", "CustomEvent", "ErrorEvent", "MessageEvent", "PromiseRejectionEvent"]),
    script("event_source", &["EventSource"]),
    script("exception", &["DOMException"]),
    script("message_channel", &["MessageChannel", "MessagePort"]),
    script("navigator", &["Navigator", "navigator"]),
    script("performance", &["performance"]),
    script("queuing", &["ByteLengthQueuingStrategy", "CountQueuingStrategy"]),
    script("request", &["Request"]),
    script("response", &["Response"]),
    script("scope", &["ServiceWorkerGlobalScope", "WorkerGlobalScope"]),
    script("service_events", &["ExtendableEvent", "FetchEvent", "ScheduledEvent", "TailEvent"]),
    script("streams_byob", BYTE_STREAMS),
    script("streams_default", &["ReadableStreamDefaultController"]),
    script("streams_identity", &["FixedLengthStream", "IdentityTransformStream"]),
    script("streams_readable", &["ReadableStream", "ReadableStreamDefaultReader"]),
    script("streams_transform", &["TransformStream", "TransformStreamDefaultController"]),
    script("streams_writable", WRITABLE),
];

const BYTE_STREAMS: &[&str] =
    &["ReadableByteStreamController", "ReadableStreamBYOBReader", "ReadableStreamBYOBRequest"];
const EVENT: &[&str] = &["Event", "EventTarget", "addEventListener", "dispatchEvent", "removeEventListener"];
const TIMERS: &[&str] =
    &["clearInterval", "clearTimeout", "queueMicrotask", "reportError", "scheduler", "setInterval", "setTimeout"];
const WRITABLE: &[&str] = &["WritableStream", "WritableStreamDefaultController", "WritableStreamDefaultWriter"];

/// The modules whose globals a compatibility flag brings.
const GATES: &[(&str, &str)] =
    &[("message_channel", "expose_global_message_channel"), ("navigator", "global_navigator")];

/// Prepares an isolate: natives (with `more` of the layer that runs Workers), lazy globals, and what must be set before
/// any code runs.
pub fn install(ctx: &Ctx<'_>, served_by: Arc<dyn Host>, more: fn(&Object<'_>) -> Result<()>) -> Result<()> {
    let stored = ctx.store_userdata(event::HostData(served_by));
    drop(stored.map(|_| ()));
    let host = Object::new(ctx.clone())?;
    host.set("load", Func::from(load))?;
    host.set("mapStack", Func::from(|ctx: Ctx<'_>, stack: String| map_stack(&ctx, &stack)))?;
    host.set("isStartup", Func::from(|ctx: Ctx<'_>| crate::engine::is_startup(&ctx)))?;
    host.set("flag", Func::from(|ctx: Ctx<'_>, name: String| event::host_of(&ctx).flag(&name)))?;
    host.set("flags", Func::from(flags))?;
    for api in APIS {
        if let Some(native) = api.native {
            native(ctx, &host)?;
        }
    }
    more(&host)?;
    ctx.globals().set("natives", host)?;
    let exports = load(ctx.clone(), "internal:host".to_owned())?;
    let more_globals = realm(ctx).program.globals;
    let served_by = event::host_of(ctx);
    let allowed =
        APIS.iter().filter(|api| GATES.iter().all(|(module, flag)| *module != api.module || served_by.flag(flag)));
    let groups = allowed.map(|api| (api.module, api.globals.to_vec()));
    let groups = groups.chain(more_globals.iter().map(|(module, names)| (*module, names.to_vec()))).collect();
    exports.get::<_, rquickjs::Function>("defineGlobals")?.call::<_, Value>((pairs(ctx, groups)?,))?;
    load(ctx.clone(), "internal:boot".to_owned())?;
    Ok(())
}

/// Every compatibility flag, and whether it is on.
fn flags(ctx: Ctx<'_>) -> Result<Object<'_>> {
    let all = Object::new(ctx.clone())?;
    for (name, on) in event::host_of(&ctx).flags() {
        all.set(name, on)?;
    }
    Ok(all)
}

fn pairs<'js>(ctx: &Ctx<'js>, groups: Vec<(&str, Vec<&str>)>) -> Result<rquickjs::Array<'js>> {
    let list = rquickjs::Array::new(ctx.clone())?;
    for (at, (module, globals)) in groups.into_iter().filter(|(_, globals)| !globals.is_empty()).enumerate() {
        let pair = rquickjs::Array::new(ctx.clone())?;
        pair.set(0, module)?;
        pair.set(1, globals)?;
        list.set(at, pair)?;
    }
    Ok(list)
}

fn load(ctx: Ctx<'_>, name: String) -> Result<Object<'_>> {
    let program = realm(&ctx).program.clone();
    program.builtin(&ctx, &name)
}

#[cfg(test)]
pub(crate) mod tests;
