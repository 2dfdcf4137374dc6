//! The header list behind `Headers`: an `http::HeaderMap` that JavaScript holds by an opaque handle, so that
//! a request's headers reach a Worker, and a Worker's answer reaches the wire, without one JavaScript string.
//!
//! As in workerd a value is UTF-8 on the wire and any text in JavaScript: Workers may set what a `ByteString`
//! would refuse. Knows nothing of guards; those are kept by `headers.js`.
//!
//! Differs: a control character in a header value goes over the wire as two bytes (`http` refuses to carry it);
//! between Workers it arrives as it was.
#![allow(clippy::needless_pass_by_value, reason = "rquickjs hands converted arguments over by value")]

use std::cell::{Cell, RefCell};

use http::header::{HeaderMap, HeaderName, HeaderValue, SET_COOKIE};
use rquickjs::class::Trace;
use rquickjs::function::Func;
use rquickjs::{Array, Class, Ctx, Exception, JsLifetime, Object, Result, Value};

use crate::engine::text;

/// What the Fetch standard strips from both ends of a value.
const WHITESPACE: [char; 4] = ['\t', '\n', '\r', ' '];

/// The handle. Holds no JavaScript value.
#[derive(Default, Trace, JsLifetime)]
#[rquickjs::class]
pub(crate) struct HeaderList {
    #[qjs(skip_trace)]
    map: RefCell<HeaderMap>,
    /// Counts changes, so that live iteration knows when its sorted copy is stale.
    #[qjs(skip_trace)]
    changes: Cell<u32>,
}

impl HeaderList {
    pub(crate) fn from_map(map: HeaderMap) -> Self {
        Self { map: RefCell::new(map), changes: Cell::new(0) }
    }

    pub(crate) fn clone_map(&self) -> HeaderMap {
        self.map.borrow().clone()
    }

    fn changed(&self) {
        self.changes.set(self.changes.get().wrapping_add(1));
    }

    /// All values of one name as `Headers.get` shows them; `None` where there is none.
    fn combined(&self, name: &HeaderName) -> Option<String> {
        let map = self.map.borrow();
        let mut values = map.get_all(name).iter();
        let mut combined = shown(values.next()?);
        for value in values {
            combined.push_str(", ");
            combined.push_str(&shown(value));
        }
        Some(combined)
    }
}

#[rquickjs::methods(rename_all = "camelCase")]
impl HeaderList {
    fn get<'js>(&self, ctx: Ctx<'js>, name: Value<'js>) -> Result<Option<String>> {
        Ok(self.combined(&name_of(&ctx, &name)?))
    }

    fn has<'js>(&self, ctx: Ctx<'js>, name: Value<'js>) -> Result<bool> {
        Ok(self.map.borrow().contains_key(name_of(&ctx, &name)?))
    }

    /// Every value of one name, in order.
    fn all<'js>(&self, ctx: Ctx<'js>, name: Value<'js>) -> Result<Vec<String>> {
        let name = name_of(&ctx, &name)?;
        Ok(self.map.borrow().get_all(name).iter().map(shown).collect())
    }

    /// Replaces every value of `name` by this one.
    fn set<'js>(&self, ctx: Ctx<'js>, name: Value<'js>, value: Value<'js>) -> Result<()> {
        let (name, value) = pair_of(&ctx, &name, &value)?;
        let stored = self.map.borrow_mut().try_insert(name, value).map(|_| ());
        self.changed();
        stored.map_err(|_| full(&ctx))
    }

    fn append<'js>(&self, ctx: Ctx<'js>, name: Value<'js>, value: Value<'js>) -> Result<()> {
        let (name, value) = pair_of(&ctx, &name, &value)?;
        let stored = self.map.borrow_mut().try_append(name, value).map(|_| ());
        self.changed();
        stored.map_err(|_| full(&ctx))
    }

    fn delete<'js>(&self, ctx: Ctx<'js>, name: Value<'js>) -> Result<()> {
        let name = name_of(&ctx, &name)?;
        self.map.borrow_mut().remove(name);
        self.changed();
        Ok(())
    }

    /// Appends every header of another list.
    fn extend<'js>(&self, ctx: Ctx<'js>, other: Class<'js, HeaderList>) -> Result<()> {
        let source = other.borrow().clone_map();
        if self.map.borrow().is_empty() {
            self.map.replace(source);
        } else {
            let mut map = self.map.borrow_mut();
            for (name, value) in &source {
                map.try_append(name.clone(), value.clone()).map_err(|_| full(&ctx))?;
            }
        }
        self.changed();
        Ok(())
    }

    /// Appends the properties of a plain record; all are read and converted before the first is appended. A proxy
    /// would see them read in another order than the standard's: it is left to JavaScript, by `false`.
    fn append_record<'js>(&self, ctx: Ctx<'js>, record: Object<'js>) -> Result<bool> {
        if record.as_value().is_proxy() {
            return Ok(false);
        }
        let mut pairs = Vec::new();
        for property in record.props::<Value, Value>() {
            let (name, value) = property?;
            pairs.push(pair_of(&ctx, &name, &value)?);
        }
        let mut map = self.map.borrow_mut();
        for (name, value) in pairs {
            map.try_append(name, value).map_err(|_| full(&ctx))?;
        }
        self.changed();
        Ok(true)
    }

    /// A number that is another one after each change.
    fn version(&self) -> u32 {
        self.changes.get()
    }

    /// `[name, value, name, value ...]`, sorted by name, values of one name combined except `Set-Cookie`.
    fn entries<'js>(&self, ctx: Ctx<'js>) -> Result<Array<'js>> {
        let map = self.map.borrow();
        let mut names: Vec<&HeaderName> = map.keys().collect();
        names.sort_unstable_by_key(|name| name.as_str());
        let flat = Array::new(ctx)?;
        let mut at = 0;
        let mut push = |name: &HeaderName, value: String| -> Result<()> {
            flat.set(at, name.as_str())?;
            flat.set(at + 1, value)?;
            at += 2;
            Ok(())
        };
        for name in names {
            if name == SET_COOKIE {
                map.get_all(name).iter().try_for_each(|value| push(name, shown(value)))?;
            } else {
                push(name, self.combined(name).expect("a key of the map has a value"))?;
            }
        }
        Ok(flat)
    }
}

/// Announces a control character in a stored value. UTF-8 never has this byte.
const ESCAPE: u8 = 0xFF;

/// The control characters that the standard allows in a value and `http` does not.
fn escaped(byte: u8) -> bool {
    byte.is_ascii_control() && !matches!(byte, b'\t' | b'\0' | b'\n' | b'\r')
}

/// A value as the list holds it; `None` where the standard forbids it (NUL, CR, LF).
fn stored(value: &str) -> Option<HeaderValue> {
    if let Ok(plain) = HeaderValue::from_str(value) {
        return Some(plain);
    }
    let mut bytes = Vec::with_capacity(value.len() + 8);
    for byte in value.bytes() {
        if escaped(byte) {
            bytes.extend([ESCAPE, byte ^ 0x40]);
        } else {
            bytes.push(byte);
        }
    }
    HeaderValue::from_bytes(&bytes).ok()
}

/// A value as JavaScript sees it: UTF-8, with U+FFFD for what is not.
fn shown(value: &HeaderValue) -> String {
    let bytes = value.as_bytes();
    if !bytes.contains(&ESCAPE) {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        let control = (byte == ESCAPE).then(|| rest.next_if(|&next| escaped(next ^ 0x40))).flatten();
        plain.push(control.map_or(byte, |next| next ^ 0x40));
    }
    String::from_utf8_lossy(&plain).into_owned()
}

fn name_of<'js>(ctx: &Ctx<'js>, name: &Value<'js>) -> Result<HeaderName> {
    text::with_usv(ctx, name, |name| HeaderName::from_bytes(name.as_bytes()))?
        .map_err(|_| Exception::throw_type(ctx, "Invalid header name."))
}

/// A name and a value, both converted to text before either is judged, as an IDL operation does.
fn pair_of<'js>(ctx: &Ctx<'js>, name: &Value<'js>, value: &Value<'js>) -> Result<(HeaderName, HeaderValue)> {
    let name = text::with_usv(ctx, name, |name| HeaderName::from_bytes(name.as_bytes()))?;
    let value = text::with_usv(ctx, value, |value| stored(value.trim_matches(WHITESPACE)))?;
    let name = name.map_err(|_| Exception::throw_type(ctx, "Invalid header name."))?;
    let value = value.ok_or_else(|| Exception::throw_type(ctx, "Invalid header value."))?;
    Ok((name, value))
}

/// Every header costs memory on both sides of the wire; `http` ends the list at 32,768 names.
fn full(ctx: &Ctx<'_>) -> rquickjs::Error {
    Exception::throw_type(ctx, "Too many headers: a list holds no more than 32,768.")
}

pub(super) fn init<'js>(_ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("headerList", Func::from(|ctx: Ctx<'js>| Class::instance(ctx, HeaderList::default())))
}

#[cfg(test)]
mod tests {
    use super::{shown, stored};

    #[test]
    fn any_text_but_nul_and_line_ends_survives_in_a_value() {
        for text in ["", "plain", "tab\tin", "é Ā 😀", "a\u{1}\u{1f}\u{7f}b", "\u{1b}"] {
            assert_eq!(shown(&stored(text).expect("allowed")), text);
        }
        for text in ["a\0b", "a\nb", "a\rb", "\u{1}\n"] {
            assert!(stored(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn bytes_from_the_wire_never_become_line_ends() {
        let show = |bytes: &[u8]| shown(&http::HeaderValue::from_bytes(bytes).expect("a value"));
        assert_eq!(show(b"\xE9z"), "\u{FFFD}z");
        assert_eq!(show(b"\xFF\x4A\xFF\x4D\xFF\x40"), "\u{FFFD}J\u{FFFD}M\u{FFFD}@");
        assert_eq!(show(b"\xFF"), "\u{FFFD}");
    }
}
