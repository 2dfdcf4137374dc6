//! What is made of a secret and a hash function: HMAC, HKDF, PBKDF2.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};

use super::hash::with_hash;

pub(super) fn hmac(hash: &str, key: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    with_hash!(hash, Hash => {
        let mut mac = Hmac::<Hash>::new_from_slice(key).expect("HMAC takes keys of any length");
        mac.update(data);
        mac.finalize().into_bytes().to_vec()
    })
}

/// Nothing where `length` (bytes) is more than the hash can give.
pub(super) fn hkdf(hash: &str, key: &[u8], salt: &[u8], info: &[u8], length: usize) -> Option<Vec<u8>> {
    with_hash!(hash, Hash => {
        if length > 255 * 64 {
            return None;
        }
        let mut derived = vec![0; length];
        Hkdf::<Hash>::new(Some(salt), key).expand(info, &mut derived).ok()?;
        derived
    })
}

pub(super) fn pbkdf2(hash: &str, key: &[u8], salt: &[u8], iterations: u32, length: usize) -> Option<Vec<u8>> {
    with_hash!(hash, Hash => {
        let mut derived = vec![0; length];
        pbkdf2::pbkdf2_hmac::<Hash>(key, salt, iterations, &mut derived);
        derived
    })
}
