//! `analytics_engine_datasets`: data points, kept as rows of `points` in `analytics.sqlite` of the state directory.

use std::sync::Arc;

use rquickjs::class::{Class, Trace};
use rquickjs::{Ctx, JsLifetime, Result, Value as JsValue};
use rusqlite::{Connection, params_from_iter, types::Value};
use serde_json::json;

use super::attach::make;
use super::{Binding, Environment, Summary, each, fields, text};
use crate::clock::Clock;
use crate::config::{Fields, Node};
use crate::engine::{require_current, throw_error};
use crate::error::{Place, Problems};
use crate::store::{Access, Database, Schema};

pub(super) struct Kind;

#[derive(Debug, Clone)]
struct AnalyticsDataset {
    name: String,
    dataset: String,
    place: Place,
}

/// Columns as Cloudflare's SQL API names them.
const SCHEMA: Schema = &["
    CREATE TABLE points (
        dataset TEXT NOT NULL, timestamp TEXT NOT NULL, _sample_interval INTEGER NOT NULL DEFAULT 1, index1 TEXT,
        blob1 TEXT, blob2 TEXT, blob3 TEXT, blob4 TEXT, blob5 TEXT, blob6 TEXT, blob7 TEXT, blob8 TEXT, blob9 TEXT,
        blob10 TEXT, blob11 TEXT, blob12 TEXT, blob13 TEXT, blob14 TEXT, blob15 TEXT, blob16 TEXT, blob17 TEXT,
        blob18 TEXT, blob19 TEXT, blob20 TEXT,
        double1 REAL, double2 REAL, double3 REAL, double4 REAL, double5 REAL, double6 REAL, double7 REAL, double8 REAL,
        double9 REAL, double10 REAL, double11 REAL, double12 REAL, double13 REAL, double14 REAL, double15 REAL,
        double16 REAL, double17 REAL, double18 REAL, double19 REAL, double20 REAL
    );
    CREATE INDEX points_by_time ON points (dataset, timestamp);
"];

/// Blobs, and doubles, of a point.
const COLUMNS: usize = 20;
/// Bytes of a point's blobs.
const MAX_BYTES: usize = 16 << 10;

impl super::Kind for Kind {
    fn key(&self) -> &'static str {
        "analytics_engine_datasets"
    }

    fn upload_types(&self) -> &'static [&'static str] {
        &["analytics_engine"]
    }

    fn parse(&self, node: &Node, problems: &mut Problems) -> Vec<Box<dyn Binding>> {
        each(node, problems, one)
    }
}

fn one(fields: &mut Fields<'_>) -> Option<Box<dyn Binding>> {
    let name = fields.required_string("binding");
    let dataset = text(fields.string("dataset"));
    let name = name?;
    let dataset = dataset.unwrap_or_else(|| name.value.clone());
    Some(Box::new(AnalyticsDataset { name: name.value, dataset, place: name.place }))
}

impl Binding for AnalyticsDataset {
    fn name(&self) -> &str {
        &self.name
    }

    fn place(&self) -> Option<&Place> {
        Some(&self.place)
    }

    fn upload_type(&self) -> &'static str {
        "analytics_engine"
    }

    fn uploaded(&self) -> serde_json::Map<String, serde_json::Value> {
        fields([("dataset", Some(json!(self.dataset)))])
    }

    fn attach<'js>(&self, ctx: &Ctx<'js>, around: &dyn Environment) -> Result<JsValue<'js>> {
        let store = around.store();
        let (database, clock) = (store.database("analytics", SCHEMA), store.clock().clone());
        let points = Points { database, clock, dataset: self.dataset.as_str().into() };
        make(ctx, "analytics_engine", (Class::instance(ctx.clone(), points)?,))
    }

    fn summary(&self) -> Summary {
        Summary::emulated("Analytics Engine Dataset", self.dataset.clone())
    }
}

/// What `analytics_engine.js` holds.
#[derive(Trace, JsLifetime)]
#[rquickjs::class]
struct Points {
    #[qjs(skip_trace)]
    database: Arc<Database>,
    #[qjs(skip_trace)]
    clock: Arc<dyn Clock>,
    #[qjs(skip_trace)]
    dataset: Arc<str>,
}

#[rquickjs::methods(rename_all = "camelCase")]
impl Points {
    /// Writes a point, for which nobody waits.
    fn write(&self, ctx: Ctx<'_>, index: Option<String>, blobs: Vec<String>, doubles: Vec<f64>) -> Result<()> {
        require_current(&ctx)?;
        let bytes = blobs.iter().map(String::len).sum();
        if bytes > MAX_BYTES {
            return Err(throw_error(&ctx, "writeDataPoint(): the blobs are longer than 16384 bytes together."));
        }
        let (dataset, now) = (self.dataset.clone(), self.clock.now().as_secs());
        let work = move |open: &Connection| insert(open, (&dataset, now), index, (blobs, doubles));
        self.database.submit(Access::Write { bytes }, work, |_lost_as_in_production| {});
        Ok(())
    }
}

fn insert(
    open: &Connection,
    (dataset, now): (&str, u64),
    index: Option<String>,
    (blobs, doubles): (Vec<String>, Vec<f64>),
) -> rusqlite::Result<()> {
    let marks = vec!["?"; 2 * COLUMNS].join(", ");
    let statement = format!("INSERT INTO points VALUES (?, datetime(?, 'unixepoch'), 1, ?, {marks})");
    let now = i64::try_from(now).unwrap_or_default();
    let mut values = vec![Value::from(dataset.to_owned()), Value::from(now), index.map_or(Value::Null, Value::from)];
    values.extend(blobs.into_iter().map(Value::from).chain(std::iter::repeat(Value::Null)).take(COLUMNS));
    values.extend(doubles.into_iter().map(Value::from).chain(std::iter::repeat(Value::Null)).take(COLUMNS));
    open.prepare_cached(&statement)?.execute(params_from_iter(values)).map(|_| ())
}
