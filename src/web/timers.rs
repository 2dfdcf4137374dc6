//! Natives of timers, the clock and the console.

use std::time::Duration;

use rquickjs::function::{Func, Opt};
use rquickjs::{Ctx, Function, JsLifetime, Object, Persistent, Result, Value};

use super::event::{ConsoleLine, host_of};
use crate::engine::{
    cancel_event, current, describe, is_pending, on_unhandled_rejection, realm, require_current, start_timer,
};

/// The function that runs a timer by its number.
struct OnTimer(Persistent<Function<'static>>);

// SAFETY: the type has no 'js lifetime; the persistent handle is 'static.
#[allow(unsafe_code, reason = "rquickjs asks for an unsafe marker on user data")]
unsafe impl JsLifetime<'_> for OnTimer {
    type Changed<'to> = OnTimer;
}

pub(super) fn init<'js>(_ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("onTimer", Func::from(on_timer))?;
    host.set("timerStart", Func::from(start))?;
    host.set("timerIsPending", Func::from(|ctx: Ctx<'_>, id: f64| is_pending(&ctx, number(id))))?;
    host.set("timerClear", Func::from(|ctx: Ctx<'_>, id: f64| cancel_event(&ctx, number(id))))?;
    host.set("now", Func::from(|ctx: Ctx<'_>| host_of(&ctx).now()))
}

/// Natives of the console and of uncaught exceptions.
pub(super) fn init_console<'js>(ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    on_unhandled_rejection(ctx, report_rejection);
    host.set("consoleWrite", Func::from(console_write))?;
    host.set("reportError", Func::from(report_error))
}

fn on_timer<'js>(ctx: Ctx<'js>, callback: Function<'js>) {
    let stored = ctx.store_userdata(OnTimer(Persistent::save(&ctx, callback)));
    drop(stored.map(|_| ()));
}

fn start(ctx: Ctx<'_>, delay: f64, repeat: Opt<bool>) -> Result<f64> {
    require_current(&ctx)?;
    let repeat = repeat.0.unwrap_or(false);
    // A repeating timer of 0 ms would spin.
    let millis = delay.max(if repeat { 1.0 } else { 0.0 }).min(MAX_DELAY);
    let id = start_timer(&ctx, Duration::from_secs_f64(millis / 1000.0), repeat, |ctx, id| {
        let callback = ctx.userdata::<OnTimer>().map(|stored| stored.0.clone());
        let Some(callback) = callback else { return Ok(()) };
        #[allow(clippy::cast_precision_loss, reason = "an isolate starts fewer than 2^53 timers")]
        callback.restore(ctx)?.call((id as f64,))
    });
    #[allow(clippy::cast_precision_loss, reason = "an isolate starts fewer than 2^53 timers")]
    Ok(id as f64)
}

/// About 24.8 days, as in browsers.
const MAX_DELAY: f64 = 2_147_483_647.0;

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "timer numbers are small and positive")]
fn number(id: f64) -> u64 {
    id as u64
}

fn console_write<'js>(ctx: Ctx<'js>, level: String, text: Value<'js>) -> Result<()> {
    let text = crate::engine::text::usv(&ctx, &text)?;
    host_of(&ctx).console(ConsoleLine { level, text }, current(&ctx).as_deref());
    Ok(())
}

fn report_error<'js>(ctx: Ctx<'js>, error: Value<'js>) {
    let thrown = describe(&ctx, &error);
    host_of(&ctx).uncaught(thrown, current(&ctx).as_deref());
}

fn report_rejection<'js>(ctx: &Ctx<'js>, promise: Value<'js>, reason: Value<'js>) -> Result<()> {
    let program = realm(ctx).program.clone();
    let report: Function<'js> = program.builtin(ctx, "internal:event")?.get("reportRejection")?;
    report.call((promise, reason))
}
