//! Calls: from JavaScript into WebAssembly and, while that waits, back.
//!
//! A call to an import pauses wasmi, and JavaScript runs while nothing of wasmi is on the native stack and its store is
//! free: it may call into the same instance again, grow memories, or throw. Fuel pauses it too, so that the Worker's time
//! limit holds.

use rquickjs::{Array, Class, Ctx, IntoJs, Object, Result, Value};
use wasmi::errors::ErrorKind;
use wasmi::{Error, FuncType, ResumableCall, TrapCode, Val, ValType};

use super::space::{Paused, Shared, WasmSpace};
use super::values::{Face, NO_VECTORS};
use crate::engine::{stop_if_late, throw_error, throw_range, throw_type};

/// Instructions, roughly, between two looks at the clock.
const SLICE: u64 = 4_000_000;
/// Calls into WebAssembly that wait for each other: each has a stack of up to a megabyte.
const NESTED: usize = 200;

/// Calls a function by its number.
pub(super) fn call<'js>(
    ctx: Ctx<'js>,
    space: Class<'js, WasmSpace>,
    number: u32,
    glue: Object<'js>,
    arguments: Array<'js>,
) -> Result<Value<'js>> {
    let space = space.borrow().inner.clone();
    let face = Face { ctx: &ctx, space: &space, glue: &glue };
    let func = space.func(number);
    let kind = func.ty(&*space.store.borrow());
    let values = to_wasm(&face, &kind, &arguments)?;
    if let Some(import) = space.host_import(number) {
        let results = ask_import(&face, import, &kind, &values)?;
        return answer(&face, &results);
    }
    let _deeper = Deeper::enter(&ctx, &space.shared)?;
    let mut results: Vec<Val> = kind.results().iter().map(|kind| Val::default_for_ty(*kind)).collect();
    let mut outcome = {
        let mut store = space.store.borrow_mut();
        refuel(&mut store);
        func.call_resumable(&mut *store, &values, &mut results)
    };
    loop {
        if std::mem::take(&mut space.store.borrow_mut().data_mut().grown) {
            face.ask::<()>("refresh", ())?;
        }
        outcome = match outcome {
            Ok(ResumableCall::Finished) => return answer(&face, &results),
            Ok(ResumableCall::HostTrap(waiting)) => {
                let Some(Paused(import)) = waiting.host_error().downcast_ref() else {
                    return Err(throw_error(&ctx, "WebAssembly stopped for an unknown reason"));
                };
                let kind = waiting.host_func().ty(&*space.store.borrow());
                let arguments = std::mem::take(&mut space.store.borrow_mut().data_mut().arguments);
                space.shared.ledger.forget_heap();
                let provided = ask_import(&face, *import, &kind, &arguments)?;
                let mut store = space.store.borrow_mut();
                refuel(&mut store);
                waiting.resume(&mut *store, &provided, &mut results)
            }
            Ok(ResumableCall::OutOfFuel(waiting)) => {
                stop_if_late(&ctx)?;
                let mut store = space.store.borrow_mut();
                let needed = SLICE.max(waiting.required_fuel());
                store.set_fuel(needed).expect("fuel is on");
                waiting.resume(&mut *store, &mut results)
            }
            Err(error) => return Err(trap(&face, &error)),
        };
    }
}

fn refuel(store: &mut wasmi::Store<super::space::Data>) {
    store.set_fuel(SLICE).expect("fuel is on");
}

/// Counts the calls that wait for each other.
struct Deeper<'a>(&'a Shared);

impl<'a> Deeper<'a> {
    fn enter(ctx: &Ctx<'_>, shared: &'a Shared) -> Result<Self> {
        if shared.depth.get() >= NESTED {
            return Err(throw_range(ctx, STACK_OVERFLOW));
        }
        shared.depth.set(shared.depth.get() + 1);
        shared.ledger.forget_heap();
        Ok(Self(shared))
    }
}

impl Drop for Deeper<'_> {
    fn drop(&mut self) {
        self.0.depth.set(self.0.depth.get() - 1);
    }
}

fn refuse_vectors(ctx: &Ctx<'_>, kind: &FuncType) -> Result<()> {
    if kind.params().iter().chain(kind.results()).any(|kind| *kind == ValType::V128) {
        return Err(throw_type(ctx, NO_VECTORS));
    }
    Ok(())
}

fn to_wasm<'js>(face: &Face<'_, 'js>, kind: &FuncType, arguments: &Array<'js>) -> Result<Vec<Val>> {
    refuse_vectors(face.ctx, kind)?;
    let mut values = Vec::with_capacity(kind.params().len());
    for (at, kind) in kind.params().iter().enumerate() {
        values.push(face.to_wasm(&arguments.get(at)?, *kind)?);
    }
    Ok(values)
}

/// Asks JavaScript for the results of an import.
fn ask_import<'js>(face: &Face<'_, 'js>, import: u32, kind: &FuncType, arguments: &[Val]) -> Result<Vec<Val>> {
    refuse_vectors(face.ctx, kind)?;
    let given = list(face, arguments)?;
    let ask: rquickjs::Function<'js> = face.glue.get("ask")?;
    let value: Value<'js> =
        ask.call((rquickjs::function::This(face.glue.clone()), import, given, kind.results().len()))?;
    match kind.results() {
        [] => Ok(Vec::new()),
        [kind] => Ok(vec![face.to_wasm(&value, *kind)?]),
        kinds => {
            let values =
                value.into_array().ok_or_else(|| throw_type(face.ctx, "multi-return value must be iterable"))?;
            kinds.iter().enumerate().map(|(at, kind)| face.to_wasm(&values.get(at)?, *kind)).collect()
        }
    }
}

fn answer<'js>(face: &Face<'_, 'js>, results: &[Val]) -> Result<Value<'js>> {
    match results {
        [] => Ok(Value::new_undefined(face.ctx.clone())),
        [result] => face.to_js(result),
        results => list(face, results)?.into_js(face.ctx),
    }
}

fn list<'js>(face: &Face<'_, 'js>, values: &[Val]) -> Result<Array<'js>> {
    let list = Array::new(face.ctx.clone())?;
    for (at, value) in values.iter().enumerate() {
        list.set(at, face.to_js(value)?)?;
    }
    Ok(list)
}

const STACK_OVERFLOW: &str = "Maximum call stack size exceeded";

/// Throws what a trap becomes.
pub(super) fn trap(face: &Face<'_, '_>, error: &Error) -> rquickjs::Error {
    if error.as_trap_code() == Some(TrapCode::StackOverflow) {
        return throw_range(face.ctx, STACK_OVERFLOW);
    }
    let thrown = face.ask::<()>("trap", trap_message(error));
    thrown.err().unwrap_or(rquickjs::Error::Exception)
}

/// V8's words.
fn trap_message(error: &Error) -> String {
    let words = match error.as_trap_code() {
        Some(TrapCode::UnreachableCodeReached) => "unreachable",
        Some(TrapCode::MemoryOutOfBounds) => "memory access out of bounds",
        Some(TrapCode::TableOutOfBounds) => "table index is out of bounds",
        Some(TrapCode::IndirectCallToNull | TrapCode::BadSignature) => "null function or function signature mismatch",
        Some(TrapCode::IntegerDivisionByZero) => "divide by zero",
        Some(TrapCode::IntegerOverflow) => "divide result unrepresentable",
        Some(TrapCode::BadConversionToInteger) => "float unrepresentable in integer range",
        _ => return out_of_bounds(error).map_or_else(|| error.to_string(), str::to_owned),
    };
    words.to_owned()
}

/// Segments that do not fit are told in other ways than accesses.
pub(super) fn out_of_bounds(error: &Error) -> Option<&'static str> {
    use wasmi::errors::{InstantiationError, MemoryError, TableError};
    match error.kind() {
        ErrorKind::Memory(MemoryError::OutOfBoundsAccess)
        | ErrorKind::Instantiation(InstantiationError::ElementSegmentDoesNotFit { .. }) => {
            Some("data segment out of bounds")
        }
        ErrorKind::Table(TableError::InitOutOfBounds | TableError::CopyOutOfBounds) => {
            Some("table index is out of bounds")
        }
        _ => None,
    }
}
