//! The time of day, for what leaves the process: a function's deadline and the `Date` of a response. Nothing is decided by it.

#![allow(clippy::disallowed_methods)] // time that leaves the process and decides nothing in it

use std::time::Duration;

/// The moment that lies `ahead`, in milliseconds since 1970.
pub(super) fn unix_ms_after(ahead: Duration) -> i64 {
    let ahead_ms = i64::try_from(ahead.as_millis()).unwrap_or(i64::MAX);
    chrono::Utc::now().timestamp_millis().saturating_add(ahead_ms)
}

/// Now, as HTTP's `Date` header has it.
pub(crate) fn http_date() -> String {
    chrono::Utc::now().format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Now, for a signature.
#[cfg(feature = "aws")]
pub(super) fn now() -> std::time::SystemTime {
    std::time::SystemTime::now()
}
