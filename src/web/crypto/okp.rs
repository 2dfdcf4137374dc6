//! Ed25519 and X25519, over plain bytes: keys are 32 bytes, public and private.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use pkcs8::ObjectIdentifier;

/// Bytes of a key.
pub(super) const SIZE: usize = 32;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Curve {
    Ed25519,
    X25519,
}

impl Curve {
    pub(super) fn by_name(name: &str) -> Option<Self> {
        match name {
            "Ed25519" => Some(Self::Ed25519),
            "X25519" => Some(Self::X25519),
            _ => None,
        }
    }

    pub(super) fn oid(self) -> ObjectIdentifier {
        ObjectIdentifier::new_unwrap(match self {
            Self::Ed25519 => "1.3.101.112",
            Self::X25519 => "1.3.101.110",
        })
    }

    pub(super) fn public(self, secret: &[u8; SIZE]) -> [u8; SIZE] {
        match self {
            Self::Ed25519 => SigningKey::from_bytes(secret).verifying_key().to_bytes(),
            Self::X25519 => x25519_dalek::x25519(*secret, x25519_dalek::X25519_BASEPOINT_BYTES),
        }
    }
}

pub(super) fn sign(secret: &[u8; SIZE], data: &[u8]) -> Vec<u8> {
    SigningKey::from_bytes(secret).sign(data).to_bytes().to_vec()
}

/// Points that are none, or of small order, verify nothing.
pub(super) fn verify(public: &[u8; SIZE], signature: &[u8], data: &[u8]) -> bool {
    let Ok(key) = VerifyingKey::from_bytes(public) else { return false };
    Signature::from_slice(signature).is_ok_and(|signature| key.verify_strict(data, &signature).is_ok())
}

/// Nothing where the result would be zero: the public key is of small order.
pub(super) fn agree(secret: &[u8; SIZE], public: &[u8; SIZE]) -> Option<Vec<u8>> {
    let shared = x25519_dalek::x25519(*secret, *public);
    (shared != [0; SIZE]).then(|| shared.to_vec())
}
