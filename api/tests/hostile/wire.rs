//! Calls over the network, from clients that are slow, half open, or no clients at all. Whatever they do, the others are
//! answered.

use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncWriteExt;

use crate::connection::{Connection, request, serve};
use crate::mutate::{self, Dice};
use crate::requests;
use crate::world::World;

const POLL: Duration = Duration::from_millis(1);
const MUTATIONS: u64 = 3_000;

/// What is sent where a request should be.
const GARBAGE: [&[u8]; 12] = [
    b"\r\n\r\n",
    b"\0\0\0\0\0\0\0\0\r\n\r\n",
    b"hello\r\n\r\n",
    b"POST / HTTP/9.9\r\n\r\n",
    b"POST /\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
    b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST / HTTP/1.1\r\nHost: localhost\r\nX-\xff\xfe: \x01\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mutations_are_answered_on_a_connection_that_stays_open() {
    let world = World::open(POLL).await;
    let (address, serving) = serve(world.api.clone()).await;
    let all = requests::all(&world.names(0).await);
    let bodies: Vec<_> = all.iter().map(|request| request.body.clone()).collect();
    let mut dice = Dice::of(3);
    let mut connection = Connection::open(address).await;
    for number in 0..MUTATIONS {
        let request = dice.pick(&all);
        let body = mutate::body(&mut dice, &request.body, &bodies);
        let response = connection.call(request.operation, &body).await;
        let said = format!("{number} {}: {response:?}", request.operation);
        assert!(matches!(response.status, 200 | 400..=499), "{said}");
        assert!(response.head.contains("x-amzn-requestid: "), "{said}");
        assert!(response.head.contains("content-type: application/x-amz-json-1.0"), "{said}");
        assert!(!response.head.contains("connection: close"), "{said}");
        let answer = response.json();
        assert!(response.status == 200 || answer["__type"].is_string() && answer["message"].is_string(), "{said}");
    }
    serving.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_is_refused_and_the_others_are_answered() {
    let world = World::open(POLL).await;
    let (address, serving) = serve(world.api.clone()).await;
    let mut client = Connection::open(address).await;
    let head_without_end = [b"POST / HTTP/1.1\r\nHost: localhost\r\nX: ".as_slice(), &vec![b'x'; 2 << 20]].concat();
    let many_headers = [b"POST / HTTP/1.1\r\n".as_slice(), &b"X: y\r\n".repeat(20_000), b"\r\n"].concat();
    let cut_off = &request("ListExecutions", br#"{"stateMachineArn":"x"}"#)[..150];
    for garbage in GARBAGE.into_iter().chain([&head_without_end, &many_headers, cut_off, b""]) {
        let mut connection = Connection::open(address).await;
        // The server may have closed before it has read all of this.
        let _ = connection.stream.write_all(garbage).await;
        let _ = connection.stream.shutdown().await;
        if let Some(response) = connection.response().await {
            let shown = String::from_utf8_lossy(&garbage[..garbage.len().min(80)]);
            assert!((400..500).contains(&response.status), "{shown}: {response:?}");
        }
        assert_eq!(client.call("CreateActivity", br#"{"name":"a"}"#).await.status, 200);
    }
    serving.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_and_half_open_clients_hold_nobody_up() {
    let world = World::open(POLL).await;
    let (address, serving) = serve(world.api.clone()).await;
    let call = request("CreateActivity", br#"{"name":"slow"}"#);
    let mut half_open = Vec::new();
    for length in (0..300).map(|number| number % call.len()) {
        let mut connection = Connection::open(address).await;
        connection.stream.write_all(&call[..length]).await.unwrap();
        half_open.push(connection);
    }
    let (mut slow, mut client) = (Connection::open(address).await, Connection::open(address).await);
    for byte in call.chunks(1) {
        slow.stream.write_all(byte).await.unwrap();
        assert_eq!(client.call("CreateActivity", br#"{"name":"quick"}"#).await.status, 200);
    }
    let response = slow.response().await.unwrap();
    assert_eq!((response.status, response.json()["activityArn"].is_string()), (200, true));
    // They end well who go on: each sends what it has left out, two at a time.
    for (number, mut connection) in half_open.into_iter().enumerate() {
        if number % 2 == 0 {
            connection.stream.write_all(&call[number % call.len()..]).await.unwrap();
            assert_eq!(connection.response().await.unwrap().status, 200);
        }
    }
    serving.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_come_together_are_answered_in_their_order() {
    let world = World::open(POLL).await;
    let (address, serving) = serve(world.api.clone()).await;
    let mut connection = Connection::open(address).await;
    let bodies = (0..50).map(|number| json!({ "name": format!("a{number}") }).to_string());
    let calls: Vec<u8> = bodies.flat_map(|body| request("CreateActivity", body.as_bytes())).collect();
    connection.stream.write_all(&calls).await.unwrap();
    for number in 0..50 {
        let answer = connection.response().await.unwrap().json();
        assert!(answer["activityArn"].as_str().unwrap().ends_with(&format!(":a{number}")), "{answer}");
    }
    serving.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_may_come_in_chunks() {
    let world = World::open(POLL).await;
    let (address, serving) = serve(world.api.clone()).await;
    let mut connection = Connection::open(address).await;
    let head = "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: AWSStepFunctions.CreateActivity\r\n\
                Transfer-Encoding: chunked\r\n\r\n";
    let chunks = "7\r\n{\"name\"\r\n8\r\n:\"chunk\"\r\n1\r\n}\r\n0\r\n\r\n";
    connection.stream.write_all(format!("{head}{chunks}").as_bytes()).await.unwrap();
    assert_eq!(connection.response().await.unwrap().status, 200);
    serving.finish().await;
}
