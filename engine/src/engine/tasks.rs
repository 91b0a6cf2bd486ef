//! Those who work for executions from outside: holders of task tokens, and the workers of activities.

use std::time::Duration;

use stepwell_asl::{Text, Value};

use super::Engine;
use crate::activities::ActivityTask;
use crate::arn::of_execution;
use crate::core::{Event, EventKind, StateError};
use crate::error::EngineError;
use crate::ids::Key;
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

    /// The next task of an activity that was created: see [`Engine::poll_activity`].
    ///
    /// Errors: `InvalidArn`, `ActivityDoesNotExist`, `ActivityWorkerLimitExceeded` where too many wait already.
    pub async fn activity_task(
        &self,
        activity_arn: &str,
        worker: Option<&str>,
        patience: Duration,
    ) -> Result<Option<ActivityTask>, EngineError> {
        self.describe_activity(activity_arn).await?;
        let _place = self.shared.activities.admit(Key::of(&[activity_arn]), self.quotas.pollers).ok_or_else(|| {
            let message = format!("Activity Worker Limit Exceeded: '{activity_arn}'");
            EngineError::call("ActivityWorkerLimitExceeded", message)
        })?;
        self.poll_activity(activity_arn, worker, patience).await
    }

    /// The next task of an activity, whether or not it was created: durably handed to this worker. `None` where none came
    /// within `patience`. The oldest is handed out first; a task that is taken goes to nobody else.
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
