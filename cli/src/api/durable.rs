//! The executions of an engine as those outside see them who answer them.

use std::time::Duration;

use async_trait::async_trait;
use stepwell_asl::Text;
use stepwell_engine::Engine;
use stepwell_engine::core::EventKind;
use tokio::sync::watch;

use super::{ActivityTask, Answerer, ApiError};

/// State machines that are read at once.
const MACHINES_MAX: usize = 100;

/// An engine that takes answers in and hands tasks out.
pub struct Durable {
    engine: Engine,
    closed: watch::Sender<bool>,
}

impl Durable {
    /// All executions of this engine.
    pub fn new(engine: Engine) -> Durable {
        Durable { engine, closed: watch::Sender::new(false) }
    }
}

#[async_trait]
impl Answerer for Durable {
    async fn knows(&self, activity: &str) -> Result<bool, ApiError> {
        let mut after: Option<Text> = None;
        loop {
            let machines = self.engine.state_machines(after.as_deref(), MACHINES_MAX).await?;
            for machine in &machines {
                if self.engine.definition_text(&machine.content).await?.contains(activity) {
                    return Ok(true);
                }
            }
            match machines.last() {
                Some(last) if machines.len() == MACHINES_MAX => after = Some(last.arn.clone()),
                Some(_) | None => return Ok(false),
            }
        }
    }

    async fn answer(&self, token: &str, kind: EventKind) -> Result<(), ApiError> {
        match kind {
            EventKind::TaskSucceeded(output) => self.engine.task_succeeded(token, output).await?,
            EventKind::TaskFailed(error) => self.engine.task_failed(token, error).await?,
            EventKind::TaskHeartbeat => self.engine.task_heartbeat(token).await?,
            EventKind::TaskStarted { .. } | EventKind::TaskSubmitted(_) | EventKind::TaskSubmitFailed(_) => {} // no call of the API says this
        }
        Ok(())
    }

    async fn take(
        &self,
        activity: &str,
        worker: Option<Text>,
        patience: Duration,
    ) -> Result<Option<ActivityTask>, ApiError> {
        let mut closed = self.closed.subscribe();
        tokio::select! {
            task = self.engine.poll_activity(activity, worker.as_deref(), patience) => {
                Ok(task?.map(|task| ActivityTask { token: task.token, input: task.input.to_string() }))
            }
            _ = closed.wait_for(|closed| *closed) => Ok(None),
        }
    }

    fn close(&self) {
        self.closed.send_replace(true);
    }
}
