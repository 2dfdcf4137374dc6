//! Hashes and checksums, at once and piece by piece, for `crypto.subtle.digest` and `crypto.DigestStream`.
#![allow(clippy::needless_pass_by_value, reason = "rquickjs hands converted arguments over by value")]

use std::cell::RefCell;

use md5::Md5;
use rquickjs::class::Trace;
use rquickjs::function::Func;
use rquickjs::{Class, Ctx, JsLifetime, Object, Result, TypedArray};
use sha1::Sha1;
use sha2::digest::DynDigest;
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::engine::bytes;

/// A digest in the making.
enum Hasher {
    Hash(Box<dyn DynDigest>),
    Checksum(Checksum),
}

impl Hasher {
    /// By the name in capitals; checksums are Cloudflare's own, for streams alone.
    fn new(name: &str) -> Option<Self> {
        Some(Self::Hash(match name {
            "MD5" => Box::new(Md5::new()),
            "SHA-1" => Box::new(Sha1::new()),
            "SHA-256" => Box::new(Sha256::new()),
            "SHA-384" => Box::new(Sha384::new()),
            "SHA-512" => Box::new(Sha512::new()),
            _ => return Checksum::new(name).map(Self::Checksum),
        }))
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Hash(hash) => hash.update(bytes),
            Self::Checksum(checksum) => checksum.update(bytes),
        }
    }

    fn finish(self) -> Vec<u8> {
        match self {
            Self::Hash(hash) => hash.finalize().into_vec(),
            Self::Checksum(checksum) => checksum.finish(),
        }
    }
}

/// A reflected CRC that starts and ends inverted.
struct Checksum {
    table: Box<[u64; 256]>,
    register: u64,
    /// Bytes of the result.
    width: usize,
}

impl Checksum {
    fn new(name: &str) -> Option<Self> {
        let (polynomial, width) = match name {
            "CRC32" => (0xEDB8_8320, 4),
            "CRC32C" => (0x82F6_3B78, 4),
            "CRC64NVME" => (0x9A6C_9329_AC4B_C9B5, 8),
            _ => return None,
        };
        let mut table = Box::new([0; 256]);
        for (entry, byte) in table.iter_mut().zip(0u64..) {
            *entry = (0..8).fold(byte, |rest, _| if rest & 1 == 1 { rest >> 1 ^ polynomial } else { rest >> 1 });
        }
        Some(Self { table, register: u64::MAX >> (64 - 8 * width), width })
    }

    fn update(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let [low, ..] = self.register.to_le_bytes();
            self.register = self.register >> 8 ^ self.table[usize::from(low ^ byte)];
        }
    }

    fn finish(self) -> Vec<u8> {
        (!self.register).to_be_bytes()[8 - self.width..].to_vec()
    }
}

/// The handle of a digest in the making.
#[derive(Trace, JsLifetime)]
#[rquickjs::class]
pub(crate) struct DigestState {
    #[qjs(skip_trace)]
    hasher: RefCell<Option<Hasher>>,
}

#[rquickjs::methods]
impl DigestState {
    fn update(&self, data: TypedArray<'_, u8>) {
        let Some(mut hasher) = self.hasher.take() else { return };
        let hasher = bytes::with_bytes(&data, move |bytes| {
            hasher.update(bytes);
            hasher
        });
        self.hasher.replace(Some(hasher));
    }

    /// The digest, once.
    fn finish<'js>(&self, ctx: Ctx<'js>) -> Result<TypedArray<'js, u8>> {
        TypedArray::new_copy(ctx, self.hasher.take().map(Hasher::finish).unwrap_or_default())
    }
}

/// A handle for a digest by its name in capitals; nothing for a name it does not know.
fn start(ctx: Ctx<'_>, name: String) -> Result<Option<Class<'_, DigestState>>> {
    let Some(hasher) = Hasher::new(&name) else { return Ok(None) };
    Class::instance(ctx, DigestState { hasher: RefCell::new(Some(hasher)) }).map(Some)
}

/// The digest of some bytes; nothing for a name it does not know.
fn digest<'js>(ctx: Ctx<'js>, name: String, data: TypedArray<'js, u8>) -> Result<Option<TypedArray<'js, u8>>> {
    let Some(hasher @ Hasher::Hash(_)) = Hasher::new(&name) else { return Ok(None) };
    let digest = bytes::with_bytes(&data, move |bytes| {
        let mut hasher = hasher;
        hasher.update(bytes);
        hasher.finish()
    });
    TypedArray::new_copy(ctx, digest).map(Some)
}

pub(super) fn init<'js>(_ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("digestStart", Func::from(start))?;
    host.set("digestOf", Func::from(digest))
}

#[cfg(test)]
mod tests {
    use super::Hasher;

    fn digest(name: &str, pieces: &[&str]) -> String {
        let mut hasher = Hasher::new(name).expect("a known name");
        for piece in pieces {
            hasher.update(piece.as_bytes());
        }
        hasher.finish().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
    }

    #[test]
    fn digests_do_not_depend_on_how_the_bytes_come() {
        assert_eq!(digest("MD5", &["a", "bc"]), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(digest("SHA-1", &["", "abc"]), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(digest("SHA-256", &["abc"]), digest("SHA-256", &["a", "b", "c"]));
        assert!(Hasher::new("sha-256").is_none());
    }

    #[test]
    fn checksums_match_their_check_values() {
        for (name, check) in [("CRC32", "cbf43926"), ("CRC32C", "e3069283"), ("CRC64NVME", "ae8b14860a799888")] {
            assert_eq!(digest(name, &["1234", "56789"]), check, "{name}");
        }
    }
}
