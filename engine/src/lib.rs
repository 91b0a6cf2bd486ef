//! Executions: the pure core that moves them, the stores that keep them, the engine that drives them, and the ways in
//! which tasks reach functions.

mod activities;
mod activity;
pub mod arn;
pub mod chance;
mod children;
pub mod clock;
pub mod core;
mod dispatch;
mod drive;
pub mod engine;
mod error;
pub mod figures;
pub mod history_json;
pub mod ids;
pub mod invoke;
mod load;
pub mod machines;
pub mod mock_config;
pub mod own;
mod quotas;
pub mod record;
mod resources;
pub mod runner;
mod shared;
pub mod status_events;
pub mod store;
pub mod test_state;
mod timers;
pub mod token;
pub mod worker;

pub use activities::ActivityTask;
pub use activity::Activity;
pub use engine::{Config, Engine};
pub use error::EngineError;
pub use machines::StateMachine;
pub use quotas::Quotas;
pub use shared::Observer;
