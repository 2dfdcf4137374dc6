//! What JavaScript can ask of keys. Algorithms come as plain objects whose members JavaScript has checked.

use std::sync::Arc;

use rquickjs::function::Func;
use rquickjs::{Class, Ctx, IntoJs, Object, Promise, Result, TypedArray, Value};

use super::key::{Key, KeyHandle, NewKey};
use super::rsa::{RsaKey, Scheme};
use super::{aes, derive, hash, okp};
use crate::engine::{HostError, bytes, is_startup, spawn_work, throw_error};

type Bytes<'js> = TypedArray<'js, u8>;
type Handle<'js> = Class<'js, KeyHandle>;

fn copied(array: &Bytes<'_>) -> Vec<u8> {
    bytes::with_bytes(array, <[u8]>::to_vec)
}

/// A member that is a `Uint8Array`; none is empty.
fn member(plan: &Object<'_>, name: &str) -> Result<Vec<u8>> {
    Ok(plan.get::<_, Option<Bytes>>(name)?.as_ref().map(copied).unwrap_or_default())
}

fn array<'js>(ctx: &Ctx<'js>, made: Option<Vec<u8>>) -> Result<Option<Bytes<'js>>> {
    made.map(|bytes| TypedArray::new_copy(ctx.clone(), bytes)).transpose()
}

fn handle<'js>(ctx: &Ctx<'js>, key: Option<Key>) -> Result<Option<Value<'js>>> {
    key.map(|key| NewKey(key).into_js(ctx)).transpose()
}

fn key_of(handle: &Handle<'_>) -> Arc<Key> {
    handle.borrow().key.clone()
}

// ---- keys

fn key_secret<'js>(ctx: Ctx<'js>, bytes: Bytes<'js>) -> Result<Value<'js>> {
    NewKey(Key::Secret(copied(&bytes))).into_js(&ctx)
}

fn key_from_parts<'js>(ctx: Ctx<'js>, kind: String, parts: Vec<Bytes<'js>>) -> Result<Option<Value<'js>>> {
    handle(&ctx, Key::from_parts(&kind, &parts.iter().map(copied).collect::<Vec<_>>()))
}

/// `format` is raw, spki or pkcs8.
fn key_from_bytes<'js>(ctx: Ctx<'js>, kind: String, format: String, bytes: Bytes<'js>) -> Result<Option<Value<'js>>> {
    let bytes = copied(&bytes);
    handle(
        &ctx,
        match format.as_str() {
            "raw" => Key::from_raw(&kind, &bytes),
            "spki" => Key::from_spki(&kind, &bytes),
            _ => Key::from_pkcs8(&kind, &bytes),
        },
    )
}

fn key_parts<'js>(ctx: Ctx<'js>, key: Handle<'js>) -> Result<Vec<Bytes<'js>>> {
    key_of(&key).parts().into_iter().map(|part| TypedArray::new_copy(ctx.clone(), part)).collect()
}

fn key_raw<'js>(ctx: Ctx<'js>, key: Handle<'js>) -> Result<Bytes<'js>> {
    TypedArray::new_copy(ctx, key_of(&key).raw())
}

fn key_der<'js>(ctx: Ctx<'js>, key: Handle<'js>) -> Result<Option<Bytes<'js>>> {
    array(&ctx, key_of(&key).der())
}

fn key_public<'js>(ctx: Ctx<'js>, key: Handle<'js>) -> Result<Value<'js>> {
    NewKey(key_of(&key).to_public()).into_js(&ctx)
}

/// A private key of a curve.
fn key_generate(ctx: Ctx<'_>, kind: String) -> Result<Option<Value<'_>>> {
    match Key::generate(&kind) {
        Ok(key) => handle(&ctx, key),
        Err(error) => Err(throw_error(&ctx, &format!("No random bytes from the system: {error}"))),
    }
}

/// A private RSA key, made on a thread of its own: large ones take seconds.
fn rsa_generate(ctx: Ctx<'_>, bits: usize, exponent: u32) -> Result<Promise<'_>> {
    spawn_work(&ctx, move || {
        let made = RsaKey::generate(bits, exponent.into()).map(|key| NewKey(Key::Rsa(key)));
        made.ok_or_else(|| HostError::Dom {
            name: "OperationError",
            message: format!("No RSA key of {bits} bits with the public exponent {exponent} can be made."),
        })
    })
}

// ---- ciphers

/// `{ mode, encrypt, iv, additional, length }`; `length` is bits of the counter or bytes of the tag.
fn aes_cipher<'js>(ctx: Ctx<'js>, key: Handle<'js>, plan: Object<'js>, data: Bytes<'js>) -> Result<Option<Bytes<'js>>> {
    let (kind, encrypt): (String, bool) = (plan.get("mode")?, plan.get("encrypt")?);
    let (iv, additional) = (member(&plan, "iv")?, member(&plan, "additional")?);
    let length = plan.get::<_, Option<u32>>("length")?.unwrap_or_default();
    let key = key_of(&key);
    let made = bytes::with_bytes(&data, move |data| {
        let Key::Secret(key) = &*key else { return None };
        let gcm = aes::Gcm { iv: &iv, additional: &additional, tag: length as usize };
        match (kind.as_str(), encrypt) {
            ("CBC", true) => aes::cbc_encrypt(key, &iv, data),
            ("CBC", false) => aes::cbc_decrypt(key, &iv, data),
            ("CTR", _) => aes::ctr(key, &iv, length, data),
            ("GCM", true) => gcm.encrypt(key, data),
            ("GCM", false) => gcm.decrypt(key, data),
            (_, true) => aes::wrap(key, data),
            (_, false) => aes::unwrap(key, data),
        }
    });
    array(&ctx, made)
}

/// `{ encrypt, hash, label }`
fn rsa_cipher<'js>(ctx: Ctx<'js>, key: Handle<'js>, plan: Object<'js>, data: Bytes<'js>) -> Result<Option<Bytes<'js>>> {
    let (encrypt, hash): (bool, String) = (plan.get("encrypt")?, plan.get("hash")?);
    let (label, key) = (member(&plan, "label")?, key_of(&key));
    let made = bytes::with_bytes(&data, move |data| match &*key {
        Key::Rsa(key) if encrypt => key.encrypt(&hash, &label, data),
        Key::Rsa(key) => key.decrypt(&hash, &label, data),
        _ => None,
    });
    array(&ctx, made)
}

// ---- signatures

/// `{ hash, salt }`: a `salt` in bytes makes RSA's signature a PSS one.
struct Signing {
    hash: String,
    scheme: Scheme,
}

impl Signing {
    fn of(plan: &Object<'_>) -> Result<Self> {
        let scheme = plan.get::<_, Option<usize>>("salt")?.map_or(Scheme::Pkcs1, |salt| Scheme::Pss { salt });
        Ok(Self { hash: plan.get::<_, Option<String>>("hash")?.unwrap_or_default(), scheme })
    }

    fn sign(&self, key: &Key, data: &[u8]) -> Option<Vec<u8>> {
        match key {
            Key::Secret(secret) => derive::hmac(&self.hash, secret, data),
            Key::Rsa(key) => key.sign(self.scheme, &self.hash, data),
            Key::Ec { curve, secret, .. } => curve.sign(secret.as_ref()?, &hash::digest(&self.hash, data)?).ok(),
            Key::Okp { secret, .. } => Some(okp::sign(secret.as_ref()?, data)),
        }
    }

    fn verify(&self, key: &Key, signature: &[u8], data: &[u8]) -> bool {
        match key {
            Key::Secret(secret) => {
                derive::hmac(&self.hash, secret, data).is_some_and(|made| super::equal_bytes(&made, signature))
            }
            Key::Rsa(key) => key.verify(self.scheme, &self.hash, signature, data),
            Key::Ec { curve, public, .. } => {
                hash::digest(&self.hash, data).is_some_and(|digest| (curve.verify)(public, &digest, signature))
            }
            Key::Okp { public, .. } => okp::verify(public, signature, data),
        }
    }
}

fn sign<'js>(ctx: Ctx<'js>, key: Handle<'js>, plan: Object<'js>, data: Bytes<'js>) -> Result<Option<Bytes<'js>>> {
    let (plan, key) = (Signing::of(&plan)?, key_of(&key));
    array(&ctx, bytes::with_bytes(&data, move |data| plan.sign(&key, data)))
}

fn verify<'js>(key: Handle<'js>, plan: Object<'js>, signature: Bytes<'js>, data: Bytes<'js>) -> Result<bool> {
    let (plan, key, signature) = (Signing::of(&plan)?, key_of(&key), copied(&signature));
    Ok(bytes::with_bytes(&data, move |data| plan.verify(&key, &signature, data)))
}

// ---- derivation

/// The secret that a private and a public key of one curve share; nothing where there is none.
fn agree<'js>(ctx: Ctx<'js>, key: Handle<'js>, peer: Handle<'js>) -> Result<Option<Bytes<'js>>> {
    let shared = match (&*key_of(&key), &*key_of(&peer)) {
        (Key::Ec { curve, secret: Some(secret), .. }, Key::Ec { public, .. }) => (curve.agree)(secret, public),
        (Key::Okp { secret: Some(secret), .. }, Key::Okp { public, .. }) => okp::agree(secret, public),
        _ => None,
    };
    array(&ctx, shared)
}

/// `{ hash, salt, info }`, and the bytes wanted.
fn hkdf<'js>(ctx: Ctx<'js>, key: Handle<'js>, plan: Object<'js>, length: usize) -> Result<Option<Bytes<'js>>> {
    let (hash, salt, info): (String, _, _) = (plan.get("hash")?, member(&plan, "salt")?, member(&plan, "info")?);
    let Key::Secret(secret) = &*key_of(&key) else { return Ok(None) };
    array(&ctx, derive::hkdf(&hash, secret, &salt, &info, length))
}

/// Rounds of a hash that are not worth another thread.
const FEW: usize = 2_000;

/// `{ hash, salt, iterations }`, and the bytes wanted: a promise where that takes long, except while a Worker starts.
fn pbkdf2<'js>(ctx: Ctx<'js>, key: Handle<'js>, plan: Object<'js>, length: usize) -> Result<Value<'js>> {
    let (hash, iterations): (String, u32) = (plan.get("hash")?, plan.get("iterations")?);
    let (salt, key) = (member(&plan, "salt")?, key_of(&key));
    let work = move || match &*key {
        Key::Secret(secret) => derive::pbkdf2(&hash, secret, &salt, iterations, length),
        _ => None,
    };
    if is_startup(&ctx) || iterations as usize * length.div_ceil(32) <= FEW {
        return array(&ctx, work())?.into_js(&ctx);
    }
    spawn_work(&ctx, move || Ok(Octets(work().unwrap_or_default())))?.into_js(&ctx)
}

/// Bytes that become a `Uint8Array`.
struct Octets(Vec<u8>);

impl<'js> IntoJs<'js> for Octets {
    fn into_js(self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        TypedArray::new_copy(ctx.clone(), self.0)?.into_js(ctx)
    }
}

/// One native that installs the others: most Workers have no keys.
pub(super) fn init<'js>(_ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("cryptoOperations", Func::from(install))
}

fn install(host: Object<'_>) -> Result<()> {
    host.set("keySecret", Func::from(key_secret))?;
    host.set("keyFromParts", Func::from(key_from_parts))?;
    host.set("keyFromBytes", Func::from(key_from_bytes))?;
    host.set("keyParts", Func::from(key_parts))?;
    host.set("keyRaw", Func::from(key_raw))?;
    host.set("keyDer", Func::from(key_der))?;
    host.set("keyPublic", Func::from(key_public))?;
    host.set("keyGenerate", Func::from(key_generate))?;
    host.set("rsaGenerate", Func::from(rsa_generate))?;
    host.set("aesCipher", Func::from(aes_cipher))?;
    host.set("rsaCipher", Func::from(rsa_cipher))?;
    host.set("cryptoSign", Func::from(sign))?;
    host.set("cryptoVerify", Func::from(verify))?;
    host.set("cryptoAgree", Func::from(agree))?;
    host.set("cryptoHkdf", Func::from(hkdf))?;
    host.set("cryptoPbkdf2", Func::from(pbkdf2))
}
