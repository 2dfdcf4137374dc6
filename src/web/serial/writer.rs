//! A JavaScript value -> bytes and parts.

use std::collections::HashMap;
use std::sync::Arc;

use rquickjs::{Array, ArrayBuffer, Atom, Class, Ctx, Function, Object, Result, Type, Value, qjs};

use super::{MAX_DEPTH, Tag};
use crate::engine::text::wtf8;
use crate::engine::{current, throw_range, throw_type};
use crate::web::Event;
use crate::web::body::{BodyHandle, BodyWriter};
use crate::web::fetch::FetchTarget;
use crate::web::rpc::StubHandle;
use crate::worker::{Fenced, Fetch, Part};

pub(super) fn write<'js>(ctx: &Ctx<'js>, value: &Value<'js>, describe: &Function<'js>) -> Result<(Vec<u8>, Vec<Part>)> {
    let mut writer = Writer {
        ctx,
        describe,
        plain: class_of(Object::new(ctx.clone())?.as_value()),
        array: class_of(Array::new(ctx.clone())?.as_value()),
        plain_prototype: Object::new(ctx.clone())?.get_prototype(),
        bytes: Vec::with_capacity(64),
        parts: Vec::new(),
        seen: HashMap::new(),
        depth: 0,
    };
    writer.value(value)?;
    Ok((writer.bytes, writer.parts))
}

struct Writer<'a, 'js> {
    ctx: &'a Ctx<'js>,
    describe: &'a Function<'js>,
    /// QuickJS's classes of plain objects and arrays.
    plain: u32,
    array: u32,
    plain_prototype: Option<Object<'js>>,
    bytes: Vec<u8>,
    parts: Vec<Part>,
    /// Objects by the order in which they were met; holding them keeps their places from being used again.
    seen: HashMap<Value<'js>, usize>,
    depth: usize,
}

#[allow(unsafe_code, reason = "rquickjs has no safe call for the class of an object")]
fn class_of(value: &Value<'_>) -> u32 {
    // SAFETY: reads the tag and, for an object, its class; the value outlives the call.
    unsafe { qjs::JS_GetClassID(value.as_raw()) }
}

impl<'js> Writer<'_, 'js> {
    fn tag(&mut self, tag: Tag) {
        self.bytes.push(tag as u8);
    }

    /// Seven bits a byte, least first.
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(u8::try_from(number & 0x7f).expect("seven bits") | 0x80);
            number >>= 7;
        }
        self.bytes.push(u8::try_from(number).expect("seven bits"));
    }

    fn chunk(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
    }

    fn value(&mut self, value: &Value<'js>) -> Result<()> {
        match value.type_of() {
            Type::Undefined => self.tag(Tag::Undefined),
            Type::Null => self.tag(Tag::Null),
            Type::Bool => self.tag(if value.as_bool() == Some(true) { Tag::True } else { Tag::False }),
            Type::Int => {
                self.tag(Tag::Int);
                let number = i64::from(value.as_int().unwrap_or_default());
                self.number(((number << 1) ^ (number >> 63)).cast_unsigned());
            }
            Type::Float => {
                self.tag(Tag::Float);
                self.bytes.extend_from_slice(&value.as_float().unwrap_or_default().to_le_bytes());
            }
            Type::String => self.text(value)?,
            Type::BigInt => {
                self.tag(Tag::Big);
                let digits = wtf8(self.ctx, value)?;
                self.chunk(&digits);
            }
            _ => return self.object(value),
        }
        Ok(())
    }

    fn text(&mut self, value: &Value<'js>) -> Result<()> {
        let bytes = wtf8(self.ctx, value)?;
        if str::from_utf8(&bytes).is_ok() {
            self.tag(Tag::Text);
            self.chunk(&bytes);
        } else {
            self.tag(Tag::Units);
            let units: Vec<u8> = units_of(&bytes).into_iter().flat_map(u16::to_le_bytes).collect();
            self.chunk(&units);
        }
        Ok(())
    }

    fn object(&mut self, value: &Value<'js>) -> Result<()> {
        if let Some(number) = self.seen.get(value) {
            let number = *number as u64;
            self.tag(Tag::Seen);
            self.number(number);
            return Ok(());
        }
        if self.part(value)? {
            return Ok(());
        }
        self.seen.insert(value.clone(), self.seen.len());
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(throw_range(self.ctx, "Maximum call stack size exceeded"));
        }
        let class = class_of(value);
        match value.as_object() {
            Some(object) if class == self.array => self.array(object)?,
            Some(object) if class == self.plain && object.get_prototype() == self.plain_prototype => {
                self.tag(Tag::Object);
                self.members(object, 0)?;
            }
            _ => self.other(value)?,
        }
        self.depth -= 1;
        Ok(())
    }

    /// One of our own handles, which only descriptions contain.
    fn part(&mut self, value: &Value<'js>) -> Result<bool> {
        if class_of(value) == self.plain || class_of(value) == self.array {
            return Ok(false);
        }
        let part = if let Ok(body) = Class::<BodyHandle>::from_value(value) {
            Part::Body(body.borrow().take(self.ctx)?.decoded())
        } else if let Ok(sink) = Class::<BodyWriter>::from_value(value) {
            Part::Sink(sink.borrow().take(self.ctx)?)
        } else if let Ok(stub) = Class::<StubHandle>::from_value(value) {
            Part::Stub(stub.borrow().target(self.ctx)?)
        } else if let Ok(service) = Class::<FetchTarget>::from_value(value) {
            Part::Service(fenced(self.ctx, service.borrow().target()))
        } else {
            return Ok(false);
        };
        self.tag(Tag::Part);
        self.number(self.parts.len() as u64);
        self.parts.push(part);
        Ok(true)
    }

    /// The members with text keys from the `skip`th on.
    fn members(&mut self, object: &Object<'js>, skip: usize) -> Result<()> {
        for key in object.own_keys::<Atom<'js>>(rquickjs::object::Filter::default()).skip(skip) {
            let key = key?;
            let member: Value<'js> = object.get(key.clone())?;
            self.text(&key.to_value()?)?;
            self.value(&member)?;
        }
        self.tag(Tag::End);
        Ok(())
    }

    fn array(&mut self, object: &Object<'js>) -> Result<()> {
        let length: usize = object.get("length")?;
        self.tag(Tag::Array);
        self.number(length as u64);
        let mut holes = 0;
        for at in 0..length {
            let index = u32::try_from(at).map_err(|_| throw_range(self.ctx, "Invalid array length"))?;
            let element: Value<'js> = object.get(index)?;
            if element.is_undefined() && !object.contains_key(index)? {
                holes += 1;
                self.tag(Tag::Hole);
            } else {
                self.value(&element)?;
            }
        }
        self.members(object, length - holes)
    }

    fn other(&mut self, value: &Value<'js>) -> Result<()> {
        let described: Value<'js> = self.describe.call((value.clone(),))?;
        let Some(described) = described.as_array() else {
            let object = value.as_object().ok_or_else(|| throw_type(self.ctx, "This value cannot be sent."))?;
            if let Some(buffer) = ArrayBuffer::from_object(object.clone()) {
                self.tag(Tag::Buffer);
                let bytes = buffer.as_raw();
                #[allow(unsafe_code, reason = "reading in place saves a copy of the buffer")]
                // SAFETY: no JavaScript runs while the slice lives.
                let bytes = bytes.map(|bytes| unsafe { bytes.as_ref() });
                self.chunk(bytes.unwrap_or_default());
                return Ok(());
            }
            self.tag(Tag::Object);
            return self.members(object, 0);
        };
        self.tag(Tag::Kind);
        let kind: Value<'js> = described.get(0)?;
        self.text(&kind)?;
        self.number(described.len() as u64 - 1);
        for at in 1..described.len() {
            self.value(&described.get(at)?)?;
        }
        Ok(())
    }
}

/// WTF-8 -> UTF-16.
fn units_of(bytes: &[u8]) -> Vec<u16> {
    let mut units = Vec::with_capacity(bytes.len());
    for chunk in WtfChunks(bytes) {
        match chunk {
            Ok(text) => units.extend(text.encode_utf16()),
            Err(surrogate) => units.push(surrogate),
        }
    }
    units
}

/// Well-formed stretches, and the surrogates (three bytes each) between them.
struct WtfChunks<'a>(&'a [u8]);

impl<'a> Iterator for WtfChunks<'a> {
    type Item = std::result::Result<&'a str, u16>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let valid = match str::from_utf8(self.0) {
            Ok(text) => text,
            Err(error) => str::from_utf8(&self.0[..error.valid_up_to()]).unwrap_or_default(),
        };
        if !valid.is_empty() {
            self.0 = &self.0[valid.len()..];
            return Some(Ok(valid));
        }
        let taken = self.0.len().min(3);
        let (unit, rest) = self.0.split_at(taken);
        self.0 = rest;
        let bits = |at: usize| u16::from(unit.get(at).copied().unwrap_or_default() & 0x3f);
        Some(Err(0xd000 | bits(1) << 6 | bits(2)))
    }
}

/// Another Worker may call what this one gives away: its code then is behind the same outbound Worker as now.
fn fenced(ctx: &Ctx<'_>, target: Arc<dyn Fetch>) -> Arc<dyn Fetch> {
    let outbound = current(ctx).and_then(|invocation| Event::of(&invocation).call().outbound);
    match outbound {
        Some(outbound) => Arc::new(Fenced { target, outbound }),
        None => target,
    }
}
