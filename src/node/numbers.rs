//! Large numbers for `node:crypto`: powers modulo an odd number, and RSA keys made at once.
#![allow(clippy::needless_pass_by_value, reason = "rquickjs hands converted arguments over by value")]

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd};
use getrandom::SysRng;
use rquickjs::function::Func;
use rquickjs::{Ctx, Object, Result, TypedArray};
use rsa::traits::{PrivateKeyParts, PublicKeyParts};

use crate::engine::bytes::with_bytes;

/// Bytes of the largest modulus.
const LARGEST: usize = 2_048;

pub(super) fn init<'js>(_ctx: &Ctx<'js>, natives: &Object<'js>) -> Result<()> {
    natives.set("modPow", Func::from(mod_pow))?;
    natives.set("rsaNumbers", Func::from(rsa_numbers))
}

/// Nothing for an even or a huge modulus.
fn mod_pow<'js>(
    ctx: Ctx<'js>,
    base: TypedArray<'js, u8>,
    exponent: TypedArray<'js, u8>,
    modulus: TypedArray<'js, u8>,
) -> Result<Option<TypedArray<'js, u8>>> {
    let [base, exponent, modulus] = [base, exponent, modulus].map(|bytes| with_bytes(&bytes, <[u8]>::to_vec));
    power(&base, &exponent, &modulus).map(|bytes| TypedArray::new_copy(ctx, bytes)).transpose()
}

fn power(base: &[u8], exponent: &[u8], modulus: &[u8]) -> Option<Vec<u8>> {
    if [base, exponent, modulus].iter().any(|bytes| bytes.len() > LARGEST) {
        return None;
    }
    let width = modulus.len();
    let modulus = Odd::new(BoxedUint::from_be_slice_vartime(modulus)).into_option()?;
    let base = BoxedUint::from_be_slice_vartime(base);
    let base = base.rem_vartime(modulus.as_nz_ref());
    let base = crypto_bigint::Resize::resize(base, modulus.bits_precision());
    let exponent = BoxedUint::from_be_slice_vartime(exponent);
    let parameters = BoxedMontyParams::new(modulus);
    let bytes = BoxedMontyForm::new(base, &parameters).pow(&exponent).retrieve().to_be_bytes();
    let start = bytes.len().saturating_sub(width);
    Some(bytes[start..].to_vec())
}

/// `n e d p q` of a new RSA key; nothing for lengths and exponents that make none.
fn rsa_numbers(ctx: Ctx<'_>, bits: usize, exponent: u32) -> Result<Option<Vec<TypedArray<'_, u8>>>> {
    let exponent = BoxedUint::from(u64::from(exponent));
    let Ok(key) = rsa::PrivateKey::new_with_exp_unchecked(&mut SysRng, bits, exponent) else { return Ok(None) };
    let mut numbers = vec![key.n_bytes().into_vec(), key.e_bytes().into_vec(), key.d().to_be_bytes().into_vec()];
    numbers.extend(key.primes().iter().map(|prime| prime.to_be_bytes().into_vec()));
    numbers.into_iter().map(|bytes| TypedArray::new_copy(ctx.clone(), bytes)).collect::<Result<_>>().map(Some)
}

#[cfg(test)]
mod tests {
    use super::power;

    #[test]
    fn powers_are_reduced_and_as_wide_as_the_modulus() {
        assert_eq!(power(&[3], &[4], &[0, 7]), Some(vec![0, 4]));
        assert_eq!(power(&[1, 0], &[1], &[5]), Some(vec![1]));
        assert_eq!(power(&[3], &[4], &[8]), None);
    }
}
