//! Random bytes and constant-time comparison for `crypto`.
#![allow(clippy::needless_pass_by_value, reason = "rquickjs hands converted arguments over by value")]

use std::hint::black_box;

use rquickjs::function::Func;
use rquickjs::{Ctx, Exception, Object, Result, TypedArray};

use crate::engine::bytes;

/// Overwrites every byte of an array with random ones, straight from the system.
fn fill<'js>(ctx: Ctx<'js>, array: TypedArray<'js, u8>) -> Result<()> {
    bytes::fill_bytes(&array, getrandom::fill)
        .map_err(|error| Exception::throw_message(&ctx, &format!("No random bytes from the system: {error}")))
}

fn uuid() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// Whether two arrays of one length are equal, in a time that does not depend on where they differ.
fn equal(a: TypedArray<'_, u8>, b: TypedArray<'_, u8>) -> bool {
    let a = bytes::with_bytes(&a, <[u8]>::to_vec);
    bytes::with_bytes(&b, move |b| a.iter().zip(b).fold(0, |differences, (a, b)| black_box(differences | (a ^ b))) == 0)
}

pub(super) fn init<'js>(_ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("cryptoFill", Func::from(fill))?;
    host.set("cryptoUuid", Func::from(uuid))?;
    host.set("cryptoEqual", Func::from(equal))
}
