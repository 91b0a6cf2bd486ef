//! HTTP/1.1 by hand: what is sent is exactly what a test says.

use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::Value;
use stepwell_api::Api;
use stepwell_api::server::{Server, Serving};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Serves an API on a port of its own.
pub async fn serve(api: Arc<Api>) -> (SocketAddr, Serving) {
    let server = Server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    (server.address(), server.serve(api))
}

/// The bytes of a call.
pub fn request(operation: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.0\r\n\
         X-Amz-Target: AWSStepFunctions.{operation}\r\nContent-Length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// An answer.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    /// In small letters.
    pub head: String,
    pub body: Vec<u8>,
}

impl Response {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|why| panic!("{why}: {self:?}"))
    }
}

/// A connection that stays open.
pub struct Connection {
    pub stream: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Connection {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Connection { stream, read: Vec::new() }
    }

    /// Sends a call and gives its answer.
    pub async fn call(&mut self, operation: &str, body: &[u8]) -> Response {
        self.stream.write_all(&request(operation, body)).await.unwrap();
        self.response().await.expect("the connection broke off")
    }

    /// Sends a call that is answered with success, and gives its answer.
    pub async fn ask(&mut self, operation: &str, request: &Value) -> Value {
        let response = self.call(operation, request.to_string().as_bytes()).await;
        assert_eq!(response.status, 200, "{operation} {request}: {response:?}");
        response.json()
    }

    /// The next answer; none where the server closes instead.
    pub async fn response(&mut self) -> Option<Response> {
        let head = loop {
            if let Some(at) = self.read.windows(4).position(|window| window == b"\r\n\r\n") {
                let rest = self.read.split_off(at + 4);
                break String::from_utf8(std::mem::replace(&mut self.read, rest)).unwrap().to_lowercase();
            }
            self.more().await?;
        };
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{head}"));
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.parse().unwrap());
        while self.read.len() < length {
            self.more().await?;
        }
        let rest = self.read.split_off(length);
        Some(Response { status, head, body: std::mem::replace(&mut self.read, rest) })
    }

    async fn more(&mut self) -> Option<()> {
        let length = self.stream.read_buf(&mut self.read).await.ok()?;
        (length > 0).then_some(())
    }
}
