//! Cron expressions in Cloudflare's dialect: five fields, weekdays from 1 for Sunday, `L`, `W` and `#`; all in UTC.
//!
//! Its own parser and not a crate: those for the dialect bring a library of dates along, and take more than it does.

use std::fmt;
use std::sync::Arc;

use crate::clock::civil;

/// When something is to happen, to the minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    text: Arc<str>,
    /// Bits of what fits.
    minutes: u64,
    hours: u64,
    days: Days,
    months: u64,
    weekdays: Weekdays,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Days {
    Any,
    Some(u64),
    /// So many days before the last one of the month.
    FromEnd(u64),
    /// The working day nearest to a day of the month.
    Near(u64),
    NearFromEnd(u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weekdays {
    Any,
    Some(u64),
    /// The last of the month.
    Last(u64),
    /// The first, second ... of the month.
    Nth(u64, u64),
}

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const SATURDAY: u64 = 7;
const SUNDAY: u64 = 1;
const MINUTES_OF_DAY: u64 = 24 * 60;

/// What one field may hold.
struct Field {
    name: &'static str,
    min: u64,
    max: u64,
    names: &'static [&'static str],
}

const fn field(name: &'static str, min: u64, max: u64, names: &'static [&'static str]) -> Field {
    Field { name, min, max, names }
}

const MINUTE: Field = field("minute", 0, 59, &[]);
const HOUR: Field = field("hour", 0, 23, &[]);
const DAY: Field = field("day of the month", 1, 31, &[]);
const MONTH: Field = field("month", 1, 12, &MONTHS);
const WEEKDAY: Field = field("weekday", 1, 7, &WEEKDAYS);

impl Cron {
    /// Reads an expression.
    ///
    /// # Errors
    /// The part that is not valid.
    pub fn parse(text: &str) -> Result<Self, String> {
        let fields: Vec<&str> = text.split([' ', '\t']).filter(|field| !field.is_empty()).collect();
        let [minute, hour, day, month, weekday] = fields[..] else {
            return Err(format!("it has {} fields, not 5", fields.len()));
        };
        let wrong = |field: &Field, text: &str| format!("{text:?} is no {}", field.name);
        let set = |field: &Field, text: &str| field.set(text).ok_or_else(|| wrong(field, text));
        Ok(Self {
            text: text.into(),
            minutes: set(&MINUTE, minute)?,
            hours: set(&HOUR, hour)?,
            days: days(day).ok_or_else(|| wrong(&DAY, day))?,
            months: set(&MONTH, month)?,
            weekdays: weekdays(weekday).ok_or_else(|| wrong(&WEEKDAY, weekday))?,
        })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a minute, counted from 1970, fits.
    pub fn fits(&self, minute: u64) -> bool {
        let of_day = minute % MINUTES_OF_DAY;
        has(self.minutes, of_day % 60) && has(self.hours, of_day / 60) && self.fits_day(minute / MINUTES_OF_DAY)
    }

    fn fits_day(&self, day: u64) -> bool {
        let date = Date::of(day);
        if !has(self.months, date.month) {
            return false;
        }
        // Where both are given, one of them is enough.
        match (self.days, self.weekdays) {
            (Days::Any, Weekdays::Any) => true,
            (days, Weekdays::Any) => days.fit(&date),
            (Days::Any, weekdays) => weekdays.fit(&date),
            (days, weekdays) => days.fit(&date) || weekdays.fit(&date),
        }
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

const fn has(bits: u64, at: u64) -> bool {
    bits >> at & 1 == 1
}

struct Date {
    month: u64,
    day: u64,
    /// From 1 for Sunday.
    weekday: u64,
    /// The last day of the month.
    last: u64,
}

impl Date {
    fn of(day: u64) -> Self {
        let (year, month, of_month) = civil(day);
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let last = match month {
            2 => 28 + u64::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        // 1 January 1970 was a Thursday.
        Self { month, day: of_month, weekday: (day + 4) % 7 + 1, last }
    }

    /// Whether it is the working day of its month that is nearest to another day of the month.
    fn is_nearest_to(&self, wanted: u64) -> bool {
        if !(1..=self.last).contains(&wanted) {
            return false;
        }
        // Weekdays go round; 35 keeps the difference positive.
        let nearest = match (self.weekday + 35 + wanted - self.day - 1) % 7 + 1 {
            SATURDAY if wanted == 1 => 3,
            SATURDAY => wanted - 1,
            SUNDAY if wanted == self.last => wanted - 2,
            SUNDAY => wanted + 1,
            _ => wanted,
        };
        self.day == nearest
    }
}

impl Days {
    fn fit(self, date: &Date) -> bool {
        match self {
            Self::Any => true,
            Self::Some(bits) => has(bits, date.day),
            Self::FromEnd(before) => date.day + before == date.last,
            Self::Near(day) => date.is_nearest_to(day),
            Self::NearFromEnd(before) => before < date.last && date.is_nearest_to(date.last - before),
        }
    }
}

impl Weekdays {
    fn fit(self, date: &Date) -> bool {
        match self {
            Self::Any => true,
            Self::Some(bits) => has(bits, date.weekday),
            Self::Last(weekday) => date.weekday == weekday && date.day + 7 > date.last,
            Self::Nth(weekday, nth) => date.weekday == weekday && (date.day - 1) / 7 + 1 == nth,
        }
    }
}

impl Field {
    /// The bits of a list of values, ranges and steps; all of them for `*`.
    fn set(&self, text: &str) -> Option<u64> {
        if text == "*" {
            return Some(u64::MAX);
        }
        text.split(',').try_fold(0, |bits, item| Some(bits | self.item(item)?))
    }

    /// `5`, `5-10`, `5-10/2`, `5/2` up to the last value, `*/2`. A range may go round: `22-2`.
    fn item(&self, text: &str) -> Option<u64> {
        let (range, step) = match text.split_once('/') {
            Some((range, step)) => (range, Some(number(step).filter(|step| (1..=self.max - self.min).contains(step))?)),
            None => (text, None),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" && step.is_some() => (self.min, self.max),
            Some((from, to)) => (self.value(from)?, self.value(to)?),
            None if step.is_some() => (self.value(range)?, self.max),
            None => (self.value(range)?, self.value(range)?),
        };
        let count = self.max - self.min + 1;
        let length = (to + count - from) % count;
        let step = usize::try_from(step.unwrap_or(1)).ok()?;
        Some((0..=length).step_by(step).fold(0, |bits, at| bits | 1 << ((from - self.min + at) % count + self.min)))
    }

    fn value(&self, text: &str) -> Option<u64> {
        let by_name = self.names.iter().zip(self.min..).find(|(name, _)| name.eq_ignore_ascii_case(text));
        let value = by_name.map(|(_, value)| value).or_else(|| number(text))?;
        (self.min..=self.max).contains(&value).then_some(value)
    }
}

fn number(text: &str) -> Option<u64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

fn days(text: &str) -> Option<Days> {
    if let Some(rest) = text.strip_prefix('L') {
        let (rest, is_near) = rest.strip_suffix('W').map_or((rest, false), |rest| (rest, true));
        let before = match rest.strip_prefix('-') {
            Some(before) => number(before).filter(|before| (1..=30).contains(before))?,
            None if rest.is_empty() => 0,
            None => return None,
        };
        return Some(if is_near { Days::NearFromEnd(before) } else { Days::FromEnd(before) });
    }
    if let Some(day) = text.strip_suffix('W') {
        return DAY.value(day).map(Days::Near);
    }
    if text == "*" { Some(Days::Any) } else { DAY.set(text).map(Days::Some) }
}

fn weekdays(text: &str) -> Option<Weekdays> {
    if text == "L" {
        return Some(Weekdays::Some(1 << SATURDAY));
    }
    if let Some((weekday, nth)) = text.split_once('#') {
        let nth = number(nth).filter(|nth| (1..=5).contains(nth))?;
        return Some(Weekdays::Nth(WEEKDAY.value(weekday)?, nth));
    }
    if let Some(weekday) = text.strip_suffix('L') {
        return WEEKDAY.value(weekday).map(Weekdays::Last);
    }
    if text == "*" { Some(Weekdays::Any) } else { WEEKDAY.set(text).map(Weekdays::Some) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first days from 1 January 2024, a Monday, at whose noon the expression fits, as `MM-DD`.
    fn days_of(text: &str, count: usize) -> String {
        let cron = Cron::parse(&format!("0 12 {text}")).expect("it is valid");
        let fitting = (19_723..21_000).filter(|day| cron.fits(day * MINUTES_OF_DAY + 720));
        let dates = fitting.take(count).map(|day| {
            let (_, month, day) = civil(day);
            format!("{month:02}-{day:02}")
        });
        dates.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn days_are_those_of_cloudflares_dialect() {
        assert_eq!(days_of("* * *", 2), "01-01 01-02");
        assert_eq!(days_of("* * sun", 2), "01-07 01-14");
        assert_eq!(days_of("* * 1", 2), "01-07 01-14");
        assert_eq!(days_of("* * mon-Fri", 6), "01-01 01-02 01-03 01-04 01-05 01-08");
        assert_eq!(days_of("* * 6L", 2), "01-26 02-23");
        assert_eq!(days_of("* * 2#2", 2), "01-08 02-12");
        assert_eq!(days_of("* * L", 2), "01-06 01-13");
        assert_eq!(days_of("L * *", 3), "01-31 02-29 03-31");
        assert_eq!(days_of("L-3 * *", 2), "01-28 02-26");
        assert_eq!(days_of("LW * *", 3), "01-31 02-29 03-29");
        assert_eq!(days_of("6W * *", 3), "01-05 02-06 03-06");
        assert_eq!(days_of("1W 6,9 *", 2), "06-03 09-02");
        assert_eq!(days_of("30-2 * *", 5), "01-01 01-02 01-30 01-31 02-01");
        assert_eq!(days_of("*/15 dec-feb *", 4), "01-01 01-16 01-31 02-01");
        // Either is enough where both are given.
        assert_eq!(days_of("3 * mon", 3), "01-01 01-03 01-08");
    }

    #[test]
    fn minutes_and_hours_are_lists_ranges_and_steps() {
        let at = |text: &str| {
            let cron = Cron::parse(text).expect("it is valid");
            (0..MINUTES_OF_DAY).filter(|minute| cron.fits(*minute)).collect::<Vec<_>>()
        };
        assert_eq!(at("*/20 1 * * *"), [60, 80, 100]);
        assert_eq!(at("5,50-59/3 0 * * *"), [5, 50, 53, 56, 59]);
        assert_eq!(at("0 22-2/2 * * *"), [0, 120, 1320]);
        assert_eq!(at("57/2 3 * * *"), [237, 239]);
    }

    #[test]
    fn what_is_not_valid_is_refused() {
        for text in [
            "",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * 32 * *",
            "* * * 13 *",
            "* * * * 0",
            "* * * * 8",
            "*/0 * * * *",
            "*/60 * * * *",
            "5- * * * *",
            "-5 * * * *",
            "*,5 * * * *",
            "a * * * *",
            "* * * * 1#6",
            "* * LL * *",
            "* * L-31 * *",
            "* * W * *",
            "+5 * * * *",
            "* * * JANUARY *",
            "99999999999999999999 * * * *",
        ] {
            assert!(Cron::parse(text).is_err(), "{text:?}");
        }
    }
}
