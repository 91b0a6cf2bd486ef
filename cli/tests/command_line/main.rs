//! The built binary, driven as people and scripts drive it.

mod api;
mod bench;
mod conform;
mod durable;
mod eval;
mod general;
mod harness;
mod mocks;
mod run;
mod serve;
mod template;
mod validate;
