//! Throwing the right JavaScript error from Rust, and telling a caught one in words.

use rquickjs::{Ctx, Error, Exception, Object, Value, function::Constructor};

/// A `TypeError`.
pub fn throw_type(ctx: &Ctx<'_>, message: &str) -> Error {
    Exception::throw_type(ctx, message)
}

/// A `RangeError`.
pub fn throw_range(ctx: &Ctx<'_>, message: &str) -> Error {
    Exception::throw_range(ctx, message)
}

/// A plain `Error`.
pub fn throw_error(ctx: &Ctx<'_>, message: &str) -> Error {
    Exception::throw_message(ctx, message)
}

/// A `DOMException` with this name, e.g. `NotSupportedError`.
pub fn throw_dom(ctx: &Ctx<'_>, name: &str, message: &str) -> Error {
    let made = ctx.globals().get::<_, Constructor>("DOMException");
    match made.and_then(|class| class.construct::<_, Value>((message, name))) {
        Ok(exception) => ctx.throw(exception),
        Err(error) => error,
    }
}

/// A thrown value in words; any value may be thrown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Thrown {
    pub name: String,
    pub message: String,
    /// The frames alone, one a line.
    pub stack: String,
}

/// See [`Thrown`].
pub fn describe<'js>(ctx: &Ctx<'js>, thrown: &Value<'js>) -> Thrown {
    let Some(object) = thrown.as_object() else {
        return Thrown { name: "Uncaught".into(), message: text(ctx, thrown), stack: String::new() };
    };
    let name = field(object, "name").unwrap_or_else(|| "Error".into());
    let message = field(object, "message").unwrap_or_else(|| text(ctx, thrown));
    let stack = field(object, "stack").unwrap_or_default();
    let frames = stack.find("    at ").map_or("", |at| &stack[at..]).to_owned();
    Thrown { name, message, stack: frames }
}

fn field(object: &Object<'_>, name: &str) -> Option<String> {
    let Ok(value) = object.get::<_, Value>(name) else {
        object.ctx().catch();
        return None;
    };
    value.as_string().and_then(|text| text.to_string().ok())
}

fn text<'js>(ctx: &Ctx<'js>, value: &Value<'js>) -> String {
    if let Some(symbol) = value.as_symbol() {
        return format!("{symbol:?}");
    }
    let converted: Result<rquickjs::Coerced<String>, _> = value.get();
    converted.map_or_else(
        |_| {
            ctx.catch();
            "an object".to_owned()
        },
        |text| if text.0 == "[object Object]" { contents(ctx, value).unwrap_or(text.0) } else { text.0 },
    )
}

/// A thrown object that is no error tells nothing but what is in it.
fn contents<'js>(ctx: &Ctx<'js>, value: &Value<'js>) -> Option<String> {
    let json = ctx.json_stringify(value.clone());
    if json.is_err() {
        ctx.catch();
    }
    json.ok()??.to_string().ok()
}
