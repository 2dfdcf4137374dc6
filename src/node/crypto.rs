//! Natives of `node:crypto`: hashes and HMAC piece by piece, keys derived from passwords.
#![allow(clippy::needless_pass_by_value, reason = "rquickjs hands converted arguments over by value")]

use std::cell::RefCell;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use rquickjs::class::Trace;
use rquickjs::function::Func;
use rquickjs::{Ctx, JsLifetime, Object, Result, TypedArray};
use sha1::Sha1;
use sha2::digest::DynDigest;
use sha2::{Sha224, Sha256, Sha384, Sha512, Sha512_256};

use crate::engine::bytes::with_bytes;
use crate::engine::throw_range;

/// Evaluates the expression with `$hash` as the type of the named hash function; `None` for a name it does not know.
macro_rules! with_hash {
    ($name:expr, $hash:ident => $body:expr) => {
        with_hash!(@each $name, $hash => $body; "md5" Md5, "sha1" Sha1, "sha224" Sha224, "sha256" Sha256,
            "sha384" Sha384, "sha512" Sha512, "sha512-256" Sha512_256)
    };
    (@each $name:expr, $hash:ident => $body:expr; $($known:literal $type:ident),*) => {
        match $name {
            $($known => {
                type $hash = $type;
                Some($body)
            })*
            _ => None,
        }
    };
}

pub(super) fn init<'js>(_ctx: &Ctx<'js>, natives: &Object<'js>) -> Result<()> {
    natives.set("hasher", Func::from(hasher))?;
    natives.set("hmac", Func::from(hmac))?;
    natives.set("pbkdf2", Func::from(pbkdf2))?;
    natives.set("hkdf", Func::from(hkdf))?;
    natives.set("scrypt", Func::from(scrypt))
}

/// A hash in the making.
#[derive(Trace, JsLifetime)]
#[rquickjs::class]
struct Hasher {
    #[qjs(skip_trace)]
    state: RefCell<State>,
}

#[derive(Clone)]
enum State {
    Hash(Box<dyn DynDigest>),
    Mac { inner: Box<dyn DynDigest>, outer: Box<dyn DynDigest> },
}

// SAFETY: the type has no 'js lifetime.
#[allow(unsafe_code, reason = "rquickjs asks for an unsafe marker on what its classes hold")]
unsafe impl JsLifetime<'_> for State {
    type Changed<'to> = State;
}

#[rquickjs::methods]
impl Hasher {
    fn update(&self, data: TypedArray<'_, u8>) {
        // A copy: the state cannot go where the bytes are read in place.
        let bytes = with_bytes(&data, <[u8]>::to_vec);
        match &mut *self.state.borrow_mut() {
            State::Hash(hash) | State::Mac { inner: hash, .. } => hash.update(&bytes),
        }
    }

    fn copy(&self) -> Self {
        Self { state: self.state.clone() }
    }

    fn digest<'js>(&self, ctx: Ctx<'js>) -> Result<TypedArray<'js, u8>> {
        let digest = match self.state.borrow().clone() {
            State::Hash(hash) => hash.finalize(),
            State::Mac { inner, mut outer } => {
                outer.update(&inner.finalize());
                outer.finalize()
            }
        };
        TypedArray::new_copy(ctx, &*digest)
    }
}

fn digest_of(name: &str) -> Option<Box<dyn DynDigest>> {
    with_hash!(name, Hash => Box::new(Hash::default()))
}

fn hasher(name: String) -> Option<Hasher> {
    Some(Hasher { state: RefCell::new(State::Hash(digest_of(&name)?)) })
}

/// HMAC by its definition, for hashes that are chosen at run time.
fn hmac(name: String, key: TypedArray<'_, u8>) -> Option<Hasher> {
    let (mut inner, mut outer) = (digest_of(&name)?, digest_of(&name)?);
    let block = if matches!(name.as_str(), "sha384" | "sha512" | "sha512-256") { 128 } else { 64 };
    let mut padded = with_bytes(&key, <[u8]>::to_vec);
    if padded.len() > block {
        let mut hash = digest_of(&name)?;
        hash.update(&padded);
        padded = hash.finalize().into_vec();
    }
    padded.resize(block, 0);
    inner.update(&padded.iter().map(|byte| byte ^ 0x36).collect::<Vec<_>>());
    outer.update(&padded.iter().map(|byte| byte ^ 0x5c).collect::<Vec<_>>());
    Some(Hasher { state: RefCell::new(State::Mac { inner, outer }) })
}

/// `[password, salt]` and `[iterations, length]`.
fn pbkdf2<'js>(
    ctx: Ctx<'js>,
    name: String,
    secrets: Vec<TypedArray<'js, u8>>,
    numbers: Vec<u32>,
) -> Result<Option<TypedArray<'js, u8>>> {
    let ([password, salt], [iterations, length]) = (copies(&ctx, &secrets)?, known(&ctx, numbers)?);
    let derived = with_hash!(name.as_str(), Hash => {
        let mut derived = vec![0; length as usize];
        pbkdf2::pbkdf2_hmac::<Hash>(&password, &salt, iterations, &mut derived);
        derived
    });
    derived.map(|derived| TypedArray::new_copy(ctx, derived)).transpose()
}

/// `[key, salt, info]`; nothing where `length` (bytes) is more than the hash can give.
fn hkdf<'js>(
    ctx: Ctx<'js>,
    name: String,
    secrets: Vec<TypedArray<'js, u8>>,
    length: usize,
) -> Result<Option<TypedArray<'js, u8>>> {
    let [key, salt, info] = copies(&ctx, &secrets)?;
    let derived = with_hash!(name.as_str(), Hash => {
        let most = 255 * Hmac::<Hash>::new_from_slice(&[]).map_or(0, |mac| mac.finalize().into_bytes().len());
        let mut derived = vec![0; length.min(most)];
        (length <= most && Hkdf::<Hash>::new(Some(&salt), &key).expand(&info, &mut derived).is_ok()).then_some(derived)
    });
    derived.flatten().map(|derived| TypedArray::new_copy(ctx, derived)).transpose()
}

/// `[password, salt]` and `[log2 of the cost, block size, parallelism, length]`.
fn scrypt<'js>(ctx: Ctx<'js>, secrets: Vec<TypedArray<'js, u8>>, numbers: Vec<u32>) -> Result<TypedArray<'js, u8>> {
    let ([password, salt], [cost, block, parallel, length]) = (copies(&ctx, &secrets)?, known(&ctx, numbers)?);
    let mut derived = vec![0; length as usize];
    let cost = u8::try_from(cost).unwrap_or(u8::MAX);
    let done = scrypt::Params::new(cost, block, parallel)
        .ok()
        .map(|parameters| scrypt::scrypt(&password, &salt, &parameters, &mut derived));
    if !matches!(done, Some(Ok(()))) && length > 0 {
        return Err(throw_range(&ctx, "Invalid scrypt params"));
    }
    TypedArray::new_copy(ctx, derived)
}

fn copies<const N: usize>(ctx: &Ctx<'_>, arrays: &[TypedArray<'_, u8>]) -> Result<[Vec<u8>; N]> {
    known(ctx, arrays.iter().map(|array| with_bytes(array, <[u8]>::to_vec)).collect())
}

fn known<T, const N: usize>(ctx: &Ctx<'_>, list: Vec<T>) -> Result<[T; N]> {
    list.try_into().map_err(|_| throw_range(ctx, "wrong number of arguments"))
}
