//! AWS's services, all of them, driven by their models: parameters are fitted to an operation's input, written in its
//! protocol, and its answer is read back as Step Functions shows it.

mod bind;
pub mod model;
pub mod protocol;
mod time;

pub use bind::{Bound, bind};
