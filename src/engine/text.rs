//! JavaScript strings as Rust text.
//!
//! A JavaScript string is a sequence of 16-bit units that need not be well formed; `rquickjs` refuses to
//! convert one that holds a lone surrogate. The Web standards never refuse: a `USVString` puts U+FFFD in its place.
//! This is the one place that reads the engine's raw text.

use std::ops::Deref;
use std::ptr::NonNull;
use std::slice;

use rquickjs::{Ctx, Error, Result, Value, qjs};

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

/// The text of a value as the engine holds it: UTF-8, but for lone surrogates, which stand in it as three bytes each.
///
/// # Errors
/// What `String(value)` throws.
pub(crate) fn wtf8<'js>(ctx: &Ctx<'js>, value: &Value<'js>) -> Result<Vec<u8>> {
    Wtf8::of(ctx, value).map(|raw| raw.to_vec())
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

#[cfg(test)]
mod tests {
    use rquickjs::{CatchResultExt, Context, Runtime, Value};

    use super::usv;

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
}
