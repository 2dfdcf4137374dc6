//! Memories, tables and globals: what `WebAssembly.Memory`, `Table` and `Global` do to them.

use rquickjs::convert::List;
use rquickjs::function::Func;
use rquickjs::{Class, Ctx, Object, Result, Value};
use wasmi::{Extern, Global, Mutability, Ref, Table, TableType};

use super::binary::MemoryShape;
use super::memory;
use super::space::WasmSpace;
use super::values::{Face, ref_named, type_named};
use crate::engine::throw_range;

type Handle<'js> = Class<'js, WasmSpace>;

pub(super) fn init(natives: &Object<'_>) -> Result<()> {
    natives.set("newMemory", Func::from(new_memory))?;
    natives.set("memorySize", Func::from(memory_size))?;
    natives.set("memoryGrow", Func::from(memory_grow))?;
    natives.set("memoryBuffer", Func::from(memory_buffer))?;
    natives.set("memoryMove", Func::from(memory_move))?;
    natives.set("memoryIs64", Func::from(memory_is_64))?;
    natives.set("detach", Func::from(memory::detach))?;
    natives.set("newTable", Func::from(new_table))?;
    natives.set("tableSize", Func::from(table_size))?;
    natives.set("tableGrow", Func::from(table_grow))?;
    natives.set("tableGet", Func::from(table_get))?;
    natives.set("tableSet", Func::from(table_set))?;
    natives.set("tableType", Func::from(table_type))?;
    natives.set("newGlobal", Func::from(new_global))?;
    natives.set("globalGet", Func::from(global_get))?;
    natives.set("globalSet", Func::from(global_set))?;
    natives.set("globalType", Func::from(global_type))
}

/// Sizes pass as floating-point numbers: no store has 2^53 of anything.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "our JavaScript passes whole numbers")]
fn whole(number: f64) -> u64 {
    number as u64
}

#[allow(clippy::cast_precision_loss, reason = "see `whole`")]
fn number(whole: u64) -> f64 {
    whole as f64
}

fn new_memory(ctx: Ctx<'_>, space: Handle<'_>, minimum: f64, maximum: Option<f64>, is_64: bool) -> Result<u32> {
    let space = space.borrow().inner.clone();
    space.shared.ledger.forget_heap();
    let shape = MemoryShape { minimum: whole(minimum), maximum: maximum.map(whole), is_64 };
    let memory = space.new_memory(shape);
    let memory = memory.map_err(|_| throw_range(&ctx, "WebAssembly.Memory(): could not allocate memory"))?;
    Ok(space.number(Extern::Memory(memory)))
}

/// In pages.
fn memory_size(space: Handle<'_>, memory: u32) -> f64 {
    let space = space.borrow().inner.clone();
    number(space.memory(memory).size(&*space.store.borrow()))
}

/// The size before, or -1.
fn memory_grow(space: Handle<'_>, memory: u32, pages: f64) -> f64 {
    let space = space.borrow().inner.clone();
    space.shared.ledger.forget_heap();
    let mut store = space.store.borrow_mut();
    let grown = space.memory(memory).grow(&mut *store, whole(pages));
    store.data_mut().grown = false;
    grown.map_or(-1.0, number)
}

fn memory_buffer<'js>(ctx: Ctx<'js>, space: Handle<'js>, number: u32) -> Result<Value<'js>> {
    let space = space.borrow().inner.clone();
    let size = space.memory(number).data_size(&*space.store.borrow());
    memory::buffer(&ctx, &space.mapping(number), size)
}

fn memory_is_64(space: Handle<'_>, memory: u32) -> bool {
    let space = space.borrow().inner.clone();
    space.memory(memory).ty(&*space.store.borrow()).is_64()
}

/// A memory that is in no instance yet, in another space; its bytes stay where they are.
fn memory_move(ctx: Ctx<'_>, from: Handle<'_>, memory: u32, to: Handle<'_>) -> Result<u32> {
    let (from, to) = (from.borrow().inner.clone(), to.borrow().inner.clone());
    let mapping = from.mapping(memory);
    let (shape, kept) = {
        let store = from.store.borrow();
        let memory = from.memory(memory);
        let kind = memory.ty(&*store);
        let shape = MemoryShape { minimum: memory.size(&*store), maximum: kind.maximum(), is_64: kind.is_64() };
        (shape, memory.data(&*store).to_vec())
    };
    let moved = memory::adopt(&mut *to.store.borrow_mut(), shape, &mapping, &kept);
    let moved = moved.map_err(|_| throw_range(&ctx, "could not allocate memory"))?;
    let number = to.number(Extern::Memory(moved));
    to.set_mapping(number, mapping);
    Ok(number)
}

fn new_table<'js>(
    ctx: Ctx<'js>,
    space: Handle<'js>,
    glue: Object<'js>,
    limits: List<(String, f64, Option<f64>, bool)>,
    value: Value<'js>,
) -> Result<u32> {
    let space = space.borrow().inner.clone();
    space.shared.ledger.forget_heap();
    let (element, minimum, maximum, is_64) = limits.0;
    let element = ref_named(&element);
    let value = Face { ctx: &ctx, space: &space, glue: &glue }.to_ref(&value, element)?;
    let narrow = |number: f64| u32::try_from(whole(number)).unwrap_or(u32::MAX);
    let kind = if is_64 {
        TableType::new64(element, whole(minimum), maximum.map(whole))
    } else {
        TableType::new(element, narrow(minimum), maximum.map(narrow))
    };
    let table = Table::new(&mut *space.store.borrow_mut(), kind, value);
    let table = table.map_err(|_| throw_range(&ctx, "WebAssembly.Table(): could not allocate table"))?;
    Ok(space.number(Extern::Table(table)))
}

fn table_size(space: Handle<'_>, table: u32) -> f64 {
    let space = space.borrow().inner.clone();
    number(space.table(table).size(&*space.store.borrow()))
}

/// The size before, or -1.
fn table_grow<'js>(
    ctx: Ctx<'js>,
    space: Handle<'js>,
    glue: Object<'js>,
    List(place): List<(u32, f64)>,
    value: Value<'js>,
) -> Result<f64> {
    let space = space.borrow().inner.clone();
    let table = space.table(place.0);
    let element = table.ty(&*space.store.borrow()).element();
    let value = Face { ctx: &ctx, space: &space, glue: &glue }.to_ref(&value, element)?;
    space.shared.ledger.forget_heap();
    let grown = table.grow(&mut *space.store.borrow_mut(), whole(place.1), value);
    Ok(grown.map_or(-1.0, number))
}

fn table_get<'js>(
    ctx: Ctx<'js>,
    space: Handle<'js>,
    glue: Object<'js>,
    table: u32,
    index: f64,
) -> Result<Option<Value<'js>>> {
    let space = space.borrow().inner.clone();
    let found: Option<Ref> = space.table(table).get(&*space.store.borrow(), whole(index));
    found.map(|value| Face { ctx: &ctx, space: &space, glue: &glue }.ref_to_js(value)).transpose()
}

/// False if there is no such element.
fn table_set<'js>(
    ctx: Ctx<'js>,
    space: Handle<'js>,
    glue: Object<'js>,
    List(place): List<(u32, f64)>,
    value: Value<'js>,
) -> Result<bool> {
    let space = space.borrow().inner.clone();
    let table = space.table(place.0);
    let element = table.ty(&*space.store.borrow()).element();
    let value = Face { ctx: &ctx, space: &space, glue: &glue }.to_ref(&value, element)?;
    Ok(table.set(&mut *space.store.borrow_mut(), whole(place.1), value).is_ok())
}

/// The elements' type, the limit (or nothing), and whether indices are 64 bits wide.
fn table_type(space: Handle<'_>, table: u32) -> List<(&'static str, Option<f64>, bool)> {
    let space = space.borrow().inner.clone();
    let kind = space.table(table).ty(&*space.store.borrow());
    let element = if kind.element() == wasmi::RefType::Extern { "externref" } else { "funcref" };
    List((element, kind.maximum().map(number), kind.is_64()))
}

fn new_global<'js>(
    ctx: Ctx<'js>,
    space: Handle<'js>,
    glue: Object<'js>,
    List(kind): List<(String, bool)>,
    value: Value<'js>,
) -> Result<u32> {
    let space = space.borrow().inner.clone();
    let content = type_named(&kind.0);
    let value = match content {
        wasmi::ValType::V128 => wasmi::Val::default_for_ty(content),
        _ => Face { ctx: &ctx, space: &space, glue: &glue }.to_wasm(&value, content)?,
    };
    let mutability = if kind.1 { Mutability::Var } else { Mutability::Const };
    let global = Global::new(&mut *space.store.borrow_mut(), value, mutability);
    Ok(space.number(Extern::Global(global)))
}

fn global_get<'js>(ctx: Ctx<'js>, space: Handle<'js>, glue: Object<'js>, global: u32) -> Result<Value<'js>> {
    let space = space.borrow().inner.clone();
    let value = space.global(global).get(&*space.store.borrow());
    Face { ctx: &ctx, space: &space, glue: &glue }.to_js(&value)
}

fn global_set<'js>(ctx: Ctx<'js>, space: Handle<'js>, glue: Object<'js>, global: u32, value: Value<'js>) -> Result<()> {
    let space = space.borrow().inner.clone();
    let global = space.global(global);
    let content = global.ty(&*space.store.borrow()).content();
    let value = Face { ctx: &ctx, space: &space, glue: &glue }.to_wasm(&value, content)?;
    global.set(&mut *space.store.borrow_mut(), value).expect("our JavaScript sets mutable globals alone");
    Ok(())
}

/// The type's name, and whether the global can be set.
fn global_type(space: Handle<'_>, global: u32) -> List<(String, bool)> {
    let space = space.borrow().inner.clone();
    let kind = space.global(global).ty(&*space.store.borrow());
    List((format!("{:?}", kind.content()).to_lowercase(), kind.mutability().is_mut()))
}
