//! The part of AWS's API that callbacks and activity workers need: `SendTaskSuccess`, `SendTaskFailure`,
//! `SendTaskHeartbeat`, `GetActivityTask`. It is the same for an execution in memory and for those of an engine.

mod desk;
mod durable;
mod protocol;
mod server;

use std::time::Duration;

use async_trait::async_trait;
use stepwell_asl::Text;
use stepwell_engine::core::EventKind;

pub use desk::{ActivityTask, Desk};
pub use durable::Durable;
pub use protocol::ApiError;
pub use server::Server;

/// Takes answers in and hands tasks out.
#[async_trait]
pub trait Answerer: Send + Sync + 'static {
    /// Whether anything here names this activity.
    async fn knows(&self, activity: &str) -> Result<bool, ApiError>;

    /// The answer to a token.
    async fn answer(&self, token: &str, kind: EventKind) -> Result<(), ApiError>;

    /// The next task of an activity; `None` where none came in time.
    async fn take(
        &self,
        activity: &str,
        worker: Option<Text>,
        patience: Duration,
    ) -> Result<Option<ActivityTask>, ApiError>;

    /// Nothing is handed out any more: those who poll get nothing.
    fn close(&self);
}
