//! Instants as milliseconds since 1970, read and written as the RFC 3339 text that AWS uses. There is no clock here.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};

/// An instant, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Reads RFC 3339 with an offset, such as `2016-03-14T01:59:00Z`; `None` where it is anything else.
    pub fn parse(text: &str) -> Option<Timestamp> {
        // The specification asks for an upper-case T between date and time, and for an offset.
        if text.as_bytes().get(10) != Some(&b'T') || text.ends_with('z') {
            return None;
        }
        DateTime::parse_from_rfc3339(text).ok().map(|instant| Timestamp(instant.timestamp_millis()))
    }

    /// The last instant that RFC 3339 can write: the end of the year 9999.
    pub const MAX: Timestamp = Timestamp(253_402_300_799_999);

    /// The instant that many milliseconds later, held at the end of time rather than wrapped.
    pub fn plus_ms(self, milliseconds: u64) -> Timestamp {
        Timestamp(self.0.saturating_add_unsigned(milliseconds)).min(Timestamp::MAX)
    }
}

/// RFC 3339 in UTC with milliseconds, as in the context object: `2019-03-26T20:14:13.192Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let instant = DateTime::<Utc>::from_timestamp_millis(self.0).unwrap_or(DateTime::<Utc>::MAX_UTC);
        f.write_str(&instant.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}
