//! Natives of `node:buffer`: texts to bytes and back, comparison and search.
#![allow(clippy::needless_pass_by_value, reason = "rquickjs hands converted arguments over by value")]

use std::cmp::Ordering;
use std::fmt::Write as _;

use rquickjs::function::Func;
use rquickjs::{Ctx, Object, Result, TypedArray, Value};

use crate::engine::{bytes::with_bytes, text, throw_error};

pub(super) fn init<'js>(_ctx: &Ctx<'js>, natives: &Object<'js>) -> Result<()> {
    natives.set("bufferBytes", Func::from(to_bytes))?;
    natives.set("bufferText", Func::from(to_text))?;
    natives.set("bufferCompare", Func::from(compare))?;
    natives.set("bufferIndexOf", Func::from(index_of))?;
    natives.set(
        "bufferIsUtf8",
        Func::from(|bytes: TypedArray<'_, u8>| with_bytes(&bytes, |bytes| std::str::from_utf8(bytes).is_ok())),
    )?;
    natives.set("bufferIsAscii", Func::from(|bytes: TypedArray<'_, u8>| with_bytes(&bytes, <[u8]>::is_ascii)))
}

fn to_bytes<'js>(ctx: Ctx<'js>, source: Value<'js>, encoding: String) -> Result<TypedArray<'js, u8>> {
    text::with_usv(&ctx, &source, |source| match encoding.as_str() {
        "utf8" => TypedArray::new_copy(ctx.clone(), source),
        // The lower half of each 16-bit unit.
        "latin1" | "ascii" => TypedArray::new_copy(
            ctx.clone(),
            source.encode_utf16().map(|unit| unit.to_le_bytes()[0]).collect::<Vec<_>>(),
        ),
        "hex" => TypedArray::new_copy(ctx.clone(), from_hex(source)),
        "base64" | "base64url" => TypedArray::new_copy(ctx.clone(), from_base64(source)),
        _ => Err(throw_error(&ctx, "no such encoding")),
    })?
}

fn to_text(ctx: Ctx<'_>, source: TypedArray<'_, u8>, encoding: String) -> Result<String> {
    let text = with_bytes(&source, move |bytes| {
        Some(match encoding.as_str() {
            "utf8" => String::from_utf8_lossy(bytes).into_owned(),
            "latin1" => bytes.iter().map(|byte| char::from(*byte)).collect(),
            "ascii" => bytes.iter().map(|byte| char::from(byte & 0x7f)).collect(),
            "hex" => bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
                write!(text, "{byte:02x}").expect("writing to a string succeeds");
                text
            }),
            "base64" => to_base64(bytes, STANDARD, true),
            "base64url" => to_base64(bytes, URL_SAFE, false),
            _ => return None,
        })
    });
    text.ok_or_else(|| throw_error(&ctx, "no such encoding"))
}

/// Up to the first pair that is none.
fn from_hex(text: &str) -> Vec<u8> {
    let digits = text.chars().map_while(|digit| digit.to_digit(16)).collect::<Vec<_>>();
    digits.chunks_exact(2).filter_map(|pair| u8::try_from(pair[0] * 16 + pair[1]).ok()).collect()
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn to_base64(bytes: &[u8], alphabet: &[u8; 64], padded: bool) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0_u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            text.push(char::from(alphabet[(group >> (18 - 6 * place) & 63) as usize]));
        }
        if padded {
            text.extend(std::iter::repeat_n('=', 3 - chunk.len()));
        }
    }
    text
}

/// Both alphabets; what is in neither is passed over, and `=` ends the text.
fn from_base64(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut group, mut bits) = (0_u32, 0);
    for byte in text.bytes().take_while(|byte| *byte != b'=') {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => continue,
        };
        group = group << 6 | u32::from(digit);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((group >> bits).to_le_bytes()[0]);
        }
    }
    bytes
}

fn compare(one: TypedArray<'_, u8>, other: TypedArray<'_, u8>) -> i32 {
    let other = with_bytes(&other, <[u8]>::to_vec);
    with_bytes(&one, move |one| match one.cmp(&other) {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    })
}

/// The place of `needle`, which is not empty, at `start` or after it (before it, if not `forward`), at a multiple of
/// `step`; -1 if there is none.
fn index_of(bytes: TypedArray<'_, u8>, needle: TypedArray<'_, u8>, start: usize, forward: bool, step: usize) -> i64 {
    let needle = with_bytes(&needle, <[u8]>::to_vec);
    let found = with_bytes(&bytes, move |bytes| {
        let last = bytes.len().checked_sub(needle.len())?;
        let first = needle.first().copied();
        let fits = |at: &usize| {
            at.is_multiple_of(step) && bytes.get(*at).copied() == first && bytes[*at..].starts_with(&needle)
        };
        if forward { (start..=last).find(fits) } else { (0..=last.min(start)).rev().find(fits) }
    });
    found.and_then(|at| i64::try_from(at).ok()).unwrap_or(-1)
}
