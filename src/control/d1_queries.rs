//! `/d1/database/{id}/query` and `/raw`: SQL, each call one transaction.

use std::sync::Arc;
use std::time::Instant;

use http::Method;
use serde_json::{Map, Value, json};

use super::Control;
use super::ask::Ask;
use super::envelope::{Answer, ApiError, Reply};
use super::route::{Route, of_account};
use crate::store::OwnDatabase;
use crate::store::sql::{self, Datum, Rows, SqlError};

pub(super) fn routes() -> Vec<Route> {
    vec![
        of_account(Method::POST, "/d1/database/{d1}/query", query),
        of_account(Method::POST, "/d1/database/{d1}/raw", raw),
    ]
}

#[derive(serde::Deserialize)]
struct Query {
    #[serde(default)]
    sql: String,
    #[serde(default)]
    params: Vec<Value>,
    batch: Option<Vec<Query>>,
}

/// A statement with its parameters.
struct Statement {
    text: String,
    parameters: Vec<Datum>,
}

/// Answers of statements with the milliseconds that each took, and the database's size after them.
struct Answers {
    rows: Vec<(Rows, f64)>,
    size: i64,
}

impl Query {
    fn statements(self) -> Result<Vec<Statement>, ApiError> {
        if let Some(batch) = self.batch {
            let all: Vec<_> = batch.into_iter().map(Self::statements).collect::<Result<_, _>>()?;
            return Ok(all.into_iter().flatten().collect());
        }
        let texts = sql::statements(&self.sql);
        let Some(last) = texts.len().checked_sub(1) else { return Err(ApiError::new(400, 7500, sql::NO_STATEMENT)) };
        let parameters = |at| if at == last { self.params.iter().map(datum).collect() } else { Vec::new() };
        Ok(texts
            .iter()
            .enumerate()
            .map(|(at, text)| Statement { text: (*text).to_owned(), parameters: parameters(at) })
            .collect())
    }
}

fn datum(value: &Value) -> Datum {
    match value {
        Value::Null => Datum::Null,
        Value::Bool(value) => Datum::Integer(i64::from(*value)),
        Value::Number(number) => {
            number.as_i64().map_or_else(|| Datum::Real(number.as_f64().unwrap_or_default()), Datum::Integer)
        }
        Value::String(text) => Datum::Text(text.clone()),
        Value::Array(items) => {
            let bytes: Option<Vec<u8>> = items.iter().map(|item| u8::try_from(item.as_u64()?).ok()).collect();
            bytes.map_or_else(|| Datum::Text(value.to_string()), Datum::Blob)
        }
        Value::Object(_) => Datum::Text(value.to_string()),
    }
}

fn run(file: &OwnDatabase, statements: &[Statement]) -> Result<Answers, SqlError> {
    let reads = statements.iter().all(|statement| sql::only_reads(&statement.text));
    file.transact(reads, |open, guard| {
        let mut rows = Vec::with_capacity(statements.len());
        for Statement { text, parameters } in statements {
            let began = Instant::now();
            let answer = sql::run(open, guard, text, parameters)?;
            rows.push((answer, began.elapsed().as_secs_f64() * 1000.0));
        }
        Ok(Answers { rows, size: guard.trusted(|| sql::size(open))? })
    })
}

/// What goes with the rows of a statement.
pub(super) fn meta(rows: &Rows, took: f64, size: i64) -> Value {
    json!({
        "served_by": "devflare.local", "served_by_region": "local", "served_by_primary": true,
        "timings": { "sql_duration_ms": took }, "duration": took,
        "changes": rows.rows_written, "last_row_id": rows.last_row_id, "changed_db": rows.rows_written > 0 || rows.writes,
        "size_after": size, "rows_read": rows.rows_read, "rows_written": rows.rows_written,
    })
}

async fn answer(control: Arc<Control>, mut ask: Ask, results: fn(&Rows) -> Value) -> Answer {
    let file = control.d1_file(&ask).await?;
    let statements = ask.json::<Query>().await?.statements()?;
    let answers = control.with_d1(file, move |file| run(file, &statements)).await?;
    let shown = |(rows, took): &(Rows, f64)| json!({ "results": results(rows), "success": true, "meta": meta(rows, *took, answers.size) });
    Ok(Reply::of(answers.rows.iter().map(shown).collect()))
}

async fn query(control: Arc<Control>, ask: Ask) -> Answer {
    let objects = |rows: &Rows| {
        let object = |row: &Vec<Datum>| -> Value {
            rows.columns.iter().cloned().zip(row.iter().map(Datum::json)).collect::<Map<_, _>>().into()
        };
        rows.rows.iter().map(object).collect()
    };
    answer(control, ask, objects).await
}

async fn raw(control: Arc<Control>, ask: Ask) -> Answer {
    let lists = |rows: &Rows| {
        let list = |row: &Vec<Datum>| -> Value { row.iter().map(Datum::json).collect() };
        json!({ "columns": rows.columns, "rows": rows.rows.iter().map(list).collect::<Vec<_>>() })
    };
    answer(control, ask, lists).await
}
