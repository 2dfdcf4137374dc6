//! The bytes behind a `Uint8Array`, for natives that read or fill them in place.
//!
//! The memory belongs to JavaScript, which may detach or shrink it whenever it runs. So the closures here must not
//! run JavaScript, and cannot: what they capture is `'static`, which no handle of the engine is.

use rquickjs::TypedArray;

/// Shows the bytes of an array; none when its buffer is detached.
pub(crate) fn with_bytes<T>(array: &TypedArray<'_, u8>, read: impl FnOnce(&[u8]) -> T + 'static) -> T {
    #[allow(unsafe_code, reason = "reading in place saves a copy of every decoded or hashed buffer")]
    // SAFETY: the closure cannot hold a context, so no JavaScript runs while the slice lives.
    let bytes = unsafe { array.as_bytes() };
    read(bytes.unwrap_or_default())
}

/// Lets a closure write the bytes of an array in place; none when its buffer is detached.
pub(crate) fn fill_bytes<T>(array: &TypedArray<'_, u8>, fill: impl FnOnce(&mut [u8]) -> T + 'static) -> T {
    let Some(mut bytes) = array.as_raw() else { return fill(&mut []) };
    #[allow(unsafe_code, reason = "random bytes go straight into the caller's array")]
    // SAFETY: the engine's thread is this one, the closure cannot hold a context, and no other slice of these bytes
    // is alive here.
    fill(unsafe { bytes.as_mut() })
}
