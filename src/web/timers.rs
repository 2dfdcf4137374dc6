//! Natives of timers, the clock and the console.

use std::sync::Arc;
use std::time::Duration;

use rquickjs::function::{Func, Opt};
use rquickjs::{Ctx, Function, JsLifetime, Object, Persistent, Result, Value};

use super::event::{ConsoleLine, Event, host_of};
use crate::engine::{
    TooManyTimers, cancel_event, current, describe, is_pending, on_unhandled_rejection, realm, require_current,
    start_timer, throw_dom,
};
use crate::worker::Tape;

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
    host.set("taped", Func::from(|ctx: Ctx<'_>| tape(&ctx).is_some()))?;
    host.set("tapeLog", Func::from(tape_log))?;
    host.set("tapePublished", Func::from(tape_published))?;
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
    let started = start_timer(&ctx, Duration::from_secs_f64(millis / 1000.0), repeat, |ctx, id| {
        let callback = ctx.userdata::<OnTimer>().map(|stored| stored.0.clone());
        let Some(callback) = callback else { return Ok(()) };
        #[allow(clippy::cast_precision_loss, reason = "an isolate starts fewer than 2^53 timers")]
        callback.restore(ctx)?.call((id as f64,))
    });
    #[allow(clippy::cast_precision_loss, reason = "an isolate starts fewer than 2^53 timers")]
    started.map(|id| id as f64).map_err(|many| throw_dom(&ctx, "QuotaExceededError", &too_many(many)))
}

fn too_many(TooManyTimers { active, finished }: TooManyTimers) -> String {
    format!(
        "You have exceeded the number of active timeouts you may set. max active timeouts: {active}, current active \
         timeouts: {active}, finished timeouts: {finished}"
    )
}

/// A hundred years, as on Cloudflare.
const MAX_DELAY: f64 = 3_153_600_000_000.0;

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "timer numbers are small and positive")]
fn number(id: f64) -> u64 {
    id as u64
}

fn console_write<'js>(ctx: Ctx<'js>, level: String, text: Value<'js>) -> Result<()> {
    let text = crate::engine::text::usv(&ctx, &text)?;
    host_of(&ctx).console(ConsoleLine { level, text }, current(&ctx).as_deref());
    Ok(())
}

/// Where what the current event says is kept, if somebody listens.
fn tape(ctx: &Ctx<'_>) -> Option<Arc<Tape>> {
    Event::of(&*current(ctx)?).tape()
}

fn tape_log<'js>(ctx: Ctx<'js>, level: String, message: Value<'js>) -> Result<()> {
    let message = crate::engine::text::usv(&ctx, &message)?;
    if let Some(tape) = tape(&ctx) {
        tape.log(&level, &message, host_of(&ctx).now().floor());
    }
    Ok(())
}

fn tape_published<'js>(ctx: Ctx<'js>, channel: String, message: Value<'js>) -> Result<()> {
    let message = crate::engine::text::usv(&ctx, &message)?;
    if let Some(tape) = tape(&ctx) {
        tape.published(&channel, &message, host_of(&ctx).now().floor());
    }
    Ok(())
}

fn report_error<'js>(ctx: Ctx<'js>, error: Value<'js>) {
    let thrown = describe(&ctx, &error);
    host_of(&ctx).uncaught(thrown, current(&ctx).as_deref());
}

fn report_rejection<'js>(ctx: &Ctx<'js>, promise: Value<'js>, reason: Option<Value<'js>>) -> Result<()> {
    let event = realm(ctx).program.clone().builtin(ctx, "internal:event")?;
    match reason {
        Some(reason) => event.get::<_, Function<'js>>("reportRejection")?.call((promise, reason)),
        None => event.get::<_, Function<'js>>("reportHandled")?.call((promise,)),
    }
}
