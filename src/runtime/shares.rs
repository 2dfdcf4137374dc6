//! Versions of one Worker that share its requests: by chance, by a key that stays with one of them, or as asked for.
//!
//! Differs: Durable Objects, queues and schedules are the version's with the greatest share.

use std::sync::Arc;

use http::HeaderMap;
use sha2::{Digest as _, Sha256};

use super::WorkerSpec;
use super::slot::Slot;

/// A version that answers some of a Worker's requests. The newest one comes first: with its share grows the number of
/// keys that are its own, and none goes back.
#[derive(Clone)]
pub struct Share {
    pub version: String,
    pub percentage: f64,
    /// None: the Worker that has the shares.
    pub spec: Option<Box<WorkerSpec>>,
}

/// A [`Share`] that can be asked.
pub(super) struct Beside {
    version: String,
    percentage: f64,
    pub(super) slot: Option<Arc<Slot>>,
}

impl Beside {
    pub(super) fn of(shares: &[Share]) -> Vec<Self> {
        let beside = shares.iter().map(|share| Self {
            version: share.version.clone(),
            percentage: share.percentage,
            slot: share.spec.as_deref().cloned().map(Slot::new),
        });
        beside.collect()
    }
}

const OVERRIDES: &str = "cloudflare-workers-version-overrides";
const KEY: &str = "cloudflare-workers-version-key";

impl Slot {
    /// This one, and those beside it.
    pub(super) fn versions(self: &Arc<Self>) -> impl Iterator<Item = Arc<Self>> + '_ {
        std::iter::once(self.clone()).chain(self.beside.iter().filter_map(|one| one.slot.clone()))
    }

    /// The version that answers a request with these headers.
    pub(super) fn chosen(self: Arc<Self>, headers: Option<&HeaderMap>) -> Arc<Self> {
        if self.beside.is_empty() {
            return self;
        }
        let asked = headers.and_then(|headers| overridden(headers, self.spec.id.name()));
        let asked = asked.and_then(|version| self.beside.iter().find(|one| one.version == version));
        let share = asked.or_else(|| at(&self.beside, point(headers)));
        share.and_then(|share| share.slot.clone()).unwrap_or(self)
    }
}

/// Whose part of a hundred a point is in.
fn at(shares: &[Beside], mut point: f64) -> Option<&Beside> {
    shares.iter().find(|share| {
        point -= share.percentage;
        point < 0.0
    })
}

/// From 0 to 100, without it.
fn point(headers: Option<&HeaderMap>) -> f64 {
    let mut bytes = [0; 4];
    match headers.and_then(|headers| headers.get(KEY)) {
        Some(key) => bytes.copy_from_slice(&Sha256::digest(key.as_bytes())[..4]),
        // Without random bytes the newest version answers.
        None => drop(getrandom::fill(&mut bytes)),
    }
    f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0) * 100.0
}

/// The version of a Worker that the headers ask for.
fn overridden(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines: Option<Vec<_>> = headers.get_all(OVERRIDES).iter().map(|line| line.to_str().ok()).collect();
    let lines = lines?;
    if lines.is_empty() {
        return None;
    }
    let members = Dictionary(&lines.join(",")).members()?;
    members.into_iter().rev().find(|(key, _)| key == name).and_then(|(_, value)| value)
}

/// A structured field: a dictionary, of which only strings matter (RFC 8941).
struct Dictionary<'a>(&'a str);

impl Dictionary<'_> {
    /// Its keys, with their values where these are strings; none if it is not well-formed.
    fn members(mut self) -> Option<Vec<(String, Option<String>)>> {
        let mut members = Vec::new();
        self.skip(" ");
        while !self.0.is_empty() {
            let key = self.key()?;
            let value = if self.take('=') { self.item()? } else { Item::Other };
            self.parameters()?;
            members.push((key, value.text()));
            self.skip(" \t");
            if self.0.is_empty() {
                break;
            }
            if !self.take(',') {
                return None;
            }
            self.skip(" \t");
            if self.0.is_empty() {
                return None;
            }
        }
        Some(members)
    }

    fn key(&mut self) -> Option<String> {
        let starts = |c: char| c.is_ascii_lowercase() || c == '*';
        let goes_on = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-.*".contains(c);
        self.0.starts_with(starts).then(|| self.while_(goes_on))
    }

    fn item(&mut self) -> Option<Item> {
        if self.take('"') {
            return self.string().map(Item::Text);
        }
        let other = self.while_(|c| c.is_ascii_graphic() && !"\",;()=".contains(c));
        (!other.is_empty()).then_some(Item::Other)
    }

    fn string(&mut self) -> Option<String> {
        let mut text = String::new();
        let mut chars = self.0.chars();
        loop {
            match chars.next()? {
                '"' => break,
                '\\' => text.push(chars.next().filter(|c| matches!(c, '"' | '\\'))?),
                c if c == ' ' || c.is_ascii_graphic() => text.push(c),
                _ => return None,
            }
        }
        self.0 = chars.as_str();
        Some(text)
    }

    fn parameters(&mut self) -> Option<()> {
        while self.take(';') {
            self.skip(" ");
            self.key()?;
            if self.take('=') {
                self.item()?;
            }
        }
        Some(())
    }

    fn take(&mut self, wanted: char) -> bool {
        let rest = self.0.strip_prefix(wanted);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn skip(&mut self, chars: &str) {
        self.0 = self.0.trim_start_matches(|c| chars.contains(c));
    }

    fn while_(&mut self, belongs: impl Fn(char) -> bool) -> String {
        let (taken, rest) = self.0.split_at(self.0.find(|c| !belongs(c)).unwrap_or(self.0.len()));
        self.0 = rest;
        taken.to_owned()
    }
}

/// A value of a [`Dictionary`].
enum Item {
    Text(String),
    Other,
}

impl Item {
    fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Other => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(header: &'static str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(OVERRIDES, http::HeaderValue::from_static(header));
        overridden(&headers, "a-b")
    }

    #[test]
    fn a_dictionary_tells_the_version_of_each_worker() {
        assert_eq!(asked(r#"a-b="v1""#).as_deref(), Some("v1"));
        assert_eq!(asked(r#"x=1, y, a-b="v\"2";p=?1 , z="o""#).as_deref(), Some("v\"2"));
        assert_eq!(asked(r#"a-b="v1", a-b="v2""#).as_deref(), Some("v2"));
    }

    #[test]
    fn what_is_no_dictionary_of_strings_asks_for_nothing() {
        for header in ["a-b=v1", r#"a-b="v1"#, r#"a-b="v1","#, r#"A="x", a-b="v1""#, r#"other="v1""#, "", "a-b"] {
            assert_eq!(asked(header), None, "{header}");
        }
    }

    #[test]
    fn a_growing_share_keeps_its_keys() {
        let shares = |percentage: f64| {
            let share = |version: &str, percentage| Beside { version: version.into(), percentage, slot: None };
            [share("new", percentage), share("old", 100.0 - percentage)]
        };
        let (few, more) = (shares(10.0), shares(50.0));
        let mut news = 0;
        for key in 0..1000 {
            let mut headers = HeaderMap::new();
            headers.insert(KEY, key.into());
            let is_new = |shares| at(shares, point(Some(&headers))).is_some_and(|share| share.version == "new");
            assert!(!is_new(&few) || is_new(&more));
            news += usize::from(is_new(&few));
        }
        assert!((60..140).contains(&news), "{news}");
    }
}
