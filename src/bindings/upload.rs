//! The bindings in the metadata of an upload -> bindings.
//!
//! An item has a `name`, a `type`, and fields that mostly are those of the configuration under other names.

use bytes::Bytes;

use super::blobs::{Blob, Form};
use super::{Binding, Kind, all, blobs};
use crate::config::{self, Node, Value};
use crate::error::{Problem, Problems, Source};

/// The content of a part of an upload, if it has one of this name.
type Parts<'a> = &'a dyn Fn(&str) -> Option<Bytes>;

/// All bindings of the `bindings` in an upload's metadata; some are parts of the upload.
///
/// # Errors
/// The first mistake, as a sentence.
pub fn of_upload(items: &[serde_json::Value], parts: Parts<'_>) -> Result<Vec<Box<dyn Binding>>, String> {
    let mut bindings: Vec<Box<dyn Binding>> = Vec::with_capacity(items.len());
    for item in items {
        let binding = one(item, parts)?;
        if bindings.iter().any(|other| other.name() == binding.name()) {
            return Err(format!("Binding name '{}' already in use. Please use a different name and try again.", {
                binding.name()
            }));
        }
        bindings.push(binding);
    }
    Ok(bindings)
}

fn one(item: &serde_json::Value, parts: Parts<'_>) -> Result<Box<dyn Binding>, String> {
    let text = |key: &str| item.get(key).and_then(serde_json::Value::as_str).filter(|text| !text.is_empty());
    let name = text("name").ok_or("A binding has no name.")?;
    let wanted = text("type").ok_or_else(|| format!("Binding '{name}' has no type."))?;
    if let Some(form) = Form::of(wanted) {
        let part = text("part").unwrap_or(name);
        let missing = || format!("Binding '{name}': there is no part \"{part}\".");
        let bytes = blobs::check(form, parts(part).ok_or_else(missing)?);
        let bytes = bytes.map_err(|why| format!("Binding '{name}' of type '{wanted}' is not valid: {why}."))?;
        return Ok(Box::new(Blob { name: name.to_owned(), bytes, form, place: None }));
    }
    let Some(kind) = all().find(|kind| kind.upload_types().contains(&wanted)) else {
        return Err(format!("Binding '{name}' is of unknown type '{wanted}'."));
    };
    let node = config::read_value(&Source::new("metadata", item.to_string()));
    let node = node.map_err(|_| format!("Binding '{name}' is not valid."))?;
    let mut problems = Problems::default();
    let binding = kind.upload(&node, &mut problems);
    let mistake = problems.0.iter().find(|problem| problem.severity == crate::error::Severity::Error);
    match (binding, mistake) {
        (Some(binding), None) => Ok(binding),
        (_, Some(Problem { what, .. })) => Err(format!("Binding '{name}' of type '{wanted}' is not valid: {what}.")),
        (None, None) => Err(format!("Binding '{name}' of type '{wanted}' is not valid.")),
    }
}

/// An item with its fields named as in the configuration: pairs of the upload's name and the configuration's.
pub(super) fn renamed(item: &Node, names: &[(&str, &str)]) -> Node {
    let mut renamed = item.clone();
    if let Value::Table(fields) = &mut renamed.value {
        fields.retain(|(key, _)| key != "type");
        for (key, _) in fields {
            if let Some((_, other)) = names.iter().find(|(upload, _)| upload == key) {
                (*other).clone_into(key);
            }
        }
    }
    renamed
}

/// What a kind whose value in the configuration is a list of tables makes of one of them.
pub(super) fn as_item<K: Kind + ?Sized>(kind: &K, item: Node, problems: &mut Problems) -> Option<Box<dyn Binding>> {
    kind.parse(&listed(item), problems).pop()
}

/// A list of one.
pub(super) fn listed(item: Node) -> Node {
    Node { value: Value::Array(vec![item.clone()]), ..item }
}
