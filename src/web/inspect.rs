//! What JavaScript cannot ask about its own values: the class QuickJS gave an object, the state of a promise, what is
//! behind a proxy. For `structuredClone` and for printing values.

use rquickjs::function::Func;
use rquickjs::promise::PromiseState;
use rquickjs::{Array, Ctx, Object, Promise, Result, Value, qjs};

/// Puts `valueClass`, `promiseParts` and `proxyTarget` on the host object.
pub(super) fn init<'js>(_ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("valueClass", Func::from(|value: Value<'_>| class_of(&value)))?;
    host.set("promiseParts", Func::from(promise_parts))?;
    host.set("proxyTarget", Func::from(proxy_target))
}

/// QuickJS's number for the class of an object. The numbers are compared with those of samples, never written down.
#[allow(unsafe_code, reason = "rquickjs has no safe call for the class of an object")]
fn class_of(value: &Value<'_>) -> u32 {
    // SAFETY: reads the tag and, for an object, its class; the value outlives the call.
    unsafe { qjs::JS_GetClassID(value.as_raw()) }
}

/// `["pending"]`, `["fulfilled", value]` or `["rejected", reason]`.
fn promise_parts<'js>(ctx: Ctx<'js>, promise: Promise<'js>) -> Result<Array<'js>> {
    let parts = Array::new(ctx.clone())?;
    let state = match promise.state() {
        PromiseState::Pending => "pending",
        PromiseState::Resolved => "fulfilled",
        PromiseState::Rejected => "rejected",
    };
    parts.set(0, state)?;
    match promise.result::<Value>() {
        Some(Ok(value)) => parts.set(1, value)?,
        Some(Err(_)) => parts.set(1, ctx.catch())?,
        None => {}
    }
    Ok(parts)
}

/// The object behind a proxy, null when it was revoked; undefined for anything else.
#[allow(unsafe_code, reason = "rquickjs takes a proxy of a function for a function, and offers no other cast")]
fn proxy_target<'js>(ctx: Ctx<'js>, value: Value<'js>) -> Value<'js> {
    if !value.is_proxy() {
        return Value::new_undefined(ctx);
    }
    // SAFETY: the value was just found to be a proxy.
    let target = unsafe { value.ref_proxy() }.target();
    target.map_or_else(
        |_| {
            ctx.catch();
            Value::new_null(ctx.clone())
        },
        Into::into,
    )
}
