//! The server over real connections: who is let in, and what clients that misbehave can do.

mod harness;
mod hosts;
mod operating;
mod robust;
mod signed;
mod tls;
