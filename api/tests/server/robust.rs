//! Clients that are slow, half gone, too loud or wrong: each loses its own request or connection, and nobody else's.

use std::time::Duration;

use stepwell_api::server::{Patience, Settings};
use tokio::io::AsyncWriteExt;

use crate::harness::{Running, closed, response, start};

async fn impatient() -> Running {
    let short = Duration::from_millis(100);
    let patience = Patience { head: short, body: short, write: short, handshake: short };
    start(Settings { patience, ..Settings::default() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_understood_is_refused_in_the_api_s_envelope() {
    let running = start(Settings::default()).await;
    let host = running.address;
    let good = running.request("ListStateMachines", "{}");
    for (request, status, code) in [
        (good.clone(), 200, ""),
        (good.replace("POST / ", "GET / "), 400, "UnknownOperationException"),
        (good.replace("POST / ", "PUT / "), 400, "UnknownOperationException"),
        (good.replace("ListStateMachines", "ListNothing"), 400, "UnknownOperationException"),
        (good.replace("POST / ", "POST /x "), 404, "UnknownOperationException"),
        (good.replace("Content-Type", "Content-Encoding: gzip\r\nContent-Type"), 400, "SerializationException"),
        (good.replace("Content-Type", "Content-Encoding: identity\r\nContent-Type"), 200, ""),
        (running.request("ListStateMachines", "\u{1f}\u{8b}"), 400, "SerializationException"),
        (format!("POST /metrics HTTP/1.1\r\nHost: {host}\r\n\r\n"), 405, "UnknownOperationException"),
        (format!("GET /_stepwell/reset HTTP/1.1\r\nHost: {host}\r\n\r\n"), 405, "UnknownOperationException"),
        (format!("POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 9000000\r\n\r\n"), 413, "RequestEntityTooLarge"),
    ] {
        let answer = running.send(&request).await;
        let found = if answer.status == 200 { String::new() } else { answer.code() };
        assert_eq!((answer.status, found.as_str()), (status, code), "{request}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_clients_lose_their_connections() {
    let running = impatient().await;
    let host = running.address;
    for (said, answered) in [
        (String::new(), ""),
        (format!("POST / HTTP/1.1\r\nHost: {host}\r\n"), ""),
        (format!("POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 10\r\n\r\nfive5"), "SerializationException"),
    ] {
        let mut stream = running.connect().await;
        stream.write_all(said.as_bytes()).await.unwrap();
        let answer = closed(&mut stream).await;
        assert!(answer.contains(answered), "{said}: {answer}");
    }
    assert_eq!(running.get("/health").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_is_let_go() {
    let running = impatient().await;
    let mut stream = running.connect().await;
    // Answers to these fill what the network holds for a client that reads none of them.
    let request = running.request("NoSuchOperation", "{}").repeat(1_000);
    let flooded = async { while stream.write_all(request.as_bytes()).await.is_ok() {} };
    tokio::time::timeout(crate::harness::PATIENCE, flooded).await.expect("the server lets go");
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_are_too_long_are_refused() {
    let running = start(Settings::default()).await;
    let host = running.address;
    let mut stream = running.connect().await;
    let head = format!("POST / HTTP/1.1\r\nHost: {host}\r\nX-Long: {}\r\n\r\n", "x".repeat(128 << 10));
    let _ = stream.write_all(head.as_bytes()).await; // it may be cut off while it speaks
    let answer = closed(&mut stream).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    for line in ["X: y\r\n".repeat(1_000), "no colon\r\n".to_owned(), "\u{0}: x\r\n".to_owned()] {
        let answer = running.send(&format!("GET /health HTTP/1.1\r\nHost: {host}\r\n{line}\r\n")).await;
        assert!(matches!(answer.status, 400 | 431), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_may_be_sent_ahead_of_their_answers() {
    let running = start(Settings::default()).await;
    let mut stream = running.connect().await;
    let two = [running.request("ListStateMachines", "{}"), running.request("NoSuchOperation", "{}")].concat();
    stream.write_all(two.as_bytes()).await.unwrap();
    assert_eq!(response(&mut stream).await.status, 200);
    assert_eq!(response(&mut stream).await.code(), "UnknownOperationException");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_may_ask_before_it_sends_its_body() {
    let running = start(Settings::default()).await;
    let request = running.request("ListStateMachines", "{}");
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let mut stream = running.connect().await;
    stream.write_all(format!("{head}\r\nExpect: 100-continue\r\n\r\n").as_bytes()).await.unwrap();
    assert_eq!(response(&mut stream).await.status, 100);
    stream.write_all(body.as_bytes()).await.unwrap();
    assert_eq!(response(&mut stream).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_ends_soon_whoever_is_still_there() {
    let running = start(Settings::default()).await;
    let activity = running.call("CreateActivity", r#"{"name":"a"}"#).await.json();
    let poll =
        running.request("GetActivityTask", &serde_json::json!({ "activityArn": activity["activityArn"] }).to_string());
    let mut polls = Vec::new();
    for _ in 0..50 {
        let mut stream = running.connect().await;
        stream.write_all(poll.as_bytes()).await.unwrap();
        polls.push(stream);
    }
    let mut half_open = running.connect().await;
    half_open.write_all(b"POST / HTTP/1.1\r\n").await.unwrap();
    let idle = running.connect().await;
    // All of them are there once it is told so.
    while !running.get("/metrics").await.body.contains("\nstepwell_connections 53\n") {}
    let api = running.serving.api();
    let ended = async { tokio::join!(api.engine().shutdown(Duration::from_secs(5)), running.serving.finish()) };
    let (engine, ()) = tokio::time::timeout(Duration::from_secs(20), ended).await.expect("an end in time");
    engine.unwrap();
    for mut stream in polls {
        let answer = closed(&mut stream).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 "), "{answer}");
    }
    drop((half_open, idle));
}
