//! AWS's services, all of them, driven by their models: parameters are fitted to an operation's input, written in its
//! protocol, and its answer is read back as Step Functions shows it. Nothing here connects; `aws/services` does.

mod bind;
pub mod integration;
pub mod model;
pub mod optimised;
pub mod protocol;
pub mod sample;
#[cfg(test)]
mod tests;
mod time;

pub use bind::{Bound, bind};
