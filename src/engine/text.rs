//! JavaScript strings as Rust text.
//!
//! A JavaScript string is a sequence of 16-bit units that need not be well formed; `rquickjs` refuses to
//! convert one that holds a lone surrogate. The Web standards never refuse: a `USVString` puts U+FFFD in its
//! place, a `ByteString` allows no unit above 0xFF. This is the one place that reads the engine's raw bytes.

use std::ops::Deref;
use std::ptr::NonNull;
use std::slice;

use rquickjs::{Ctx, Error, Exception, Result, Value, qjs};

/// The engine's own UTF-8 rendering of a value, freed on drop. Lone surrogates stand in it as three bytes
/// each (WTF-8), so it is bytes and not `str`. An ASCII string is borrowed, not copied.
struct Wtf8<'js> {
    bytes: NonNull<u8>,
    len: usize,
    ctx: Ctx<'js>,
}

impl<'js> Wtf8<'js> {
    /// Converts as JavaScript's `String(value)` does; a symbol or a throwing `toString` is an exception.
    #[allow(unsafe_code, reason = "only the raw call shows strings that are not well-formed Unicode")]
    fn of(ctx: &Ctx<'js>, value: &Value<'js>) -> Result<Self> {
        let mut len = 0;
        // SAFETY: the context and the value are alive for the call; `len` is written before it returns.
        let bytes = unsafe { qjs::JS_ToCStringLen2(ctx.as_raw().as_ptr(), &raw mut len, value.as_raw(), false) };
        let bytes = NonNull::new(bytes.cast_mut().cast()).ok_or(Error::Exception)?;
        Ok(Self { bytes, len: usize::try_from(len).expect("a length in memory fits usize"), ctx: ctx.clone() })
    }
}

impl Deref for Wtf8<'_> {
    type Target = [u8];

    #[allow(unsafe_code, reason = "the engine hands its string over as a pointer and a length")]
    fn deref(&self) -> &[u8] {
        // SAFETY: `JS_ToCStringLen2` gave `len` initialised bytes that live until `JS_FreeCString`, in drop.
        unsafe { slice::from_raw_parts(self.bytes.as_ptr(), self.len) }
    }
}

impl Drop for Wtf8<'_> {
    #[allow(unsafe_code, reason = "the engine's string must be given back to it")]
    fn drop(&mut self) {
        // SAFETY: the pointer came from `JS_ToCStringLen2` of this context and is freed once.
        unsafe { qjs::JS_FreeCString(self.ctx.as_raw().as_ptr(), self.bytes.as_ptr().cast()) }
    }
}

/// A `USVString`: any value as text, with U+FFFD for each lone surrogate.
///
/// # Errors
/// What `String(value)` throws.
pub(crate) fn usv<'js>(ctx: &Ctx<'js>, value: &Value<'js>) -> Result<String> {
    with_usv(ctx, value, str::to_owned)
}

/// Shows a value's text (see [`usv`]) without copying it where the engine holds it as ASCII.
///
/// # Errors
/// What `String(value)` throws.
pub(crate) fn with_usv<'js, T>(ctx: &Ctx<'js>, value: &Value<'js>, read: impl FnOnce(&str) -> T) -> Result<T> {
    let raw = Wtf8::of(ctx, value)?;
    Ok(match str::from_utf8(&raw) {
        Ok(text) => read(text),
        Err(_) => read(&repair(&raw)),
    })
}

/// WTF-8 -> UTF-8. A surrogate is the three bytes `ED A0..BF xx`; U+FFFD has three bytes too. The lossy
/// decoder of `std` would write three replacement characters.
fn repair(raw: &[u8]) -> String {
    let mut bytes = raw.to_vec();
    for at in 0..bytes.len().saturating_sub(2) {
        if bytes[at] == 0xED && bytes[at + 1] >= 0xA0 {
            bytes[at..at + 3].copy_from_slice("\u{FFFD}".as_bytes());
        }
    }
    String::from_utf8(bytes).expect("only surrogates stand between WTF-8 and UTF-8")
}

/// A `ByteString`: one byte for each 16-bit unit.
///
/// # Errors
/// What `String(value)` throws; a `TypeError` where a unit is above 0xFF.
pub(crate) fn byte_string<'js>(ctx: &Ctx<'js>, value: &Value<'js>) -> Result<Vec<u8>> {
    let raw = Wtf8::of(ctx, value)?;
    if raw.is_ascii() {
        return Ok(raw.to_vec());
    }
    latin1(&raw).map_err(|at| {
        Exception::throw_type(
            ctx,
            &format!("The string is not a ByteString: the character at index {at} is above U+00FF."),
        )
    })
}

/// Latin-1 bytes of WTF-8 text, or the index in 16-bit units of the first character that has none.
fn latin1(raw: &[u8]) -> std::result::Result<Vec<u8>, usize> {
    let mut out = Vec::with_capacity(raw.len());
    let mut bytes = raw.iter();
    while let Some(&lead) = bytes.next() {
        match lead {
            0..=0x7F => out.push(lead),
            0xC2 | 0xC3 => out.push((lead & 3) << 6 | bytes.next().expect("WTF-8 is whole") & 0x3F),
            _ => return Err(out.len()),
        }
    }
    Ok(out)
}

/// Latin-1 bytes as text: what a `ByteString` is as a JavaScript string.
pub(crate) fn from_latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use rquickjs::{CatchResultExt, Context, Runtime, Value};

    use super::{byte_string, from_latin1, usv};

    fn with<T>(source: &str, check: impl for<'js> FnOnce(&rquickjs::Ctx<'js>, Value<'js>) -> T) -> T {
        let runtime = Runtime::new().expect("a runtime");
        Context::full(&runtime).expect("a context").with(|ctx| {
            let value = ctx.eval::<Value, _>(source).expect("the test's own script");
            check(&ctx, value)
        })
    }

    #[test]
    fn lone_surrogates_become_replacement_characters() {
        let read = |source: &str| with(source, |ctx, value| usv(ctx, &value).expect("text"));
        assert_eq!(read(r"'a\uD800b\uDC00'"), "a\u{FFFD}b\u{FFFD}");
        assert_eq!(read(r"'\uDC00\uD800'"), "\u{FFFD}\u{FFFD}");
        assert_eq!(read(r"'\uD83D\uDE00\uD7FF\uE000é'"), "😀\u{D7FF}\u{E000}é");
        assert_eq!(read("'a\\0b'"), "a\0b");
        assert_eq!(read("12.5"), "12.5");
        assert_eq!(read("({ toString() { return 'x'.repeat(3) + 'y'; } })"), "xxxy");
    }

    #[test]
    fn a_symbol_is_an_exception() {
        with("Symbol('s')", |ctx, value| assert!(usv(ctx, &value).catch(ctx).is_err()));
    }

    #[test]
    fn byte_strings_allow_latin_1_only() {
        with(r"'a\xE9\xFF\x00'", |ctx, value| {
            assert_eq!(byte_string(ctx, &value).expect("bytes"), [b'a', 0xE9, 0xFF, 0]);
        });
        for source in [r"'ab\u0100'", r"'ab\uD800'", r"'ab\u{1F600}'"] {
            with(source, |ctx, value| {
                let error = byte_string(ctx, &value).catch(ctx).expect_err("not Latin-1").to_string();
                assert!(error.contains("index 2"), "{error}");
            });
        }
        assert_eq!(from_latin1(&[b'a', 0xE9]), "aé");
    }
}
