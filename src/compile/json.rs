//! JSON modules: the value is the default export, and each key of an object a named one, as esbuild has it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use serde_json::Value;

use super::{Compiled, Export, Format};
use crate::error::{Problem, Problems, Source};

/// # Errors
/// The place where the text stops being JSON.
pub(super) fn module(source: &Source) -> Result<Compiled, Problems> {
    let value: Value = serde_json::from_str(&source.text).map_err(|error| invalid(source, &error))?;
    let mut code = String::from("const json = ");
    if source.text.contains("__proto__") {
        write_value(&mut code, &value);
    } else {
        code.push_str(source.text.trim());
    }
    code.push_str(";\nexport default json;\n");
    let mut exports = BTreeMap::from([(Arc::from("default"), Export::Local)]);
    for (index, key) in value.as_object().into_iter().flat_map(|object| object.keys()).enumerate() {
        if exports.insert(key.as_str().into(), Export::Local).is_none() {
            let key = Value::from(key.as_str());
            let _ = writeln!(code, "const json{index} = json[{key}];\nexport {{ json{index} as {key} }};");
        }
    }
    Ok(Compiled {
        code: code.into(),
        map: None,
        format: Format::Esm,
        imports: Vec::new(),
        exports,
        stars: Vec::new(),
        has_top_level_await: false,
        acts: false,
        fetch_listener: None,
    })
}

/// JSON text is a JavaScript expression with the same value, except that `__proto__` would set the prototype.
fn write_value(code: &mut String, value: &Value) {
    match value {
        Value::Object(entries) => {
            code.push('{');
            for (key, value) in entries {
                let _ = write!(code, "[{}]:", Value::from(key.as_str()));
                write_value(code, value);
                code.push(',');
            }
            code.push('}');
        }
        Value::Array(values) => {
            code.push('[');
            for value in values {
                write_value(code, value);
                code.push(',');
            }
            code.push(']');
        }
        plain => {
            let _ = write!(code, "{plain}");
        }
    }
}

fn invalid(source: &Source, error: &serde_json::Error) -> Problem {
    let at = source.offset(error.line(), error.column().max(1));
    let message = error.to_string();
    let reason = message.split(" at line ").next().unwrap_or(&message);
    let end = at + source.text[at..].chars().next().map_or(0, char::len_utf8);
    Problem::error("the file is not valid JSON").at(source, at..end, reason)
}
