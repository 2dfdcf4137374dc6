//! A text of SQL -> its statements, as SQLite's own shell finds their ends: a semicolon that is in no quotes, no comment and
//! no trigger's body.

/// The statements, without the comments and blanks around them.
#[must_use]
pub fn statements(sql: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut words = Words::default();
    let bytes = sql.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let end = token_end(bytes, at);
        let token = &sql[at..end];
        if is_blank(token) {
            if words.is_empty() {
                start = end;
            }
        } else if token == ";" && !words.in_trigger() {
            push(&mut found, sql, (start, at), &words);
            (start, words) = (end, Words::default());
        } else {
            words.note(token);
        }
        at = end;
    }
    push(&mut found, sql, (start, sql.len()), &words);
    found
}

fn push<'a>(found: &mut Vec<&'a str>, sql: &'a str, (start, end): (usize, usize), words: &Words) {
    if !words.is_empty() {
        found.push(sql[start..end].trim_end());
    }
}

/// Blanks or a comment.
fn is_blank(token: &str) -> bool {
    token.starts_with(|first: char| first.is_ascii_whitespace()) || token.starts_with("--") || token.starts_with("/*")
}

/// Where the token that begins at `at` ends.
fn token_end(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    let until = |from: usize, stop: &dyn Fn(&[u8]) -> Option<usize>| {
        (from..rest.len()).find_map(|index| stop(&rest[index..]).map(|length| index + length)).unwrap_or(rest.len())
    };
    let closed_by = |quote: u8| until(1, &|rest| (rest[0] == quote).then_some(1));
    let length = match rest[0] {
        quote @ (b'\'' | b'"' | b'`') => closed_by(quote),
        b'[' => closed_by(b']'),
        b'-' if rest.starts_with(b"--") => until(2, &|rest| (rest[0] == b'\n').then_some(1)),
        b'/' if rest.starts_with(b"/*") => until(2, &|rest| rest.starts_with(b"*/").then_some(2)),
        first if first.is_ascii_whitespace() => until(1, &|rest| (!rest[0].is_ascii_whitespace()).then_some(0)),
        first if is_word(first) => until(1, &|rest| (!is_word(rest[0])).then_some(0)),
        _ => 1,
    };
    at + length
}

/// Bytes of longer characters count as letters, so that no token ends within one.
const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// The words of a statement so far, as far as they matter.
#[derive(Default)]
struct Words {
    count: usize,
    creates: bool,
    trigger: Trigger,
    after_semicolon: bool,
    cases: usize,
}

/// Whether the statement is a trigger's: its body ends with `; END`.
#[derive(Default, PartialEq)]
enum Trigger {
    #[default]
    No,
    Open,
    Ended,
}

impl Words {
    const fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn in_trigger(&self) -> bool {
        self.trigger == Trigger::Open
    }

    fn note(&mut self, token: &str) {
        let is = |word: &str| token.eq_ignore_ascii_case(word);
        if self.count == 0 {
            self.creates = is("create");
        } else if self.creates && self.count <= 2 && is("trigger") {
            self.trigger = Trigger::Open;
        }
        if self.in_trigger() && is("case") {
            self.cases += 1;
        }
        if self.in_trigger() && is("end") {
            if self.cases > 0 && !self.after_semicolon {
                self.cases -= 1;
            } else if self.after_semicolon {
                self.trigger = Trigger::Ended;
            }
        }
        self.after_semicolon = token == ";";
        self.count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::statements;

    #[test]
    fn statements_end_at_semicolons_that_count() {
        assert_eq!(statements("SELECT 1; SELECT ';' ;-- no\n"), ["SELECT 1", "SELECT ';'"]);
        assert_eq!(statements(" /* ; */ -- ;\n ;; "), Vec::<&str>::new());
        assert_eq!(statements("SELECT \"a;b\", [c;d], `e;f`, 'it''s;'"), ["SELECT \"a;b\", [c;d], `e;f`, 'it''s;'"]);
        assert_eq!(statements("SELECT 'é;'; SELECT é"), ["SELECT 'é;'", "SELECT é"]);
        let trigger =
            "CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET b = CASE WHEN 1 THEN 2 END; DELETE FROM c; END";
        assert_eq!(statements(&format!("{trigger}; SELECT 1")), [trigger, "SELECT 1"]);
        assert_eq!(statements("SELECT 'open; "), ["SELECT 'open;"]);
    }
}
