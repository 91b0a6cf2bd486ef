//! Tags of state machines and activities. Versions and aliases have none, as on AWS.

use super::Engine;
use crate::activity::Activity;
use crate::arn::resource;
use crate::error::EngineError;
use crate::machines::{StateMachine, Tag, Tags};
use crate::resources::Change;

impl Engine {
    /// Adds tags to a resource; one whose key is there takes its place.
    /// Errors: `InvalidArn`, `ResourceNotFound`, `TooManyTags`, `ValidationException`.
    pub async fn tag(&self, arn: &str, tags: &[Tag]) -> Result<(), EngineError> {
        let max = self.quotas.tags;
        self.change_tags(arn, |there| there.add(tags, arn, max)).await
    }

    /// Removes the tags of these keys, where they are there. Errors: `InvalidArn`, `ResourceNotFound`.
    pub async fn untag(&self, arn: &str, keys: &[String]) -> Result<(), EngineError> {
        let remove = |there: &mut Tags| {
            there.remove(keys);
            Ok(())
        };
        self.change_tags(arn, remove).await
    }

    /// The tags of a resource. Errors: `InvalidArn`, `ResourceNotFound`.
    pub async fn tags(&self, arn: &str) -> Result<Vec<Tag>, EngineError> {
        let store = self.shared.store.as_ref();
        let tags = match is_activity(arn)? {
            true => self.shared.registered_activities.get(store, arn).await?.map(|there| there.tags.clone()),
            false => self.settle(arn).await?.map(|there| there.tags.clone()),
        };
        Ok(tags.ok_or_else(|| not_found(arn))?.0)
    }

    async fn change_tags(
        &self,
        arn: &str,
        change: impl Fn(&mut Tags) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let store = self.shared.store.as_ref();
        if is_activity(arn)? {
            let decide = |there: Option<&Activity>| {
                let mut activity = there.cloned().ok_or_else(|| not_found(arn))?;
                change(&mut activity.tags)?;
                Ok((Change::Put(activity), ()))
            };
            return self.shared.registered_activities.change(store, arn, None, decide).await;
        }
        self.settle(arn).await?;
        let decide = |there: Option<&StateMachine>| {
            let there = there.filter(|there| !there.is_deleting);
            let mut machine = there.cloned().ok_or_else(|| not_found(arn))?;
            change(&mut machine.tags)?;
            Ok((Change::Put(machine), ()))
        };
        self.shared.machines.resources.change(store, arn, None, decide).await
    }
}

fn is_activity(arn: &str) -> Result<bool, EngineError> {
    resource(arn, &["stateMachine", "activity"])?;
    Ok(arn.split(':').nth(5) == Some("activity"))
}

fn not_found(arn: &str) -> EngineError {
    EngineError::call("ResourceNotFound", format!("Resource not found: '{arn}'"))
}
