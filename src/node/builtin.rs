//! Natives that look modules up by name while a Worker runs: `process.getBuiltinModule()`, `require()`.

use rquickjs::function::Func;
use rquickjs::{Ctx, Object, Result, Value};

use crate::engine::realm;

pub(super) fn init<'js>(_ctx: &Ctx<'js>, natives: &Object<'js>) -> Result<()> {
    natives.set("builtinModule", Func::from(builtin_module))?;
    natives.set("isModuleNamespace", Func::from(is_module_namespace))?;
    natives.set("builtinNames", Func::from(|| super::modules().collect::<Vec<_>>()))
}

/// What a module of Node.js exports by default, the namespace of one of Cloudflare's; undefined if there is none.
fn builtin_module(ctx: Ctx<'_>, id: String) -> Result<Value<'_>> {
    let program = realm(&ctx).program.clone();
    let name = if id.contains(':') { id } else { format!("node:{id}") };
    if super::has(&name) {
        return program.builtin(&ctx, &name)?.get("default");
    }
    let known = program.importable.iter().find(|(written, _)| *written == name);
    match known {
        Some((_, module)) => program.builtin(&ctx, module).map(Object::into_value),
        None => Ok(Value::new_undefined(ctx)),
    }
}

/// QuickJS has a class of its own for what `import * as` gives.
#[allow(unsafe_code, reason = "rquickjs has no safe call for the class of an object")]
fn is_module_namespace(ctx: Ctx<'_>, value: Value<'_>) -> Result<bool> {
    let program = realm(&ctx).program.clone();
    let sample = program.builtin(&ctx, "node:internal/natives")?;
    // SAFETY: reads the classes of two objects that outlive the call.
    Ok(unsafe { rquickjs::qjs::JS_GetClassID(sample.as_raw()) == rquickjs::qjs::JS_GetClassID(value.as_raw()) })
}
