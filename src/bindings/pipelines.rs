//! `pipelines`: records, kept as rows of `records` in `pipelines.sqlite` of the state directory.
//!
//! Differs: what a pipeline takes is kept here as it came. There is no SQL of its own, no schema, no bucket behind it.

use std::sync::Arc;

use rquickjs::class::{Class, Trace};
use rquickjs::{Ctx, JsLifetime, Promise, Result, Value as JsValue};
use rusqlite::Connection;
use serde_json::json;

use super::attach::make;
use super::{Binding, Environment, Summary, each, fields};
use crate::clock::Clock;
use crate::config::{Fields, Node};
use crate::engine::{HostError, require_current, spawn_op, throw_error};
use crate::error::{Place, Problems};
use crate::store::{Access, Database, Schema};

pub(super) struct Kind;

#[derive(Debug, Clone)]
struct Pipeline {
    name: String,
    stream: String,
    place: Place,
}

const SCHEMA: Schema = &["
    CREATE TABLE records (pipeline TEXT NOT NULL, timestamp TEXT NOT NULL, record TEXT NOT NULL);
    CREATE INDEX records_by_time ON records (pipeline, timestamp);
"];

/// Bytes that are sent at a time.
const MAX_BYTES: usize = 1 << 20;

impl super::Kind for Kind {
    fn key(&self) -> &'static str {
        "pipelines"
    }

    fn upload_types(&self) -> &'static [&'static str] {
        &["pipelines"]
    }

    fn parse(&self, node: &Node, problems: &mut Problems) -> Vec<Box<dyn Binding>> {
        each(node, problems, one)
    }
}

/// The newest wrangler writes `stream` where older ones write `pipeline`.
fn one(fields: &mut Fields<'_>) -> Option<Box<dyn Binding>> {
    let name = fields.required_string("binding");
    let stream = fields.string("stream");
    let stream = if stream.is_some() { stream } else { fields.required_string("pipeline") };
    let (name, stream) = (name?, stream?);
    Some(Box::new(Pipeline { name: name.value, stream: stream.value, place: name.place }))
}

impl Binding for Pipeline {
    fn name(&self) -> &str {
        &self.name
    }

    fn place(&self) -> Option<&Place> {
        Some(&self.place)
    }

    fn upload_type(&self) -> &'static str {
        "pipelines"
    }

    fn uploaded(&self) -> serde_json::Map<String, serde_json::Value> {
        fields([("pipeline", Some(json!(self.stream)))])
    }

    fn attach<'js>(&self, ctx: &Ctx<'js>, around: &dyn Environment) -> Result<JsValue<'js>> {
        let store = around.store();
        let (database, clock) = (store.database("pipelines", SCHEMA), store.clock().clone());
        let handle = PipelineHandle { database, clock, pipeline: self.stream.clone() };
        make(ctx, "pipelines", (Class::instance(ctx.clone(), handle)?,))
    }

    fn summary(&self) -> Summary {
        Summary::emulated("Pipeline", self.stream.clone())
    }
}

/// What `pipelines.js` holds.
#[derive(Trace, JsLifetime)]
#[rquickjs::class]
struct PipelineHandle {
    #[qjs(skip_trace)]
    database: Arc<Database>,
    #[qjs(skip_trace)]
    clock: Arc<dyn Clock>,
    pipeline: String,
}

#[rquickjs::methods]
impl PipelineHandle {
    fn send<'js>(&self, ctx: Ctx<'js>, records: Vec<String>) -> Result<Promise<'js>> {
        require_current(&ctx)?;
        let bytes = records.iter().map(String::len).sum();
        if bytes > MAX_BYTES {
            return Err(throw_error(&ctx, &format!("{bytes} bytes of records exceed the limit of {MAX_BYTES}.")));
        }
        let now = i64::try_from(self.clock.now().as_secs()).unwrap_or_default();
        let (database, pipeline) = (self.database.clone(), self.pipeline.clone());
        let keep = move |open: &Connection| {
            let mut insert = open.prepare_cached("INSERT INTO records VALUES (?1, datetime(?2, 'unixepoch'), ?3)")?;
            records.iter().try_for_each(|record| insert.execute((&pipeline, now, record)).map(drop))
        };
        spawn_op(&ctx, async move {
            let kept = database.run(Access::Write { bytes }, keep).await;
            kept.map_err(|error| HostError::Error(error.to_string()))
        })
    }
}
