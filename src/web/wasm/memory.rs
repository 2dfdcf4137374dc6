//! Linear memories: reserved as far as they may grow, so that they never move.
//!
//! JavaScript looks into a memory through an `ArrayBuffer` that aliases it. A buffer keeps its memory's mapping alive, and
//! as the mapping stays where it is, a buffer that JavaScript has hidden from us (`transfer()`) still points to memory of
//! its own isolate when the WebAssembly side has grown, or is gone.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ffi::c_void;
use std::ptr::{NonNull, null_mut};
use std::rc::Rc;

use rquickjs::{Ctx, Error, Result, Value, qjs};
use wasmi::{AsContextMut, Memory, MemoryType};

use super::binary::MemoryShape;
use crate::engine::Ledger;

/// Bytes in a page.
pub(super) const PAGE: usize = 1 << 16;

/// See the module's text.
pub(super) struct Mapping {
    start: NonNull<u8>,
    layout: Layout,
}

impl Mapping {
    fn new(bytes: usize) -> Option<Self> {
        let layout = Layout::from_size_align(bytes.max(PAGE), 16).ok()?;
        #[allow(unsafe_code, reason = "a memory is reserved without being touched, and may not be had")]
        // SAFETY: the layout's size is not zero.
        let start = unsafe { alloc_zeroed(layout) };
        NonNull::new(start).map(|start| Self { start, layout })
    }
}

impl Drop for Mapping {
    #[allow(unsafe_code, reason = "what was allocated by layout must be freed by it")]
    fn drop(&mut self) {
        // SAFETY: allocated with this layout; the store and the buffers that point here hold the mapping.
        unsafe { dealloc(self.start.as_ptr(), self.layout) }
    }
}

/// A memory in a store; the caller keeps the mapping as long as the store lives.
pub(super) fn create(
    store: impl AsContextMut,
    shape: MemoryShape,
    ledger: &Ledger,
) -> std::result::Result<(Memory, Rc<Mapping>), wasmi::Error> {
    let too_large = || wasmi::Error::new("could not allocate memory");
    let kind = memory_type(shape)?;
    let pages = shape.maximum.unwrap_or(u64::MAX).min((ledger.limit() / PAGE) as u64).max(shape.minimum);
    let bytes = usize::try_from(pages).ok().and_then(|pages| pages.checked_mul(PAGE)).ok_or_else(too_large)?;
    if shape.minimum > (ledger.limit() / PAGE) as u64 {
        return Err(too_large());
    }
    let mapping = Rc::new(Mapping::new(bytes).ok_or_else(too_large)?);
    Ok((over(store, kind, &mapping)?, mapping))
}

fn over(
    mut store: impl AsContextMut,
    kind: MemoryType,
    mapping: &Mapping,
) -> std::result::Result<Memory, wasmi::Error> {
    #[allow(unsafe_code, reason = "wasmi takes memory that does not move as a static slice only")]
    // SAFETY: the memory is zeroed, so initialised, and outlives the store. Only one of wasmi and JavaScript runs at a time.
    let slice = unsafe { std::slice::from_raw_parts_mut(mapping.start.as_ptr(), mapping.layout.size()) };
    Memory::new_static(store.as_context_mut(), kind, slice)
}

/// A memory in another store, over the same mapping and with the bytes that were kept.
pub(super) fn adopt(
    mut store: impl AsContextMut,
    shape: MemoryShape,
    mapping: &Mapping,
    kept: &[u8],
) -> std::result::Result<Memory, wasmi::Error> {
    let memory = over(store.as_context_mut(), memory_type(shape)?, mapping)?;
    memory.write(store, 0, kept).map_err(wasmi::Error::from)?;
    Ok(memory)
}

fn memory_type(shape: MemoryShape) -> std::result::Result<MemoryType, wasmi::Error> {
    let mut builder = MemoryType::builder();
    builder.memory64(shape.is_64).min(shape.minimum).max(shape.maximum);
    Ok(builder.build()?)
}

/// An `ArrayBuffer` of the first bytes of a mapping.
pub(super) fn buffer<'js>(ctx: &Ctx<'js>, mapping: &Rc<Mapping>, bytes: usize) -> Result<Value<'js>> {
    let start = mapping.start.as_ptr();
    let holder = Rc::into_raw(mapping.clone()).cast_mut().cast::<c_void>();
    #[allow(unsafe_code, reason = "rquickjs makes no buffers over memory that others own")]
    // SAFETY: the mapping has at least so many bytes and lives until QuickJS calls `released`, once.
    unsafe {
        let len = bytes as qjs::size_t;
        let value = qjs::JS_NewArrayBuffer(ctx.as_raw().as_ptr(), start, len, 0, Some(released), holder, false);
        if qjs::JS_IsException(value) {
            drop(Rc::from_raw(holder.cast_const().cast::<Mapping>()));
            return Err(Error::Exception);
        }
        Ok(Value::from_raw(ctx.clone(), value))
    }
}

/// QuickJS frees (size 0) or wants to resize the memory of a buffer; the latter is not possible.
#[allow(unsafe_code, reason = "called by QuickJS")]
unsafe extern "C" fn released(
    _runtime: *mut qjs::JSRuntime,
    holder: *mut c_void,
    _start: *mut c_void,
    size: qjs::size_t,
) -> *mut c_void {
    if size == 0 {
        // SAFETY: `buffer` made the pointer from an `Rc`, and QuickJS frees each buffer once.
        drop(unsafe { Rc::from_raw(holder.cast_const().cast::<Mapping>()) });
    }
    null_mut()
}

/// Detaches a buffer that showed a memory as it was before it grew.
pub(super) fn detach(ctx: Ctx<'_>, buffer: Value<'_>) {
    #[allow(unsafe_code, reason = "rquickjs refuses a buffer that is detached already")]
    // SAFETY: the context and the value are alive; what is no buffer is left alone.
    unsafe {
        qjs::JS_DetachArrayBuffer(ctx.as_raw().as_ptr(), buffer.as_raw());
    }
}
