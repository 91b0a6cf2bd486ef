//! Signature Version 4: whether a request was signed, as a whole and lately, by who holds one of our access keys.
//!
//! A signature comes in the header `Authorization` or in the query (a presigned URL). What the head alone shows is
//! checked before the body is read: [`Verifier::claim`]. The body's hash is part of what was signed: [`Claim::verify`].

use axum::http::HeaderMap;
use axum::http::request::Parts;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use stepwell_asl::Timestamp;

use super::canonical;
use super::credentials::{Credentials, Key};
use crate::error::ApiError;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const SERVICE: &str = "states";
const TERMINATOR: &str = "aws4_request";

/// How far the clocks of a client and of the server may be apart.
const SKEW_MINUTES: i64 = 15;

/// The longest life of a presigned URL.
const EXPIRES_S_MAX: u64 = 7 * 24 * 3600;

const MINUTE_MS: i64 = 60_000;

/// Checks signatures.
#[derive(Clone, Debug)]
pub struct Verifier {
    credentials: Credentials,
    region: String,
}

/// What a request claims to be, as far as its head shows it.
#[derive(Debug)]
pub struct Claim {
    signature: Vec<u8>,
    signing_key: Vec<u8>,
    date: String,
    scope: String,
    /// The canonical request, all but the body's hash.
    head: String,
    /// The hash that the client says the body has.
    told_hash: Option<String>,
}

/// The parts of a signature as they are given, in a header or in the query.
#[derive(Default)]
struct Given {
    credential: String,
    signed_headers: String,
    signature: String,
    date: String,
    expires_s: Option<u64>,
    token: Option<String>,
    /// The query as it was signed.
    query: String,
}

impl Verifier {
    /// Takes signatures of these keys for one region.
    pub fn new(credentials: Credentials, region: impl Into<String>) -> Verifier {
        Verifier { credentials, region: region.into() }
    }

    /// Checks all that does not need the body.
    ///
    /// Errors: `MissingAuthenticationTokenException`, `IncompleteSignatureException`, `InvalidSignatureException`,
    /// `UnrecognizedClientException`.
    pub fn claim(&self, head: &Parts, now: Timestamp) -> Result<Claim, ApiError> {
        let given = Given::of(head)?;
        let signed = signed_headers(&given.signed_headers, &head.headers)?;
        let Scope { id, date, scope } = self.scope(&given)?;
        check_time(&given, now)?;
        let key = self.key(id, given.token.as_deref())?;
        let path = canonical::path(head.uri.path());
        let headers = canonical::headers(&head.headers, signed.into_iter());
        let Given { query, signed_headers, .. } = &given;
        let told = head.headers.get("x-amz-content-sha256").map(|hash| String::from_utf8_lossy(hash.as_bytes()));
        Ok(Claim {
            signature: hex(&given.signature).ok_or_else(mismatch)?,
            signing_key: self.signing_key(&key.secret, date),
            head: format!("{}\n{path}\n{query}\n{headers}\n{signed_headers}\n", head.method),
            told_hash: told.map(|hash| hash.into_owned()),
            scope: scope.to_owned(),
            date: given.date,
        })
    }

    /// What the credential names, apart from the key: a date, a region and a service, which must be ours.
    fn scope<'g>(&self, given: &'g Given) -> Result<Scope<'g>, ApiError> {
        let parts: Vec<&str> = given.credential.split('/').collect();
        let [id, date, region, service, terminator] = parts[..] else {
            return Err(incomplete(format!(
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{}'",
                given.credential
            )));
        };
        if terminator != TERMINATOR {
            return Err(invalid(format!(
                "Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{terminator}'."
            )));
        }
        if service != SERVICE {
            return Err(invalid(format!("Credential should be scoped to correct service: '{SERVICE}'.")));
        }
        if region != self.region {
            return Err(invalid(format!("Credential should be scoped to a valid region, not '{region}'.")));
        }
        if given.date.split('T').next() != Some(date) {
            return Err(invalid(format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{date}' != \
                 '{}', from '{}'.",
                given.date.split('T').next().unwrap_or_default(),
                given.date
            )));
        }
        let scope = given.credential.split_once('/').map_or("", |(_, scope)| scope);
        Ok(Scope { id, date, scope })
    }

    /// The key of an id. A session's key is good for nothing without its token, and a lasting one has none.
    fn key(&self, id: &str, token: Option<&str>) -> Result<&Key, ApiError> {
        let unrecognized =
            || ApiError::new("UnrecognizedClientException", "The security token included in the request is invalid.");
        let key = self.credentials.key(id).ok_or_else(unrecognized)?;
        match (&key.token, token) {
            (None, None) => Ok(key),
            (Some(expected), Some(token)) if same(expected, token) => Ok(key),
            (Some(_), Some(_) | None) | (None, Some(_)) => Err(unrecognized()),
        }
    }

    fn signing_key(&self, secret: &str, date: &str) -> Vec<u8> {
        let start = format!("AWS4{secret}").into_bytes();
        [date, &self.region, SERVICE, TERMINATOR].iter().fold(start, |key, part| {
            let mac = mac(&key, part.as_bytes());
            mac.finalize().into_bytes().to_vec()
        })
    }
}

struct Scope<'g> {
    id: &'g str,
    date: &'g str,
    /// All but the id.
    scope: &'g str,
}

impl Claim {
    /// Whether the signature is that of this head and this body.
    ///
    /// Errors: `InvalidSignatureException`.
    pub fn verify(&self, body: &[u8]) -> Result<(), ApiError> {
        let hash = to_hex(&Sha256::digest(body));
        match self.told_hash.as_deref() {
            None => {}
            Some(told) if told == hash => {}
            Some("UNSIGNED-PAYLOAD") => {
                return Err(invalid("The payload must be signed: UNSIGNED-PAYLOAD is not taken"));
            }
            Some(_) => return Err(invalid("The value of the header x-amz-content-sha256 is not the payload's hash")),
        }
        let request = to_hex(&Sha256::digest(format!("{}{hash}", self.head)));
        let text = format!("{ALGORITHM}\n{}\n{}\n{request}", self.date, self.scope);
        // In constant time: how long it takes tells nothing of the right signature.
        mac(&self.signing_key, text.as_bytes()).verify_slice(&self.signature).map_err(|_| mismatch())
    }
}

impl Given {
    fn of(head: &Parts) -> Result<Given, ApiError> {
        let text = head.uri.query().unwrap_or_default();
        let parameters =
            canonical::parameters(text).ok_or_else(|| incomplete("The query is not well-formed".to_owned()))?;
        let in_query = parameters.iter().any(|(name, _)| name == "X-Amz-Algorithm" || name == "X-Amz-Signature");
        match (only(&head.headers, "authorization")?, in_query) {
            (Some(_), true) => Err(incomplete("A signature is given in a header and in the query".to_owned())),
            (Some(authorization), false) => Given::of_header(authorization, &head.headers, &parameters),
            (None, true) => Given::of_query(&parameters),
            (None, false) => Err(ApiError::new("MissingAuthenticationTokenException", "Missing Authentication Token")),
        }
    }

    /// `AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=...`
    fn of_header(text: &str, headers: &HeaderMap, parameters: &[(String, String)]) -> Result<Given, ApiError> {
        let (algorithm, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        if algorithm != ALGORITHM {
            return Err(incomplete(format!("Unsupported AWS 'algorithm': '{algorithm}'.")));
        }
        let mut given = Given { query: canonical::query(parameters, ""), ..Given::default() };
        for pair in rest.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let Some((name, value)) = pair.split_once('=') else {
                return Err(incomplete(format!(
                    "'{pair}' not a valid key=value pair (missing equal-sign) in Authorization header."
                )));
            };
            let place = match name {
                "Credential" => &mut given.credential,
                "SignedHeaders" => &mut given.signed_headers,
                "Signature" => &mut given.signature,
                _ => continue,
            };
            *place = value.to_owned();
        }
        given.date = match only(headers, "x-amz-date")? {
            Some(date) => date.to_owned(),
            None => only(headers, "date")?.unwrap_or_default().to_owned(),
        };
        given.token = only(headers, "x-amz-security-token")?.map(str::to_owned);
        let missing = given.missing(|name| format!("Authorization header requires '{name}' parameter."));
        let dateless = given
            .date
            .is_empty()
            .then(|| "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.".to_owned());
        let missing: Vec<String> = missing.into_iter().chain(dateless).collect();
        if missing.is_empty() { Ok(given) } else { Err(incomplete(missing.join(" "))) }
    }

    fn of_query(parameters: &[(String, String)]) -> Result<Given, ApiError> {
        let one = |wanted: &str| {
            let mut found = parameters.iter().filter(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
            match (found.next(), found.next()) {
                (Some(_), Some(_)) => Err(incomplete(format!("AWS query-string parameters has '{wanted}' twice."))),
                (first, _) => Ok(first),
            }
        };
        let text = |wanted: &str| one(wanted).map(|value| value.unwrap_or_default().to_owned());
        let algorithm = text("X-Amz-Algorithm")?;
        if algorithm != ALGORITHM {
            return Err(incomplete(format!("Unsupported AWS 'algorithm': '{algorithm}'.")));
        }
        let expires = text("X-Amz-Expires")?;
        let given = Given {
            credential: text("X-Amz-Credential")?,
            signed_headers: text("X-Amz-SignedHeaders")?,
            signature: text("X-Amz-Signature")?,
            date: text("X-Amz-Date")?,
            expires_s: expires.parse().ok().filter(|seconds| (1..=EXPIRES_S_MAX).contains(seconds)),
            token: one("X-Amz-Security-Token")?.map(str::to_owned),
            query: canonical::query(parameters, "X-Amz-Signature"),
        };
        let missing = given.missing(|name| format!("AWS query-string parameters must include 'X-Amz-{name}'."));
        if !missing.is_empty() {
            return Err(incomplete(missing.join(" ")));
        }
        if given.date.is_empty() {
            return Err(incomplete("AWS query-string parameters must include 'X-Amz-Date'.".to_owned()));
        }
        match given.expires_s {
            Some(_) => Ok(given),
            None => {
                Err(incomplete(format!("X-Amz-Expires must be a number from 1 to {EXPIRES_S_MAX}, got '{expires}'.")))
            }
        }
    }

    fn missing(&self, told: impl Fn(&str) -> String) -> Vec<String> {
        let Given { credential, signed_headers, signature, .. } = self;
        let parts = [("Credential", credential), ("Signature", signature), ("SignedHeaders", signed_headers)];
        parts.iter().filter(|(_, value)| value.is_empty()).map(|(name, _)| told(name)).collect()
    }
}

/// The names of the signed headers: sorted, in small letters, each once and each there; among them `host` and every
/// `x-amz-` header, since those say what the request means.
fn signed_headers<'g>(list: &'g str, headers: &HeaderMap) -> Result<Vec<&'g str>, ApiError> {
    let signed: Vec<&str> = list.split(';').collect();
    let well_formed = |name: &&str| !name.is_empty() && !name.bytes().any(|byte| byte.is_ascii_uppercase());
    if !signed.iter().all(well_formed) || !signed.is_sorted_by(|one, next| one < next) {
        return Err(incomplete(format!("SignedHeaders must be sorted names in lower case, got '{list}'.")));
    }
    if !signed.contains(&"host") {
        return Err(incomplete("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.".to_owned()));
    }
    if let Some(absent) = signed.iter().find(|name| !headers.contains_key(**name)) {
        return Err(incomplete(format!("The signed header '{absent}' is not in the request.")));
    }
    let loose =
        headers.keys().map(|name| name.as_str()).find(|name| name.starts_with("x-amz-") && !signed.contains(name));
    match loose {
        Some(name) => Err(incomplete(format!("'{name}' must be a 'SignedHeader' in the AWS Authorization."))),
        None => Ok(signed),
    }
}

fn check_time(given: &Given, now: Timestamp) -> Result<(), ApiError> {
    let date = &given.date;
    let at = instant(date).ok_or_else(|| {
        incomplete(format!(
            "Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601"
        ))
    })?;
    let (shown, skew_ms) = (basic(now), SKEW_MINUTES * MINUTE_MS);
    if at.0 > now.0.saturating_add(skew_ms) {
        let latest = basic(Timestamp(now.0.saturating_add(skew_ms)));
        return Err(invalid(format!(
            "Signature not yet current: {date} is still later than {latest} ({shown} + {SKEW_MINUTES} min.)"
        )));
    }
    let life_ms = given.expires_s.map_or(skew_ms, |seconds| i64::try_from(seconds * 1000).unwrap_or(i64::MAX));
    if now.0.saturating_sub(at.0) <= life_ms {
        return Ok(());
    }
    Err(invalid(match given.expires_s {
        Some(seconds) => format!("Signature expired: {date} and {seconds} s are now earlier than {shown}"),
        None => {
            let earliest = basic(Timestamp(now.0.saturating_sub(skew_ms)));
            format!("Signature expired: {date} is now earlier than {earliest} ({shown} - {SKEW_MINUTES} min.)")
        }
    }))
}

/// `20150830T123600Z`
fn instant(text: &str) -> Option<Timestamp> {
    let digits = |range: std::ops::Range<usize>| {
        text.get(range).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
    };
    if text.len() != 16 || text.get(8..9) != Some("T") || text.get(15..) != Some("Z") {
        return None;
    }
    let (date, time) = (digits(0..8)?, digits(9..15)?);
    let (year, month, day) = (&date[..4], &date[4..6], &date[6..]);
    let (hour, minute, second) = (&time[..2], &time[2..4], &time[4..]);
    Timestamp::parse(&format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z"))
}

/// The same the other way.
fn basic(at: Timestamp) -> String {
    let text = at.to_string();
    let whole = text.split(['.', 'Z']).next().unwrap_or_default();
    whole.chars().filter(|letter| !matches!(letter, '-' | ':')).chain(['Z']).collect()
}

/// The one header of a name; several could be read in two ways.
fn only<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h str>, ApiError> {
    let mut values = headers.get_all(name).iter();
    let unreadable = || incomplete(format!("The header '{name}' must be there once, in ASCII."));
    match (values.next(), values.next()) {
        (Some(_), Some(_)) => Err(unreadable()),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| unreadable()),
        (None, _) => Ok(None),
    }
}

fn mac(key: &[u8], text: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of every length");
    mac.update(text);
    mac
}

/// Compares in constant time: the comparison is between hashes that nobody outside can choose.
fn same(one: &str, other: &str) -> bool {
    Sha256::digest(one) == Sha256::digest(other)
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Only small letters, as signers write it. One request has one signature.
fn hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| <[u8; 2]>::try_from(pair).ok().and_then(|[h, l]| Some(digit(h)? << 4 | digit(l)?))).collect()
}

fn mismatch() -> ApiError {
    invalid(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access \
         Key and signing method. Consult the service documentation for details.",
    )
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidSignatureException", message)
}

fn incomplete(message: String) -> ApiError {
    ApiError::new("IncompleteSignatureException", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_one_form() {
        let at = instant("20150830T123600Z").unwrap();
        assert_eq!((at.0, basic(at).as_str()), (1_440_938_160_000, "20150830T123600Z"));
        for wrong in [
            "",
            "20150830",
            "2015-08-30T12:36:00Z",
            "20151330T123600Z",
            "20150830T1236000",
            "+0150830T123600Z",
            "20150830t123600Z",
            "2015083äT123600Z",
        ] {
            assert_eq!(instant(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_signature_is_hexadecimal() {
        assert_eq!(hex("00ff1a"), Some(vec![0, 255, 26]));
        for wrong in ["0", "FF", "0g", "ä0"] {
            assert_eq!(hex(wrong), None, "{wrong}");
        }
    }
}
