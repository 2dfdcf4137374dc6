//! Promises that were rejected while nobody listened: told once the microtasks have run, if still nobody does.
//!
//! Whom they are told is a hook of the layer above ([`on_unhandled_rejection`]).

use rquickjs::runtime::RejectionTracker;
use rquickjs::{Ctx, Persistent, Result, Value};

use super::realm::{Realm, realm};

/// Gets the promise and its reason; no reason when a promise that may have been told of is handled after all.
pub type OnUnhandled = for<'js> fn(&Ctx<'js>, Value<'js>, Option<Value<'js>>) -> Result<()>;

pub(super) struct Rejection {
    promise: Persistent<Value<'static>>,
    reason: Option<Persistent<Value<'static>>>,
}

/// Rejections kept until the microtasks have run; more of them in one turn go untold.
const LIMIT: usize = 1000;

/// Has `hook` told of each rejection that nobody handled.
pub fn on_unhandled_rejection(ctx: &Ctx<'_>, hook: OnUnhandled) {
    realm(ctx).on_unhandled.set(Some(hook));
}

/// What QuickJS calls when a promise is rejected without a handler, and when it gets its first one after all.
pub(super) fn tracker() -> RejectionTracker {
    Box::new(|ctx, promise, reason, handled| {
        let Some(realm) = ctx.userdata::<Realm>() else { return };
        let mut rejected = realm.rejected.borrow_mut();
        if handled {
            let is_same = |entry: &Rejection| entry.promise.clone().restore(&ctx).is_ok_and(|held| held == promise);
            if let Some(at) = rejected.iter().position(is_same) {
                rejected.remove(at);
                return;
            }
        }
        if rejected.len() < LIMIT {
            let reason = (!handled).then(|| Persistent::save(&ctx, reason));
            rejected.push(Rejection { promise: Persistent::save(&ctx, promise), reason });
        }
    })
}

/// Tells of what is left; true if there was anything, so that new microtasks may wait.
pub(super) fn tell(ctx: &Ctx<'_>) -> bool {
    let rejected = realm(ctx).rejected.take();
    let Some(hook) = realm(ctx).on_unhandled.get() else { return false };
    let any = !rejected.is_empty();
    for rejection in rejected {
        if tell_one(ctx, hook, rejection).is_err() {
            ctx.catch();
        }
    }
    any
}

fn tell_one(ctx: &Ctx<'_>, hook: OnUnhandled, Rejection { promise, reason }: Rejection) -> Result<()> {
    hook(ctx, promise.restore(ctx)?, reason.map(|reason| reason.restore(ctx)).transpose()?)
}
