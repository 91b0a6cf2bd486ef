//! A state machine, with everything that belongs to it.

use std::sync::Arc;

use stepwell_asl::programs::ContentHash;
use stepwell_asl::{MachineType, Text, Timestamp};

use super::alias::Alias;
use super::tags::Tags;
use super::version::Version;
use crate::arn::Qualifier;
use crate::core::Revision;
use crate::error::EngineError;

/// A registered state machine.
#[derive(Clone, Debug, PartialEq)]
pub struct StateMachine {
    /// Its ARN.
    pub arn: Text,
    /// Its name.
    pub name: Text,
    /// Standard or Express.
    pub kind: MachineType,
    /// When it was registered first.
    pub created_at: Timestamp,
    /// What it runs now.
    pub content: Arc<Content>,
    /// Whether it is being deleted: it waits for its executions to end.
    pub is_deleting: bool,
    /// Its versions, by number.
    pub versions: Vec<Version>,
    /// Its aliases, the oldest first.
    pub aliases: Vec<Alias>,
    /// Its tags.
    pub tags: Tags,
    /// The number of its newest version, whether it is still there or not.
    pub(crate) last_version: u32,
    /// The description of the version it was created with, where it was created with one. A creation that is repeated is
    /// the same only with the same.
    pub(crate) created_with: Option<Option<Text>>,
}

/// What a state machine or a version runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    /// Which definition.
    pub definition: ContentHash,
    /// The role it would run under on AWS.
    pub role_arn: Text,
    /// Which revision this is, and how it is configured.
    pub revision: Revision,
}

/// What an execution is started from.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub content: Arc<Content>,
    pub version_arn: Option<Text>,
    pub alias_arn: Option<Text>,
}

impl StateMachine {
    /// The ARN of one of its versions.
    pub fn version_arn(&self, number: u32) -> Text {
        format!("{}:{number}", self.arn).into()
    }

    /// The ARN of one of its aliases.
    pub fn alias_arn(&self, name: &str) -> Text {
        format!("{}:{name}", self.arn).into()
    }

    /// The version of a number.
    pub fn version(&self, number: u32) -> Option<&Version> {
        let at = self.versions.binary_search_by_key(&number, |version| version.number).ok()?;
        self.versions.get(at)
    }

    /// The alias of a name.
    pub fn alias(&self, name: &str) -> Option<&Alias> {
        self.aliases.iter().find(|alias| *alias.name == *name)
    }

    /// What a new execution runs. `chance` is below 100: it chooses between the versions of an alias.
    pub(crate) fn origin(&self, qualifier: Qualifier<'_>, chance: u32) -> Option<Origin> {
        let of_version = |number: u32, alias_arn: Option<Text>| {
            let content = self.version(number)?.content.clone();
            Some(Origin { content, version_arn: Some(self.version_arn(number)), alias_arn })
        };
        match qualifier {
            Qualifier::None => Some(Origin { content: self.content.clone(), version_arn: None, alias_arn: None }),
            Qualifier::Version(number) => of_version(number, None),
            Qualifier::Alias(name) => of_version(self.alias(name)?.choose(chance)?, Some(self.alias_arn(name))),
            Qualifier::Label(_) => None,
        }
    }
}

pub(crate) fn no_machine(arn: &str) -> EngineError {
    EngineError::call("StateMachineDoesNotExist", format!("State Machine Does Not Exist: '{arn}'"))
}

pub(crate) fn deleting(arn: &str) -> EngineError {
    EngineError::call("StateMachineDeleting", format!("State Machine Deleting: '{arn}'"))
}

pub(crate) fn quota(message: impl Into<String>) -> EngineError {
    EngineError::call("ServiceQuotaExceededException", message)
}
