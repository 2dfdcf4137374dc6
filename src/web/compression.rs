//! The native half of `CompressionStream` and `DecompressionStream`: gzip, zlib ("deflate") and raw deflate, piece by
//! piece. JavaScript pushes what was written and takes out pieces of a fixed size, so that a small input which
//! grows a thousandfold never stands in memory whole.
#![allow(clippy::needless_pass_by_value, reason = "rquickjs hands converted arguments over by value")]

mod gzip;

use std::cell::RefCell;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use rquickjs::class::Trace;
use rquickjs::function::Func;
use rquickjs::{Class, Ctx, JsLifetime, Object, Result, TypedArray};

use crate::engine::{bytes, throw_type};
use gzip::{Gzip, Trailer};

/// Bytes of a piece, at most.
const PIECE: usize = 64 << 10;

/// The formats of the Compression standard that Cloudflare has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Gzip,
    Zlib,
    Raw,
}

impl Format {
    fn by_name(name: &str) -> Option<Self> {
        match name {
            "gzip" => Some(Self::Gzip),
            "deflate" => Some(Self::Zlib),
            "deflate-raw" => Some(Self::Raw),
            _ => None,
        }
    }
}

/// What makes the output; both end with an error in words.
enum Engine {
    Compress(Compress),
    Decompress(Decompress),
}

/// One stream: what was pushed and not yet taken in, and how far it is.
struct Codec {
    engine: Engine,
    /// The frame around raw deflate.
    gzip: Option<Gzip>,
    input: Vec<u8>,
    taken: usize,
    /// No more input will come.
    last: bool,
    /// The compressed data has come to its end.
    ended: bool,
}

impl Codec {
    fn new(format: Format, compress: bool) -> Self {
        let header = format == Format::Zlib;
        let engine = if compress {
            Engine::Compress(Compress::new(Compression::default(), header))
        } else {
            Engine::Decompress(Decompress::new(header))
        };
        let gzip = (format == Format::Gzip).then(Gzip::default);
        Self { engine, gzip, input: Vec::new(), taken: 0, last: false, ended: false }
    }

    /// More input; what was pushed before must have been taken in.
    fn push(&mut self, input: Vec<u8>, last: bool) {
        self.input.drain(..self.taken);
        self.taken = 0;
        self.input.extend_from_slice(&input);
        self.last |= last;
    }

    /// The next piece of output; none when there is nothing to give before more input comes.
    fn next(&mut self) -> std::result::Result<Option<Vec<u8>>, &'static str> {
        let mut piece = Vec::with_capacity(PIECE);
        match self.engine {
            Engine::Compress(_) => self.compress(&mut piece)?,
            Engine::Decompress(_) => self.decompress(&mut piece)?,
        }
        Ok((!piece.is_empty()).then_some(piece))
    }

    fn compress(&mut self, piece: &mut Vec<u8>) -> std::result::Result<(), &'static str> {
        let Engine::Compress(engine) = &mut self.engine else { return Ok(()) };
        if self.ended {
            return Ok(());
        }
        let flush = if self.last { FlushCompress::Finish } else { FlushCompress::None };
        let before = engine.total_in();
        let status = engine.compress_vec(&self.input[self.taken..], piece, flush).map_err(|_| "Compression failed.")?;
        let used = step(before, engine.total_in());
        if let Some(gzip) = self.gzip.as_mut() {
            gzip.update(&self.input[self.taken..self.taken + used]);
            if !piece.is_empty() {
                gzip.open(piece); // not before there is more: a reader's first read is not to be a bare header
            }
        }
        self.taken += used;
        if status == Status::StreamEnd {
            self.ended = true;
            if let Some(gzip) = &self.gzip {
                piece.extend_from_slice(&gzip.trailer());
            }
        }
        Ok(())
    }

    fn decompress(&mut self, piece: &mut Vec<u8>) -> std::result::Result<(), &'static str> {
        let Engine::Decompress(engine) = &mut self.engine else { return Ok(()) };
        if let Some(gzip) = self.gzip.as_mut()
            && !gzip.is_open()
        {
            let Some(length) = gzip.header(&self.input[self.taken..])? else { return self.must_go_on() };
            self.taken += length;
        }
        if !self.ended {
            let before = engine.total_in();
            let status = engine.decompress_vec(&self.input[self.taken..], piece, FlushDecompress::None);
            self.ended = status.map_err(|_| "Decompression failed.")? == Status::StreamEnd;
            self.taken += step(before, engine.total_in());
            if let Some(gzip) = self.gzip.as_mut() {
                gzip.update(piece);
            }
        }
        if self.ended {
            return self.close_frame();
        }
        if piece.is_empty() { self.must_go_on() } else { Ok(()) }
    }

    /// After the compressed data: gzip's checksum, and then nothing.
    fn close_frame(&mut self) -> std::result::Result<(), &'static str> {
        if let Some(gzip) = self.gzip.as_mut() {
            match gzip.close(&self.input[self.taken..]) {
                Trailer::Right { length } => self.taken += length,
                Trailer::Short => return self.must_go_on(),
                Trailer::Wrong => return Err("Decompression failed: the data does not have its checksum."),
            }
        }
        if self.taken < self.input.len() { Err("Trailing bytes after end of compressed data") } else { Ok(()) }
    }

    /// All input is taken in, and it is not the end.
    fn must_go_on(&mut self) -> std::result::Result<(), &'static str> {
        self.taken = self.input.len();
        if self.last { Err("Called close() on a decompression stream with incomplete data") } else { Ok(()) }
    }
}

fn step(before: u64, after: u64) -> usize {
    usize::try_from(after - before).expect("no more is taken in than is in memory")
}

/// The handle. Holds no JavaScript value.
#[derive(Trace, JsLifetime)]
#[rquickjs::class]
pub(crate) struct CompressionState {
    #[qjs(skip_trace)]
    codec: RefCell<Codec>,
}

#[rquickjs::methods]
impl CompressionState {
    fn push(&self, data: TypedArray<'_, u8>, last: bool) {
        let input = bytes::with_bytes(&data, <[u8]>::to_vec);
        self.codec.borrow_mut().push(input, last);
    }

    fn next<'js>(&self, ctx: Ctx<'js>) -> Result<Option<TypedArray<'js, u8>>> {
        let made = self.codec.borrow_mut().next();
        match made {
            Ok(piece) => piece.map(|piece| TypedArray::new_copy(ctx, piece)).transpose(),
            Err(message) => Err(throw_type(&ctx, message)),
        }
    }
}

/// A stream of a format by its name; nothing for a name that it does not know.
fn start(ctx: Ctx<'_>, format: String, compress: bool) -> Result<Option<Class<'_, CompressionState>>> {
    let Some(format) = Format::by_name(&format) else { return Ok(None) };
    let codec = RefCell::new(Codec::new(format, compress));
    Class::instance(ctx, CompressionState { codec }).map(Some)
}

pub(super) fn init<'js>(_ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("compressionStart", Func::from(start))
}

#[cfg(test)]
mod tests {
    use super::{Codec, Format, PIECE};

    fn run(codec: &mut Codec, input: &[u8], step: usize) -> Result<Vec<u8>, &'static str> {
        let mut output = Vec::new();
        let pieces: Vec<&[u8]> = input.chunks(step).collect();
        for (at, piece) in pieces.iter().enumerate() {
            codec.push(piece.to_vec(), at + 1 == pieces.len());
            while let Some(made) = codec.next()? {
                assert!(made.len() <= PIECE + 18);
                output.extend_from_slice(&made);
            }
        }
        Ok(output)
    }

    #[test]
    fn each_format_gives_back_what_it_got_however_it_is_cut() {
        let text: Vec<u8> = (0..300_000u64).map(|at| u8::try_from(at * at % 251).expect("a byte")).collect();
        for format in [Format::Gzip, Format::Zlib, Format::Raw] {
            for step in [1_000, 400_000] {
                let packed = run(&mut Codec::new(format, true), &text, step).expect("compression never fails");
                for step in [1, 997, 500_000] {
                    assert_eq!(run(&mut Codec::new(format, false), &packed, step).as_deref(), Ok(&text[..]));
                }
                let cut = &packed[..packed.len() - 1];
                assert!(run(&mut Codec::new(format, false), cut, 100).is_err());
                assert!(run(&mut Codec::new(format, false), &[&packed[..], b"x"].concat(), 1_000_000).is_err());
            }
        }
    }

    #[test]
    fn damaged_data_is_an_error_and_never_a_crash() {
        let packed =
            run(&mut Codec::new(Format::Gzip, true), b"some text that is long enough", 7).expect("compression");
        for at in 0..packed.len() {
            for bits in [1, 0x80, 0xFF] {
                let mut damaged = packed.clone();
                damaged[at] ^= bits;
                let _ = run(&mut Codec::new(Format::Gzip, false), &damaged, 5);
            }
        }
        let mut wrong = packed.clone();
        let end = wrong.len() - 8;
        wrong[end] ^= 1;
        assert!(run(&mut Codec::new(Format::Gzip, false), &wrong, 5).is_err());
    }
}
