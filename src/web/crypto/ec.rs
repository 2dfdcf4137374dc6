//! The curves P-256, P-384 and P-521: ECDSA and ECDH over plain bytes.
//!
//! Private keys are scalars of the curve's size, public keys uncompressed points (`04 x y`).

use ecdsa::elliptic_curve::sec1::ToSec1Point;
use ecdsa::hazmat::{sign_prehashed, verify_prehashed};
use pkcs8::ObjectIdentifier;

/// One curve and what it can do. Functions answer nothing for keys that are none.
pub(super) struct Curve {
    pub(super) name: &'static str,
    pub(super) oid: ObjectIdentifier,
    /// Bytes of a coordinate, of a scalar, and of half a signature.
    pub(super) size: usize,
    /// Bits of the first byte of a scalar that may be set.
    first: u8,
    /// A point in any encoding -> uncompressed.
    pub(super) point: fn(&[u8]) -> Option<Vec<u8>>,
    /// The public key of a private one.
    pub(super) public: fn(&[u8]) -> Option<Vec<u8>>,
    /// `(secret, nonce, digest)`; nothing where another nonce must be tried.
    signed: Signed,
    /// `(point, digest, signature)`.
    pub(super) verify: fn(&[u8], &[u8], &[u8]) -> bool,
    /// `(secret, point)`: the x coordinate that both sides get.
    pub(super) agree: fn(&[u8], &[u8]) -> Option<Vec<u8>>,
}

type Signed = fn(&[u8], &[u8], &[u8]) -> Option<Vec<u8>>;

macro_rules! curve {
    ($krate:ident, $curve:ident, $name:literal, $oid:literal, $size:literal, $first:literal) => {
        Curve {
            name: $name,
            oid: ObjectIdentifier::new_unwrap($oid),
            size: $size,
            first: $first,
            point: |bytes| {
                Some($krate::PublicKey::from_sec1_bytes(bytes).ok()?.to_sec1_point(false).as_bytes().to_vec())
            },
            public: |secret| {
                let secret = $krate::SecretKey::from_slice(secret).ok()?;
                Some(secret.public_key().to_sec1_point(false).as_bytes().to_vec())
            },
            signed: |secret, nonce, digest| {
                let secret = $krate::SecretKey::from_slice(secret).ok()?.to_nonzero_scalar();
                let nonce = $krate::SecretKey::from_slice(nonce).ok()?.to_nonzero_scalar();
                let (signature, _) = sign_prehashed::<$krate::$curve>(&secret, &nonce, digest).ok()?;
                Some(signature.to_bytes().to_vec())
            },
            verify: |point, digest, signature| {
                let Ok(key) = $krate::PublicKey::from_sec1_bytes(point) else { return false };
                let Ok(signature) = $krate::ecdsa::Signature::from_slice(signature) else { return false };
                verify_prehashed::<$krate::$curve>(&key.to_projective(), digest, &signature).is_ok()
            },
            agree: |secret, point| {
                let secret = $krate::SecretKey::from_slice(secret).ok()?;
                let point = $krate::PublicKey::from_sec1_bytes(point).ok()?;
                Some(secret.diffie_hellman(&point).raw_secret_bytes().to_vec())
            },
        }
    };
}

static CURVES: [Curve; 3] = [
    curve!(p256, NistP256, "P-256", "1.2.840.10045.3.1.7", 32, 0xFF),
    curve!(p384, NistP384, "P-384", "1.3.132.0.34", 48, 0xFF),
    curve!(p521, NistP521, "P-521", "1.3.132.0.35", 66, 0x01),
];

pub(super) fn curve(name: &str) -> Option<&'static Curve> {
    CURVES.iter().find(|curve| curve.name == name)
}

impl Curve {
    /// A new private key.
    pub(super) fn generate(&self) -> Result<Vec<u8>, getrandom::Error> {
        let mut scalar = vec![0; self.size];
        loop {
            getrandom::fill(&mut scalar)?;
            scalar[0] &= self.first;
            if (self.public)(&scalar).is_some() {
                return Ok(scalar);
            }
        }
    }

    /// `r` and `s`, with a nonce that is random.
    pub(super) fn sign(&self, secret: &[u8], digest: &[u8]) -> Result<Vec<u8>, getrandom::Error> {
        loop {
            let nonce = self.generate()?;
            if let Some(signature) = (self.signed)(secret, &nonce, digest) {
                return Ok(signature);
            }
        }
    }

    /// A number as a scalar's or a coordinate's bytes: leading zeros added, none taken away.
    pub(super) fn padded(&self, number: &[u8]) -> Option<Vec<u8>> {
        let missing = self.size.checked_sub(number.len())?;
        let mut padded = vec![0; missing];
        padded.extend_from_slice(number);
        Some(padded)
    }
}

#[cfg(test)]
mod tests {
    use super::CURVES;

    #[test]
    fn each_curve_signs_digests_of_any_length_and_agrees() {
        for curve in &CURVES {
            let [a, b] = [(); 2].map(|()| curve.generate().expect("random bytes"));
            let [public_a, public_b] = [&a, &b].map(|secret| (curve.public)(secret).expect("a key"));
            for digest in [&[1; 20][..], &[2; 32], &[3; 64]] {
                let signature = curve.sign(&a, digest).expect("random bytes");
                assert_eq!(signature.len(), 2 * curve.size);
                assert!((curve.verify)(&public_a, digest, &signature), "{} {}", curve.name, digest.len());
                assert!(!(curve.verify)(&public_b, digest, &signature));
            }
            assert_eq!((curve.agree)(&a, &public_b), (curve.agree)(&b, &public_a));
            assert_eq!((curve.point)(&[5; 7]), None);
        }
    }
}
