//! Keys as JavaScript holds them: opaque handles, and the ways in and out: numbers (JSON Web Keys), raw bytes, SPKI and
//! PKCS #8.

use std::sync::Arc;

use pkcs8::der::asn1::{AnyRef, BitStringRef, OctetStringRef};
use pkcs8::der::{Decode, Encode};
use pkcs8::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use pkcs8::{ObjectIdentifier, PrivateKeyInfoRef};
use rquickjs::class::Trace;
use rquickjs::{Class, Ctx, IntoJs, JsLifetime, Value};
use rsa::pkcs1;
use sec1::EcPrivateKey;

use super::ec;
use super::okp;
use super::rsa::RsaKey;

/// Key material. Public keys of EC are uncompressed points.
pub(in crate::web) enum Key {
    Secret(Vec<u8>),
    Rsa(RsaKey),
    Ec { curve: &'static ec::Curve, public: Vec<u8>, secret: Option<Vec<u8>> },
    Okp { curve: okp::Curve, public: [u8; okp::SIZE], secret: Option<[u8; okp::SIZE]> },
}

/// The handle. Holds no JavaScript value.
#[derive(Trace, JsLifetime)]
#[rquickjs::class]
pub(crate) struct KeyHandle {
    #[qjs(skip_trace)]
    pub(super) key: Arc<Key>,
}

/// A key that becomes a handle when it comes into JavaScript.
pub(super) struct NewKey(pub(super) Key);

impl<'js> IntoJs<'js> for NewKey {
    fn into_js(self, ctx: &Ctx<'js>) -> rquickjs::Result<Value<'js>> {
        Class::instance(ctx.clone(), KeyHandle { key: Arc::new(self.0) })?.into_js(ctx)
    }
}

const EC_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

impl Key {
    /// `kind` is `RSA` or a curve. From the numbers of a JSON Web Key, in its order: `n e d p q dp dq qi`, `x y d`, `x d`.
    pub(super) fn from_parts(kind: &str, parts: &[Vec<u8>]) -> Option<Self> {
        if kind == "RSA" {
            return RsaKey::new(parts).map(Self::Rsa);
        }
        if let Some(curve) = ec::curve(kind) {
            let [x, y, rest @ ..] = parts else { return None };
            let whole = |number: &Vec<u8>| number.len() == curve.size;
            if !(whole(x) && whole(y) && rest.iter().all(whole)) {
                return None;
            }
            let public = (curve.point)(&[&[4], &x[..], &y[..]].concat())?;
            return Self::ec(curve, Some(public), rest.first().cloned());
        }
        let curve = okp::Curve::by_name(kind)?;
        let public = parts.first()?.as_slice().try_into().ok()?;
        let Some(secret) = parts.get(1) else { return Some(Self::Okp { curve, public, secret: None }) };
        let key = Self::okp(curve, secret)?;
        matches!(&key, Self::Okp { public: computed, .. } if *computed == public).then_some(key)
    }

    /// A private EC key knows its public one; a public key that is given must be that.
    fn ec(curve: &'static ec::Curve, given: Option<Vec<u8>>, secret: Option<Vec<u8>>) -> Option<Self> {
        let Some(secret) = secret else { return Some(Self::Ec { curve, public: given?, secret: None }) };
        let public = (curve.public)(&secret)?;
        let fits = given.is_none_or(|given| given == public);
        fits.then_some(Self::Ec { curve, public, secret: Some(secret) })
    }

    fn okp(curve: okp::Curve, secret: &[u8]) -> Option<Self> {
        let secret = secret.try_into().ok()?;
        Some(Self::Okp { curve, public: curve.public(&secret), secret: Some(secret) })
    }

    /// A public key of a curve.
    pub(super) fn from_raw(kind: &str, bytes: &[u8]) -> Option<Self> {
        if let Some(curve) = ec::curve(kind) {
            return Self::ec(curve, Some((curve.point)(bytes)?), None);
        }
        Some(Self::Okp { curve: okp::Curve::by_name(kind)?, public: bytes.try_into().ok()?, secret: None })
    }

    /// A new private key of a curve.
    pub(super) fn generate(kind: &str) -> Result<Option<Self>, getrandom::Error> {
        if let Some(curve) = ec::curve(kind) {
            return Ok(Self::ec(curve, None, Some(curve.generate()?)));
        }
        let mut secret = [0; okp::SIZE];
        getrandom::fill(&mut secret)?;
        Ok(okp::Curve::by_name(kind).and_then(|curve| Self::okp(curve, &secret)))
    }

    pub(super) fn parts(&self) -> Vec<Vec<u8>> {
        match self {
            Self::Secret(bytes) => vec![bytes.clone()],
            Self::Rsa(key) => key.numbers().to_vec(),
            Self::Ec { curve, public, secret } => {
                let (x, y) = public[1..].split_at(curve.size);
                [x.to_vec(), y.to_vec()].into_iter().chain(secret.clone()).collect()
            }
            Self::Okp { public, secret, .. } => {
                [*public].into_iter().chain(*secret).map(|bytes| bytes.to_vec()).collect()
            }
        }
    }

    /// The bytes of a secret, or of a curve's public key.
    pub(super) fn raw(&self) -> Vec<u8> {
        match self {
            Self::Secret(bytes) => bytes.clone(),
            Self::Rsa(_) => Vec::new(),
            Self::Ec { public, .. } => public.clone(),
            Self::Okp { public, .. } => public.to_vec(),
        }
    }

    /// The public half of a private key.
    pub(super) fn to_public(&self) -> Self {
        match self {
            Self::Secret(bytes) => Self::Secret(bytes.clone()),
            Self::Rsa(key) => Self::Rsa(key.to_public()),
            Self::Ec { curve, public, .. } => Self::Ec { curve, public: public.clone(), secret: None },
            Self::Okp { curve, public, .. } => Self::Okp { curve: *curve, public: *public, secret: None },
        }
    }

    pub(super) fn from_spki(kind: &str, der: &[u8]) -> Option<Self> {
        let info = SubjectPublicKeyInfoRef::try_from(der).ok()?;
        is_for(&info.algorithm, kind).then_some(())?;
        let bytes = info.subject_public_key.as_bytes()?;
        if kind != "RSA" {
            return Self::from_raw(kind, bytes);
        }
        let key = pkcs1::RsaPublicKeyRef::try_from(bytes).ok()?;
        let numbers = [key.modulus, key.public_exponent].map(|number| number.as_bytes().to_vec());
        Self::from_parts(kind, &numbers)
    }

    pub(super) fn from_pkcs8(kind: &str, der: &[u8]) -> Option<Self> {
        let info = PrivateKeyInfoRef::try_from(der).ok()?;
        is_for(&info.algorithm, kind).then_some(())?;
        let bytes = info.private_key.as_bytes();
        if let Some(curve) = ec::curve(kind) {
            let key = EcPrivateKey::try_from(bytes).ok()?;
            let same = key.parameters.is_none_or(|parameters| parameters.named_curve() == Some(curve.oid));
            same.then_some(())?;
            let public = key.public_key.map(|point| (curve.point)(point));
            return match public {
                Some(None) => None,
                given => Self::ec(curve, given.flatten(), Some(curve.padded(key.private_key)?)),
            };
        }
        if kind != "RSA" {
            return Self::okp(okp::Curve::by_name(kind)?, <&OctetStringRef>::from_der(bytes).ok()?.as_bytes());
        }
        let key = pkcs1::RsaPrivateKeyRef::try_from(bytes).ok()?;
        let crt = [key.prime1, key.prime2, key.exponent1, key.exponent2, key.coefficient];
        let numbers = [key.modulus, key.public_exponent, key.private_exponent].into_iter().chain(crt);
        Self::from_parts(kind, &numbers.map(|number| number.as_bytes().to_vec()).collect::<Vec<_>>())
    }

    /// SPKI of a public key, PKCS #8 of a private one; nothing for secrets.
    pub(super) fn der(&self) -> Option<Vec<u8>> {
        match self {
            Self::Secret(_) => None,
            Self::Rsa(key) if key.is_private() => pkcs8(RSA_PARAMETERS, &rsa_private(key)?),
            Self::Rsa(key) => spki(RSA_PARAMETERS, &rsa_public(key)?),
            Self::Ec { curve, public, secret } => {
                let algorithm = AlgorithmIdentifierRef { oid: EC_OID, parameters: Some(AnyRef::from(&curve.oid)) };
                let Some(secret) = secret else { return spki(algorithm, public) };
                let key = EcPrivateKey { private_key: secret, parameters: None, public_key: Some(public) };
                pkcs8(algorithm, &key.to_der().ok()?)
            }
            Self::Okp { curve, public, secret } => {
                let algorithm = AlgorithmIdentifierRef { oid: curve.oid(), parameters: None };
                let Some(secret) = secret else { return spki(algorithm, public) };
                pkcs8(algorithm, &OctetStringRef::new(secret).ok()?.to_der().ok()?)
            }
        }
    }
}

const RSA_PARAMETERS: AlgorithmIdentifierRef<'static> = pkcs1::ALGORITHM_ID;

/// Is this the identifier of an algorithm that such keys are for?
fn is_for(algorithm: &AlgorithmIdentifierRef<'_>, kind: &str) -> bool {
    if kind == "RSA" {
        return algorithm.oid == pkcs1::ALGORITHM_OID;
    }
    if let Some(curve) = ec::curve(kind) {
        return algorithm.oid == EC_OID && algorithm.parameters_oid() == Ok(curve.oid);
    }
    okp::Curve::by_name(kind).is_some_and(|curve| algorithm.oid == curve.oid() && algorithm.parameters.is_none())
}

fn spki(algorithm: AlgorithmIdentifierRef<'_>, key: &[u8]) -> Option<Vec<u8>> {
    SubjectPublicKeyInfoRef { algorithm, subject_public_key: BitStringRef::from_bytes(key).ok()? }.to_der().ok()
}

fn pkcs8(algorithm: AlgorithmIdentifierRef<'_>, key: &[u8]) -> Option<Vec<u8>> {
    PrivateKeyInfoRef::new(algorithm, OctetStringRef::new(key).ok()?).to_der().ok()
}

fn rsa_public(key: &RsaKey) -> Option<Vec<u8>> {
    let [modulus, public_exponent] = key.numbers() else { return None };
    let [modulus, public_exponent] = [modulus, public_exponent].map(|number| pkcs1::UintRef::new(number).ok());
    pkcs1::RsaPublicKeyRef { modulus: modulus?, public_exponent: public_exponent? }.to_der().ok()
}

fn rsa_private(key: &RsaKey) -> Option<Vec<u8>> {
    let numbers: Vec<_> = key.numbers().iter().map_while(|number| pkcs1::UintRef::new(number).ok()).collect();
    let [modulus, public_exponent, private_exponent, prime1, prime2, exponent1, exponent2, coefficient] = numbers[..]
    else {
        return None;
    };
    let other_prime_infos = None;
    let key = pkcs1::RsaPrivateKeyRef {
        modulus,
        public_exponent,
        private_exponent,
        prime1,
        prime2,
        exponent1,
        exponent2,
        coefficient,
        other_prime_infos,
    };
    key.to_der().ok()
}

#[cfg(test)]
mod tests {
    use super::Key;

    #[test]
    fn keys_of_curves_survive_every_format() {
        for kind in ["P-256", "P-384", "P-521", "Ed25519", "X25519"] {
            let key = Key::generate(kind).expect("random bytes").expect("a known curve");
            let private = Key::from_pkcs8(kind, &key.der().expect("a private key")).expect("PKCS #8");
            assert_eq!(private.parts(), key.parts(), "{kind}");
            let public = key.to_public();
            let read = Key::from_spki(kind, &public.der().expect("a public key")).expect("SPKI");
            assert_eq!(read.raw(), public.raw());
            assert_eq!(Key::from_raw(kind, &public.raw()).expect("raw").parts(), public.parts());
            assert_eq!(Key::from_parts(kind, &key.parts()).expect("numbers").parts(), key.parts());
        }
        let key = Key::generate("P-256").expect("random bytes").expect("a known curve");
        assert!(Key::from_pkcs8("P-384", &key.der().expect("a private key")).is_none());
    }

    #[test]
    fn damaged_keys_are_none() {
        let key = Key::generate("P-256").expect("random bytes").expect("a known curve");
        let der = key.der().expect("a private key");
        for cut in 0..der.len() {
            assert!(Key::from_pkcs8("P-256", &der[..cut]).is_none());
            let mut damaged = der.clone();
            damaged[cut] ^= 0x55;
            let _ = Key::from_pkcs8("P-256", &damaged);
            let _ = Key::from_spki("P-256", &damaged);
            let _ = Key::from_pkcs8("RSA", &damaged);
        }
    }
}
