//! Publishing, listing and deleting the versions of state machines.

use stepwell_asl::{Text, Timestamp};

use super::Engine;
use crate::arn::Qualifier;
use crate::error::EngineError;
use crate::machines::{StateMachine, deleting, no_machine};
use crate::resources::Change;

/// What to publish: what a state machine runs now.
#[derive(Clone, Debug, Default)]
pub struct PublishVersion {
    /// The state machine's ARN.
    pub machine_arn: String,
    /// Only if this is its revision; the first one is `INITIAL`.
    pub revision_id: Option<String>,
    /// What the version is described as.
    pub description: Option<String>,
}

/// A version that was published, now or before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedVersion {
    /// Its ARN.
    pub arn: Text,
    /// Its number.
    pub number: u32,
    /// When it was published.
    pub created_at: Timestamp,
}

impl Engine {
    /// Publishes what a state machine runs now. What was published before gets no second version.
    ///
    /// Errors: `InvalidArn`, `StateMachineDoesNotExist`, `StateMachineDeleting`, `ConflictException` for another revision,
    /// `ServiceQuotaExceededException`.
    pub async fn publish_version(&self, publish: PublishVersion) -> Result<PublishedVersion, EngineError> {
        let arn = publish.machine_arn.as_str();
        self.unqualified(arn).await?;
        let (store, now) = (self.shared.store.as_ref(), self.shared.clock.now());
        let decide = |there: Option<&StateMachine>| {
            let there = there.ok_or_else(|| no_machine(arn))?;
            if there.is_deleting {
                return Err(deleting(arn));
            }
            there.check_revision(publish.revision_id.as_deref())?;
            let mut machine = there.clone();
            let (number, is_new) = machine.publish(publish.description.as_deref(), now, self.quotas.versions)?;
            let created_at = machine.version(number).map_or(now, |version| version.created_at);
            let published = PublishedVersion { arn: machine.version_arn(number), number, created_at };
            match is_new {
                true => Ok((Change::Put(machine), published)),
                false => Ok((Change::Nothing, published)),
            }
        };
        self.shared.machines.resources.change(store, arn, None, decide).await
    }

    /// The versions of a state machine below a number, the newest first. A state machine that is not there has none.
    /// Errors: `InvalidArn`.
    pub async fn versions(
        &self,
        machine_arn: &str,
        below: Option<u32>,
        limit: usize,
    ) -> Result<Vec<PublishedVersion>, EngineError> {
        let asked = self.unlabeled(machine_arn)?;
        let Some(machine) = self.settle(asked.machine).await? else { return Ok(Vec::new()) };
        let versions = machine.versions.iter().rev().filter(|version| below.is_none_or(|below| version.number < below));
        let published = versions.take(limit).map(|version| PublishedVersion {
            arn: machine.version_arn(version.number),
            number: version.number,
            created_at: version.created_at,
        });
        Ok(published.collect())
    }

    /// Deletes a version. Its executions go on. One that is not there is deleted already.
    /// Errors: `InvalidArn`, `ValidationException`, `ConflictException` while an alias leads to it.
    pub async fn delete_version(&self, arn: &str) -> Result<(), EngineError> {
        let asked = self.unlabeled(arn)?;
        let Qualifier::Version(number) = asked.qualifier else {
            let message = format!("The ARN must be that of a state machine version: '{arn}'");
            return Err(EngineError::call("ValidationException", message));
        };
        let decide = |there: Option<&StateMachine>| {
            let Some(mut machine) = there.cloned() else { return Ok((Change::Nothing, ())) };
            match machine.remove_version(number)? {
                true => Ok((Change::Put(machine), ())),
                false => Ok((Change::Nothing, ())),
            }
        };
        self.shared.machines.resources.change(self.shared.store.as_ref(), asked.machine, None, decide).await
    }
}
