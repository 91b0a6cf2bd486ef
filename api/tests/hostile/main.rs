//! Requests that no well-meaning client sends. Each is answered as AWS would: with success, or with an error that says
//! what is wrong; never with a 500, a panic or a connection that breaks off.

mod calls;
mod connection;
mod mutate;
#[cfg(unix)]
mod polls;
mod requests;
mod wire;
mod world;
