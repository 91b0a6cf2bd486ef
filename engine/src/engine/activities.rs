//! Creating, describing, listing and deleting activities.

use std::sync::Arc;

use stepwell_asl::{Text, Value};

use super::Engine;
use crate::activity::Activity;
use crate::arn::{check_name, of_activity};
use crate::error::EngineError;
use crate::machines::{Tag, Tags, checked_encryption};
use crate::resources::Change;

/// What to create.
#[derive(Clone, Debug, Default)]
pub struct CreateActivity {
    /// Its name.
    pub name: String,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// The encryption configuration.
    pub encryption: Option<Value>,
}

impl Engine {
    /// Creates an activity, unless it is there, and gives its ARN. Errors: `InvalidName`.
    pub async fn create_activity(&self, name: &str) -> Result<Text, EngineError> {
        let create = CreateActivity { name: name.to_owned(), ..CreateActivity::default() };
        Ok(self.create_activity_with(create).await?.arn)
    }

    /// Creates an activity, unless it is there. Other tags are ignored then, as on AWS.
    ///
    /// Errors: `InvalidName`, `ActivityAlreadyExists` with another encryption, `InvalidEncryptionConfiguration`,
    /// `TooManyTags`, `ValidationException`, `ActivityLimitExceeded`.
    pub async fn create_activity_with(&self, create: CreateActivity) -> Result<Activity, EngineError> {
        let CreateActivity { name, tags: given, encryption } = create;
        check_name(&name).map_err(|_| EngineError::call("InvalidName", format!("Invalid Name: '{name}'")))?;
        let arn = self.place.activity(&name);
        let encryption = encryption.as_ref().map(checked_encryption).transpose()?;
        let mut tags = Tags::default();
        tags.add(&given, &arn, self.quotas.tags)?;
        let now = self.shared.clock.now();
        let decide = |there: Option<&Activity>| match there {
            Some(there) if there.encryption == encryption => Ok((Change::Nothing, there.clone())),
            Some(_) => {
                let message = "Activity already exists. EncryptionConfiguration may not be updated.";
                Err(EngineError::call("ActivityAlreadyExists", message))
            }
            None => {
                let activity = Activity {
                    arn: arn.as_str().into(),
                    name: name.as_str().into(),
                    created_at: now,
                    encryption: encryption.clone(),
                    tags: tags.clone(),
                };
                Ok((Change::Put(activity.clone()), activity))
            }
        };
        let store = self.shared.store.as_ref();
        self.shared.registered_activities.change(store, &arn, self.quotas.activities, decide).await
    }

    /// An activity as it is. Errors: `InvalidArn`, `ActivityDoesNotExist`.
    pub async fn describe_activity(&self, arn: &str) -> Result<Arc<Activity>, EngineError> {
        of_activity(arn)?;
        let there = self.shared.registered_activities.get(self.shared.store.as_ref(), arn).await?;
        there.ok_or_else(|| EngineError::call("ActivityDoesNotExist", format!("Activity Does Not Exist: '{arn}'")))
    }

    /// Activities by ARN, after a given one.
    pub async fn activities(&self, after: Option<&str>, limit: usize) -> Result<Vec<Activity>, EngineError> {
        self.shared.registered_activities.list(self.shared.store.as_ref(), after, limit).await
    }

    /// Deletes an activity. Tasks that wait for its workers go on waiting. One that is not there is deleted already.
    /// Errors: `InvalidArn`.
    pub async fn delete_activity(&self, arn: &str) -> Result<(), EngineError> {
        of_activity(arn)?;
        let decide = |there: Option<&Activity>| match there {
            Some(_) => Ok((Change::Remove, ())),
            None => Ok((Change::Nothing, ())),
        };
        self.shared.registered_activities.change(self.shared.store.as_ref(), arn, None, decide).await
    }
}
