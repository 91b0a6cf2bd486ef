//! Executions: the pure core that moves them, the runner that drives it, and the ways in which tasks reach functions.

pub mod chance;
pub mod clock;
pub mod core;
pub mod history_json;
pub mod ids;
pub mod invoke;
pub mod record;
pub mod runner;
pub mod store;
pub mod token;
