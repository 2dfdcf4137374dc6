//! Tags of scripts: what a platform knows its customers' scripts by.

use std::fmt::Write as _;

use rusqlite::Connection;

use super::{Catalog, scripts};
use crate::control::envelope::ApiError;
use crate::worker::WorkerId;

/// `customer-123:yes,free:no`: tags that a script must have, and must not have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::control) struct TagFilter(pub(in crate::control) Vec<(String, bool)>);

impl TagFilter {
    /// `tag`, `tag:yes` and `tag:no`, between commas.
    pub(in crate::control) fn parse(text: &str) -> Self {
        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
        let conditions = words.map(|word| match word.rsplit_once(':') {
            Some((tag, "yes")) => (tag.to_owned(), true),
            Some((tag, "no")) => (tag.to_owned(), false),
            _ => (word.to_owned(), true),
        });
        Self(conditions.collect())
    }

    /// SQL that scripts must fulfil, whose parameters are numbered from `first` on.
    pub(super) fn condition(&self, first: usize) -> (String, Vec<String>) {
        let mut sql = String::new();
        for (at, (_, wanted)) in self.0.iter().enumerate() {
            let not = if *wanted { "" } else { "NOT " };
            let number = first + at;
            write!(sql, " AND {not}EXISTS (SELECT 1 FROM tags WHERE tag = ?{number} AND script = scripts.id)")
                .expect("a string takes it");
        }
        (sql, self.0.iter().map(|(tag, _)| tag.clone()).collect())
    }
}

fn tags_of(open: &Connection, script: i64) -> rusqlite::Result<Vec<String>> {
    let query = "SELECT tag FROM tags WHERE script = ?1 ORDER BY tag";
    open.prepare_cached(query)?.query_map([script], |row| row.get(0))?.collect()
}

pub(super) fn replace(open: &Connection, script: i64, tags: &[String]) -> rusqlite::Result<()> {
    open.prepare_cached("DELETE FROM tags WHERE script = ?1")?.execute([script])?;
    let mut insert = open.prepare_cached("INSERT OR IGNORE INTO tags (script, tag) VALUES (?1, ?2)")?;
    tags.iter().try_for_each(|tag| insert.execute((script, tag)).map(drop))
}

impl Catalog {
    /// Has `change` make the new tags of the old ones; answers the new ones, or nothing when there is no such script.
    /// What `change` refuses is not stored.
    pub(in crate::control) async fn change_tags<R: Send + 'static>(
        &self,
        id: &WorkerId,
        change: impl FnOnce(Vec<String>) -> Result<Vec<String>, R> + Send + 'static,
    ) -> Result<Option<Result<Vec<String>, R>>, ApiError> {
        let id = id.clone();
        let work = move |open: &Connection| {
            let Some(script) = scripts::find(open, &id)? else { return Ok(None) };
            let tags = match change(script.tags) {
                Ok(tags) => tags,
                Err(refused) => return Ok(Some(Err(refused))),
            };
            replace(open, script.row, &tags)?;
            tags_of(open, script.row).map(|tags| Some(Ok(tags)))
        };
        self.write(0, work).await
    }
}

#[cfg(test)]
mod tests {
    use super::TagFilter;

    #[test]
    fn filters_say_yes_and_no() {
        let parsed = TagFilter::parse("a:yes, b:no,c,d:e,");
        let expected = [("a", true), ("b", false), ("c", true), ("d:e", true)];
        assert_eq!(parsed.0, expected.map(|(tag, wanted)| (tag.to_owned(), wanted)));
        let (sql, tags) = parsed.condition(4);
        assert!(sql.contains("NOT EXISTS (SELECT 1 FROM tags WHERE tag = ?5") && tags.len() == 4, "{sql}");
    }
}
