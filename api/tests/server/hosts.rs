//! Under which names the server answers, on every path.

use stepwell_api::access::{Access, Hosts};
use stepwell_api::server::Settings;

use crate::harness::{renew, start};

#[tokio::test(flavor = "multi_thread")]
async fn only_our_names_and_pages_are_answered_on_every_path() {
    let hosts = Hosts::allowing(["stepwell.test".to_owned()]);
    let access = Access { hosts, verifier: None };
    let running = start(Settings { access, reset: Some(renew()), ..Settings::default() }).await;
    let own = format!("{}", running.address);
    for (headers, admitted) in [
        (format!("Host: {own}\r\n"), true),
        ("Host: sync-localhost:1\r\n".to_owned(), true),
        ("Host: states.eu-west-1.amazonaws.com\r\n".to_owned(), true),
        ("Host: stepwell.test\r\n".to_owned(), true),
        (format!("Host: {own}\r\nOrigin: http://{own}\r\n"), true),
        ("Host: rebound.example.com\r\n".to_owned(), false),
        ("Host:\r\n".to_owned(), false),
        (String::new(), false),
        (format!("Host: {own}\r\nHost: {own}\r\n"), false),
        (format!("Host: {own}\r\nOrigin: http://example.com\r\n"), false),
        (format!("Host: {own}\r\nOrigin: null\r\n"), false),
        (format!("Host: {own}\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n"), false),
    ] {
        for line in ["POST /", "GET /health", "GET /metrics", "POST /_stepwell/reset", "OPTIONS /", "GET /nowhere"] {
            let answer = running.send(&format!("{line} HTTP/1.1\r\n{headers}\r\n")).await;
            let refused = answer.status == 403 && answer.code() == "AccessDeniedException";
            assert_eq!(refused, !admitted, "{line} {headers}: {answer:?}");
            assert!(!answer.head.contains("access-control-allow"), "{answer:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_refusal_says_which_flag_to_use() {
    let running = start(Settings::default()).await;
    let answer = running.send("GET /health HTTP/1.1\r\nHost: stepwell:8083\r\n\r\n").await;
    assert_eq!(answer.status, 403);
    assert!(answer.message().contains("`stepwell serve --allow-host stepwell`"), "{answer:?}");
    let whole = format!("GET http://example.com/health HTTP/1.1\r\nHost: {}\r\n\r\n", running.address);
    assert_eq!(running.send(&whole).await.status, 403);
}
