//! Values of SQL as JavaScript has them: numbers, texts, bytes and null.

use rquickjs::{Ctx, IntoJs as _, Result, String as JsString, Value};

use crate::engine::bytes::with_bytes;
use crate::engine::text::usv;
use crate::store::sql::Datum;
use crate::web::body::Chunk;

/// A parameter, converted by the script to null, a number, a text or bytes.
pub(crate) fn datum<'js>(ctx: &Ctx<'js>, value: &Value<'js>) -> Result<Datum> {
    if let Some(number) = value.as_number() {
        return Ok(Datum::Real(number));
    }
    if value.is_null() || value.is_undefined() {
        return Ok(Datum::Null);
    }
    if let Some(bytes) = value.as_object().and_then(|object| object.as_typed_array::<u8>()) {
        return Ok(Datum::Blob(with_bytes(bytes, <[u8]>::to_vec)));
    }
    usv(ctx, value).map(Datum::Text)
}

/// As JavaScript has it; bytes are a `Uint8Array` over all of its buffer.
#[allow(clippy::cast_precision_loss, reason = "large integers lose their last digits on Cloudflare too")]
pub(crate) fn value_of<'js>(ctx: &Ctx<'js>, value: Datum) -> Result<Value<'js>> {
    match value {
        Datum::Null => Ok(Value::new_null(ctx.clone())),
        Datum::Integer(number) => match i32::try_from(number) {
            Ok(small) => small.into_js(ctx),
            Err(_) => Ok(Value::new_float(ctx.clone(), number as f64)),
        },
        Datum::Real(number) => Ok(Value::new_float(ctx.clone(), number)),
        Datum::Text(text) => JsString::from_str(ctx.clone(), &text)?.into_js(ctx),
        Datum::Blob(bytes) => Chunk(bytes.into()).into_js(ctx),
    }
}
