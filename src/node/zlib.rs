//! Natives of `node:zlib`: whole buffers at once, in every format, and checksums.
#![allow(clippy::needless_pass_by_value, reason = "rquickjs hands converted arguments over by value")]

mod coder;

use std::io::{self, Read, Write};

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use flate2::{Compression, Crc};
use rquickjs::function::Func;
use rquickjs::{Ctx, Object, Result, TypedArray};

use crate::engine::bytes::with_bytes;
use crate::engine::throw_error;

pub(super) fn init<'js>(_ctx: &Ctx<'js>, natives: &Object<'js>) -> Result<()> {
    natives.set("zlibCompress", Func::from(compress))?;
    natives.set("zlibDecompress", Func::from(decompress))?;
    natives.set("crc32", Func::from(crc32))?;
    coder::init(natives)
}

fn crc32(bytes: TypedArray<'_, u8>, start: u32) -> u32 {
    with_bytes(&bytes, move |bytes| {
        // A start value is the checksum of what came before, of whatever length.
        let mut crc = Crc::new();
        crc.update(bytes);
        if start == 0 { crc.sum() } else { continued(start, bytes) }
    })
}

/// CRC-32 from a given state, bit by bit.
fn continued(start: u32, bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 })
    };
    !bytes.iter().fold(!start, step)
}

fn compress<'js>(ctx: Ctx<'js>, format: String, bytes: TypedArray<'js, u8>, level: i32) -> Result<TypedArray<'js, u8>> {
    let bytes = with_bytes(&bytes, <[u8]>::to_vec);
    let flate = Compression::new(u32::try_from(level).unwrap_or(6).min(9));
    let packed = match format.as_str() {
        "deflate" => ZlibEncoder::new(Vec::new(), flate).written(&bytes),
        "raw" => DeflateEncoder::new(Vec::new(), flate).written(&bytes),
        "gzip" => GzEncoder::new(Vec::new(), flate).written(&bytes),
        "zstd" => Ok(ruzstd::encoding::compress_to_vec(&*bytes, ruzstd::encoding::CompressionLevel::Fastest)),
        _ => brotli(&bytes, level),
    };
    TypedArray::new_copy(ctx.clone(), packed.map_err(|error| throw_error(&ctx, &error.to_string()))?)
}

/// An encoder that is given everything at once.
trait Written {
    fn written(self, bytes: &[u8]) -> io::Result<Vec<u8>>;
}

macro_rules! written {
    ($($encoder:ident),*) => {$(
        impl Written for $encoder<Vec<u8>> {
            fn written(mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
                self.write_all(bytes)?;
                self.finish()
            }
        }
    )*};
}
written!(ZlibEncoder, DeflateEncoder, GzEncoder);

fn brotli(bytes: &[u8], quality: i32) -> io::Result<Vec<u8>> {
    let mut packed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality, ..Default::default() };
    brotli::BrotliCompress(&mut &*bytes, &mut packed, &parameters)?;
    Ok(packed)
}

/// At most `limit` bytes; one more is told as `ERR_BUFFER_TOO_LARGE`, other failures in zlib's words.
fn decompress<'js>(
    ctx: Ctx<'js>,
    format: String,
    bytes: TypedArray<'js, u8>,
    limit: u32,
    whole: bool,
) -> Result<TypedArray<'js, u8>> {
    let bytes = with_bytes(&bytes, <[u8]>::to_vec);
    let source: Box<dyn Read + '_> = match format.as_str() {
        "deflate" => Box::new(ZlibDecoder::new(&*bytes)),
        "raw" => Box::new(DeflateDecoder::new(&*bytes)),
        "gzip" => Box::new(MultiGzDecoder::new(&*bytes)),
        "zstd" => Box::new(Frames { bytes: &bytes, frame: None }),
        _ => Box::new(brotli::Decompressor::new(&*bytes, 4096)),
    };
    let mut unpacked = Vec::new();
    let failure = source.take(u64::from(limit) + 1).read_to_end(&mut unpacked).err();
    if unpacked.len() > limit as usize {
        return Err(throw_error(&ctx, "ERR_BUFFER_TOO_LARGE"));
    }
    match failure {
        Some(error) if error.kind() == io::ErrorKind::UnexpectedEof && whole => {
            Err(throw_error(&ctx, "unexpected end of file"))
        }
        Some(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
            Err(throw_error(&ctx, complaint(&format, &bytes, &error)))
        }
        _ => TypedArray::new_copy(ctx, unpacked),
    }
}

fn complaint(format: &str, bytes: &[u8], error: &io::Error) -> &'static str {
    let is_header = match format {
        "gzip" => !bytes.starts_with(&[0x1f, 0x8b]),
        "deflate" => bytes.len() >= 2 && !u16::from_be_bytes([bytes[0], bytes[1]]).is_multiple_of(31),
        _ => false,
    };
    match () {
        () if is_header => "incorrect header check",
        () if format == "brotli" => "Decompression failed",
        () if format == "zstd" => "Zstd decompression failed",
        () if error.to_string().contains("crc") => "incorrect data check",
        () => "invalid stored block lengths",
    }
}

/// Frames of zstd, one after the other.
struct Frames<'a> {
    bytes: &'a [u8],
    frame: Option<Box<Frame<'a>>>,
}

type Frame<'a> = ruzstd::decoding::StreamingDecoder<&'a [u8], ruzstd::decoding::FrameDecoder>;

impl Read for Frames<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(frame) = self.frame.as_mut() {
                let count = frame.read(into)?;
                if count > 0 || into.is_empty() {
                    return Ok(count);
                }
                self.bytes = *frame.get_ref();
                self.frame = None;
            }
            if self.bytes.is_empty() {
                return Ok(0);
            }
            let bytes = std::mem::take(&mut self.bytes);
            self.frame = Some(Box::new(Frame::new(bytes).map_err(io::Error::other)?));
        }
    }
}
