//! The bytes behind a `Uint8Array`, for natives that read or fill them in place.
//!
//! The memory belongs to JavaScript, which may detach or shrink it whenever it runs. So the closures here must not
//! run JavaScript, and cannot: what they capture is `'static`, which no handle of the engine is.

use std::ptr::{NonNull, null_mut};

use rquickjs::{TypedArray, Value, qjs};

/// Shows the bytes of an array; none when its buffer is detached.
pub(crate) fn with_bytes<T>(array: &TypedArray<'_, u8>, read: impl FnOnce(&[u8]) -> T + 'static) -> T {
    let Some(bytes) = span(array) else { return read(&[]) };
    #[allow(unsafe_code, reason = "reading in place saves a copy of every decoded or hashed buffer")]
    // SAFETY: the closure cannot hold a context, so no JavaScript runs while the slice lives.
    read(unsafe { bytes.as_ref() })
}

/// Lets a closure write the bytes of an array in place; none when its buffer is detached.
pub(crate) fn fill_bytes<T>(array: &TypedArray<'_, u8>, fill: impl FnOnce(&mut [u8]) -> T + 'static) -> T {
    let Some(mut bytes) = span(array) else { return fill(&mut []) };
    #[allow(unsafe_code, reason = "random bytes go straight into the caller's array")]
    // SAFETY: the engine's thread is this one, the closure cannot hold a context, and no other slice of these bytes
    // is alive here.
    fill(unsafe { bytes.as_mut() })
}

/// Where the bytes are, until JavaScript runs again.
///
/// The engine tells an array's first length, even of one that follows a resizable buffer. Such a one is known by
/// ending elsewhere: behind the buffer's end, or at its end though the first length says earlier.
fn span(array: &TypedArray<'_, u8>) -> Option<NonNull<[u8]>> {
    let (start, size, offset, length) = raw(array)?;
    let rest = size.checked_sub(offset)?;
    // Reading an element runs no code: arrays do not ask their prototypes for elements.
    let goes_on = || array.get::<_, Value>(u32::try_from(length).ok()?).ok().filter(|element| !element.is_undefined());
    let shown = if length > rest || (length < rest && goes_on().is_some()) { rest } else { length };
    #[allow(unsafe_code, reason = "the engine hands its memory over as a pointer and lengths")]
    // SAFETY: `offset` was compared with the size of the memory at `start`.
    let first = unsafe { start.add(offset) };
    Some(NonNull::slice_from_raw_parts(first, shown))
}

/// The buffer's memory and its size, and the array's offset and first length in it.
#[allow(unsafe_code, reason = "rquickjs refuses arrays whose first length is past a buffer that has shrunk")]
fn raw(array: &TypedArray<'_, u8>) -> Option<(NonNull<u8>, usize, usize, usize)> {
    let ctx = array.ctx();
    let (mut offset, mut length, mut size) = (0, 0, 0);
    // SAFETY: the context and the array are alive; the engine answers a value of our own or an exception.
    let (buffer, start) = unsafe {
        let context = ctx.as_raw().as_ptr();
        let value = array.as_value().as_raw();
        let buffer = qjs::JS_GetTypedArrayBuffer(context, value, &raw mut offset, &raw mut length, null_mut());
        if qjs::JS_IsException(buffer) {
            ctx.catch();
            return None;
        }
        let buffer = Value::from_raw(ctx.clone(), buffer);
        let start = qjs::JS_GetArrayBuffer(context, &raw mut size, buffer.as_raw());
        (buffer, start)
    };
    drop(buffer); // the array keeps it
    let Some(start) = NonNull::new(start) else {
        ctx.catch();
        return None;
    };
    let bytes = |length: qjs::size_t| usize::try_from(length).expect("a length in memory fits usize");
    Some((start, bytes(size), bytes(offset), bytes(length)))
}

#[cfg(test)]
mod tests {
    use rquickjs::{Context, Runtime, TypedArray};

    use super::with_bytes;

    fn length_of(source: &str) -> usize {
        let runtime = Runtime::new().expect("a runtime");
        Context::full(&runtime).expect("a context").with(|ctx| {
            let array: TypedArray<u8> = ctx.eval(source).expect("the test's own script");
            with_bytes(&array, <[u8]>::len)
        })
    }

    #[test]
    fn an_array_has_the_length_that_javascript_sees() {
        let buffer = "const b = new ArrayBuffer(8, { maxByteLength: 16 });";
        assert_eq!(length_of("new Uint8Array(3)"), 3);
        assert_eq!(length_of("new Uint8Array(8).subarray(2, 5)"), 3);
        for (resized, follows, fixed) in [(16, 14, 4), (8, 6, 4), (6, 4, 4), (5, 3, 0), (2, 0, 0), (0, 0, 0)] {
            let array = |view: &str| length_of(&format!("{buffer} const a = {view}; b.resize({resized}); a"));
            assert_eq!(array("new Uint8Array(b, 2)"), follows, "{resized}");
            assert_eq!(array("new Uint8Array(b, 2, 4)"), fixed, "{resized}");
        }
        assert_eq!(length_of("const a = new Uint8Array(4); a.buffer.transfer(); a"), 0);
        assert_eq!(length_of("new Uint8Array(new SharedArrayBuffer(4), 1)"), 3);
    }
}
