//! A database as SQL text that makes it again.

use std::fmt::Write as _;

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::SqlError;

/// What goes into the text.
#[derive(Debug, Clone, Default)]
pub struct Dump {
    pub no_schema: bool,
    pub no_data: bool,
    /// None: all.
    pub tables: Vec<String>,
}

struct Made {
    name: String,
    sql: String,
}

impl Dump {
    /// The statements, each on a line of its own: tables with their rows, then what is built on them.
    pub fn write(&self, open: &Connection) -> Result<String, SqlError> {
        let mut text = "PRAGMA defer_foreign_keys=TRUE;\n".to_owned();
        for table in made(open, "type = 'table'")?.into_iter().filter(|table| self.wants(&table.name)) {
            if table.sql.to_ascii_uppercase().starts_with("CREATE VIRTUAL") {
                let text = "D1 Export error: cannot export databases with Virtual Tables (fts5)";
                return Err(SqlError(text.to_owned()));
            }
            // The table of counters makes itself.
            if table.name == "sqlite_sequence" {
                if !self.no_data {
                    text.push_str("DELETE FROM sqlite_sequence;\n");
                    rows(open, &table.name, &mut text)?;
                }
                continue;
            }
            if !self.no_schema {
                writeln!(text, "{};", table.sql).expect("writing to a string succeeds");
            }
            if !self.no_data {
                rows(open, &table.name, &mut text)?;
            }
        }
        if !self.no_schema && self.tables.is_empty() {
            for other in made(open, "type IN ('index', 'view', 'trigger')")? {
                writeln!(text, "{};", other.sql).expect("writing to a string succeeds");
            }
        }
        Ok(text)
    }

    fn wants(&self, table: &str) -> bool {
        self.tables.is_empty() || self.tables.iter().any(|wanted| wanted == table)
    }
}

fn made(open: &Connection, which: &str) -> rusqlite::Result<Vec<Made>> {
    let query = format!(
        "SELECT name, sql FROM sqlite_schema WHERE {which} AND sql IS NOT NULL AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'
         ORDER BY name = 'sqlite_sequence', rowid"
    );
    let mut statement = open.prepare(&query)?;
    let all = statement.query_map([], |row| Ok(Made { name: row.get(0)?, sql: row.get(1)? }))?;
    all.collect()
}

fn rows(open: &Connection, table: &str, text: &mut String) -> Result<(), SqlError> {
    let table = quoted(table);
    let mut statement = open.prepare(&format!("SELECT * FROM {table}"))?;
    let columns: Vec<_> = statement.column_names().map(quoted).collect();
    let head = format!("INSERT INTO {table} ({}) VALUES(", columns.join(","));
    let mut found = statement.query([])?;
    while let Some(row) = found.next()? {
        text.push_str(&head);
        for at in 0..columns.len() {
            if at > 0 {
                text.push(',');
            }
            literal(row.get_ref(at)?, text);
        }
        text.push_str(");\n");
    }
    Ok(())
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn literal(value: ValueRef<'_>, text: &mut String) {
    let written = match value {
        ValueRef::Null => write!(text, "NULL"),
        ValueRef::Integer(number) => write!(text, "{number}"),
        ValueRef::Real(number) if number.is_infinite() => write!(text, "{}9e999", if number > 0.0 { "" } else { "-" }),
        ValueRef::Real(number) => write!(text, "{number:?}"),
        ValueRef::Text(bytes) => write!(text, "'{}'", String::from_utf8_lossy(bytes).replace('\'', "''")),
        ValueRef::Blob(bytes) => {
            text.push_str("X'");
            bytes.iter().try_for_each(|byte| write!(text, "{byte:02x}")).and_then(|()| write!(text, "'"))
        }
    };
    written.expect("writing to a string succeeds");
}
