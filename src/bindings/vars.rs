//! `vars`, and the variables of `.dev.vars`, `.env` and `--var`: plain values.

use rquickjs::{Ctx, IntoJs, Result, Value as JsValue};
use serde_json::json;

use super::{Binding, Environment, Summary, fields};
use crate::config::{self, Fields, Node, Origin};
use crate::error::{Place, Problem, Problems};

/// A value longer than this is cut in the banner.
const MAX_SHOWN: usize = 40;

const TYPES: &[&str] = &["plain_text", "json", "secret_text"];

pub(super) struct Kind;

#[derive(Debug, Clone)]
pub struct Variable {
    pub name: String,
    pub value: Value,
    pub place: Option<Place>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Text(String),
    /// Not shown anywhere.
    Secret(String),
    Json(serde_json::Value),
}

impl super::Kind for Kind {
    fn key(&self) -> &'static str {
        "vars"
    }

    fn upload_types(&self) -> &'static [&'static str] {
        TYPES
    }

    fn parse(&self, node: &Node, _: &mut Problems) -> Vec<Box<dyn Binding>> {
        let variables = node.entries().iter().map(|(name, node)| {
            let value = match node.as_str() {
                Some(text) => Value::Text(text.to_owned()),
                None => Value::Json(node.to_json()),
            };
            Variable { name: name.clone(), value, place: Some(node.key_place("")) }
        });
        variables.map(|variable| Box::new(variable) as Box<dyn Binding>).collect()
    }

    fn upload(&self, item: &Node, problems: &mut Problems) -> Option<Box<dyn Binding>> {
        let name = Fields::of(item, problems)?.required_string("name")?.value;
        let Some(value) = uploaded(item) else {
            problems.push(Problem::error("its value is missing"));
            return None;
        };
        Some(Box::new(Variable { name, value, place: None }))
    }
}

/// What the field of a variable's type holds.
fn uploaded(item: &Node) -> Option<Value> {
    let text = || item.get("text").and_then(Node::as_str).map(str::to_owned);
    match item.get("type")?.as_str()? {
        "plain_text" => text().map(Value::Text),
        "secret_text" => text().map(Value::Secret),
        _ => item.get("json").map(|value| Value::Json(value.to_json())),
    }
}

/// A variable from outside the configuration file.
pub(super) fn from_outside(variable: &config::Variable) -> Variable {
    let text = variable.value.clone();
    let value = match variable.origin {
        Origin::File => Value::Secret(text),
        Origin::CommandLine => Value::Text(text),
    };
    Variable { name: variable.name.clone(), value, place: None }
}

/// Whether a binding is a variable, whatever its type.
pub(super) fn is_variable(binding: &dyn Binding) -> bool {
    TYPES.contains(&binding.upload_type())
}

impl Binding for Variable {
    fn name(&self) -> &str {
        &self.name
    }

    fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    fn upload_type(&self) -> &'static str {
        match self.value {
            Value::Text(_) => "plain_text",
            Value::Secret(_) => "secret_text",
            Value::Json(_) => "json",
        }
    }

    fn uploaded(&self) -> serde_json::Map<String, serde_json::Value> {
        match &self.value {
            Value::Text(text) | Value::Secret(text) => fields([("text", Some(json!(text)))]),
            Value::Json(value) => fields([("json", Some(value.clone()))]),
        }
    }

    fn attach<'js>(&self, ctx: &Ctx<'js>, _: &dyn Environment) -> Result<JsValue<'js>> {
        match &self.value {
            Value::Text(text) | Value::Secret(text) => text.as_str().into_js(ctx),
            Value::Json(value) => ctx.json_parse(value.to_string()),
        }
    }

    fn summary(&self) -> Summary {
        let detail = match &self.value {
            Value::Text(text) => shortened(&format!("{text:?}")),
            Value::Secret(_) => "(hidden)".to_owned(),
            Value::Json(value) => shortened(&value.to_string()),
        };
        Summary::emulated("Environment Variable", detail)
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
