//! Times as services write them, and as Step Functions shows them: `2026-01-02T03:04:05Z`, with as many digits of the
//! second's fraction as it has.

use chrono::{DateTime, SecondsFormat, Timelike, Utc};

use super::model::TimeFormat;

/// A time as a person or a service wrote it.
pub(super) fn parse(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let parsed = DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_rfc2822(text))
        // Old services leave the colon out of the offset, or the offset itself.
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"))
        .or_else(|_| DateTime::parse_from_rfc3339(&format!("{text}Z")));
    match parsed {
        Ok(time) => Some(time.with_timezone(&Utc)),
        Err(_) => text.parse::<f64>().ok().and_then(from_seconds),
    }
}

/// So many seconds after 1970, to the millisecond.
pub(super) fn from_seconds(seconds: f64) -> Option<DateTime<Utc>> {
    let ms = (seconds * 1000.0).round();
    // Further than the years that a date can be written in.
    (ms.abs() < 2.5e14).then(|| DateTime::from_timestamp_millis(ms as i64)).flatten()
}

/// As Step Functions shows it.
pub(super) fn shown(time: DateTime<Utc>) -> String {
    let digits = match time.nanosecond() {
        0 => SecondsFormat::Secs,
        nanos if nanos % 1_000_000 == 0 => SecondsFormat::Millis,
        _ => SecondsFormat::AutoSi,
    };
    time.to_rfc3339_opts(digits, true)
}

/// As a service takes it, but for JSON's numbers.
pub(super) fn written(time: DateTime<Utc>, format: TimeFormat) -> String {
    match format {
        TimeFormat::Iso8601 => shown(time),
        TimeFormat::Rfc822 => time.format("%a, %d %b %Y %H:%M:%S GMT").to_string(),
        TimeFormat::Unix => seconds(time).to_string(),
    }
}

/// Seconds since 1970: a whole number where the time has no fraction.
pub(super) fn seconds(time: DateTime<Utc>) -> serde_json::Number {
    let ms = time.timestamp_millis();
    let fraction = || serde_json::Number::from_f64(ms as f64 / 1000.0);
    if ms % 1000 == 0 { (ms / 1000).into() } else { fraction().unwrap_or_else(|| (ms / 1000).into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_time_is_read() {
        for (text, expected) in [
            ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
            ("2026-01-02T03:04:05.120Z", "2026-01-02T03:04:05.120Z"),
            ("2026-01-02T05:04:05+02:00", "2026-01-02T03:04:05Z"),
            ("2026-01-02T03:04:05+0000", "2026-01-02T03:04:05Z"),
            ("2026-01-02T03:04:05", "2026-01-02T03:04:05Z"),
            ("Fri, 02 Jan 2026 03:04:05 GMT", "2026-01-02T03:04:05Z"),
            ("1767323045.5", "2026-01-02T03:04:05.500Z"),
        ] {
            assert_eq!(parse(text).map(shown).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "yesterday", "2026-13-01T00:00:00Z", "1e300", "NaN"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_format_is_written() {
        let time = parse("2026-01-02T03:04:05.500Z").expect("a time");
        assert_eq!(written(time, TimeFormat::Rfc822), "Fri, 02 Jan 2026 03:04:05 GMT");
        assert_eq!(written(time, TimeFormat::Unix), "1767323045.5");
        assert_eq!(written(time, TimeFormat::Iso8601), "2026-01-02T03:04:05.500Z");
    }
}
