//! AES in the modes of Web Crypto: CBC, CTR, GCM and key wrapping.
//!
//! Every function takes a key of 16, 24 or 32 bytes; JavaScript has checked the other lengths too.

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::consts::U16;
use aes::cipher::{
    BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, BlockSizeUser, InnerIvInit, KeyInit, KeyIvInit,
    StreamCipher, StreamCipherCoreWrapper,
};
use aes::{Aes128, Aes192, Aes256};
use aes_kw::AesKw;
use ctr::{CtrCore, flavors};
use ghash::GHash;
use ghash::universal_hash::UniversalHash;

const BLOCK: usize = 16;

/// Evaluates the expression with `$cipher` as AES of the key's length; `None` for a key of another length.
macro_rules! with_aes {
    ($key:expr, $cipher:ident => $body:expr) => {
        match $key.len() {
            16 => {
                type $cipher = Aes128;
                $body
            }
            24 => {
                type $cipher = Aes192;
                $body
            }
            32 => {
                type $cipher = Aes256;
                $body
            }
            _ => None,
        }
    };
}

pub(super) fn cbc_encrypt(key: &[u8], iv: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    with_aes!(key, Aes => {
        let cipher = cbc::Encryptor::<Aes>::new_from_slices(key, iv).ok()?;
        Some(cipher.encrypt_padded_vec::<Pkcs7>(data))
    })
}

/// Nothing where the padding is wrong.
pub(super) fn cbc_decrypt(key: &[u8], iv: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    with_aes!(key, Aes => {
        let cipher = cbc::Decryptor::<Aes>::new_from_slices(key, iv).ok()?;
        cipher.decrypt_padded_vec::<Pkcs7>(data).ok()
    })
}

/// Encrypts or decrypts with a counter in the last `bits` of the block, which wraps without touching the others.
/// Nothing where the counter would repeat.
pub(super) fn ctr(key: &[u8], counter: &[u8], bits: u32, data: &[u8]) -> Option<Vec<u8>> {
    let counter = u128::from_be_bytes(counter.try_into().ok()?);
    let mask = u128::MAX.checked_shr(128 - bits).unwrap_or(0);
    let blocks = data.len().div_ceil(BLOCK) as u128;
    if bits < 128 && blocks > mask + 1 {
        return None;
    }
    let until_wrap = (mask - (counter & mask)).saturating_add(1);
    let first = usize::try_from(until_wrap.saturating_mul(BLOCK as u128)).unwrap_or(usize::MAX).min(data.len());
    let mut result = data.to_vec();
    let (before, after) = result.split_at_mut(first);
    with_aes!(key, Aes => {
        for (part, start) in [(before, counter), (after, counter & !mask)] {
            ctr::Ctr128BE::<Aes>::new_from_slices(key, &start.to_be_bytes()).ok()?.apply_keystream(part);
        }
        Some(())
    })?;
    Some(result)
}

/// What a GCM message is made with, besides its key.
pub(super) struct Gcm<'a> {
    pub(super) iv: &'a [u8],
    pub(super) additional: &'a [u8],
    /// Bytes.
    pub(super) tag: usize,
}

impl Gcm<'_> {
    /// The ciphertext and its tag.
    pub(super) fn encrypt(&self, key: &[u8], data: &[u8]) -> Option<Vec<u8>> {
        with_aes!(key, Aes => {
            let mut state = GcmState::new::<Aes>(key, self.iv)?;
            let mut result = Vec::with_capacity(data.len() + self.tag);
            result.extend_from_slice(data);
            state.stream.apply_keystream(&mut result);
            let tag = state.tag(self.additional, &result);
            result.extend_from_slice(&tag[..self.tag]);
            Some(result)
        })
    }

    /// Nothing where the tag does not fit.
    pub(super) fn decrypt(&self, key: &[u8], data: &[u8]) -> Option<Vec<u8>> {
        let (data, given) = data.split_at_checked(data.len().checked_sub(self.tag)?)?;
        with_aes!(key, Aes => {
            let mut state = GcmState::new::<Aes>(key, self.iv)?;
            let tag = state.tag(self.additional, data);
            if !super::equal_bytes(&tag[..self.tag], given) {
                return None;
            }
            let mut result = data.to_vec();
            state.stream.apply_keystream(&mut result);
            Some(result)
        })
    }
}

/// The two halves of GCM: the counter stream, past the block that masks the tag, and the hash.
struct GcmState<S> {
    stream: S,
    hash: GHash,
    mask: [u8; BLOCK],
}

impl GcmState<()> {
    fn new<C>(key: &[u8], iv: &[u8]) -> Option<GcmState<StreamCipherCoreWrapper<CtrCore<C, flavors::Ctr32BE>>>>
    where
        C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16> + KeyInit,
    {
        let cipher = C::new_from_slice(key).ok()?;
        let mut zero = aes::Block::default();
        cipher.encrypt_block(&mut zero);
        let hash = GHash::new(&zero);
        let start = counter_of(&hash, iv);
        let core = CtrCore::inner_iv_init(cipher, &start.into());
        let mut stream = StreamCipherCoreWrapper::from_core(core);
        let mut mask = [0; BLOCK];
        stream.apply_keystream(&mut mask);
        Some(GcmState { stream, hash, mask })
    }
}

impl<S> GcmState<S> {
    fn tag(&self, additional: &[u8], data: &[u8]) -> [u8; BLOCK] {
        let mut hash = self.hash.clone();
        hash.update_padded(additional);
        hash.update_padded(data);
        hash.update(&[lengths(additional.len(), data.len()).into()]);
        let mut tag = self.mask;
        for (byte, hashed) in tag.iter_mut().zip(hash.finalize()) {
            *byte ^= hashed;
        }
        tag
    }
}

/// The first counter block: the IV itself where it has the usual 12 bytes, else its hash.
fn counter_of(hash: &GHash, iv: &[u8]) -> [u8; BLOCK] {
    if iv.len() == 12 {
        let mut block = [0; BLOCK];
        block[..12].copy_from_slice(iv);
        block[15] = 1;
        return block;
    }
    let mut hash = hash.clone();
    hash.update_padded(iv);
    hash.update(&[lengths(0, iv.len()).into()]);
    hash.finalize().into()
}

/// The block of two lengths in bits that ends the hashed text.
fn lengths(first: usize, second: usize) -> [u8; BLOCK] {
    let bits = |bytes: usize| (bytes as u128) * 8;
    (bits(first) << 64 | bits(second)).to_be_bytes()
}

pub(super) fn wrap(key: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    let mut result = vec![0; data.len() + aes_kw::IV_LEN];
    with_aes!(key, Aes => {
        AesKw::<Aes>::new_from_slice(key).ok()?.wrap_key(data, &mut result).ok()?;
        Some(result)
    })
}

/// Nothing where what was wrapped is damaged.
pub(super) fn unwrap(key: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    let mut result = vec![0; data.len().checked_sub(aes_kw::IV_LEN)?];
    with_aes!(key, Aes => {
        AesKw::<Aes>::new_from_slice(key).ok()?.unwrap_key(data, &mut result).ok()?;
        Some(result)
    })
}

#[cfg(test)]
mod tests {
    use super::{Gcm, ctr};

    #[test]
    fn the_counter_wraps_within_its_bits_and_never_repeats() {
        let key = [7; 16];
        let mut counter = [9; 16];
        counter[15] = 0xFF;
        let stream = ctr(&key, &counter, 8, &[0; 32]).expect("two of 256 blocks");
        counter[15] = 0;
        assert_eq!(stream[16..], ctr(&key, &counter, 8, &[0; 16]).expect("one block"));
        assert!(ctr(&key, &counter, 1, &[0; 32]).is_some());
        assert!(ctr(&key, &counter, 1, &[0; 33]).is_none());
        assert!(ctr(&key, &[0xFF; 16], 128, &[0; 64]).is_some());
    }

    #[test]
    fn an_iv_of_any_length_decrypts_what_it_encrypted() {
        for length in [1, 12, 16, 200] {
            let iv = vec![3; length];
            let gcm = Gcm { iv: &iv, additional: b"more", tag: 13 };
            let sealed = gcm.encrypt(&[1; 24], b"text").expect("a key of 24 bytes");
            assert_eq!(gcm.decrypt(&[1; 24], &sealed).as_deref(), Some(&b"text"[..]));
            let other = Gcm { additional: b"less", ..gcm };
            assert_eq!(other.decrypt(&[1; 24], &sealed), None);
        }
    }
}
