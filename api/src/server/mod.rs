//! HTTP around the operations: connections, limits on what clients may take, and a graceful end.
//!
//! A request has so many bytes and so much time. A connection that says nothing is closed, and so is one that does not
//! read; how many there are is bounded. What is answered is in `routes`.

mod front;
mod routes;
mod stall;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Body;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};

use self::front::Front;
pub use self::front::{Renew, Settings};
use self::stall::Stall;
pub use self::tls::{Tls, TlsError};
use crate::Api;

/// Connections at once. Who comes then waits to be accepted.
const CONNECTIONS_MAX: usize = 16_384;

/// The longest head of a request, in bytes.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// How long clients have to take their last answers.
const FAREWELL: Duration = Duration::from_secs(5);

/// How long is waited after a connection could not be accepted.
const RECOVERY: Duration = Duration::from_millis(20);

/// How long clients may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For the handshake of TLS.
    pub handshake: Duration,
    /// For the head of a request; also how long an idle connection stays open.
    pub head: Duration,
    /// For the body.
    pub body: Duration,
    /// Until a part of an answer is taken.
    pub write: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        let seconds = Duration::from_secs;
        Patience { handshake: seconds(10), head: seconds(75), body: seconds(60), write: seconds(60) }
    }
}

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

/// A server at work.
pub struct Serving {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    front: Arc<Front>,
}

impl Server {
    /// Listens at an address; port 0 takes any that is free.
    pub async fn bind(address: SocketAddr) -> std::io::Result<Server> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Server { listener, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Begins to answer those who are on this machine.
    pub fn serve(self, api: Arc<Api>) -> Serving {
        self.serve_with(api, Settings::default())
    }

    /// Begins to answer.
    pub fn serve_with(self, api: Arc<Api>, settings: Settings) -> Serving {
        let (stop, stopping) = watch::channel(false);
        let front = Arc::new(Front::new(api, settings, self.address));
        let task = tokio::spawn(accept(self.listener, front.clone(), stopping));
        Serving { stop, task, front }
    }
}

impl Serving {
    /// The operations that are served now: a reset changes them.
    pub fn api(&self) -> Arc<Api> {
        self.front.api()
    }

    /// Comes back when the engine behind it has failed, with its reason.
    pub async fn failed(&self) -> String {
        loop {
            let api = self.api();
            let why = api.engine().failed().await;
            // A reset ends the engine that was there before.
            if Arc::ptr_eq(&api, &self.api()) {
                return why;
            }
        }
    }

    /// Ends: takes no new connections, answers what has been asked, and comes back soon.
    pub async fn finish(mut self) {
        self.stop.send_replace(true);
        if tokio::time::timeout(FAREWELL, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

async fn accept(listener: TcpListener, front: Arc<Front>, mut stopping: watch::Receiver<bool>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        let place = tokio::select! {
            place = room.clone().acquire_owned() => place,
            () = stops(&mut stopping) => break,
        };
        let Ok(place) = place else { break };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stops(&mut stopping) => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // The process may have no file descriptors left: those that end give some back.
                tracing::warn!(%error, "a connection cannot be accepted");
                tokio::time::sleep(RECOVERY).await;
                continue;
            }
        };
        let (front, stopping) = (front.clone(), stopping.clone());
        connections.spawn(async move {
            front.connections.fetch_add(1, Ordering::Relaxed);
            let open = Open(&front);
            begin(stream, &front, stopping).await;
            drop((open, place));
        });
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// An open connection, counted until it is dropped.
struct Open<'f>(&'f Front);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn stops(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stopping| *stopping).await; // without a sender there is nobody left to serve for
}

async fn begin(stream: TcpStream, front: &Arc<Front>, mut stopping: watch::Receiver<bool>) {
    let _ = stream.set_nodelay(true); // slower without it, not wrong
    let patience = front.settings.patience;
    let Some(tls) = &front.settings.tls else {
        return connection(Stall::new(stream, patience.write), front, stopping).await;
    };
    let handshake = tokio::time::timeout(patience.handshake, tls.0.accept(stream));
    let shaken = tokio::select! {
        shaken = handshake => shaken,
        () = stops(&mut stopping) => return,
    };
    match shaken {
        Ok(Ok(stream)) => connection(Stall::new(stream, patience.write), front, stopping).await,
        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake has failed"),
        Err(_) => tracing::debug!("a TLS handshake took too long"),
    }
}

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    front: &Arc<Front>,
    mut stopping: watch::Receiver<bool>,
) {
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(front.settings.patience.head).max_buf_size(HEAD_BYTES_MAX);
    let service = hyper::service::service_fn(|request: hyper::Request<hyper::body::Incoming>| {
        let front = front.clone();
        async move { Ok::<_, std::convert::Infallible>(routes::answer(&front, request.map(Body::new)).await) }
    });
    let connection = http.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => {}
        () = stops(&mut stopping) => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await; // a client that has gone away is none of ours
        }
    }
}
