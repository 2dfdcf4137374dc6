//! A space: a wasmi store and what lives in it, by small numbers that JavaScript knows things by.
//!
//! wasmi frees nothing of a store before the store itself, so each instance that stands alone has a space of its own, and
//! goes with the JavaScript objects that lead to it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use rquickjs::class::Trace;
use rquickjs::{Ctx, JsLifetime};
use wasmi::errors::{HostError, MemoryError, TableError};
use wasmi::{
    Config, Engine, Extern, ExternRef, Func, FuncType, Memory, ResourceLimiter, Store, StoreLimits, StoreLimitsBuilder,
    Val,
};

use super::binary::MemoryShape;
use super::memory::{self, Mapping};
use crate::engine::{Ledger, realm};

/// What all spaces of an isolate share.
pub(super) struct Shared {
    pub(super) engine: Engine,
    pub(super) ledger: Rc<Ledger>,
    /// Calls from JavaScript into WebAssembly that are under way.
    pub(super) depth: Cell<usize>,
}

/// Bytes of values on one call's stack, and functions: V8's stack has a megabyte for both languages.
const STACK: usize = 1 << 20;
const FRAMES: usize = 20_000;

impl Shared {
    pub(super) fn of(ctx: &Ctx<'_>) -> Rc<Self> {
        let realm = realm(ctx);
        realm.extension(|| {
            let mut config = Config::default();
            config.consume_fuel(true).set_max_recursion_depth(FRAMES).set_max_stack_height(STACK);
            Self { engine: Engine::new(&config), ledger: realm.memory.clone(), depth: Cell::new(0) }
        })
    }
}

/// The handle that JavaScript holds.
#[derive(Trace, JsLifetime, Clone)]
#[rquickjs::class]
pub(crate) struct WasmSpace {
    #[qjs(skip_trace)]
    pub(super) inner: Rc<Space>,
}

/// See the module's text. The store is borrowed only while no JavaScript runs.
pub(super) struct Space {
    pub(super) store: RefCell<Store<Data>>,
    pub(super) shared: Rc<Shared>,
    items: RefCell<Items>,
}

#[derive(Default)]
struct Items {
    list: Vec<Extern>,
    by_handle: HashMap<(u8, u64), u32>,
    /// The import that a host function calls, by the function's number.
    hosts: HashMap<u32, u32>,
    mappings: HashMap<u32, Rc<Mapping>>,
}

/// What the store carries.
pub(super) struct Data {
    ledger: Rc<Ledger>,
    charged: usize,
    limits: StoreLimits,
    /// A memory has grown: buffers that JavaScript holds show too little.
    pub(super) grown: bool,
    /// The arguments of the host function that WebAssembly waits for.
    pub(super) arguments: Vec<Val>,
    /// References to JavaScript's values, by their numbers there.
    pub(super) references: Vec<ExternRef>,
}

impl Drop for Data {
    fn drop(&mut self) {
        self.ledger.release(self.charged);
    }
}

/// Instances, tables and memories in one space.
const ENTITIES: usize = 10_000;
/// Bytes that an element of a table takes.
const ELEMENT: usize = 8;

impl ResourceLimiter for Data {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, wasmi_core::LimiterError> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        self.grown = true;
        Ok(self.charge(desired.saturating_sub(current)))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, wasmi_core::LimiterError> {
        let fits = desired <= LONGEST_TABLE && maximum.is_none_or(|maximum| desired <= maximum);
        Ok(fits && self.charge(desired.saturating_sub(current).saturating_mul(ELEMENT)))
    }

    fn memory_grow_failed(&mut self, _error: &MemoryError) -> Result<(), wasmi_core::LimiterError> {
        Ok(())
    }

    fn table_grow_failed(&mut self, _error: &TableError) -> Result<(), wasmi_core::LimiterError> {
        Ok(())
    }

    fn instances(&self) -> usize {
        self.limits.instances()
    }

    fn tables(&self) -> usize {
        self.limits.tables()
    }

    fn memories(&self) -> usize {
        self.limits.memories()
    }
}

/// V8's limit.
pub(super) const LONGEST_TABLE: usize = 10_000_000;

impl Data {
    fn charge(&mut self, bytes: usize) -> bool {
        let fits = self.ledger.try_charge(bytes);
        if fits {
            self.charged += bytes;
        }
        fits
    }
}

/// WebAssembly waits for the import of this number.
#[derive(Debug)]
pub(super) struct Paused(pub(super) u32);

impl fmt::Display for Paused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "waits for import {}", self.0)
    }
}

impl HostError for Paused {}

impl Space {
    pub(super) fn new(shared: Rc<Shared>) -> Self {
        let limits = StoreLimitsBuilder::new().instances(ENTITIES).tables(ENTITIES).memories(ENTITIES).build();
        let data = Data {
            ledger: shared.ledger.clone(),
            charged: 0,
            limits,
            grown: false,
            arguments: Vec::new(),
            references: Vec::new(),
        };
        let mut store = Store::new(&shared.engine, data);
        store.limiter(|data| data);
        Self { store: RefCell::new(store), shared, items: RefCell::default() }
    }

    /// The number of something in the store.
    pub(super) fn number(&self, item: Extern) -> u32 {
        let key = match item {
            Extern::Global(handle) => (0, bits(handle)),
            Extern::Table(handle) => (1, bits(handle)),
            Extern::Memory(handle) => (2, bits(handle)),
            Extern::Func(handle) => (3, bits(handle)),
        };
        let mut items = self.items.borrow_mut();
        if let Some(known) = items.by_handle.get(&key) {
            return *known;
        }
        let number = u32::try_from(items.list.len()).expect("the memory limit comes first");
        items.list.push(item);
        items.by_handle.insert(key, number);
        number
    }

    /// What a number stands for. Numbers come from our own JavaScript.
    pub(super) fn item(&self, number: u32) -> Extern {
        let place = usize::try_from(number).expect("numbers fit");
        self.items.borrow().list[place]
    }

    pub(super) fn func(&self, number: u32) -> Func {
        self.item(number).into_func().expect("our JavaScript keeps the kinds apart")
    }

    pub(super) fn memory(&self, number: u32) -> Memory {
        self.item(number).into_memory().expect("our JavaScript keeps the kinds apart")
    }

    pub(super) fn table(&self, number: u32) -> wasmi::Table {
        self.item(number).into_table().expect("our JavaScript keeps the kinds apart")
    }

    pub(super) fn global(&self, number: u32) -> wasmi::Global {
        self.item(number).into_global().expect("our JavaScript keeps the kinds apart")
    }

    /// The import behind a host function.
    pub(super) fn host_import(&self, number: u32) -> Option<u32> {
        self.items.borrow().hosts.get(&number).copied()
    }

    /// A function that pauses WebAssembly, so that our caller can ask JavaScript for the results.
    pub(super) fn host_function(&self, kind: FuncType, import: u32) -> u32 {
        let mut store = self.store.borrow_mut();
        let func = Func::new(&mut *store, kind, move |mut caller, arguments, _results| {
            let kept = &mut caller.data_mut().arguments;
            kept.clear();
            kept.extend_from_slice(arguments);
            Err(wasmi::Error::host(Paused(import)))
        });
        let number = self.number(Extern::Func(func));
        self.items.borrow_mut().hosts.insert(number, import);
        number
    }

    pub(super) fn new_memory(&self, shape: MemoryShape) -> Result<Memory, wasmi::Error> {
        let (memory, mapping) = memory::create(&mut *self.store.borrow_mut(), shape, &self.shared.ledger)?;
        let number = self.number(Extern::Memory(memory));
        self.items.borrow_mut().mappings.insert(number, mapping);
        Ok(memory)
    }

    pub(super) fn mapping(&self, number: u32) -> Rc<Mapping> {
        self.items.borrow().mappings[&number].clone()
    }

    pub(super) fn set_mapping(&self, number: u32, mapping: Rc<Mapping>) {
        self.items.borrow_mut().mappings.insert(number, mapping);
    }

    /// The reference to JavaScript's value of this number.
    pub(super) fn reference(&self, value: u32) -> ExternRef {
        let mut store = self.store.borrow_mut();
        let place = usize::try_from(value).expect("numbers fit");
        while store.data().references.len() <= place {
            let next = u32::try_from(store.data().references.len()).expect("numbers fit");
            let reference = ExternRef::new(&mut *store, next);
            store.data_mut().references.push(reference);
        }
        store.data().references[place]
    }

    /// The number of the value behind a reference.
    pub(super) fn referenced(&self, reference: ExternRef) -> u32 {
        let store = self.store.borrow();
        *reference.data(&*store).downcast_ref::<u32>().expect("we make every reference")
    }
}

/// wasmi's handles cannot be compared, but are 64 bits that tell them apart within a kind.
fn bits<T: Copy>(handle: T) -> u64 {
    const { assert!(size_of::<T>() == size_of::<u64>()) };
    #[allow(unsafe_code, reason = "wasmi's handles have no equality")]
    // SAFETY: handles are two 32-bit numbers without padding, as their size shows.
    unsafe {
        std::mem::transmute_copy(&handle)
    }
}
