//! `ratelimits`: how often something may happen in 10 seconds or a minute. Workers with the same `namespace_id` count
//! together.
//!
//! Differs: requests are counted in whole windows of the clock. Production counts in each of its locations for itself.

use std::sync::Arc;

use rquickjs::class::{Class, Trace};
use rquickjs::{Ctx, JsLifetime, Promise, Result, Value as JsValue};
use rusqlite::Connection;
use serde_json::json;

use super::attach::make;
use super::{Binding, Environment, Summary, each, fields};
use crate::clock::Clock;
use crate::config::{Fields, Node};
use crate::engine::text::usv;
use crate::engine::{begin_op, require_current, throw_error};
use crate::error::{Place, Problem, Problems};
use crate::store::{Access, Database, Schema};

pub(super) struct Kind;

#[derive(Debug, Clone)]
struct RateLimit {
    name: String,
    namespace: String,
    limit: i64,
    /// Seconds.
    period: i64,
    place: Place,
}

/// Counts of the windows that are not over.
const SCHEMA: Schema = &["
    CREATE TABLE counts (
        namespace TEXT NOT NULL, period INTEGER NOT NULL, start INTEGER NOT NULL, key TEXT NOT NULL, count INTEGER NOT NULL,
        PRIMARY KEY (namespace, period, start, key)
    ) WITHOUT ROWID;
"];

impl super::Kind for Kind {
    fn key(&self) -> &'static str {
        "ratelimits"
    }

    fn upload_types(&self) -> &'static [&'static str] {
        &["ratelimit"]
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
    let namespace = fields.required_string("namespace_id");
    let simple = fields.raw("simple");
    let number = |key: &str| simple?.get(key)?.to_json().as_i64();
    let (limit, period) = (number("limit"), number("period"));
    let (name, namespace) = (name?, namespace?);
    let wrong = match (limit, period) {
        (Some(1..), Some(10 | 60)) => None,
        (Some(1..), _) => Some("a rate limit's `simple.period` must be 10 or 60 (seconds)"),
        _ => Some("a rate limit needs `simple = { limit = NUMBER, period = 10 }` or `60`"),
    };
    if let Some(what) = wrong {
        let problem = Problem::error(what).at(&name.place.source, name.place.span.clone(), "");
        fields.push(problem);
        return None;
    }
    let (limit, period) = (limit?, period?);
    Some(Box::new(RateLimit { name: name.value, namespace: namespace.value, limit, period, place: name.place }))
}

impl Binding for RateLimit {
    fn name(&self) -> &str {
        &self.name
    }

    fn place(&self) -> Option<&Place> {
        Some(&self.place)
    }

    fn upload_type(&self) -> &'static str {
        "ratelimit"
    }

    fn uploaded(&self) -> serde_json::Map<String, serde_json::Value> {
        let simple = json!({ "limit": self.limit, "period": self.period });
        fields([("namespace_id", Some(json!(self.namespace))), ("simple", Some(simple))])
    }

    fn attach<'js>(&self, ctx: &Ctx<'js>, around: &dyn Environment) -> Result<JsValue<'js>> {
        let store = around.store();
        let counter =
            Counter { database: store.database("limits", SCHEMA), clock: store.clock().clone(), of: self.clone() };
        make(ctx, "ratelimits", (Class::instance(ctx.clone(), counter)?,))
    }

    fn summary(&self) -> Summary {
        Summary::emulated("Rate Limit", format!("{} ({} requests/{}s)", self.namespace, self.limit, self.period))
    }
}

/// What `ratelimits.js` holds.
#[derive(Trace, JsLifetime)]
#[rquickjs::class]
struct Counter {
    #[qjs(skip_trace)]
    database: Arc<Database>,
    #[qjs(skip_trace)]
    clock: Arc<dyn Clock>,
    #[qjs(skip_trace)]
    of: RateLimit,
}

#[rquickjs::methods(rename_all = "camelCase")]
impl Counter {
    /// Whether one more is within the limit.
    fn hit<'js>(&self, ctx: Ctx<'js>, key: JsValue<'js>) -> Result<Promise<'js>> {
        let key = usv(&ctx, &key)?;
        require_current(&ctx)?;
        let (promise, completer) = begin_op(&ctx)?;
        let RateLimit { namespace, limit, period, .. } = self.of.clone();
        let now = i64::try_from(self.clock.now().as_secs()).unwrap_or_default();
        let work = move |open: &Connection| count(open, (&namespace, period, now - now % period), &key);
        self.database.submit(Access::Write { bytes: 0 }, work, move |counted| {
            completer.complete(move |ctx| match counted {
                Ok(count) => Ok(JsValue::new_bool(ctx.clone(), count <= limit)),
                Err(error) => Err(throw_error(ctx, &error.to_string())),
            });
        });
        Ok(promise)
    }
}

fn count(open: &Connection, (namespace, period, start): (&str, i64, i64), key: &str) -> rusqlite::Result<i64> {
    let over = "DELETE FROM counts WHERE namespace = ?1 AND period = ?2 AND start < ?3";
    open.prepare_cached(over)?.execute((namespace, period, start))?;
    let add = "INSERT INTO counts VALUES (?1, ?2, ?3, ?4, 1)
        ON CONFLICT DO UPDATE SET count = count + 1 RETURNING count";
    open.prepare_cached(add)?.query_row((namespace, period, start, key), |row| row.get(0))
}
