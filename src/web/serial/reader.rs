//! Bytes and parts -> a JavaScript value. The bytes may come from a file: everything is checked.

use rquickjs::{Array, ArrayBuffer, BigInt, Class, Ctx, Function, IntoJs as _, Object, Result, Value, qjs};

use super::{MAX_DEPTH, TAGS, Tag};
use crate::engine::throw_error;
use crate::web::body::{BodyHandle, BodyWriter, Coded};
use crate::web::fetch::FetchTarget;
use crate::web::rpc::StubHandle;
use crate::worker::{Parcel, Part};

pub(super) fn read<'js>(
    ctx: &Ctx<'js>,
    parcel: Parcel,
    begin: Function<'js>,
    finish: Function<'js>,
) -> Result<Value<'js>> {
    let parts = parcel.parts.into_iter().map(Some).collect();
    let mut reader = Reader { ctx, bytes: &parcel.bytes, parts, begin, finish, seen: Vec::new(), depth: 0 };
    reader.value()
}

struct Reader<'a, 'js> {
    ctx: &'a Ctx<'js>,
    /// What is left.
    bytes: &'a [u8],
    parts: Vec<Option<Part>>,
    begin: Function<'js>,
    finish: Function<'js>,
    seen: Vec<Value<'js>>,
    depth: usize,
}

impl<'js> Reader<'_, 'js> {
    fn damaged(&self) -> rquickjs::Error {
        throw_error(self.ctx, "The stored value is damaged.")
    }

    fn byte(&mut self) -> Result<u8> {
        let (first, rest) = self.bytes.split_first().ok_or_else(|| self.damaged())?;
        self.bytes = rest;
        Ok(*first)
    }

    fn tag(&mut self) -> Result<Tag> {
        let byte = self.byte()?;
        TAGS.get(usize::from(byte)).copied().ok_or_else(|| self.damaged())
    }

    fn number(&mut self) -> Result<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(self.damaged())
    }

    /// A count of things that take a byte each at least.
    fn count(&mut self) -> Result<usize> {
        let number = self.number()?;
        usize::try_from(number).ok().filter(|count| *count <= self.bytes.len()).ok_or_else(|| self.damaged())
    }

    fn chunk(&mut self) -> Result<&[u8]> {
        let length = self.count()?;
        let (chunk, rest) = self.bytes.split_at(length);
        self.bytes = rest;
        Ok(chunk)
    }

    fn text(&mut self) -> Result<Value<'js>> {
        let ctx = self.ctx.clone();
        match self.tag()? {
            Tag::Text => {
                let text = self.utf8()?;
                rquickjs::String::from_str(ctx, &text)?.into_js(self.ctx)
            }
            Tag::Units => self.units(),
            _ => Err(self.damaged()),
        }
    }

    fn utf8(&mut self) -> Result<String> {
        let text = self.chunk()?.to_vec();
        String::from_utf8(text).map_err(|_| self.damaged())
    }

    #[allow(unsafe_code, reason = "rquickjs makes strings of well-formed text alone")]
    fn units(&mut self) -> Result<Value<'js>> {
        let units: Vec<u16> =
            self.chunk()?.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        let length = units.len().try_into().expect("a length in memory fits");
        // SAFETY: the context is alive and the units are copied; the new value is owned by the handle.
        unsafe {
            let raw = qjs::JS_NewStringUTF16(self.ctx.as_raw().as_ptr(), units.as_ptr(), length);
            Ok(Value::from_raw(self.ctx.clone(), raw))
        }
    }

    fn value(&mut self) -> Result<Value<'js>> {
        let ctx = self.ctx;
        match *self.bytes.first().ok_or_else(|| self.damaged())? {
            tag if tag == Tag::Text as u8 || tag == Tag::Units as u8 => return self.text(),
            _ => {}
        }
        match self.tag()? {
            Tag::Undefined => Ok(Value::new_undefined(ctx.clone())),
            Tag::Null => Ok(Value::new_null(ctx.clone())),
            Tag::True => Ok(Value::new_bool(ctx.clone(), true)),
            Tag::False => Ok(Value::new_bool(ctx.clone(), false)),
            Tag::Int => {
                let number = self.number()?;
                let number = (number >> 1).cast_signed() ^ -(number & 1).cast_signed();
                i32::try_from(number).map_err(|_| self.damaged())?.into_js(ctx)
            }
            Tag::Float => {
                let bytes = self.bytes.split_at_checked(8).ok_or_else(|| self.damaged())?;
                self.bytes = bytes.1;
                let bytes: [u8; 8] = bytes.0.try_into().expect("they were split off as eight");
                Ok(Value::new_float(ctx.clone(), f64::from_le_bytes(bytes)))
            }
            Tag::Big => self.big(),
            Tag::Seen => {
                let number = usize::try_from(self.number()?).unwrap_or(usize::MAX);
                self.seen.get(number).cloned().ok_or_else(|| self.damaged())
            }
            Tag::Part => self.part(),
            tag => self.deep(tag),
        }
    }

    fn big(&mut self) -> Result<Value<'js>> {
        let digits = self.utf8()?;
        if let Ok(small) = digits.parse::<i64>() {
            return Ok(BigInt::from_i64(self.ctx.clone(), small)?.into_value());
        }
        let make: Function<'js> = self.ctx.globals().get("BigInt")?;
        make.call((digits,))
    }

    fn deep(&mut self, tag: Tag) -> Result<Value<'js>> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.damaged());
        }
        let value = match tag {
            Tag::Object => {
                let object = Object::new(self.ctx.clone())?;
                self.seen.push(object.as_value().clone());
                self.members(&object)?;
                object.into_value()
            }
            Tag::Array => self.array()?,
            Tag::Buffer => {
                let ctx = self.ctx.clone();
                let buffer = ArrayBuffer::new_copy(ctx, self.chunk()?)?.into_value();
                self.seen.push(buffer.clone());
                buffer
            }
            Tag::Kind => self.kind()?,
            _ => return Err(self.damaged()),
        };
        self.depth -= 1;
        Ok(value)
    }

    fn members(&mut self, object: &Object<'js>) -> Result<()> {
        while self.bytes.first() != Some(&(Tag::End as u8)) {
            let key = self.text()?;
            let member = self.value()?;
            // Not set: `__proto__` is a key like any other.
            object.prop(key, rquickjs::object::Property::from(member).writable().enumerable().configurable())?;
        }
        self.tag().map(|_| ())
    }

    fn array(&mut self) -> Result<Value<'js>> {
        let length = self.count()?;
        let array = Array::new(self.ctx.clone())?;
        self.seen.push(array.as_value().clone());
        let mut holes = false;
        for at in 0..length {
            if self.bytes.first() == Some(&(Tag::Hole as u8)) {
                holes = true;
                self.tag()?;
            } else {
                let element = self.value()?;
                array.set(at, element)?;
            }
        }
        if holes {
            array.as_object().set("length", length)?;
        }
        self.members(array.as_object())?;
        Ok(array.into_value())
    }

    fn kind(&mut self) -> Result<Value<'js>> {
        let kind = self.text()?;
        let begun: Value<'js> = self.begin.call((kind.clone(),))?;
        let number = self.seen.len();
        self.seen.push(begun.clone());
        let count = self.count()?;
        let values = Array::new(self.ctx.clone())?;
        for at in 0..count {
            values.set(at, self.value()?)?;
        }
        let finished: Value<'js> = self.finish.call((kind, begun, values))?;
        self.seen[number] = finished.clone();
        Ok(finished)
    }

    fn part(&mut self) -> Result<Value<'js>> {
        let number = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        let part = self.parts.get_mut(number).and_then(Option::take).ok_or_else(|| self.damaged())?;
        match part {
            Part::Body(body) => {
                let handle = BodyHandle::new(self.ctx, Coded::plain(body));
                Class::instance(self.ctx.clone(), handle)?.into_js(self.ctx)
            }
            Part::Sink(sender) => BodyWriter::instance(self.ctx, sender)?.into_js(self.ctx),
            Part::Stub(target) => StubHandle::instance(self.ctx, target)?.into_js(self.ctx),
            Part::Service(target) => FetchTarget::instance(self.ctx, target)?.into_js(self.ctx),
        }
    }
}
