//! SQLite's mathematical functions, which the bundled build leaves out.

use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;

type OfOne = fn(f64) -> f64;
type OfTwo = fn(f64, f64) -> f64;

const ONE: &[(&str, OfOne)] = &[
    ("acos", f64::acos),
    ("acosh", f64::acosh),
    ("asin", f64::asin),
    ("asinh", f64::asinh),
    ("atan", f64::atan),
    ("atanh", f64::atanh),
    ("ceil", f64::ceil),
    ("ceiling", f64::ceil),
    ("cos", f64::cos),
    ("cosh", f64::cosh),
    ("degrees", f64::to_degrees),
    ("exp", f64::exp),
    ("floor", f64::floor),
    ("ln", f64::ln),
    ("log", f64::log10),
    ("log10", f64::log10),
    ("log2", f64::log2),
    ("radians", f64::to_radians),
    ("sin", f64::sin),
    ("sinh", f64::sinh),
    ("sqrt", f64::sqrt),
    ("tan", f64::tan),
    ("tanh", f64::tanh),
    ("trunc", f64::trunc),
];

const TWO: &[(&str, OfTwo)] = &[
    ("atan2", f64::atan2),
    ("log", |base, x| x.ln() / base.ln()),
    ("mod", |x, y| x % y),
    ("pow", f64::powf),
    ("power", f64::powf),
];

/// Adds the functions to a connection.
pub(in crate::store) fn add(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    for (name, function) in ONE {
        connection.create_scalar_function(*name, 1, flags, move |context| {
            Ok(number(context, 0).map(function).and_then(told))
        })?;
    }
    for (name, function) in TWO {
        let both = move |context: &Context<'_>| Some(function(number(context, 0)?, number(context, 1)?));
        connection.create_scalar_function(*name, 2, flags, move |context| Ok(both(context).and_then(told)))?;
    }
    connection.create_scalar_function("pi", 0, flags, |_| Ok(std::f64::consts::PI))
}

/// What is no number is null, as what has no answer is.
fn told(value: f64) -> Option<f64> {
    (!value.is_nan()).then_some(value)
}

#[allow(clippy::cast_precision_loss, reason = "SQLite computes with floats here too")]
fn number(context: &Context<'_>, at: usize) -> Option<f64> {
    match context.get_raw(at) {
        ValueRef::Integer(number) => Some(number as f64),
        ValueRef::Real(number) => Some(number),
        ValueRef::Text(text) => str::from_utf8(text).ok()?.trim().parse().ok(),
        ValueRef::Null | ValueRef::Blob(_) => None,
    }
}
