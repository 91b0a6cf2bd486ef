//! A server in this process on a free port, and a client that writes the bytes it is told to.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::FutureExt;
use stepwell_api::server::{Renew, Server, Serving, Settings};
use stepwell_api::{Api, Options};
use stepwell_engine::invoke::Router;
use stepwell_engine::{Config, Engine, invoke, store};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

/// Long enough for whatever should happen; reached only by what does not.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A server at work.
pub struct Running {
    pub serving: Serving,
    pub address: std::net::SocketAddr,
}

/// What came back.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Response {
    /// The error's name, without the model's.
    pub fn code(&self) -> String {
        let body = self.json();
        let code = body["__type"].as_str().unwrap_or_default();
        code.rsplit('#').next().unwrap_or_default().to_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|why| panic!("{why}: {self:?}"))
    }

    pub fn message(&self) -> String {
        self.json()["message"].as_str().unwrap_or_default().to_owned()
    }
}

/// The operations on an engine in memory.
pub async fn api() -> Arc<Api> {
    let router = Router::new(invoke::Config::default());
    let engine = Engine::open(Config::new(store::Options::memory(), Arc::new(router))).await.unwrap();
    Arc::new(Api::new(engine, Options { poll: Duration::from_secs(30), ..Options::default() }))
}

/// Makes the operations anew.
pub fn renew() -> Renew {
    Arc::new(|| async { Ok(api().await) }.boxed())
}

/// Starts a server.
pub async fn start(settings: Settings) -> Running {
    let server = Server::bind(([127, 0, 0, 1], 0).into()).await.unwrap();
    let address = server.address();
    Running { serving: server.serve_with(api().await, settings), address }
}

impl Running {
    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends one request on a connection of its own.
    pub async fn send(&self, text: &str) -> Response {
        let mut stream = self.connect().await;
        stream.write_all(text.as_bytes()).await.unwrap();
        response(&mut stream).await
    }

    /// Calls an operation.
    pub async fn call(&self, operation: &str, body: &str) -> Response {
        self.send(&self.request(operation, body)).await
    }

    /// The text of a call.
    pub fn request(&self, operation: &str, body: &str) -> String {
        let (address, length) = (self.address, body.len());
        format!(
            "POST / HTTP/1.1\r\nHost: {address}\r\nX-Amz-Target: AWSStepFunctions.{operation}\r\n\
             Content-Type: application/x-amz-json-1.0\r\nContent-Length: {length}\r\n\r\n{body}"
        )
    }

    pub async fn get(&self, path: &str) -> Response {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address)).await
    }
}

/// Reads one response, and no more than that.
pub async fn response(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Response {
    let read = async {
        let mut text = Vec::new();
        loop {
            let head = text.windows(4).position(|four| four == b"\r\n\r\n");
            let head = head.map(|at| (at, String::from_utf8_lossy(&text[..at]).to_ascii_lowercase()));
            if let Some((at, head)) = head {
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
                if text.len() >= at + 4 + length {
                    let status = head.split(' ').nth(1).unwrap_or_default().parse().unwrap();
                    let body = String::from_utf8_lossy(&text[at + 4..at + 4 + length]).into_owned();
                    return Response { status, head, body };
                }
            }
            let byte = stream.read_u8().await;
            text.push(byte.unwrap_or_else(|why| panic!("{why} after {}", String::from_utf8_lossy(&text))));
        }
    };
    tokio::time::timeout(PATIENCE, read).await.expect("an answer in time")
}

/// Waits until the server has closed the connection, and gives what it said before.
pub async fn closed(stream: &mut TcpStream) -> String {
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("an end in time");
    drop(ended); // being cut off is an end too
    String::from_utf8_lossy(&rest).into_owned()
}
