//! The bindings that wrangler knows and devflare does not emulate: named in the banner, and objects that throw on use.

use rquickjs::{Ctx, Result, Value as JsValue};

use super::attach::make;
use super::{Binding, Edge, Environment, Kind, Summary};
use crate::config::{Located, Node};
use crate::error::{Place, Problems};

/// One row: a key of the configuration.
struct Row {
    key: &'static str,
    at: At,
    label: &'static str,
    upload_type: &'static str,
    /// The field that says what is bound; empty for none.
    detail: &'static str,
}

/// Where the names of the bindings stand in the value of the key.
enum At {
    /// A list of tables, the name in this field.
    Items(&'static str),
    /// The same, in this field of a table.
    ItemsOf(&'static str, &'static str),
    /// One table, the name in its `binding`.
    Itself,
}

use At::{Items, ItemsOf, Itself};

const fn row(key: &'static str, at: At, label: &'static str, upload_type: &'static str, detail: &'static str) -> Row {
    Row { key, at, label, upload_type, detail }
}

const ROWS: &[Row] = &[
    row("agent_memory", Items("binding"), "Agent Memory", "agent_memory", "namespace"),
    row("ai", Itself, "AI", "ai", ""),
    row("ai_search", Items("binding"), "AI Search Instance", "ai_search", "instance_name"),
    row("ai_search_namespaces", Items("binding"), "AI Search Namespace", "ai_search_namespace", "namespace"),
    row("analytics", Itself, "Analytics", "analytics", ""),
    row("artifacts", Items("binding"), "Artifacts", "artifacts", "namespace"),
    row("browser", Itself, "Browser Run", "browser", ""),
    row("flagship", Items("binding"), "Flagship", "flagship", "app_id"),
    row("k2", Items("binding"), "K2", "k2", "stream"),
    row("logfwdr", ItemsOf("bindings", "name"), "logfwdr", "logfwdr", "destination"),
    row("media", Itself, "Media", "media", ""),
    row("mtls_certificates", Items("binding"), "mTLS Certificate", "mtls_certificate", "certificate_id"),
    row("stream", Itself, "Stream", "stream", ""),
    row("unsafe", ItemsOf("bindings", "name"), "Unsafe Metadata", "unsafe", "type"),
    row("unsafe_hello_world", Items("binding"), "Hello World", "unsafe_hello_world", ""),
    row("vectorize", Items("binding"), "Vectorize Index", "vectorize", "index_name"),
    row("vpc_networks", Items("binding"), "VPC Network", "vpc_network", "network_id"),
    row("vpc_services", Items("binding"), "VPC Service", "vpc_service", "service_id"),
];

pub(super) fn all() -> impl Iterator<Item = &'static dyn Kind> {
    ROWS.iter().map(|row| row as &dyn Kind)
}

/// A binding that throws when it is used.
#[derive(Debug, Clone)]
pub struct Unsupported {
    pub name: String,
    /// What it is, in wrangler's words: `D1 Database`.
    pub label: &'static str,
    pub upload_type: &'static str,
    pub detail: String,
    /// The Worker that holds its class, if another one does.
    pub script_name: Option<String>,
    /// All that is said of it.
    pub fields: serde_json::Value,
    pub place: Place,
}

impl Kind for Row {
    fn key(&self) -> &'static str {
        self.key
    }

    fn upload_types(&self) -> &[&'static str] {
        std::slice::from_ref(&self.upload_type)
    }

    fn parse(&self, node: &Node, problems: &mut Problems) -> Vec<Box<dyn Binding>> {
        let bindings: Vec<_> = match self.at {
            Items(field) => node.items().iter().filter_map(|item| self.named(item, field, problems)).collect(),
            ItemsOf(list, field) => {
                let items = node.get(list).map(Node::items).unwrap_or_default();
                items.iter().filter_map(|item| self.named(item, field, problems)).collect()
            }
            Itself => self.named(node, "binding", problems).into_iter().collect(),
        };
        bindings.into_iter().map(|binding| Box::new(binding) as Box<dyn Binding>).collect()
    }

    fn upload(&self, item: &Node, problems: &mut Problems) -> Option<Box<dyn Binding>> {
        Some(Box::new(self.named(item, "name", problems)?))
    }
}

impl Row {
    /// The binding of a table that must have a name; nothing else in it is checked.
    fn named(&self, node: &Node, field: &'static str, problems: &mut Problems) -> Option<Unsupported> {
        let name = crate::config::Fields::of(node, problems)?.required_string(field)?;
        let Located { value, place } = name;
        Some(self.binding(value, node, place))
    }

    fn binding(&self, name: String, node: &Node, place: Place) -> Unsupported {
        let text = |field| node.get(field).and_then(Node::as_str).map(str::to_owned);
        Unsupported {
            name,
            label: self.label,
            upload_type: self.upload_type,
            detail: text(self.detail).unwrap_or_default(),
            script_name: text("script_name"),
            fields: node.to_json(),
            place,
        }
    }
}

impl Binding for Unsupported {
    fn name(&self) -> &str {
        &self.name
    }

    fn place(&self) -> Option<&Place> {
        Some(&self.place)
    }

    fn upload_type(&self) -> &str {
        self.upload_type
    }

    fn uploaded(&self) -> serde_json::Map<String, serde_json::Value> {
        let all = self.fields.as_object().into_iter().flatten();
        let said = all.filter(|(key, _)| !matches!(key.as_str(), "binding" | "name" | "type" | "remote"));
        let renamed = |key: &str| match key {
            "database_id" => "id".to_owned(),
            key => key.to_owned(),
        };
        said.map(|(key, value)| (renamed(key), value.clone())).collect()
    }

    fn attach<'js>(&self, ctx: &Ctx<'js>, _: &dyn Environment) -> Result<JsValue<'js>> {
        make(ctx, "unsupported", (self.name.as_str(), self.label))
    }

    fn summary(&self) -> Summary {
        Summary { kind: self.label, detail: self.detail.clone(), emulated: false }
    }

    fn edges(&self) -> Vec<Edge> {
        self.script_name.iter().map(|script| Edge::Script(script.clone())).collect()
    }
}
