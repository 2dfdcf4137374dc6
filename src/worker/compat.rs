//! Compatibility dates and flags: what each switches, and from which date by itself.

mod table;

use crate::error::nearest;
use table::{OTHERS, SWITCHES};

/// A switch: on by its name, off by another, on by itself from a date or with another flag.
struct Flag {
    on: &'static str,
    /// Empty: it cannot be switched off.
    off: &'static str,
    /// Empty: never by itself.
    from: &'static str,
    /// From `from` on only where this flag is on.
    with: Option<&'static str>,
    experimental: bool,
}

const fn dated(on: &'static str, off: &'static str, from: &'static str) -> Flag {
    Flag { on, off, from, with: None, experimental: false }
}

const fn never(on: &'static str, off: &'static str) -> Flag {
    dated(on, off, "")
}

const fn implied(on: &'static str, off: &'static str, with: &'static str, from: &'static str) -> Flag {
    Flag { with: Some(with), ..dated(on, off, from) }
}

const fn experimental(on: &'static str, off: &'static str) -> Flag {
    Flag { experimental: true, ..never(on, off) }
}

fn all() -> impl Iterator<Item = &'static Flag> {
    SWITCHES.iter().chain(OTHERS)
}

/// What is wrong with a flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Complaint {
    /// No flag has this name; the one that was likely meant.
    Unknown(Option<&'static str>),
    Twice,
    /// The other one says the opposite.
    Contradicts(&'static str),
    /// Cloudflare takes it from nobody else.
    Experimental,
}

impl Complaint {
    /// A warning rather than a mistake.
    #[must_use]
    pub fn is_mild(&self) -> bool {
        matches!(self, Self::Experimental)
    }

    /// The complaint about a flag, as a sentence.
    #[must_use]
    pub fn about(&self, flag: &str) -> String {
        match self {
            Self::Unknown(_) => format!("no such compatibility flag: {flag:?}"),
            Self::Twice => format!("the compatibility flag {flag:?} is there twice"),
            Self::Contradicts(other) => format!("the compatibility flags {flag:?} and {other:?} contradict each other"),
            Self::Experimental => {
                format!("the compatibility flag {flag:?} is experimental: Cloudflare refuses it in deployed Workers")
            }
        }
    }
}

/// What is wrong with a list of flags, by their places in it.
#[must_use]
pub fn complaints(flags: &[&str]) -> Vec<(usize, Complaint)> {
    let complaint = |(at, name): (usize, &&str)| {
        let found = complaint(name, &flags[..at])?;
        Some((at, found))
    };
    flags.iter().enumerate().filter_map(complaint).collect()
}

/// What is wrong with a flag after those `before`.
fn complaint(name: &str, before: &[&str]) -> Option<Complaint> {
    let names = || all().flat_map(|flag| [flag.on, flag.off]).filter(|name| !name.is_empty());
    let Some(flag) = all().find(|flag| !name.is_empty() && (flag.on == name || flag.off == name)) else {
        return Some(Complaint::Unknown(nearest(name, names())));
    };
    let other = if flag.on == name { flag.off } else { flag.on };
    if before.contains(&name) {
        Some(Complaint::Twice)
    } else if before.contains(&other) {
        Some(Complaint::Contradicts(other))
    } else {
        flag.experimental.then_some(Complaint::Experimental)
    }
}

/// What a Worker's configuration says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compat {
    date: String,
    flags: Vec<String>,
}

impl Compat {
    pub fn new(date: &str, flags: &[String]) -> Self {
        Self { date: date.to_owned(), flags: flags.to_vec() }
    }

    /// Whether the flag of this name is on.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        all().find(|flag| flag.on == name).map_or_else(|| self.says(name), |flag| self.is_on(flag))
    }

    /// Every flag, and whether it is on.
    pub fn flags(&self) -> impl Iterator<Item = (&'static str, bool)> {
        all().map(|flag| (flag.on, self.is_on(flag)))
    }

    fn says(&self, name: &str) -> bool {
        self.flags.iter().any(|flag| flag == name)
    }

    fn is_on(&self, flag: &Flag) -> bool {
        let due = !flag.from.is_empty() && self.date.as_str() >= flag.from;
        self.says(flag.on) || (due && !self.says(flag.off) && flag.with.is_none_or(|other| self.has(other)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_is_on_by_its_name_or_by_the_date_unless_it_is_off_by_name() {
        let has = |date: &str, flags: &[&str]| {
            let flags: Vec<String> = flags.iter().map(ToString::to_string).collect();
            Compat::new(date, &flags).has("web_socket_auto_reply_to_close")
        };
        assert!(!has("2026-04-06", &[]));
        assert!(has("2026-04-07", &[]));
        assert!(has("2025-01-01", &["web_socket_auto_reply_to_close"]));
        assert!(!has("2026-04-07", &["web_socket_manual_reply_to_close"]));
    }

    #[test]
    fn some_flags_come_with_another_one() {
        let has = |date: &str, flag: &str| Compat::new(date, &[flag.to_owned()]).has("enable_nodejs_global_timers");
        assert!(has("2026-02-10", "nodejs_compat"));
        assert!(!has("2026-02-09", "nodejs_compat"));
        assert!(!has("2026-02-10", "global_navigator"));
        assert!(has("2026-08-04", "global_navigator"));
    }

    #[test]
    fn flags_that_are_unknown_double_or_contradictory_are_complained_about() {
        let told = |flags: &[&str]| complaints(flags).into_iter().map(|(_, complaint)| complaint).collect::<Vec<_>>();
        assert_eq!(told(&["nodejs_compat", "no_global_navigator"]), []);
        assert_eq!(told(&["nodejs_compta"]), [Complaint::Unknown(Some("nodejs_compat"))]);
        assert_eq!(told(&["", "flag"]), [Complaint::Unknown(None), Complaint::Unknown(None)]);
        assert_eq!(told(&["url_standard", "url_standard"]), [Complaint::Twice]);
        assert_eq!(told(&["url_standard", "url_original"]), [Complaint::Contradicts("url_standard")]);
        assert_eq!(told(&["experimental"]), [Complaint::Experimental]);
    }

    #[test]
    fn every_name_is_there_once_and_every_flag_that_implies_another_exists() {
        let mut seen = std::collections::HashSet::new();
        for name in all().flat_map(|flag| [flag.on, flag.off]).filter(|name| !name.is_empty()) {
            assert!(seen.insert(name), "{name}");
        }
        assert!(all().filter_map(|flag| flag.with).all(|other| all().any(|flag| flag.on == other)));
    }
}
