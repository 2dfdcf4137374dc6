//! Where the code of an isolate follows an asynchronous context through promises: QuickJS's promise hooks, and the
//! start of each message. What a context is, and what follows from a hook, is JavaScript's to say.
//!
//! Nothing of this is set until [`follow_promises`] is called, so a Worker without contexts pays nothing.

use std::ffi::c_void;
use std::ptr::{NonNull, null_mut};

use rquickjs::{Ctx, Function, JsLifetime, Persistent, Promise, Result, Value, qjs};

/// What JavaScript gave: called for each step of a promise, and before each message.
struct Followers {
    step: Persistent<Function<'static>>,
    reset: Persistent<Function<'static>>,
}

// SAFETY: the type has no 'js lifetime; the persistent handles are 'static.
#[allow(unsafe_code, reason = "rquickjs asks for an unsafe marker on user data")]
unsafe impl JsLifetime<'_> for Followers {
    type Changed<'to> = Followers;
}

/// From now on has `step(kind, promise, parent)` called when a promise is made (0; with a parent, by its `then`),
/// before (1) a thenable's `then` is called for a promise, and when a promise is fulfilled (3), its reactions not yet
/// queued; `reset()` is called before each message. QuickJS has no hooks for reactions and for rejections.
#[allow(unsafe_code, reason = "rquickjs sets promise hooks only from outside of the runtime's lock")]
pub fn follow_promises<'js>(ctx: &Ctx<'js>, step: Function<'js>, reset: Function<'js>) {
    let followers = Followers { step: Persistent::save(ctx, step), reset: Persistent::save(ctx, reset) };
    drop(ctx.store_userdata(followers).map(|_| ()));
    // SAFETY: the runtime lives as long as its context; `on_step` matches the hook's type and uses no opaque pointer.
    unsafe { qjs::JS_SetPromiseHook(qjs::JS_GetRuntime(ctx.as_raw().as_ptr()), Some(on_step), null_mut()) };
}

/// As `promise.then(...)` by the engine itself: nothing that user code has changed is asked, and nothing is answered.
#[allow(unsafe_code, reason = "rquickjs calls the `then` that user code sees")]
pub fn react<'js>(ctx: &Ctx<'js>, promise: &Promise<'js>, kept: &Function<'js>, broken: &Function<'js>) -> Result<()> {
    // SAFETY: all values are of this context and outlive the call; the new promise is owned by the value made of it.
    let derived = unsafe {
        let raw = qjs::JS_PromiseThen(ctx.as_raw().as_ptr(), promise.as_raw(), kept.as_raw(), broken.as_raw());
        Value::from_raw(ctx.clone(), raw)
    };
    if derived.is_exception() { Err(rquickjs::Error::Exception) } else { Ok(()) }
}

/// A message begins: what the one before left behind is not its context.
pub(super) fn reset(ctx: &Ctx<'_>) {
    let followers = ctx.userdata::<Followers>().map(|followers| followers.reset.clone());
    let Some(reset) = followers else { return };
    if reset.restore(ctx).and_then(|reset| reset.call::<_, ()>(())).is_err() {
        ctx.catch();
    }
}

#[allow(unsafe_code, reason = "QuickJS calls this")]
unsafe extern "C" fn on_step(
    ctx: *mut qjs::JSContext,
    kind: qjs::JSPromiseHookType,
    promise: qjs::JSValue,
    parent: qjs::JSValue,
    _: *mut c_void,
) {
    if kind == qjs::JSPromiseHookType_JS_PROMISE_HOOK_AFTER {
        return;
    }
    let Some(ctx) = NonNull::new(ctx) else { return };
    // SAFETY: QuickJS calls with a living context and borrowed values of it, which are counted before they are owned.
    let (ctx, promise, parent) = unsafe {
        let ctx = Ctx::from_raw(ctx);
        let own = |value| Value::from_raw(ctx.clone(), qjs::JS_DupValue(ctx.as_raw().as_ptr(), value));
        let (promise, parent) = (own(promise), own(parent));
        (ctx, promise, parent)
    };
    let step = ctx.userdata::<Followers>().map(|followers| followers.step.clone());
    let Some(step) = step else { return };
    // A hook cannot throw: what goes wrong in it (no stack left, no time left) loses the context of one step.
    if step.restore(&ctx).and_then(|step| step.call::<_, ()>((kind, promise, parent))).is_err() {
        ctx.catch();
    }
}
