//! `send_email`: nothing leaves this machine: what is sent is kept as `.eml` files in `emails` of the state directory, and
//! shown.

use std::sync::Arc;

use rquickjs::class::{Class, Trace};
use rquickjs::{Ctx, JsLifetime, Promise, Result, TypedArray, Value as JsValue};
use serde_json::json;

use super::attach::make;
use super::{Binding, Environment, Summary, each, fields, text};
use crate::config::{Fields, Node};
use crate::engine::bytes::with_bytes;
use crate::engine::{HostError, require_current, spawn_op};
use crate::error::{Place, Problems};
use crate::store::Store;

pub(super) struct Kind;

#[derive(Debug, Clone)]
struct SendEmail {
    name: String,
    /// The only one, if any is set.
    destination: Option<String>,
    destinations: Option<Vec<String>>,
    senders: Option<Vec<String>>,
    place: Place,
}

/// The folder in the state directory.
const FOLDER: &str = "emails";

impl super::Kind for Kind {
    fn key(&self) -> &'static str {
        "send_email"
    }

    fn upload_types(&self) -> &'static [&'static str] {
        &["send_email"]
    }

    fn parse(&self, node: &Node, problems: &mut Problems) -> Vec<Box<dyn Binding>> {
        each(node, problems, one)
    }

    fn upload(&self, item: &Node, problems: &mut Problems) -> Option<Box<dyn Binding>> {
        super::upload::as_item(self, super::upload::renamed(item, &[]), problems)
    }
}

fn one(fields: &mut Fields<'_>) -> Option<Box<dyn Binding>> {
    let name = fields.required_string("name");
    let destination = text(fields.string("destination_address"));
    let mut list = |key: &'static str| {
        let there = fields.node().get(key).is_some();
        let items = fields.strings(key).into_iter().map(|item| item.value).collect();
        there.then_some(items)
    };
    let (destinations, senders) = (list("allowed_destination_addresses"), list("allowed_sender_addresses"));
    let name = name?;
    Some(Box::new(SendEmail { name: name.value, destination, destinations, senders, place: name.place }))
}

impl Binding for SendEmail {
    fn name(&self) -> &str {
        &self.name
    }

    fn place(&self) -> Option<&Place> {
        Some(&self.place)
    }

    fn upload_type(&self) -> &'static str {
        "send_email"
    }

    fn uploaded(&self) -> serde_json::Map<String, serde_json::Value> {
        fields([
            ("destination_address", self.destination.as_ref().map(|address| json!(address))),
            ("allowed_destination_addresses", self.destinations.as_ref().map(|list| json!(list))),
            ("allowed_sender_addresses", self.senders.as_ref().map(|list| json!(list))),
        ])
    }

    fn attach<'js>(&self, ctx: &Ctx<'js>, around: &dyn Environment) -> Result<JsValue<'js>> {
        let rules =
            json!({ "destination": self.destination, "destinations": self.destinations, "senders": self.senders });
        make(ctx, "send_email", (Class::instance(ctx.clone(), Postbox { store: around.store() })?, rules.to_string()))
    }

    fn summary(&self) -> Summary {
        let only = self.destination.clone().or_else(|| self.destinations.as_ref().map(|list| list.join(", ")));
        Summary::emulated("Send Email", only.unwrap_or_else(|| "unrestricted".to_owned()))
    }
}

/// What `send_email.js` holds.
#[derive(Trace, JsLifetime)]
#[rquickjs::class]
struct Postbox {
    #[qjs(skip_trace)]
    store: Arc<Store>,
}

#[rquickjs::methods]
impl Postbox {
    /// Keeps a message; answers the path of its file, nothing where all is in memory.
    fn keep<'js>(&self, ctx: Ctx<'js>, message: TypedArray<'js, u8>) -> Result<Promise<'js>> {
        require_current(&ctx)?;
        let bytes = with_bytes(&message, <[u8]>::to_vec);
        let store = self.store.clone();
        spawn_op(&ctx, async move {
            let name = format!("{}-{}.eml", store.clock().now().as_millis(), uuid::Uuid::new_v4().simple());
            let kept = tokio::task::spawn_blocking(move || store.keep_file(FOLDER, &name, &bytes)).await;
            let path = kept.map_err(|error| HostError::Error(error.to_string()))?;
            let path = path.map_err(|error| HostError::Error(format!("The email could not be kept: {error}")))?;
            Ok(path.map(|path| path.display().to_string()))
        })
    }
}
