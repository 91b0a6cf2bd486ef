//! Pages of lists: their size, and the opaque tokens that say where the next one begins.
//!
//! A token names the list it was given for and when. Used for another list, or after a day, it is invalid, as on AWS.

use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use stepwell_asl::Timestamp;
use stepwell_engine::ids::Key;

use crate::error::ApiError;

/// Entries of a page where nothing is said.
const DEFAULT: usize = 100;

/// How long a token is good.
const LIFETIME_MS: i64 = 24 * 3600 * 1000;

const KEY_BYTES: usize = 16;
const TIME_BYTES: usize = 8;

/// How many entries a page has: what was asked for, or 100. The request's shape bounds it.
pub fn size(max_results: Option<i64>) -> usize {
    match max_results.map(usize::try_from) {
        Some(Ok(0)) | None | Some(Err(_)) => DEFAULT,
        Some(Ok(size)) => size,
    }
}

/// The token for the page after `cursor`, in the list that `of` names.
pub fn token(of: &[&str], cursor: &str, now: Timestamp) -> String {
    let mut bytes = Key::of(of).0.to_vec();
    bytes.extend(now.0.to_be_bytes());
    bytes.extend(cursor.as_bytes());
    BASE64.encode(bytes)
}

/// Where the page begins that a request asks for: its token's cursor, if it has a token. Errors: `InvalidToken`.
pub fn after<T: FromStr>(of: &[&str], token: Option<&str>, now: Timestamp) -> Result<Option<T>, ApiError> {
    let Some(token) = token else { return Ok(None) };
    cursor(of, token, now)?.parse().map(Some).map_err(|_| invalid())
}

/// The cursor in a token. Errors: `InvalidToken`.
fn cursor(of: &[&str], token: &str, now: Timestamp) -> Result<String, ApiError> {
    read(of, token, now).ok_or_else(invalid)
}

/// `InvalidToken`
pub fn invalid() -> ApiError {
    ApiError::new("InvalidToken", "Invalid Token: 'Invalid token'")
}

/// Cuts a list to a page, and gives the token for the next one where there was more.
pub fn next<T>(entries: &mut Vec<T>, size: usize, token: impl FnOnce(&T) -> String) -> Option<String> {
    let more = entries.len() > size;
    entries.truncate(size);
    entries.last().filter(|_| more).map(token)
}

fn read(of: &[&str], token: &str, now: Timestamp) -> Option<String> {
    let bytes = BASE64.decode(token).ok()?;
    let (key, rest) = bytes.split_first_chunk::<KEY_BYTES>()?;
    let (given_at, cursor) = rest.split_first_chunk::<TIME_BYTES>()?;
    let age_ms = now.0.saturating_sub(i64::from_be_bytes(*given_at));
    let good = Key(*key) == Key::of(of) && (0..=LIFETIME_MS).contains(&age_ms);
    good.then(|| String::from_utf8(cursor.to_vec()).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_list_and_a_day() {
        let now = Timestamp(1_000_000);
        let given = token(&["ListExecutions", "arn"], "7", now);
        assert_eq!(cursor(&["ListExecutions", "arn"], &given, now), Ok("7".to_owned()));
        let day = Timestamp(now.0 + LIFETIME_MS);
        assert_eq!(cursor(&["ListExecutions", "arn"], &given, day), Ok("7".to_owned()));
        let wrong = |of: &[&str], token: &str, at| cursor(of, token, at).unwrap_err().code;
        assert_eq!(wrong(&["ListExecutions", "other"], &given, now), "InvalidToken");
        assert_eq!(wrong(&["ListExecutions", "arn"], &given, Timestamp(day.0 + 1)), "InvalidToken");
        for token in ["", "x", "eHh4", &given[1..], &format!("{given}=")] {
            assert_eq!(wrong(&["ListExecutions", "arn"], token, now), "InvalidToken", "{token}");
        }
    }

    #[test]
    fn a_page_has_a_hundred_entries_where_nothing_is_said() {
        assert_eq!([size(None), size(Some(0)), size(Some(7)), size(Some(1000))], [100, 100, 7, 1000]);
    }
}
