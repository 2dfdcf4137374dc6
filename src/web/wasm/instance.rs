//! Instances: a module with its imports, in a space.

use std::collections::VecDeque;

use rquickjs::function::This;
use rquickjs::{Array, Class, Ctx, Object, Result};
use wasmi::errors::{ErrorKind, InstantiationError, MemoryError, TableError};
use wasmi::{Extern, ExternType, FuncType, Instance, ValType};

use super::WasmModule;
use super::binary::START;
use super::call::{out_of_bounds, trap};
use super::space::{Space, WasmSpace};
use super::values::{Face, type_named};
use crate::engine::throw_range;

/// A host function of a signature like `i32,i64:f64` that asks JavaScript for the import of this number.
pub(super) fn host_function(space: Class<'_, WasmSpace>, signature: String, import: u32) -> u32 {
    let (parameters, results) = signature.split_once(':').unwrap_or_default();
    let kind = FuncType::new(types(parameters), types(results));
    space.borrow().inner.host_function(kind, import)
}

fn types(list: &str) -> Vec<ValType> {
    list.split(',').filter(|name| !name.is_empty()).map(type_named).collect()
}

/// A function's signature, as [`host_function`] takes it.
pub(super) fn signature(space: Class<'_, WasmSpace>, number: u32) -> String {
    let space = space.borrow().inner.clone();
    let kind = space.func(number).ty(&*space.store.borrow());
    let names = |types: &[ValType]| {
        let names: Vec<String> = types.iter().map(|kind| format!("{kind:?}").to_lowercase()).collect();
        names.join(",")
    };
    format!("{}:{}", names(kind.params()), names(kind.results()))
}

/// Makes an instance of the module from the numbers of its imports. Answers the numbers of its exports in order, and
/// after them that of the start function, which is still to be called, if there is one.
pub(super) fn instantiate<'js>(
    ctx: Ctx<'js>,
    space: Class<'js, WasmSpace>,
    module: Class<'js, WasmModule>,
    imports: Vec<u32>,
    glue: Object<'js>,
) -> Result<Array<'js>> {
    let space = space.borrow().inner.clone();
    let module = module.borrow();
    space.shared.ledger.forget_heap();
    let made = make(&space, &module, &imports);
    let face = Face { ctx: &ctx, space: &space, glue: &glue };
    if std::mem::take(&mut space.store.borrow_mut().data_mut().grown) {
        face.ask::<()>("refresh", ())?;
    }
    let instance = made.map_err(|error| refused(&face, &error))?;
    let names = module.binary.exports.iter().map(|item| item.name.as_str());
    let numbers = Array::new(ctx.clone())?;
    for (at, name) in names.chain(module.binary.has_start.then_some(START)).enumerate() {
        let export = instance.get_export(&*space.store.borrow(), name).expect("the module exports it");
        numbers.set(at, space.number(export))?;
    }
    Ok(numbers)
}

fn make(space: &Space, module: &WasmModule, imports: &[u32]) -> std::result::Result<Instance, wasmi::Error> {
    let mut given: [VecDeque<Extern>; 4] = Default::default();
    for number in imports {
        let item = space.item(*number);
        given[group_of(&item)].push_back(item);
    }
    for shape in &module.binary.memories {
        let memory = Extern::Memory(space.new_memory(*shape)?);
        given[group_of(&memory)].push_back(memory);
    }
    // wasmi has its own order of imports, but keeps that of each kind.
    let wanted = module.module.imports().filter_map(|import| given[group_of_type(import.ty())].pop_front());
    let externs: Vec<Extern> = wanted.collect();
    Instance::new(&mut *space.store.borrow_mut(), &module.module, &externs)
}

fn group_of(item: &Extern) -> usize {
    match item {
        Extern::Func(_) => 0,
        Extern::Table(_) => 1,
        Extern::Memory(_) => 2,
        Extern::Global(_) => 3,
    }
}

fn group_of_type(kind: &ExternType) -> usize {
    match kind {
        ExternType::Func(_) => 0,
        ExternType::Table(_) => 1,
        ExternType::Memory(_) => 2,
        ExternType::Global(_) => 3,
    }
}

/// Throws what a failed instantiation becomes: `RangeError`, `RuntimeError` or `LinkError`.
fn refused(face: &Face<'_, '_>, error: &wasmi::Error) -> rquickjs::Error {
    use InstantiationError::{FailedToInstantiateMemory, FailedToInstantiateTable};
    let full = matches!(
        error.kind(),
        ErrorKind::Message(_)
            | ErrorKind::Memory(MemoryError::ResourceLimiterDeniedAllocation)
            | ErrorKind::Table(TableError::ResourceLimiterDeniedAllocation)
            | ErrorKind::Instantiation(FailedToInstantiateMemory(_) | FailedToInstantiateTable(_))
    );
    if full {
        return throw_range(
            face.ctx,
            "WebAssembly.Instance(): Out of memory: Cannot allocate Wasm memory for new instance",
        );
    }
    if error.as_trap_code().is_some() || out_of_bounds(error).is_some() {
        return trap(face, error);
    }
    let method = face.glue.get::<_, rquickjs::Function<'_>>("refuse");
    let thrown = method.and_then(|method| method.call::<_, ()>((This(face.glue.clone()), error.to_string())));
    thrown.err().unwrap_or(rquickjs::Error::Exception)
}
