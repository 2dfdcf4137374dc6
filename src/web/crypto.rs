//! The native half of `crypto`: random bytes, constant-time comparison, keys and what is done with them.
//!
//! JavaScript (`crypto_*.js`) checks what the standard lets a key do; the functions here take checked arguments and
//! answer nothing where the mathematics says no.
#![allow(clippy::needless_pass_by_value, reason = "rquickjs hands converted arguments over by value")]

mod aes;
mod derive;
mod ec;
mod hash;
mod key;
mod okp;
mod operations;
mod rsa;

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

/// Whether two arrays are equal, in a time that does not depend on where they differ.
fn equal(a: TypedArray<'_, u8>, b: TypedArray<'_, u8>) -> bool {
    let a = bytes::with_bytes(&a, <[u8]>::to_vec);
    bytes::with_bytes(&b, move |b| equal_bytes(&a, b))
}

fn equal_bytes(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differences, (a, b)| black_box(differences | (a ^ b))) == 0
}

pub(super) fn init<'js>(ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("cryptoFill", Func::from(fill))?;
    host.set("cryptoUuid", Func::from(uuid))?;
    host.set("cryptoEqual", Func::from(equal))?;
    operations::init(ctx, host)
}
