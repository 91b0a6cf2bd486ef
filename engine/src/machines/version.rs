//! Versions: what a state machine was, under a number that is never used again.

use std::sync::Arc;

use stepwell_asl::{Text, Timestamp};

use super::machine::{Content, StateMachine, quota};
use crate::error::EngineError;

/// A published version of a state machine. It never changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// Its number, from 1.
    pub number: u32,
    /// When it was published.
    pub created_at: Timestamp,
    /// What it was described as.
    pub description: Option<Text>,
    /// What it runs.
    pub content: Arc<Content>,
}

impl StateMachine {
    /// Publishes what the state machine runs now, unless it is a version already. Tells its number, and whether it is new.
    pub(crate) fn publish(
        &mut self,
        description: Option<&str>,
        now: Timestamp,
        versions_max: Option<usize>,
    ) -> Result<(u32, bool), EngineError> {
        let current = &self.content.revision.id;
        if let Some(there) = self.versions.iter().rfind(|version| version.content.revision.id == *current) {
            return Ok((there.number, false));
        }
        if let Some(max) = versions_max.filter(|max| self.versions.len() >= *max) {
            return Err(quota(format!("The state machine '{}' has {max} versions already", self.arn)));
        }
        let number = self.last_version.checked_add(1).ok_or_else(|| quota("There is no number for another version"))?;
        self.last_version = number;
        self.versions.push(Version {
            number,
            created_at: now,
            description: description.map(Text::from),
            content: self.content.clone(),
        });
        Ok((number, true))
    }

    /// Refuses to publish another revision than the one that is meant.
    pub(crate) fn check_revision(&self, meant: Option<&str>) -> Result<(), EngineError> {
        // So the first one is called, as it has no id.
        let current = self.content.revision.id.as_deref().unwrap_or("INITIAL");
        match meant {
            Some(meant) if meant != current => Err(EngineError::call(
                "ConflictException",
                format!(
                    "Failed to publish the State Machine version for revision {meant}. \
                     The current State Machine revision is {current}."
                ),
            )),
            Some(_) | None => Ok(()),
        }
    }

    /// Removes a version. Tells whether it was there.
    pub(crate) fn remove_version(&mut self, number: u32) -> Result<bool, EngineError> {
        let routes_here = |alias: &&super::Alias| alias.routes.iter().any(|route| route.version == number);
        let aliases: Vec<&str> = self.aliases.iter().filter(routes_here).map(|alias| &*alias.name).collect();
        if !aliases.is_empty() {
            return Err(EngineError::call(
                "ConflictException",
                format!(
                    "Version to be deleted must not be referenced by an alias. \
                     Current list of aliases referencing this version: [{}]",
                    aliases.join(", ")
                ),
            ));
        }
        let before = self.versions.len();
        self.versions.retain(|version| version.number != number);
        Ok(self.versions.len() < before)
    }
}
