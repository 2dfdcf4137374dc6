//! Memory that Rust holds for an isolate, charged to the same limit as its QuickJS heap.
//!
//! QuickJS counts its own heap alone. What lives outside is entered here, and the heap's limit is lowered by as much, so
//! that both together stay below the isolate's limit.

use std::cell::Cell;

use rquickjs::{Ctx, qjs};

/// See the module's text. One per isolate, used on its thread alone.
pub struct Ledger {
    runtime: *mut qjs::JSRuntime,
    limit: usize,
    outside: Cell<usize>,
    /// The heap's size, as long as no JavaScript has run since it was taken.
    heap: Cell<Option<usize>>,
    /// Where garbage is looked for next: QuickJS does not see the memory that dead handles hold on to.
    collect_at: Cell<usize>,
}

/// Charges below this never start a search for garbage.
const WORTH_COLLECTING: usize = 16 << 20;

impl Ledger {
    pub(super) fn new(ctx: &Ctx<'_>, limit: usize) -> Self {
        #[allow(unsafe_code, reason = "rquickjs shows no runtime to natives")]
        // SAFETY: the context is alive.
        let runtime = unsafe { qjs::JS_GetRuntime(ctx.as_raw().as_ptr()) };
        let (outside, heap) = (Cell::new(0), Cell::new(None));
        Self { runtime, limit, outside, heap, collect_at: Cell::new(WORTH_COLLECTING) }
    }

    /// The isolate's limit.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Enters bytes that are about to be allocated, unless they do not fit.
    pub fn try_charge(&self, bytes: usize) -> bool {
        let due = self.outside.get().saturating_add(bytes) > self.collect_at.get();
        if due || !self.fits(bytes) {
            self.collect();
        }
        if !self.fits(bytes) {
            return false;
        }
        self.set(self.outside.get() + bytes);
        true
    }

    fn fits(&self, bytes: usize) -> bool {
        let outside = self.outside.get().saturating_add(bytes);
        outside <= self.limit / 4 || outside.saturating_add(self.heap_size()) <= self.limit
    }

    /// Takes bytes off that were freed.
    pub fn release(&self, bytes: usize) {
        self.set(self.outside.get().saturating_sub(bytes));
    }

    /// JavaScript has run, or is about to: the heap's size is not known any more.
    pub fn forget_heap(&self) {
        self.heap.set(None);
    }

    fn set(&self, outside: usize) {
        self.outside.set(outside);
        #[allow(unsafe_code, reason = "rquickjs shows no runtime to natives")]
        // SAFETY: the ledger lives in the runtime's user data, or in objects of the runtime.
        unsafe {
            qjs::JS_SetMemoryLimit(self.runtime, self.limit.saturating_sub(outside).max(1) as _);
        }
    }

    fn collect(&self) {
        #[allow(unsafe_code, reason = "rquickjs shows no runtime to natives")]
        // SAFETY: as above; collecting garbage runs no JavaScript.
        unsafe {
            qjs::JS_RunGC(self.runtime);
        }
        self.forget_heap();
        self.collect_at.set((self.outside.get() / 2).saturating_mul(3).saturating_add(WORTH_COLLECTING));
    }

    fn heap_size(&self) -> usize {
        if let Some(size) = self.heap.get() {
            return size;
        }
        let mut usage = std::mem::MaybeUninit::<qjs::JSMemoryUsage>::uninit();
        #[allow(unsafe_code, reason = "rquickjs shows no runtime to natives")]
        // SAFETY: as above; QuickJS fills in every field.
        let usage = unsafe {
            qjs::JS_ComputeMemoryUsage(self.runtime, usage.as_mut_ptr());
            usage.assume_init()
        };
        let size = usize::try_from(usage.malloc_size).unwrap_or(0);
        self.heap.set(Some(size));
        size
    }
}
