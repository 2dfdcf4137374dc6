//! Compatibility dates: `YYYY-MM-DD`, which also compare as text.

pub(super) fn is_valid(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut number = |digits: usize| {
        let part = parts.next()?;
        (part.len() == digits && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse::<u32>().ok())?
    };
    let (Some(year), Some(month), Some(day)) = (number(4), number(2), number(2)) else { return false };
    parts.next().is_none() && (1..=days(year, month)).contains(&day)
}

/// The date that was meant where an editor put dashes for hyphens.
pub(super) fn repaired(text: &str) -> Option<String> {
    let hyphened = text.replace(['\u{2013}', '\u{2014}'], "-");
    (hyphened != text && is_valid(&hyphened)).then_some(hyphened)
}

/// Days in a month; none in a month that is none.
fn days(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_real_days_are_dates() {
        for date in ["2024-02-29", "2025-01-01", "2000-02-29"] {
            assert!(is_valid(date), "{date}");
        }
        for date in ["2023-02-29", "2025-13-01", "2025-1-1", "2025-01-00", "today", "2025-01-01-01", "+025-01-01", ""] {
            assert!(!is_valid(date), "{date}");
        }
    }

    #[test]
    fn typographic_dashes_are_recognised() {
        assert_eq!(repaired("2025\u{2013}01\u{2014}02").as_deref(), Some("2025-01-02"));
        assert_eq!(repaired("2025/01/02"), None);
    }
}
