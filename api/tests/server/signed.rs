//! Signature Version 4: what AWS's own signer signs is taken, and nothing else is. Every part that was signed is changed in
//! turn.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials as Key;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use axum::http::Request;
use stepwell_api::access::{Access, Credentials, Verifier};
use stepwell_api::server::Settings;
use stepwell_asl::Timestamp;

use crate::harness::{renew, start};

const NOW: Timestamp = Timestamp(1_440_938_160_000);
const MINUTE_MS: i64 = 60_000;
const BODY: &str = r#"{"maxResults":1,"ä":"ö"}"#;
const URL: &str = "http://localhost:8083/";
const KEYS: &str = "[a]\naws_access_key_id = AKIDA\naws_secret_access_key = secret/a+=\n\
                    [b]\naws_access_key_id = AKIDB\naws_secret_access_key = secret/b\naws_session_token = token/b==\n";

fn verifier() -> Verifier {
    Verifier::new(Credentials::parse(KEYS, "keys").unwrap(), "eu-west-1")
}

/// How a request is signed.
#[derive(Clone)]
struct Signer {
    key: (&'static str, &'static str, Option<&'static str>),
    region: &'static str,
    service: &'static str,
    at_ms: i64,
    presigned: Option<Duration>,
    body: SignableBody<'static>,
}

fn signer() -> Signer {
    Signer {
        key: ("AKIDA", "secret/a+=", None),
        region: "eu-west-1",
        service: "states",
        at_ms: NOW.0,
        presigned: None,
        body: SignableBody::Bytes(BODY.as_bytes()),
    }
}

fn presigner() -> Signer {
    Signer { presigned: Some(Duration::from_secs(300)), ..signer() }
}

impl Signer {
    fn sign(&self, url: &str, headers: &[(&str, &str)]) -> Request<()> {
        let (id, secret, token) = self.key;
        let identity = Key::new(id, secret, token.map(str::to_owned), None, "test").into();
        let mut settings = SigningSettings::default();
        if let Some(expires) = self.presigned {
            settings.signature_location = SignatureLocation::QueryParams;
            settings.expires_in = Some(expires);
        }
        let time: SystemTime = UNIX_EPOCH + Duration::from_millis(self.at_ms.try_into().unwrap());
        let params = SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name(self.service)
            .time(time)
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let mut request = Request::builder().method("POST").uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(()).unwrap();
        let signable = SignableRequest::new("POST", url, headers.iter().copied(), self.body.clone()).unwrap();
        let (instructions, _) = sign(signable, &params).unwrap().into_parts();
        instructions.apply_to_request_http1x(&mut request);
        request
    }

    fn call(&self) -> Request<()> {
        let headers = [
            ("host", "localhost:8083"),
            ("x-amz-target", "AWSStepFunctions.ListStateMachines"),
            ("content-type", "application/x-amz-json-1.0"),
        ];
        self.sign(URL, &headers)
    }
}

fn found(request: Request<()>, body: &str, now: Timestamp) -> Result<(), String> {
    let (head, ()) = request.into_parts();
    let claimed = verifier().claim(&head, now).and_then(|claim| claim.verify(body.as_bytes()));
    claimed.map_err(|error| {
        assert_eq!(error.status(), 400, "as AWS's JSON services answer");
        format!("{}: {}", error.code, error.message)
    })
}

#[track_caller]
fn check(signer: &Signer, expected: Result<(), &str>) {
    check_changed(signer, |_| {}, BODY, expected);
}

#[track_caller]
fn check_changed(signer: &Signer, change: impl FnOnce(&mut Request<()>), body: &str, expected: Result<(), &str>) {
    let mut request = signer.call();
    change(&mut request);
    let found = found(request, body, NOW);
    let as_expected = match (&found, expected) {
        (Ok(()), Ok(())) => true,
        (Err(found), Err(expected)) => found.contains(expected),
        (Ok(()), Err(_)) | (Err(_), Ok(())) => false,
    };
    assert!(as_expected, "{found:?}, not {expected:?}");
}

#[test]
fn what_is_signed_in_a_header_or_in_the_query_is_taken() {
    let with_token = ("AKIDB", "secret/b", Some("token/b=="));
    for signer in [signer(), presigner()] {
        check(&signer, Ok(()));
        check(&Signer { key: with_token, ..signer.clone() }, Ok(()));
        // A query that was signed along, in an order and spelling of its own.
        let headers = [("host", "localhost:8083"), ("x-amz-a", "  two   blanks "), ("x-amz-b", "1")];
        for url in ["http://localhost:8083/?b=2&a=%7e%2F%20&a=1&A=", "http://localhost:8083/?x"] {
            assert_eq!(found(signer.sign(url, &headers), BODY, NOW), Ok(()), "{url}");
        }
    }
}

#[test]
fn a_signature_holds_for_fifteen_minutes_either_way_and_a_presigned_url_for_as_long_as_it_says() {
    let at = |minutes: i64, signer: Signer| Signer { at_ms: NOW.0 + minutes * MINUTE_MS, ..signer };
    check(&at(-15, signer()), Ok(()));
    check(&at(15, signer()), Ok(()));
    check(
        &at(-16, signer()),
        Err("InvalidSignatureException: Signature expired: 20150830T122000Z is now earlier than 20150830T122100Z \
             (20150830T123600Z - 15 min.)"),
    );
    check(
        &at(16, signer()),
        Err("InvalidSignatureException: Signature not yet current: 20150830T125200Z is still later than \
             20150830T125100Z (20150830T123600Z + 15 min.)"),
    );
    check(&at(-5, presigner()), Ok(()));
    check(&at(-6, presigner()), Err("InvalidSignatureException: Signature expired"));
    check(&at(16, presigner()), Err("InvalidSignatureException: Signature not yet current"));
    let long = |seconds| Signer { presigned: Some(Duration::from_secs(seconds)), ..presigner() };
    check(&at(-60, long(7 * 24 * 3600)), Ok(()));
    check(&long(7 * 24 * 3600 + 1), Err("IncompleteSignatureException: X-Amz-Expires"));
}

#[test]
fn only_known_keys_sign_for_our_region_and_service() {
    for signer in [signer(), presigner()] {
        let with = |id, secret, token| Signer { key: (id, secret, token), ..signer.clone() };
        let unrecognized = Err("UnrecognizedClientException: The security token included in the request is invalid.");
        let mismatch = Err("InvalidSignatureException: The request signature we calculated does not match");
        check(&with("AKIDC", "secret/a+=", None), unrecognized);
        check(&with("akida", "secret/a+=", None), unrecognized);
        check(&with("AKIDA", "secret/a+=", Some("token/b==")), unrecognized);
        check(&with("AKIDB", "secret/b", None), unrecognized);
        check(&with("AKIDB", "secret/b", Some("token/b=")), unrecognized);
        check(&with("AKIDA", "secret/b", None), mismatch);
        check(&with("AKIDA", "secret/a+", None), mismatch);
        check(
            &Signer { region: "us-east-1", ..signer.clone() },
            Err("Credential should be scoped to a valid region, not 'us-east-1'."),
        );
        check(
            &Signer { service: "lambda", ..signer.clone() },
            Err("Credential should be scoped to correct service: 'states'."),
        );
        check(&Signer { body: SignableBody::UnsignedPayload, ..signer.clone() }, mismatch);
    }
}

#[test]
fn every_part_that_was_signed_must_be_as_it_was() {
    let mismatch = || Err("InvalidSignatureException: The request signature we calculated does not match");
    let set = |name: &'static str, value: &'static str| {
        move |request: &mut Request<()>| drop(request.headers_mut().insert(name, value.parse().unwrap()))
    };
    for signer in [signer(), presigner()] {
        check_changed(&signer, |_| {}, r#"{"maxResults":2}"#, mismatch());
        check_changed(&signer, |_| {}, "", mismatch());
        check_changed(&signer, set("host", "localhost:8084"), BODY, mismatch());
        check_changed(&signer, set("x-amz-target", "AWSStepFunctions.DeleteStateMachine"), BODY, mismatch());
        check_changed(&signer, set("content-type", "text/plain"), BODY, mismatch());
        check_changed(&signer, |request| *request.method_mut() = "PUT".parse().unwrap(), BODY, mismatch());
        check_changed(
            &signer,
            |request| assert!(request.headers_mut().append("x-amz-target", "x".parse().unwrap())),
            BODY,
            mismatch(),
        );
        check_changed(
            &signer,
            set("x-amz-more", "1"),
            BODY,
            Err("IncompleteSignatureException: 'x-amz-more' must be a 'SignedHeader'"),
        );
        check_changed(
            &signer,
            |request| drop(request.headers_mut().remove("content-type")),
            BODY,
            Err("IncompleteSignatureException: The signed header 'content-type' is not in the request."),
        );
        let path = |path: &'static str| {
            move |request: &mut Request<()>| {
                let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
                *request.uri_mut() = format!("http://localhost:8083{path}{query}").parse().unwrap();
            }
        };
        check_changed(&signer, path("/x"), BODY, mismatch());
        check_changed(&signer, set("host", "localhost:8083"), BODY, Ok(()));
        // What no signer signs may be changed on the way.
        check_changed(&signer, set("user-agent", "x"), BODY, Ok(()));
    }
}

/// Changes the text of the header, or of the query, that holds the signature.
fn edit(from: &'static str, to: &'static str) -> impl Fn(&mut Request<()>) {
    move |request| match request.headers().get("authorization") {
        Some(text) => {
            let text = text.to_str().unwrap();
            assert!(text.contains(from), "{text}");
            let text = text.replacen(from, to, 1).parse().unwrap();
            request.headers_mut().insert("authorization", text);
        }
        None => {
            let text = request.uri().to_string();
            assert!(text.contains(from), "{text}");
            *request.uri_mut() = text.replacen(from, to, 1).parse().unwrap();
        }
    }
}

#[test]
fn a_signature_that_is_not_whole_is_told_so() {
    let header = |from, to, expected| check_changed(&signer(), edit(from, to), BODY, Err(expected));
    let unsigned = |request: &mut Request<()>| drop(request.headers_mut().remove("authorization"));
    check_changed(&signer(), unsigned, BODY, Err("MissingAuthenticationTokenException: Missing Authentication Token"));
    header("Signature=", "Sign=", "IncompleteSignatureException: Authorization header requires 'Signature' parameter.");
    header("Credential=", "Cred=", "Authorization header requires 'Credential' parameter.");
    header("SignedHeaders=", "Headers=", "Authorization header requires 'SignedHeaders' parameter.");
    header("Credential=", "Credential", "not a valid key=value pair (missing equal-sign) in Authorization header.");
    header("SHA256", "SHA1", "IncompleteSignatureException: Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA1'.");
    header("/states/", "/", "Credential must have exactly 5 slash-delimited elements");
    header("aws4_request", "aws5_request", "Credential should be scoped with a valid terminator: 'aws4_request'");
    header("/20150830/", "/20150831/", "Date in Credential scope does not match YYYYMMDD");
    header("content-type;host", "host;content-type", "SignedHeaders must be sorted names in lower case");
    header("content-type;host", "content-type", "'Host' or ':authority' must be a 'SignedHeader'");
    header("content-type;host", "content-type;content-type;host", "SignedHeaders must be sorted");
    header("Signature=", "Signature=ff", "InvalidSignatureException");
    header("Signature=", "Signature=X", "InvalidSignatureException");
    let query = |from, to, expected| check_changed(&presigner(), edit(from, to), BODY, Err(expected));
    query("X-Amz-Signature=", "X-Amz-Sign=", "AWS query-string parameters must include 'X-Amz-Signature'.");
    query("X-Amz-Credential=", "X-Amz-Cred=", "AWS query-string parameters must include 'X-Amz-Credential'.");
    query("X-Amz-Date=", "X-Amz-Day=", "AWS query-string parameters must include 'X-Amz-Date'.");
    query("X-Amz-Expires=300", "X-Amz-Expires=", "IncompleteSignatureException: X-Amz-Expires");
    query("X-Amz-Expires=300", "X-Amz-Expires=301", "InvalidSignatureException: The request signature");
    query("X-Amz-Expires=300", "X-Amz-Expires=300&X-Amz-Expires=300", "has 'X-Amz-Expires' twice.");
    query("X-Amz-Expires=300", "X-Amz-Expires=300&a=1", "InvalidSignatureException: The request signature");
    query("X-Amz-Expires=300", "X-Amz-Expires=%zz", "IncompleteSignatureException: The query is not well-formed");
    query("SHA256", "SHA1", "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA1'.");
    let both = |request: &mut Request<()>| {
        drop(request.headers_mut().insert("authorization", "AWS4-HMAC-SHA256 x=y".parse().unwrap()));
    };
    check_changed(&presigner(), both, BODY, Err("A signature is given in a header and in the query"));
    let twice = |request: &mut Request<()>| {
        let first = request.headers()["authorization"].clone();
        request.headers_mut().append("authorization", first);
    };
    check_changed(&signer(), twice, BODY, Err("The header 'authorization' must be there once"));
    let dateless = |request: &mut Request<()>| drop(request.headers_mut().remove("x-amz-date"));
    check_changed(&signer(), dateless, BODY, Err("IncompleteSignatureException"));
}

#[test]
fn the_hash_that_a_client_tells_must_be_the_body_s() {
    let told = |hash: &'static str| {
        let headers = [("host", "localhost:8083"), ("x-amz-content-sha256", hash)];
        found(signer().sign(URL, &headers), BODY, NOW)
    };
    for hash in ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "", "00"] {
        let why = told(hash).unwrap_err();
        assert!(why.starts_with("InvalidSignatureException"), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_credentials_answers_signed_requests_only() {
    let access = Access { verifier: Some(verifier()), ..Access::default() };
    let running = start(Settings { access, reset: Some(renew()), ..Settings::default() }).await;
    let host = running.address.to_string();
    let now = running.serving.api().engine().now();
    let headers = [("host", host.as_str()), ("x-amz-target", "AWSStepFunctions.ListStateMachines")];
    let signer = Signer { at_ms: now.0, body: SignableBody::Bytes(b"{}"), ..signer() };
    let signed = signer.sign(&format!("http://{host}/"), &headers);
    let lines: String =
        signed.headers().iter().map(|(name, value)| format!("{name}: {}\r\n", value.to_str().unwrap())).collect();
    let request = |body: &str| {
        let length = body.len();
        format!("POST / HTTP/1.1\r\n{lines}Content-Length: {length}\r\n\r\n{body}")
    };
    assert_eq!(running.send(&request("{}")).await.status, 200);
    assert_eq!(running.send(&request("[]")).await.code(), "InvalidSignatureException");
    let unsigned = running.call("ListStateMachines", "{}").await;
    assert_eq!((unsigned.status, unsigned.code()), (400, "MissingAuthenticationTokenException".to_owned()));
    // A body that nobody signed is not even read.
    let waiting = format!("POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000\r\n\r\n");
    assert_eq!(running.send(&waiting).await.code(), "MissingAuthenticationTokenException");
    let reset = format!("POST /_stepwell/reset HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(running.send(&reset).await.code(), "MissingAuthenticationTokenException");
    assert_eq!(running.get("/health").await.status, 200, "whoever looks after the server has no key");
}
