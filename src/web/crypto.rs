//! Random bytes, digests and constant-time comparison for `crypto`.
#![allow(clippy::needless_pass_by_value, reason = "rquickjs hands converted arguments over by value")]

use std::hint::black_box;

use md5::Md5;
use rquickjs::function::Func;
use rquickjs::{Ctx, Exception, Object, Result, TypedArray};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::engine::bytes;

/// Overwrites every byte of an array with random ones, straight from the system.
fn fill<'js>(ctx: Ctx<'js>, array: TypedArray<'js, u8>) -> Result<()> {
    bytes::fill_bytes(&array, getrandom::fill)
        .map_err(|error| Exception::throw_message(&ctx, &format!("No random bytes from the system: {error}")))
}

fn uuid() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// A digest by its name in capitals; nothing for a name it does not know.
fn digest<'js>(ctx: Ctx<'js>, name: String, data: TypedArray<'js, u8>) -> Result<Option<TypedArray<'js, u8>>> {
    let hash = match name.as_str() {
        "MD5" => |data: &[u8]| Md5::digest(data).to_vec(),
        "SHA-1" => |data: &[u8]| Sha1::digest(data).to_vec(),
        "SHA-256" => |data: &[u8]| Sha256::digest(data).to_vec(),
        "SHA-384" => |data: &[u8]| Sha384::digest(data).to_vec(),
        "SHA-512" => |data: &[u8]| Sha512::digest(data).to_vec(),
        _ => return Ok(None),
    };
    TypedArray::new_copy(ctx, bytes::with_bytes(&data, hash)).map(Some)
}

/// Whether two arrays of one length are equal, in a time that does not depend on where they differ.
fn equal(a: TypedArray<'_, u8>, b: TypedArray<'_, u8>) -> bool {
    let a = bytes::with_bytes(&a, <[u8]>::to_vec);
    bytes::with_bytes(&b, move |b| a.iter().zip(b).fold(0, |differences, (a, b)| black_box(differences | (a ^ b))) == 0)
}

pub(super) fn init<'js>(_ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("cryptoFill", Func::from(fill))?;
    host.set("cryptoUuid", Func::from(uuid))?;
    host.set("cryptoDigest", Func::from(digest))?;
    host.set("cryptoEqual", Func::from(equal))
}
