//! Values between JavaScript and WebAssembly, as the standard's `ToWebAssemblyValue` and `ToJSValue` convert them.

use rquickjs::function::This;
use rquickjs::{BigInt, Ctx, Error, Function, IntoJs, Object, Result, Value, qjs};
use wasmi::{Extern, Nullable, Ref, RefType, Val, ValType};

use super::space::Space;
use crate::engine::throw_type;

/// A space and the JavaScript object that keeps values and functions for it.
pub(super) struct Face<'a, 'js> {
    pub(super) ctx: &'a Ctx<'js>,
    pub(super) space: &'a Space,
    pub(super) glue: &'a Object<'js>,
}

impl<'js> Face<'_, 'js> {
    /// Calls a method of the JavaScript half.
    pub(super) fn ask<R: rquickjs::FromJs<'js>>(&self, method: &str, argument: impl IntoJs<'js>) -> Result<R> {
        let method: Function<'js> = self.glue.get(method)?;
        method.call((This(self.glue.clone()), argument))
    }

    pub(super) fn to_wasm(&self, value: &Value<'js>, kind: ValType) -> Result<Val> {
        Ok(match kind {
            ValType::I32 => Val::I32(self.converted(value, qjs::JS_ToInt32)?),
            ValType::I64 => Val::I64(self.converted(value, qjs::JS_ToBigInt64)?),
            #[allow(clippy::cast_possible_truncation, reason = "the standard rounds to the nearest")]
            ValType::F32 => Val::F32((self.converted(value, qjs::JS_ToFloat64)? as f32).into()),
            ValType::F64 => Val::F64(self.converted(value, qjs::JS_ToFloat64)?.into()),
            ValType::FuncRef => Val::from(self.to_ref(value, RefType::Func)?),
            ValType::ExternRef => Val::from(self.to_ref(value, RefType::Extern)?),
            ValType::V128 => return Err(throw_type(self.ctx, NO_VECTORS)),
        })
    }

    /// QuickJS's own conversion: rquickjs has none with the language's rules for these.
    fn converted<T: Default>(&self, value: &Value<'js>, convert: Convert<T>) -> Result<T> {
        let mut number = T::default();
        #[allow(unsafe_code, reason = "see above")]
        // SAFETY: the context and the value are alive for the call.
        let code = unsafe { convert(self.ctx.as_raw().as_ptr(), &raw mut number, value.as_raw()) };
        if code == 0 { Ok(number) } else { Err(Error::Exception) }
    }

    pub(super) fn to_ref(&self, value: &Value<'js>, kind: RefType) -> Result<Ref> {
        if value.is_null() {
            return Ok(Ref::null(kind));
        }
        Ok(match kind {
            RefType::Func => {
                let number = self.ask("numberOfFunction", value.clone())?;
                Ref::from(Nullable::Val(self.space.func(number)))
            }
            RefType::Extern => {
                let number = self.ask("numberOfValue", value.clone())?;
                Ref::from(Nullable::Val(self.space.reference(number)))
            }
        })
    }

    pub(super) fn to_js(&self, value: &Val) -> Result<Value<'js>> {
        match value {
            Val::I32(number) => number.into_js(self.ctx),
            Val::I64(number) => BigInt::from_i64(self.ctx.clone(), *number)?.into_js(self.ctx),
            Val::F32(number) => f64::from(f32::from(*number)).into_js(self.ctx),
            Val::F64(number) => f64::from(*number).into_js(self.ctx),
            Val::FuncRef(Nullable::Val(func)) => self.ask("functionOf", self.space.number(Extern::Func(*func))),
            Val::ExternRef(Nullable::Val(reference)) => self.ask("valueOf", self.space.referenced(*reference)),
            Val::FuncRef(Nullable::Null) | Val::ExternRef(Nullable::Null) => Ok(Value::new_null(self.ctx.clone())),
            Val::V128(_) => Err(throw_type(self.ctx, NO_VECTORS)),
        }
    }

    pub(super) fn ref_to_js(&self, value: Ref) -> Result<Value<'js>> {
        self.to_js(&Val::from(value))
    }
}

#[allow(unsafe_code, reason = "a type of QuickJS's functions")]
type Convert<T> = unsafe extern "C" fn(*mut qjs::JSContext, *mut T, qjs::JSValue) -> i32;

/// V8's words.
pub(super) const NO_VECTORS: &str = "type incompatibility when transforming from/to JS";

/// A type by the name that JavaScript uses.
pub(super) fn type_named(name: &str) -> ValType {
    match name {
        "i32" => ValType::I32,
        "i64" => ValType::I64,
        "f32" => ValType::F32,
        "f64" => ValType::F64,
        "v128" => ValType::V128,
        "externref" => ValType::ExternRef,
        _ => ValType::FuncRef,
    }
}

pub(super) fn ref_named(name: &str) -> RefType {
    if name == "externref" { RefType::Extern } else { RefType::Func }
}
