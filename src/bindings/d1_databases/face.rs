//! What `d1_databases.js` holds of a database: an opaque handle whose methods answer promises.

use std::sync::Arc;
use std::time::Instant;

use rquickjs::class::{Class, Trace};
use rquickjs::{Array, Ctx, IntoJs, JsLifetime, Promise, Result, Value};

use crate::bindings::sql_values::{datum, value_of};
use crate::engine::text::usv;
use crate::engine::{HostError, begin_op, realm, require_current, spawn_op, throw_error};
use crate::store::OwnDatabase;
use crate::store::sql::{self, Datum, Rows, SqlError};
use crate::web::body::Chunk;

/// See the module's text.
#[derive(Trace, JsLifetime)]
#[rquickjs::class]
pub(super) struct D1Handle {
    #[qjs(skip_trace)]
    database: Arc<OwnDatabase>,
}

struct Statement {
    text: String,
    parameters: Vec<Datum>,
}

/// The answers of a batch, and the database's size after it.
struct Answers {
    rows: Vec<(Rows, f64)>,
    size: i64,
}

impl D1Handle {
    pub(super) fn instance<'js>(ctx: &Ctx<'js>, database: Arc<OwnDatabase>) -> Result<Class<'js, Self>> {
        Class::instance(ctx.clone(), Self { database })
    }
}

#[rquickjs::methods(rename_all = "camelCase")]
impl D1Handle {
    /// Runs `[text, parameters]`s as one transaction; answers
    /// `[columns, rows, milliseconds, changes, lastRowId, changed, size, rowsRead, rowsWritten]` for each.
    fn query<'js>(&self, ctx: Ctx<'js>, batch: Array<'js>) -> Result<Promise<'js>> {
        count(&ctx)?;
        let batch: Vec<Statement> =
            batch.iter::<Array<'js>>().map(|one| statement(&ctx, &one?)).collect::<Result<_>>()?;
        let (promise, completer) = begin_op(&ctx)?;
        let database = self.database.clone();
        realm(&ctx).tokio.spawn_blocking(move || {
            let answered = run(&database, &batch);
            completer.complete(move |ctx| match answered {
                Ok(answers) => answers.into_js(ctx),
                Err(error) => Err(throw_error(ctx, &error.0)),
            });
        });
        Ok(promise)
    }

    /// The file's bytes.
    fn dump<'js>(&self, ctx: Ctx<'js>) -> Result<Promise<'js>> {
        count(&ctx)?;
        let database = self.database.clone();
        spawn_op(&ctx, async move {
            let dumped = tokio::task::spawn_blocking(move || database.dump()).await;
            let bytes = dumped.map_err(|error| HostError::Error(error.to_string()))?;
            bytes.map(|bytes| Chunk(bytes.into())).map_err(|error| HostError::Error(SqlError::from(error).0))
        })
    }
}

/// A query counts as a subrequest, and is refused in global scope.
fn count(ctx: &Ctx<'_>) -> Result<()> {
    if require_current(ctx)?.count_subrequest() {
        return Ok(());
    }
    Err(throw_error(ctx, "Too many API requests by single worker invocation."))
}

fn statement<'js>(ctx: &Ctx<'js>, pair: &Array<'js>) -> Result<Statement> {
    let (text, parameters): (Value<'js>, Array<'js>) = (pair.get(0)?, pair.get(1)?);
    let parameters = parameters.iter::<Value<'js>>().map(|value| datum(ctx, &value?)).collect::<Result<_>>()?;
    Ok(Statement { text: usv(ctx, &text)?, parameters })
}

fn run(database: &OwnDatabase, batch: &[Statement]) -> std::result::Result<Answers, SqlError> {
    let reads = batch.iter().all(|statement| sql::only_reads(&statement.text));
    database.transact(reads, |open, guard| {
        let mut rows = Vec::with_capacity(batch.len());
        for statement in batch {
            let began = Instant::now();
            let answer = sql::run(open, guard, &statement.text, &statement.parameters)?;
            rows.push((answer, began.elapsed().as_secs_f64() * 1000.0));
        }
        Ok(Answers { rows, size: guard.trusted(|| sql::size(open))? })
    })
}

impl<'js> IntoJs<'js> for Answers {
    fn into_js(self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        let list = Array::new(ctx.clone())?;
        for (at, (answer, milliseconds)) in self.rows.into_iter().enumerate() {
            let parts = Array::new(ctx.clone())?;
            parts.set(0, answer.columns)?;
            let rows = Array::new(ctx.clone())?;
            for (at, row) in answer.rows.into_iter().enumerate() {
                let values = Array::new(ctx.clone())?;
                for (column, value) in row.into_iter().enumerate() {
                    values.set(column, value_of(ctx, value)?)?;
                }
                rows.set(at, values)?;
            }
            parts.set(1, rows)?;
            parts.set(2, milliseconds)?;
            parts.set(3, answer.rows_written)?;
            parts.set(4, answer.last_row_id)?;
            parts.set(5, answer.writes)?;
            parts.set(6, self.size)?;
            parts.set(7, answer.rows_read)?;
            parts.set(8, answer.rows_written)?;
            list.set(at, parts)?;
        }
        list.into_js(ctx)
    }
}
