//! A D1 database's migrations: the `.sql` files of a folder, applied once each in the order of their names.

use std::fs;
use std::io;
use std::path::Path;

use crate::store::OwnDatabase;
use crate::store::sql::{self, Datum, SqlError};

/// The names of a folder's migrations, in their order; none where there is no folder.
pub fn names_in(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        if let Ok(name) = entry?.file_name().into_string()
            && Path::new(&name).extension().is_some_and(|ending| ending == "sql")
        {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Those that were applied to a database, by the table that tells them.
pub fn applied(database: &OwnDatabase, table: &str) -> Result<Vec<String>, SqlError> {
    database.transact(false, |open, guard| {
        sql::run(open, guard, &create(table), &[])?;
        let rows = sql::run(open, guard, &format!("SELECT name FROM {} ORDER BY id", quoted(table)), &[])?;
        let name = |row: Vec<Datum>| match row.into_iter().next() {
            Some(Datum::Text(name)) => Some(name),
            _ => None,
        };
        Ok(rows.rows.into_iter().filter_map(name).collect())
    })
}

/// Applies one: all of it, or nothing.
pub fn apply(database: &OwnDatabase, table: &str, name: &str, text: &str) -> Result<(), SqlError> {
    database.transact(false, |open, guard| {
        if !sql::statements(text).is_empty() {
            sql::run(open, guard, text, &[])?;
        }
        let note = format!("INSERT INTO {} (name) VALUES (?)", quoted(table));
        sql::run(open, guard, &note, &[Datum::Text(name.to_owned())]).map(|_| ())
    })
}

/// As wrangler makes it.
fn create(table: &str) -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS {} (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, \
         applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)",
        quoted(table)
    )
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
