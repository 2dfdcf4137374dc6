//! Streams of `node:zlib`'s deflate family: bytes in, bytes out, piece by piece, with every kind of flush, and dictionaries.

use std::cell::RefCell;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use rquickjs::class::Trace;
use rquickjs::function::Func;
use rquickjs::{Array, Class, Ctx, JsLifetime, Object, Result, TypedArray};

use crate::engine::bytes::with_bytes;
use crate::engine::throw_error;

/// One stream; holds no JavaScript value.
#[derive(Trace, JsLifetime)]
#[rquickjs::class]
pub(super) struct Coder {
    #[qjs(skip_trace)]
    state: RefCell<State>,
}

struct State {
    mode: u8,
    bits: u8,
    level: Compression,
    dictionary: Vec<u8>,
    engine: Option<Engine>,
    /// The compressed data has come to its end.
    ended: bool,
}

enum Engine {
    Pack(Box<Compress>),
    Unpack(Box<Decompress>),
}

// The modes' numbers, as `node:zlib` has them in its constants.
const DEFLATE: u8 = 1;
const INFLATE: u8 = 2;
const GZIP: u8 = 3;
const GUNZIP: u8 = 4;
const DEFLATE_RAW: u8 = 5;
const INFLATE_RAW: u8 = 6;
const UNZIP: u8 = 7;

const OK: i32 = 0;
const STREAM_END: i32 = 1;
const NEED_DICT: i32 = 2;
const DATA_ERROR: i32 = -3;
const BUF_ERROR: i32 = -5;

/// What one step did.
struct Step {
    status: i32,
    used: usize,
    made: Vec<u8>,
    words: Option<String>,
}

impl State {
    /// The engine of a mode; none for `UNZIP` before its first byte is there.
    fn engine(&mut self, first: Option<u8>) -> std::result::Result<Option<&mut Engine>, String> {
        if self.engine.is_none() {
            if self.mode == UNZIP {
                let Some(first) = first else { return Ok(None) };
                self.mode = if first == 0x1f { GUNZIP } else { INFLATE };
            }
            self.engine = Some(self.begin()?);
        }
        Ok(self.engine.as_mut())
    }

    fn begin(&self) -> std::result::Result<Engine, String> {
        let bits = self.bits.clamp(9, 15);
        let mut engine = match self.mode {
            DEFLATE => Engine::Pack(Box::new(Compress::new_with_window_bits(self.level, true, bits))),
            GZIP => Engine::Pack(Box::new(Compress::new_gzip(self.level, bits))),
            DEFLATE_RAW => Engine::Pack(Box::new(Compress::new_with_window_bits(self.level, false, bits))),
            GUNZIP => Engine::Unpack(Box::new(Decompress::new_gzip(15))),
            INFLATE_RAW => Engine::Unpack(Box::new(Decompress::new_with_window_bits(false, 15))),
            _ => Engine::Unpack(Box::new(Decompress::new_with_window_bits(true, 15))),
        };
        if !self.dictionary.is_empty() {
            match &mut engine {
                Engine::Pack(engine) if self.mode != GZIP => {
                    engine.set_dictionary(&self.dictionary).map_err(|_| "Failed to set dictionary")?;
                }
                Engine::Unpack(engine) if self.mode == INFLATE_RAW => {
                    engine.set_dictionary(&self.dictionary).map_err(|_| "Failed to set dictionary")?;
                }
                _ => {}
            }
        }
        Ok(engine)
    }

    /// Takes in some of the bytes and makes at most `room`.
    fn run(&mut self, flush: u8, bytes: &[u8], room: usize) -> std::result::Result<Step, String> {
        let mut step = Step { status: OK, used: 0, made: Vec::with_capacity(room), words: None };
        loop {
            if self.ended {
                // Another member of a gzip file may follow; zeros are padding.
                if self.mode != GUNZIP || bytes.get(step.used).is_none_or(|byte| *byte == 0) {
                    step.status = STREAM_END;
                    return Ok(step);
                }
                (self.engine, self.ended) = (None, false);
            }
            self.advance(flush, bytes, &mut step)?;
            if !self.ended || self.mode != GUNZIP {
                return Ok(step);
            }
        }
    }

    fn advance(&mut self, flush: u8, bytes: &[u8], step: &mut Step) -> std::result::Result<(), String> {
        let Some(engine) = self.engine(bytes.get(step.used).copied())? else { return Ok(()) };
        let rest = &bytes[step.used..];
        let (status, used) = match engine {
            Engine::Pack(engine) => {
                let before = engine.total_in();
                let status =
                    engine.compress_vec(rest, &mut step.made, packing(flush)).map_err(|error| error.to_string());
                (status?, engine.total_in() - before)
            }
            Engine::Unpack(engine) => {
                let before = engine.total_in();
                let status = engine.decompress_vec(rest, &mut step.made, FlushDecompress::Sync);
                let used = engine.total_in() - before;
                match status {
                    Ok(status) => (status, used),
                    Err(error) if error.needs_dictionary().is_some() => {
                        step.used += usize::try_from(used).unwrap_or(0);
                        return self.look_up(flush, bytes, step);
                    }
                    Err(error) => {
                        step.status = DATA_ERROR;
                        step.words = Some(error.message().unwrap_or("Zlib error").to_owned());
                        return Ok(());
                    }
                }
            }
        };
        step.used += usize::try_from(used).unwrap_or(0);
        self.ended = status == Status::StreamEnd;
        step.status = match status {
            Status::Ok => OK,
            Status::BufError => BUF_ERROR,
            Status::StreamEnd => STREAM_END,
        };
        Ok(())
    }

    /// The data asks for the dictionary it was made with.
    fn look_up(&mut self, flush: u8, bytes: &[u8], step: &mut Step) -> std::result::Result<(), String> {
        let missing = self.dictionary.is_empty();
        let known = match self.engine.as_mut() {
            Some(Engine::Unpack(engine)) if !missing => engine.set_dictionary(&self.dictionary).is_ok(),
            _ => false,
        };
        if known {
            return self.advance(flush, bytes, step);
        }
        step.status = if missing { NEED_DICT } else { DATA_ERROR };
        step.words = Some(if missing { "Missing dictionary" } else { "Bad dictionary" }.to_owned());
        Ok(())
    }
}

fn packing(flush: u8) -> FlushCompress {
    match flush {
        0 | 5 => FlushCompress::None,
        1 => FlushCompress::Partial,
        2 => FlushCompress::Sync,
        3 => FlushCompress::Full,
        _ => FlushCompress::Finish,
    }
}

pub(super) fn init(natives: &Object<'_>) -> Result<()> {
    natives.set("zlibCoder", Func::from(open))?;
    natives.set("zlibRun", Func::from(run))?;
    natives.set("zlibParams", Func::from(params))?;
    natives.set("zlibReset", Func::from(reset))
}

fn level_of(level: i32) -> Compression {
    Compression::new(u32::try_from(level).unwrap_or(6).min(9))
}

/// `(mode, window bits, level, dictionary | undefined)`
fn open<'js>(
    ctx: Ctx<'js>,
    mode: u8,
    bits: u8,
    level: i32,
    dictionary: Option<TypedArray<'js, u8>>,
) -> Result<Class<'js, Coder>> {
    let dictionary = dictionary.map(|bytes| with_bytes(&bytes, <[u8]>::to_vec)).unwrap_or_default();
    let state = State { mode, bits, level: level_of(level), dictionary, engine: None, ended: false };
    Class::instance(ctx, Coder { state: RefCell::new(state) })
}

/// The longest piece that one call makes.
const LONGEST: usize = 1 << 20;

/// `[status, bytes used, bytes made, words | undefined]`
fn run<'js>(
    ctx: Ctx<'js>,
    coder: Class<'js, Coder>,
    flush: u8,
    bytes: TypedArray<'js, u8>,
    room: usize,
) -> Result<Array<'js>> {
    let bytes = with_bytes(&bytes, <[u8]>::to_vec);
    let coder = coder.borrow();
    let step = coder.state.borrow_mut().run(flush, &bytes, room.min(LONGEST));
    let step = step.map_err(|words| throw_error(&ctx, &words))?;
    let parts = Array::new(ctx.clone())?;
    parts.set(0, step.status)?;
    parts.set(1, step.used)?;
    parts.set(2, TypedArray::<u8>::new_copy(ctx, &step.made[..])?)?;
    parts.set(3, step.words)?;
    Ok(parts)
}

/// Another level from now on; what is on its way must have been flushed.
fn params(coder: Class<'_, Coder>, level: i32) {
    let coder = coder.borrow();
    let mut state = coder.state.borrow_mut();
    state.level = level_of(level);
    let level = state.level;
    if let Some(Engine::Pack(engine)) = state.engine.as_mut() {
        let _stays_as_it_was = engine.set_level(level);
    }
}

fn reset(coder: Class<'_, Coder>) {
    let coder = coder.borrow();
    let mut state = coder.state.borrow_mut();
    (state.engine, state.ended) = (None, false);
}
