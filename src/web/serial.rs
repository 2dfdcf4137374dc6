//! JavaScript values as bytes, for what leaves an isolate: calls between Workers, and what is stored.
//!
//! Here are the primitives, plain objects, arrays and buffers, with a memory of what was seen, so that cycles and shared
//! references stay; all other kinds are told in words by `serial.js`. The layout is ours, because QuickJS's own changes
//! with its version, and reading it trusts the bytes. Bytes that make no sense are an error, never a crash.

mod json;
mod reader;
mod writer;

use std::cell::RefCell;

use rquickjs::class::Trace;
use rquickjs::function::Func;
use rquickjs::{Class, Ctx, Function, JsLifetime, Object, Result, TypedArray, Value};

pub(crate) use json::{of_json, to_json};

use super::body::Chunk;
use crate::engine::bytes::with_bytes;
use crate::engine::throw_type;
use crate::worker::Parcel;

/// A value that has been packed.
#[derive(Trace, JsLifetime)]
#[rquickjs::class]
pub(crate) struct ParcelHandle {
    #[qjs(skip_trace)]
    parcel: RefCell<Option<Parcel>>,
}

impl ParcelHandle {
    pub(crate) fn instance<'js>(ctx: &Ctx<'js>, parcel: Parcel) -> Result<Class<'js, Self>> {
        Class::instance(ctx.clone(), Self { parcel: RefCell::new(Some(parcel)) })
    }

    /// Moves the parcel out, once.
    pub(crate) fn take(&self, ctx: &Ctx<'_>) -> Result<Parcel> {
        self.parcel.borrow_mut().take().ok_or_else(|| throw_type(ctx, "This value has been sent already."))
    }
}

/// What one byte at the front of a value says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Tag {
    Undefined,
    Null,
    True,
    False,
    Int,
    Float,
    /// UTF-8.
    Text,
    /// UTF-16, for a text with lone surrogates.
    Units,
    /// A big integer in decimal digits.
    Big,
    /// Pairs of key and value up to [`Tag::End`].
    Object,
    /// Its length, its elements, then pairs as of an object.
    Array,
    /// An element that an array lacks.
    Hole,
    /// The number of an object seen before.
    Seen,
    Buffer,
    /// A kind, how many values it is made of, and these; see `serial.js`.
    Kind,
    /// The number of one of the parcel's parts.
    Part,
    End,
}

const TAGS: [Tag; 17] = [
    Tag::Undefined,
    Tag::Null,
    Tag::True,
    Tag::False,
    Tag::Int,
    Tag::Float,
    Tag::Text,
    Tag::Units,
    Tag::Big,
    Tag::Object,
    Tag::Array,
    Tag::Hole,
    Tag::Seen,
    Tag::Buffer,
    Tag::Kind,
    Tag::Part,
    Tag::End,
];

/// Values within values; deeper ones are refused, for each takes native stack.
const MAX_DEPTH: usize = 2_000;

pub(super) fn init<'js>(_ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("pack", Func::from(pack))?;
    host.set("unpack", Func::from(unpack))?;
    host.set("parcelThrown", Func::from(thrown))?;
    host.set("parcelSize", Func::from(size))?;
    host.set("parcelBytes", Func::from(bytes))?;
    host.set("parcelFrom", Func::from(from_bytes))
}

/// `describe(value)` answers `[kind, ...values]`, or undefined for what is stored as a plain object.
pub(crate) fn pack<'js>(
    ctx: Ctx<'js>,
    value: Value<'js>,
    describe: Function<'js>,
    thrown: bool,
) -> Result<Class<'js, ParcelHandle>> {
    let (bytes, parts) = writer::write(&ctx, &value, &describe)?;
    ParcelHandle::instance(&ctx, Parcel { bytes, parts, thrown })
}

/// `begin(kind)` answers an empty object for a kind that may contain itself; `finish(kind, object, values)` the value.
pub(crate) fn unpack<'js>(
    ctx: Ctx<'js>,
    handle: Class<'js, ParcelHandle>,
    begin: Function<'js>,
    finish: Function<'js>,
) -> Result<Value<'js>> {
    let parcel = handle.borrow().take(&ctx)?;
    reader::read(&ctx, parcel, begin, finish)
}

fn thrown(handle: Class<'_, ParcelHandle>) -> bool {
    handle.borrow().parcel.borrow().as_ref().is_some_and(|parcel| parcel.thrown)
}

/// A parcel's bytes as they are: of one that the host filled by itself.
fn bytes(ctx: Ctx<'_>, handle: Class<'_, ParcelHandle>) -> Result<Chunk> {
    Ok(Chunk(handle.borrow().take(&ctx)?.bytes.into()))
}

/// The parcel that had these bytes.
fn from_bytes<'js>(ctx: Ctx<'js>, bytes: TypedArray<'js, u8>) -> Result<Class<'js, ParcelHandle>> {
    let bytes = with_bytes(&bytes, <[u8]>::to_vec);
    ParcelHandle::instance(&ctx, Parcel { bytes, ..Parcel::default() })
}

fn size(handle: Class<'_, ParcelHandle>) -> usize {
    handle.borrow().parcel.borrow().as_ref().map_or(0, |parcel| parcel.bytes.len())
}
