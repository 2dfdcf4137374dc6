//! Source maps that come with JavaScript which was built from something else: packages from npm, a build tool's output.

use oxc_sourcemap::SourceMap;

use super::Position;

/// A map as somebody else wrote it.
pub struct Shipped(SourceMap<'static>);

impl std::fmt::Debug for Shipped {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Shipped").finish_non_exhaustive()
    }
}

impl Shipped {
    /// `None` if it is none: whoever brought it is not to be told.
    #[must_use]
    pub fn parse(json: &str) -> Option<Self> {
        Some(Self(SourceMap::from_json_string(json).ok()?.into_owned()))
    }

    /// Where the file says its map is: the last comment of this kind counts.
    #[must_use]
    pub fn url(text: &str) -> Option<&str> {
        const COMMENT: &str = "# sourceMappingURL=";
        let (at, _) = text.rmatch_indices(COMMENT).find(|(at, _)| text[..*at].ends_with("//"))?;
        let url = text[at + COMMENT.len()..].split(|c: char| c.is_whitespace()).next()?;
        (!url.is_empty()).then_some(url)
    }

    /// The source, as the map names it, and the place in it.
    #[must_use]
    pub fn lookup(&self, at: Position) -> Option<(String, Position)> {
        let zero = |number: usize| u32::try_from(number.saturating_sub(1)).ok();
        let table = self.0.generate_lookup_table();
        let token = self.0.lookup_token(&table, zero(at.line)?, zero(at.column)?)?;
        let source = self.0.get_source(token.get_source_id()?)?;
        let root = self.0.get_source_root().unwrap_or("").trim_end_matches('/');
        let source = if root.is_empty() { source.to_owned() } else { format!("{root}/{source}") };
        let one = |number: u32| number as usize + 1;
        Some((source, Position { line: one(token.get_src_line()), column: one(token.get_src_col()) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_lead_to_the_source_that_the_map_names() {
        let map = Shipped::parse(
            r#"{"version":3,"sourceRoot":"../src","sources":["a.ts"],"names":[],"mappings":";AAEE,IAAI"}"#,
        );
        let found = map.unwrap().lookup(Position { line: 2, column: 3 });
        assert_eq!(found, Some(("../src/a.ts".to_owned(), Position { line: 3, column: 3 })));
        assert!(Shipped::parse("no map").is_none());
    }

    #[test]
    fn the_last_comment_says_where_the_map_is() {
        assert_eq!(Shipped::url("a//# sourceMappingURL=a.map\nb\n//# sourceMappingURL=b.map\n"), Some("b.map"));
        assert_eq!(Shipped::url("const url = '# sourceMappingURL=x'"), None);
    }
}
