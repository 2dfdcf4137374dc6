//! SQL that Workers write: confined to what their databases may do, told of mistakes in Cloudflare's words.
//!
//! Differs: the numbers of rows read and written that D1 and Durable Objects tell count rows, not the index entries that Cloudflare adds.

mod dump;
mod guard;
mod math;
mod split;

use rusqlite::types::{ToSqlOutput, Value as SqlValue, ValueRef};
use rusqlite::{Connection, StatementStatus, ToSql, ffi};
use serde_json::Value;

pub use dump::Dump;
pub use guard::Guard;
pub(super) use math::add as add_math;
pub use split::statements;

/// A value of a column or a parameter. Numbers of JavaScript are floating.
#[derive(Debug, Clone, PartialEq)]
pub enum Datum {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
}

impl ToSql for Datum {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Owned(SqlValue::Null),
            Self::Integer(number) => ToSqlOutput::Owned(SqlValue::Integer(*number)),
            Self::Real(number) => ToSqlOutput::Owned(SqlValue::Real(*number)),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Blob(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

impl Datum {
    /// As D1 answers it through the API: bytes are lists of numbers.
    #[must_use]
    pub fn json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Integer(number) => Value::from(*number),
            Self::Real(number) => Value::from(*number),
            Self::Text(text) => Value::from(text.as_str()),
            Self::Blob(bytes) => Value::from(bytes.clone()),
        }
    }

    fn of(value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Null => Self::Null,
            ValueRef::Integer(number) => Self::Integer(number),
            ValueRef::Real(number) => Self::Real(number),
            ValueRef::Text(text) => Self::Text(String::from_utf8_lossy(text).into_owned()),
            ValueRef::Blob(bytes) => Self::Blob(bytes.to_vec()),
        }
    }
}

/// What a statement answered.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Datum>>,
    pub rows_read: u64,
    pub rows_written: u64,
    pub last_row_id: i64,
    /// The statement may have changed something.
    pub writes: bool,
}

/// Why a statement failed, in Cloudflare's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlError(pub String);

impl From<rusqlite::Error> for SqlError {
    fn from(error: rusqlite::Error) -> Self {
        Self(words_of(&error))
    }
}

/// No statement is in the text.
pub const NO_STATEMENT: &str = "SQL code did not contain a statement.";
const ONLY_THE_LAST: &str =
    "When executing multiple SQL statements in a single call, only the last statement can have parameters.";
const WRONG_NUMBER: &str = "Wrong number of parameter bindings for SQL query.";

/// Whether a text's statements only read, as far as its words tell.
#[must_use]
pub fn only_reads(sql: &str) -> bool {
    statements(sql).iter().all(|statement| {
        let word = first_word(statement);
        ["SELECT", "EXPLAIN", "PRAGMA", "VALUES"].iter().any(|known| word.eq_ignore_ascii_case(known))
    })
}

fn first_word(statement: &str) -> String {
    statement.chars().skip_while(|c| !c.is_alphabetic()).take_while(|c| c.is_alphabetic()).collect()
}

/// Runs all statements of a text; the last one gets the parameters and answers the rows.
pub fn run(connection: &Connection, guard: &Guard, sql: &str, parameters: &[Datum]) -> Result<Rows, SqlError> {
    let statements = statements(sql);
    let Some((last, others)) = statements.split_last() else { return Err(SqlError(NO_STATEMENT.to_owned())) };
    for statement in others {
        run_one(connection, guard, (statement, ONLY_THE_LAST), &[])?;
    }
    run_one(connection, guard, (last, WRONG_NUMBER), parameters)
}

/// Bytes of the whole database.
pub fn size(connection: &Connection) -> rusqlite::Result<i64> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    Ok(pragma("page_count")? * pragma("page_size")?)
}

fn run_one(
    connection: &Connection,
    guard: &Guard,
    (sql, wrong_number): (&str, &str),
    parameters: &[Datum],
) -> Result<Rows, SqlError> {
    Guard::check(&first_word(sql))?;
    let before = connection.total_changes();
    let mut statement = connection.prepare_cached(sql).map_err(|error| guard.explain(&error))?;
    if statement.parameter_count() != parameters.len() {
        return Err(SqlError(wrong_number.to_owned()));
    }
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let writes = !statement.readonly();
    for (at, parameter) in parameters.iter().enumerate() {
        statement.raw_bind_parameter(at + 1, parameter)?;
    }
    let mut rows = Vec::new();
    let mut found = statement.raw_query();
    while let Some(row) = found.next().map_err(|error| guard.explain(&error))? {
        let row: Result<Vec<Datum>, _> = (0..columns.len()).map(|at| row.get_ref(at).map(Datum::of)).collect();
        rows.push(row?);
    }
    drop(found);
    let scanned = u64::try_from(statement.reset_status(StatementStatus::FullscanStep)).unwrap_or_default();
    let rows_read = (rows.len() as u64).max(if scanned > 0 { scanned + 1 } else { 0 });
    let rows_written = connection.total_changes().saturating_sub(before);
    let last_row_id = connection.last_insert_rowid();
    Ok(Rows { columns, rows, rows_read, rows_written, last_row_id, writes })
}

/// `UNIQUE constraint failed: t.id: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_PRIMARYKEY)`.
pub(crate) fn words_of(error: &rusqlite::Error) -> String {
    let (code, message, offset) = match error {
        rusqlite::Error::SqliteFailure(code, message) => (code, message.clone(), -1),
        rusqlite::Error::SqlInputError { error, msg, offset, .. } => (error, Some(msg.clone()), *offset),
        other => return other.to_string(),
    };
    let place = if offset >= 0 { format!(" at offset {offset}") } else { String::new() };
    let message = message.unwrap_or_else(|| code.to_string());
    let (primary, extended) = (code.extended_code & 0xff, code.extended_code);
    let detail = if extended == primary { String::new() } else { format!(" (extended: {})", name_of(extended)) };
    format!("{message}{place}: {}{detail}", name_of(primary))
}

fn name_of(code: i32) -> String {
    let known = CODES.iter().find(|(known, _)| *known == code);
    known.map_or_else(|| format!("SQLITE_{code}"), |(_, name)| (*name).to_owned())
}

const CODES: &[(i32, &str)] = &[
    (ffi::SQLITE_ERROR, "SQLITE_ERROR"),
    (ffi::SQLITE_BUSY, "SQLITE_BUSY"),
    (ffi::SQLITE_LOCKED, "SQLITE_LOCKED"),
    (ffi::SQLITE_NOMEM, "SQLITE_NOMEM"),
    (ffi::SQLITE_READONLY, "SQLITE_READONLY"),
    (ffi::SQLITE_INTERRUPT, "SQLITE_INTERRUPT"),
    (ffi::SQLITE_IOERR, "SQLITE_IOERR"),
    (ffi::SQLITE_CORRUPT, "SQLITE_CORRUPT"),
    (ffi::SQLITE_FULL, "SQLITE_FULL"),
    (ffi::SQLITE_CANTOPEN, "SQLITE_CANTOPEN"),
    (ffi::SQLITE_TOOBIG, "SQLITE_TOOBIG"),
    (ffi::SQLITE_CONSTRAINT, "SQLITE_CONSTRAINT"),
    (ffi::SQLITE_MISMATCH, "SQLITE_MISMATCH"),
    (ffi::SQLITE_AUTH, "SQLITE_AUTH"),
    (ffi::SQLITE_RANGE, "SQLITE_RANGE"),
    (ffi::SQLITE_NOTADB, "SQLITE_NOTADB"),
    (ffi::SQLITE_CONSTRAINT_CHECK, "SQLITE_CONSTRAINT_CHECK"),
    (ffi::SQLITE_CONSTRAINT_FOREIGNKEY, "SQLITE_CONSTRAINT_FOREIGNKEY"),
    (ffi::SQLITE_CONSTRAINT_NOTNULL, "SQLITE_CONSTRAINT_NOTNULL"),
    (ffi::SQLITE_CONSTRAINT_PRIMARYKEY, "SQLITE_CONSTRAINT_PRIMARYKEY"),
    (ffi::SQLITE_CONSTRAINT_ROWID, "SQLITE_CONSTRAINT_ROWID"),
    (ffi::SQLITE_CONSTRAINT_TRIGGER, "SQLITE_CONSTRAINT_TRIGGER"),
    (ffi::SQLITE_CONSTRAINT_UNIQUE, "SQLITE_CONSTRAINT_UNIQUE"),
    (ffi::SQLITE_CONSTRAINT_DATATYPE, "SQLITE_CONSTRAINT_DATATYPE"),
];
