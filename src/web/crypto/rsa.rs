//! RSA: PKCS #1 v1.5 and PSS signatures, OAEP, and keys from and to their numbers.
//!
//! A key's numbers are in the order of a JSON Web Key: n, e, and of a private one d, p, q, dp, dq, qi.

use getrandom::SysRng;
use rsa::traits::{PrivateKeyParts, PublicKeyParts};
use rsa::{BoxedUint, Oaep, Pkcs1v15Sign, PrivateKey, Pss, PublicKey};

use super::hash::{self, with_hash};

/// Bits of the largest modulus.
/// Differs: RSA keys have at most 8,192 bits; the arithmetic here takes no larger ones.
const LARGEST: usize = PublicKey::MAX_SIZE;

pub(super) struct RsaKey {
    public: PublicKey,
    secret: Option<Box<PrivateKey>>,
    numbers: Vec<Vec<u8>>,
}

#[derive(Clone, Copy)]
pub(super) enum Scheme {
    Pkcs1,
    Pss { salt: usize },
}

impl RsaKey {
    /// From two numbers a public key, from eight a private one; also from `n e d` alone. Nothing where they do not fit
    /// together.
    pub(super) fn new(numbers: &[Vec<u8>]) -> Option<Self> {
        let number = |at: usize| numbers.get(at).map(|bytes| BoxedUint::from_be_slice_vartime(bytes));
        let (modulus, exponent) = (number(0)?, number(1)?);
        let public = PublicKey::new_with_size_limits(modulus.clone(), exponent.clone(), 256..=LARGEST).ok()?;
        let Some(private_exponent) = number(2) else {
            return Some(Self { public, secret: None, numbers: numbers.iter().map(|bytes| trimmed(bytes)).collect() });
        };
        let primes = number(3).into_iter().chain(number(4)).collect();
        let key = Self::of(PrivateKey::from_components(modulus, exponent, private_exponent, primes).ok()?);
        let given = numbers.iter().map(|bytes| trimmed(bytes));
        (numbers.len() == 3 || given.eq(key.numbers.iter().cloned())).then_some(key)
    }

    fn of(secret: PrivateKey) -> Self {
        let mut numbers = vec![secret.n_bytes().into_vec(), secret.e_bytes().into_vec(), bytes(secret.d())];
        numbers.extend(secret.primes().iter().map(|prime| bytes(prime)));
        numbers.extend([secret.dp(), secret.dq()].into_iter().flatten().map(bytes));
        numbers.extend(secret.crt_coefficient().iter().map(bytes));
        let numbers = numbers.iter().map(|bytes| trimmed(bytes)).collect();
        Self { public: secret.to_public_key(), secret: Some(Box::new(secret)), numbers }
    }

    /// A new private key; nothing for lengths and exponents that make none.
    pub(super) fn generate(bits: usize, exponent: u64) -> Option<Self> {
        if bits > LARGEST {
            return None;
        }
        PrivateKey::new_with_exp_unchecked(&mut SysRng, bits, BoxedUint::from(exponent)).ok().map(Self::of)
    }

    pub(super) fn numbers(&self) -> &[Vec<u8>] {
        &self.numbers
    }

    pub(super) fn is_private(&self) -> bool {
        self.secret.is_some()
    }

    pub(super) fn to_public(&self) -> Self {
        Self { public: self.public.clone(), secret: None, numbers: self.numbers[..2].to_vec() }
    }

    /// Nothing for a public key, an unknown hash, and one that is too long for the key.
    pub(super) fn sign(&self, scheme: Scheme, hash: &str, data: &[u8]) -> Option<Vec<u8>> {
        let secret = self.secret.as_ref()?;
        let digest = hash::digest(hash, data)?;
        let rng = &mut SysRng;
        with_hash!(hash, Hash => match scheme {
            Scheme::Pkcs1 => secret.sign_with_rng(rng, Pkcs1v15Sign::new::<Hash>(), &digest),
            Scheme::Pss { salt } => secret.sign_with_rng(rng, Pss::<Hash>::new_with_salt(salt), &digest),
        })?
        .ok()
    }

    pub(super) fn verify(&self, scheme: Scheme, hash: &str, signature: &[u8], data: &[u8]) -> bool {
        let Some(digest) = hash::digest(hash, data) else { return false };
        let verified = with_hash!(hash, Hash => match scheme {
            Scheme::Pkcs1 => self.public.verify(Pkcs1v15Sign::new::<Hash>(), &digest, signature),
            Scheme::Pss { salt } => self.public.verify(Pss::<Hash>::new_with_salt(salt), &digest, signature),
        });
        verified.is_some_and(|result| result.is_ok())
    }

    /// Nothing where the data is too long.
    pub(super) fn encrypt(&self, hash: &str, label: &[u8], data: &[u8]) -> Option<Vec<u8>> {
        with_hash!(hash, Hash => self.public.encrypt(&mut SysRng, Oaep::<Hash>::new_with_label(label), data))?.ok()
    }

    /// Nothing where it was not encrypted for this key.
    pub(super) fn decrypt(&self, hash: &str, label: &[u8], data: &[u8]) -> Option<Vec<u8>> {
        let secret = self.secret.as_ref()?;
        with_hash!(hash, Hash => secret.decrypt_blinded(&mut SysRng, Oaep::<Hash>::new_with_label(label), data))?.ok()
    }
}

fn bytes(number: &BoxedUint) -> Vec<u8> {
    number.to_be_bytes_trimmed_vartime().into_vec()
}

/// Without leading zeros.
fn trimmed(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes[zeros..].to_vec()
}

#[cfg(test)]
mod tests {
    use super::{RsaKey, Scheme};

    #[test]
    fn a_key_signs_and_survives_its_numbers() {
        let key = RsaKey::generate(1024, 65537).expect("a key");
        assert_eq!(key.numbers().len(), 8);
        let copy = RsaKey::new(key.numbers()).expect("numbers that fit");
        for scheme in [Scheme::Pkcs1, Scheme::Pss { salt: 20 }] {
            let signature = copy.sign(scheme, "SHA-256", b"text").expect("a signature");
            assert!(key.to_public().verify(scheme, "SHA-256", &signature, b"text"));
            assert!(!key.verify(scheme, "SHA-1", &signature, b"text"));
        }
        let sealed = key.to_public().encrypt("SHA-1", b"label", b"text").expect("short enough");
        assert_eq!(key.decrypt("SHA-1", b"label", &sealed).as_deref(), Some(&b"text"[..]));
        assert_eq!(key.decrypt("SHA-1", b"", &sealed), None);
        let mut wrong = key.numbers().to_vec();
        wrong.swap(5, 6);
        assert!(RsaKey::new(&wrong).is_none());
    }
}
