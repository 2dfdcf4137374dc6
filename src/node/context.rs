//! Natives of asynchronous contexts (`internal/async_context.js`).

use rquickjs::function::Func;
use rquickjs::{Ctx, Function, Object, Promise, Result};

use crate::engine::{follow_promises, react};

pub(super) fn init<'js>(_ctx: &Ctx<'js>, natives: &Object<'js>) -> Result<()> {
    natives.set("followPromises", Func::from(follow))?;
    natives.set("react", Func::from(before_reactions))
}

fn follow<'js>(ctx: Ctx<'js>, step: Function<'js>, reset: Function<'js>) {
    follow_promises(&ctx, step, reset);
}

fn before_reactions<'js>(
    ctx: Ctx<'js>,
    promise: Promise<'js>,
    kept: Function<'js>,
    broken: Function<'js>,
) -> Result<()> {
    react(&ctx, &promise, &kept, &broken)
}
