//! AES for `node:crypto`, piece by piece: ECB and CBC on whole blocks (padding is JavaScript's), CTR, OFB and GCM on bytes.
#![allow(clippy::needless_pass_by_value, reason = "rquickjs hands converted arguments over by value")]

use std::cell::RefCell;

use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use aes::{Aes128, Aes192, Aes256};
use ghash::GHash;
use ghash::universal_hash::UniversalHash;
use rquickjs::class::Trace;
use rquickjs::function::Func;
use rquickjs::{Ctx, JsLifetime, Object, Result, TypedArray};

use crate::engine::bytes::with_bytes;

const BLOCK: usize = 16;
type Block = [u8; BLOCK];

pub(super) fn init<'js>(_ctx: &Ctx<'js>, natives: &Object<'js>) -> Result<()> {
    natives.set("aes", Func::from(start))
}

#[derive(Clone)]
enum Aes {
    Small(Box<Aes128>),
    Medium(Box<Aes192>),
    Large(Box<Aes256>),
}

impl Aes {
    fn new(key: &[u8]) -> Option<Self> {
        match key.len() {
            16 => Some(Self::Small(Box::new(Aes128::new_from_slice(key).ok()?))),
            24 => Some(Self::Medium(Box::new(Aes192::new_from_slice(key).ok()?))),
            _ => Some(Self::Large(Box::new(Aes256::new_from_slice(key).ok()?))),
        }
    }

    fn encrypt(&self, block: Block) -> Block {
        let mut block = block.into();
        match self {
            Self::Small(aes) => aes.encrypt_block(&mut block),
            Self::Medium(aes) => aes.encrypt_block(&mut block),
            Self::Large(aes) => aes.encrypt_block(&mut block),
        }
        block.into()
    }

    fn decrypt(&self, block: Block) -> Block {
        let mut block = block.into();
        match self {
            Self::Small(aes) => aes.decrypt_block(&mut block),
            Self::Medium(aes) => aes.decrypt_block(&mut block),
            Self::Large(aes) => aes.decrypt_block(&mut block),
        }
        block.into()
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Ecb,
    Cbc,
    Ctr,
    Ofb,
    Gcm,
}

/// The hash of GCM over what has come so far, the last incomplete block apart.
struct Sealing {
    hash: GHash,
    mask: Block,
    pending: Vec<u8>,
    lengths: [u128; 2],
}

impl Sealing {
    fn take(&mut self, bytes: &[u8], which: usize) {
        self.lengths[which] += bytes.len() as u128;
        self.pending.extend_from_slice(bytes);
        let whole = self.pending.len() / BLOCK * BLOCK;
        self.hash.update_padded(&self.pending[..whole]);
        self.pending.drain(..whole);
    }

    /// The rest is filled with zeros.
    fn close(&mut self) {
        self.hash.update_padded(&self.pending);
        self.pending.clear();
    }

    fn tag(&mut self) -> Block {
        self.close();
        let lengths = ((self.lengths[0] * 8) << 64) | (self.lengths[1] * 8);
        self.hash.update(&[lengths.to_be_bytes().into()]);
        xor(self.hash.clone().finalize().into(), self.mask)
    }
}

struct State {
    aes: Aes,
    mode: Mode,
    encrypts: bool,
    /// The block before (CBC, OFB) or the counter.
    chain: Block,
    stream: Block,
    used: usize,
    sealing: Option<Sealing>,
}

fn xor(one: Block, other: Block) -> Block {
    std::array::from_fn(|at| one[at] ^ other[at])
}

impl State {
    fn new(mode: Mode, encrypts: bool, key: &[u8], iv: &[u8]) -> Option<Self> {
        let aes = Aes::new(key)?;
        let mut state = Self { aes, mode, encrypts, chain: [0; BLOCK], stream: [0; BLOCK], used: BLOCK, sealing: None };
        match mode {
            Mode::Gcm => state.begin_gcm(iv),
            Mode::Ecb => {}
            _ => state.chain = iv.try_into().ok()?,
        }
        Some(state)
    }

    fn begin_gcm(&mut self, iv: &[u8]) {
        let hash = GHash::new(&self.aes.encrypt([0; BLOCK]).into());
        if iv.len() == 12 {
            self.chain[..12].copy_from_slice(iv);
            self.chain[15] = 1;
        } else {
            let mut start = hash.clone();
            start.update_padded(iv);
            start.update(&[(iv.len() as u128 * 8).to_be_bytes().into()]);
            self.chain = start.finalize().into();
        }
        let mask = self.next_stream();
        self.sealing = Some(Sealing { hash, mask, pending: Vec::new(), lengths: [0; 2] });
    }

    fn next_stream(&mut self) -> Block {
        let stream = self.aes.encrypt(self.chain);
        match self.mode {
            Mode::Ofb => self.chain = stream,
            Mode::Gcm => {
                let [.., a, b, c, d] = self.chain;
                let count = u32::from_be_bytes([a, b, c, d]).wrapping_add(1);
                self.chain[12..].copy_from_slice(&count.to_be_bytes());
            }
            _ => self.chain = u128::from_be_bytes(self.chain).wrapping_add(1).to_be_bytes(),
        }
        stream
    }

    fn run(&mut self, data: &mut [u8]) {
        if matches!(self.mode, Mode::Ecb | Mode::Cbc) {
            return self.run_blocks(data);
        }
        if let Some(sealing) = self.sealing.as_mut().filter(|_| !self.encrypts) {
            sealing.take(data, 1);
        }
        for byte in &mut *data {
            if self.used == BLOCK {
                self.stream = self.next_stream();
                self.used = 0;
            }
            *byte ^= self.stream[self.used];
            self.used += 1;
        }
        if let Some(sealing) = self.sealing.as_mut().filter(|_| self.encrypts) {
            sealing.take(data, 1);
        }
    }

    fn run_blocks(&mut self, data: &mut [u8]) {
        for block in data.as_chunks_mut::<BLOCK>().0 {
            let given = *block;
            let is_chained = self.mode == Mode::Cbc;
            *block = match (self.encrypts, is_chained) {
                (true, true) => self.aes.encrypt(xor(given, self.chain)),
                (true, false) => self.aes.encrypt(given),
                (false, true) => xor(self.aes.decrypt(given), self.chain),
                (false, false) => self.aes.decrypt(given),
            };
            self.chain = if self.encrypts { *block } else { given };
        }
    }
}

/// A cipher at work.
#[derive(Trace, JsLifetime)]
#[rquickjs::class]
struct AesStream {
    #[qjs(skip_trace)]
    state: RefCell<State>,
}

// SAFETY: the type has no 'js lifetime.
#[allow(unsafe_code, reason = "rquickjs asks for an unsafe marker on what its classes hold")]
unsafe impl JsLifetime<'_> for State {
    type Changed<'to> = State;
}

#[rquickjs::methods]
impl AesStream {
    fn run<'js>(&self, ctx: Ctx<'js>, data: TypedArray<'js, u8>) -> Result<TypedArray<'js, u8>> {
        let mut bytes = with_bytes(&data, <[u8]>::to_vec);
        self.state.borrow_mut().run(&mut bytes);
        TypedArray::new_copy(ctx, bytes)
    }

    /// More of the data that is authenticated only; the text follows after `text`.
    fn additional(&self, data: TypedArray<'_, u8>) {
        let bytes = with_bytes(&data, <[u8]>::to_vec);
        if let Some(sealing) = &mut self.state.borrow_mut().sealing {
            sealing.take(&bytes, 0);
        }
    }

    fn text(&self) {
        if let Some(sealing) = &mut self.state.borrow_mut().sealing {
            sealing.close();
        }
    }

    fn tag<'js>(&self, ctx: Ctx<'js>) -> Result<TypedArray<'js, u8>> {
        let tag = self.state.borrow_mut().sealing.as_mut().map_or([0; BLOCK], Sealing::tag);
        TypedArray::new_copy(ctx, tag)
    }
}

/// Nothing where key or IV are of a wrong length.
fn start<'js>(mode: String, encrypts: bool, key: TypedArray<'js, u8>, iv: TypedArray<'js, u8>) -> Option<AesStream> {
    let (key, iv) = (with_bytes(&key, <[u8]>::to_vec), with_bytes(&iv, <[u8]>::to_vec));
    let mode = match mode.as_str() {
        "ecb" => Mode::Ecb,
        "cbc" => Mode::Cbc,
        "ctr" => Mode::Ctr,
        "ofb" => Mode::Ofb,
        _ => Mode::Gcm,
    };
    Some(AesStream { state: RefCell::new(State::new(mode, encrypts, &key, &iv)?) })
}
