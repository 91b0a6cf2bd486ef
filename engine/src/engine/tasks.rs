//! Those who work for executions from outside: holders of task tokens, and the workers of activities.

use std::time::Duration;

use bytes::Bytes;
use stepwell_asl::{Text, Value};

use super::Engine;
use crate::activities::ActivityTask;
use crate::arn::{check_name, of_execution};
use crate::core::{Event, EventKind, StateError};
use crate::error::EngineError;
use crate::ids::Key;
use crate::store::{RecordKind, StoreError};
use crate::worker::Outcome;

impl Engine {
    /// The task of this token is done. Errors: `InvalidToken`, `TaskDoesNotExist`, `TaskTimedOut` where nobody waits for
    /// it any more.
    pub async fn task_succeeded(&self, token: &str, output: Value) -> Result<(), EngineError> {
        self.answer(token, EventKind::TaskSucceeded(output)).await
    }

    /// The task of this token has failed. Errors: as [`Engine::task_succeeded`].
    pub async fn task_failed(&self, token: &str, error: StateError) -> Result<(), EngineError> {
        self.answer(token, EventKind::TaskFailed(error)).await
    }

    /// The task of this token is still being worked on. Errors: as [`Engine::task_succeeded`].
    pub async fn task_heartbeat(&self, token: &str) -> Result<(), EngineError> {
        self.answer(token, EventKind::TaskHeartbeat).await
    }

    async fn answer(&self, token: &str, kind: EventKind) -> Result<(), EngineError> {
        let invalid = || EngineError::call("InvalidToken", "Invalid Token: 'Invalid token'");
        let gone = || EngineError::call("TaskDoesNotExist", "Task Does Not Exist: 'Task does not exist'");
        let token = self.shared.tokens.open(token).ok_or_else(invalid)?;
        let (machine_arn, name) = of_execution(&token.execution_arn).ok_or_else(invalid)?;
        let id = self.shared.store.find(Key::of(&[&machine_arn, name])).await?.ok_or_else(gone)?;
        let event = Event::Task { branch: token.branch, ticket: token.ticket, kind };
        match self.shared.deliver(id, event).await? {
            Outcome::NotFound => Err(gone()),
            Outcome::Ignored => {
                let message = "Task Timed Out: 'Provided task does not exist anymore'";
                Err(EngineError::call("TaskTimedOut", message))
            }
            Outcome::Accepted | Outcome::Given { .. } | Outcome::Taken | Outcome::Failed(_) => Ok(()),
        }
    }

    /// Creates an activity, unless it is there, and gives its ARN. Errors: `InvalidName`.
    pub async fn create_activity(&self, name: &str) -> Result<Text, EngineError> {
        check_name(name).map_err(|_| EngineError::call("InvalidName", format!("Invalid Name: '{name}'")))?;
        let arn = self.place.activity(name);
        let created_at = self.shared.clock.now().0.to_be_bytes();
        let put = self.shared.store.put(RecordKind::Activity, &arn, Some(0), Bytes::copy_from_slice(&created_at));
        match put.await {
            Ok(_) | Err(StoreError::Conflict) => Ok(arn.into()),
            Err(error) => Err(error.into()),
        }
    }

    /// The next task of an activity: durably handed to this worker. `None` where none came within `patience`. The oldest
    /// is handed out first; a task that is taken goes to nobody else.
    pub async fn poll_activity(
        &self,
        activity_arn: &str,
        worker: Option<&str>,
        patience: Duration,
    ) -> Result<Option<ActivityTask>, EngineError> {
        let activity = Key::of(&[activity_arn]);
        self.shared.activities.poll(&self.shared, activity, worker.map(Text::from), patience).await
    }
}
