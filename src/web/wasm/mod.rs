//! WebAssembly's native half, on wasmi: modules, instances and what they are made of. The classes that Workers see are in
//! `webassembly.js` and its neighbours.
//!
//! JavaScript's values stay in JavaScript: natives get numbers for functions and references, and for the time of a call
//! the object (`wasm_space.js`) that knows what they stand for.

mod binary;
mod call;
mod instance;
mod memory;
mod objects;
mod space;
#[cfg(test)]
mod tests;
mod values;

use ::bytes::Bytes;
use rquickjs::class::Trace;
use rquickjs::function::Func;
use rquickjs::{Array, ArrayBuffer, Class, Ctx, IntoJs, JsLifetime, Object, Result, TypedArray, Value};

use self::binary::{Binary, Item};
use self::space::{Shared, Space, WasmSpace};
use crate::engine::{bytes, realm, throw_error};

/// Why bytes cannot be a WebAssembly module, if so.
///
/// # Errors
/// What is wrong and at which byte.
pub(crate) fn check(bytes: &[u8]) -> std::result::Result<(), String> {
    binary::check(bytes)
}

/// A compiled module, as JavaScript holds it.
#[derive(Trace, JsLifetime)]
#[rquickjs::class]
pub(crate) struct WasmModule {
    #[qjs(skip_trace)]
    binary: Binary,
    #[qjs(skip_trace)]
    module: wasmi::Module,
}

pub(super) fn init<'js>(_ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("wasm", Func::from(natives))
}

/// All natives, made when WebAssembly is first used.
fn natives(ctx: Ctx<'_>) -> Result<Object<'_>> {
    let natives = Object::new(ctx.clone())?;
    natives.set("call", Func::from(call::call))?;
    natives.set("check", Func::from(check_bytes))?;
    natives.set("compile", Func::from(compile))?;
    natives.set("customSections", Func::from(custom_sections))?;
    natives.set("describe", Func::from(describe))?;
    natives.set("hostFunction", Func::from(instance::host_function))?;
    natives.set("instantiate", Func::from(instance::instantiate))?;
    natives.set("ofProgram", Func::from(of_program))?;
    natives.set("signature", Func::from(instance::signature))?;
    natives.set("space", Func::from(new_space))?;
    objects::init(&natives)?;
    Ok(natives)
}

/// Nothing, or what is wrong.
fn check_bytes(data: TypedArray<'_, u8>) -> Option<String> {
    bytes::with_bytes(&data, |bytes| check(bytes).err())
}

/// A module of bytes that [`check_bytes`] found no fault with.
fn compile<'js>(ctx: Ctx<'js>, data: TypedArray<'js, u8>) -> Result<Class<'js, WasmModule>> {
    let bytes: Bytes = bytes::with_bytes(&data, Bytes::copy_from_slice);
    // JavaScript might have changed them since.
    check(&bytes).map_err(|message| throw_error(&ctx, &message))?;
    make(&ctx, bytes)
}

/// A module of the Worker's own, by its name.
fn of_program(ctx: Ctx<'_>, name: String) -> Result<Class<'_, WasmModule>> {
    let bytes = realm(&ctx).program.wasm.get(name.as_str()).cloned();
    let bytes = bytes.ok_or_else(|| throw_error(&ctx, &format!("No such module \"{name}\".")))?;
    make(&ctx, bytes)
}

fn make<'js>(ctx: &Ctx<'js>, bytes: Bytes) -> Result<Class<'js, WasmModule>> {
    let shared = Shared::of(ctx);
    let mut binary = Binary::read(bytes).map_err(|message| throw_error(ctx, &message))?;
    #[allow(unsafe_code, reason = "checking took most of the time, and was done once for all isolates")]
    // SAFETY: the bytes were checked; moving the start function and the memories keeps them valid.
    let module = unsafe { wasmi::Module::new_unchecked(&shared.engine, &std::mem::take(&mut binary.code)) };
    let module = module.map_err(|error| throw_error(ctx, &error.to_string()))?;
    Class::instance(ctx.clone(), WasmModule { binary, module })
}

fn new_space(ctx: Ctx<'_>) -> Result<Class<'_, WasmSpace>> {
    let space = Space::new(Shared::of(&ctx));
    Class::instance(ctx.clone(), WasmSpace { inner: space.into() })
}

/// `[imports, exports]`, each a list of `[module, name, kind, detail, index]`.
fn describe<'js>(ctx: Ctx<'js>, module: Class<'js, WasmModule>) -> Result<Array<'js>> {
    let module = module.borrow();
    let list = |items: &[Item]| {
        let list = Array::new(ctx.clone())?;
        for (at, item) in items.iter().enumerate() {
            let told: [Value<'js>; 5] = [
                item.module.as_str().into_js(&ctx)?,
                item.name.as_str().into_js(&ctx)?,
                item.kind.into_js(&ctx)?,
                item.detail.as_str().into_js(&ctx)?,
                item.index.into_js(&ctx)?,
            ];
            list.set(at, told.into_iter().collect::<Vec<_>>())?;
        }
        Ok::<_, rquickjs::Error>(list)
    };
    let both = Array::new(ctx.clone())?;
    both.set(0, list(&module.binary.imports)?)?;
    both.set(1, list(&module.binary.exports)?)?;
    Ok(both)
}

fn custom_sections<'js>(ctx: Ctx<'js>, module: Class<'js, WasmModule>, name: String) -> Result<Array<'js>> {
    let list = Array::new(ctx.clone())?;
    for (at, section) in module.borrow().binary.custom_sections(&name).enumerate() {
        list.set(at, ArrayBuffer::new_copy(ctx.clone(), section)?)?;
    }
    Ok(list)
}
