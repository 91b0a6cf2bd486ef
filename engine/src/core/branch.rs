//! A position of control in one execution, and the names by which events find it.

use std::collections::BTreeMap;

use stepwell_asl::{StateId, Text, Timestamp, Value};

use super::trigger::Trigger;

/// A position of control in one execution: the root, a Parallel branch or a Map iteration. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BranchId(pub u32);

impl BranchId {
    /// The branch every execution starts with.
    pub const ROOT: BranchId = BranchId(0);
}

/// One arming of a trigger. Never reset, so a late answer to an earlier arming of the same branch finds nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// A branch: where it is, what it has gathered, what its scope holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Branch {
    /// Where it is and what it waits for.
    pub position: Position,
    /// The results of a join's children, while it waits for them. Empty otherwise.
    pub slots: Vec<Option<Value>>,
    /// The variables of its own scope. It also sees those of its parents.
    pub variables: BTreeMap<Text, Value>,
}

/// All of a branch that a turn may rewrite as a whole: its size does not depend on how wide its join is.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    /// The branch that waits for this one; `None` for the root.
    pub parent: Option<Parent>,
    /// The state it is in.
    pub state: StateId,
    /// That state's input, before `InputPath`.
    pub input: Value,
    /// Id of the event with which it entered the state.
    pub entered_event: u64,
    /// When it entered the state.
    pub entered_at: Timestamp,
    /// The event the branch's next one follows.
    pub last_event: u64,
    /// Retries of this state so far, by retrier.
    pub retries: Vec<u32>,
    /// The Map item this branch works on, for `$$.Map.Item`.
    pub item: Option<Item>,
    /// The arming of the trigger below.
    pub ticket: Ticket,
    /// What it waits for.
    pub trigger: Trigger,
}

impl Position {
    /// How often this state was retried: `$$.State.RetryCount`.
    pub fn retry_count(&self) -> u32 {
        self.retries.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }
}

/// Who waits for a branch, and which of the slots is the branch's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parent {
    /// The waiting branch.
    pub branch: BranchId,
    /// The branch's place in the result, from 0.
    pub slot: u32,
}

/// The item of a Map iteration.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Its index, from 0.
    pub index: u32,
    /// Its value, before `ItemSelector`.
    pub value: Value,
}
