//! Text to bytes and back for `TextEncoder` and `TextDecoder`: every label of the Encoding standard, by `encoding_rs`.
#![allow(clippy::needless_pass_by_value, reason = "rquickjs hands converted arguments over by value")]

use std::cell::RefCell;

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8};
use rquickjs::class::Trace;
use rquickjs::function::Func;
use rquickjs::{Array, Class, Ctx, JsLifetime, Object, Result, TypedArray, Value};

use crate::engine::{bytes, text};

/// The canonical name of a label in lower case; nothing for an unknown label and for those that only decode to an error.
fn canonical<'js>(ctx: Ctx<'js>, label: Value<'js>) -> Result<Option<String>> {
    text::with_usv(&ctx, &label, |label| {
        Encoding::for_label_no_replacement(label.as_bytes()).map(|encoding| encoding.name().to_ascii_lowercase())
    })
}

/// UTF-8 of any text.
fn encode<'js>(ctx: Ctx<'js>, source: Value<'js>) -> Result<TypedArray<'js, u8>> {
    text::with_usv(&ctx, &source, |source| TypedArray::new_copy(ctx.clone(), source))?
}

/// The longest beginning of a text whose UTF-8 fits `room` bytes: `[16-bit units read, bytes]`.
fn encode_into<'js>(ctx: Ctx<'js>, source: Value<'js>, room: usize) -> Result<Array<'js>> {
    let (read, bytes) = text::with_usv(&ctx, &source, |source| {
        let fitting = &source[..source.floor_char_boundary(room)];
        (fitting.encode_utf16().count(), TypedArray::new_copy(ctx.clone(), fitting))
    })?;
    let pair = Array::new(ctx)?;
    pair.set(0, read)?;
    pair.set(1, bytes?)?;
    Ok(pair)
}

/// Decodes UTF-8 at once; nothing where `fatal` forbids what it found.
fn decode_utf8(bytes: TypedArray<'_, u8>, fatal: bool, keep_bom: bool) -> Option<String> {
    bytes::with_bytes(&bytes, move |bytes| {
        let bytes = if keep_bom { bytes } else { bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes) };
        if fatal {
            str::from_utf8(bytes).ok().map(str::to_owned)
        } else {
            Some(String::from_utf8_lossy(bytes).into_owned())
        }
    })
}

/// A decoder between two calls with `stream: true`, or of a legacy encoding.
#[derive(Trace, JsLifetime)]
#[rquickjs::class]
pub(crate) struct TextStream {
    #[qjs(skip_trace)]
    decoder: RefCell<Option<Decoder>>,
}

impl TextStream {
    fn new(label: &str, keep_bom: bool) -> Self {
        let encoding = Encoding::for_label(label.as_bytes()).unwrap_or(UTF_8);
        let decoder = if keep_bom {
            encoding.new_decoder_without_bom_handling()
        } else {
            encoding.new_decoder_with_bom_removal()
        };
        Self { decoder: RefCell::new(Some(decoder)) }
    }
}

#[rquickjs::methods]
impl TextStream {
    /// The text of the next bytes; nothing where `fatal` forbids what it found. After that, and after the last bytes,
    /// the stream is over.
    fn decode(&self, bytes: TypedArray<'_, u8>, fatal: bool, last: bool) -> Option<String> {
        let mut decoder = self.decoder.take()?;
        let (decoder, text) = bytes::with_bytes(&bytes, move |bytes| {
            let text = decoded(&mut decoder, bytes, fatal, last);
            (decoder, text)
        });
        if text.is_some() && !last {
            self.decoder.replace(Some(decoder));
        }
        text
    }
}

fn decoded(decoder: &mut Decoder, bytes: &[u8], fatal: bool, last: bool) -> Option<String> {
    let worst =
        decoder.max_utf8_buffer_length(bytes.len()).expect("a buffer in memory cannot overflow three times its length");
    let mut text = String::with_capacity(worst);
    if !fatal {
        let _ = decoder.decode_to_string(bytes, &mut text, last);
        return Some(text);
    }
    match decoder.decode_to_string_without_replacement(bytes, &mut text, last).0 {
        DecoderResult::InputEmpty => Some(text),
        DecoderResult::Malformed(..) => None,
        DecoderResult::OutputFull => unreachable!("the text has room for the worst case"),
    }
}

pub(super) fn init<'js>(_ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("encodingName", Func::from(canonical))?;
    host.set("encodingEncode", Func::from(encode))?;
    host.set("encodingEncodeInto", Func::from(encode_into))?;
    host.set("encodingDecodeUtf8", Func::from(decode_utf8))?;
    host.set(
        "encodingStream",
        Func::from(|ctx: Ctx<'js>, label: String, keep_bom: bool| {
            Class::instance(ctx, TextStream::new(&label, keep_bom))
        }),
    )
}
