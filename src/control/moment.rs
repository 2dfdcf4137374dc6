//! Moments as the API writes them: `2026-06-01T12:00:00.000000Z`.

use std::time::{Duration, UNIX_EPOCH};

use crate::clock;

/// `millis` since 1970.
pub(super) fn text(millis: i64) -> String {
    let since = Duration::from_millis(u64::try_from(millis).unwrap_or_default());
    let seconds = since.as_secs() % 86_400;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{}T{hour:02}:{minute:02}:{second:02}.{:06}Z", clock::date(UNIX_EPOCH + since), since.subsec_micros())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_moment_is_written_in_utc() {
        assert_eq!(super::text(1_780_315_445_678), "2026-06-01T12:04:05.678000Z");
    }
}
