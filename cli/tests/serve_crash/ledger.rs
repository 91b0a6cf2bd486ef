//! What a server has acknowledged. An entry is written when the answer has come, never before.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

/// What is known of an execution.
#[derive(Clone, Debug, PartialEq)]
pub enum Known {
    /// It was started.
    Started,
    /// It was stopped: it is ABORTED with this error.
    Stopped(String),
    /// Its task was answered with this output, which is the execution's.
    Answered(Value),
}

/// What is known of a state machine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Machine {
    pub definition: String,
    pub versions: Vec<String>,
    pub alias: Option<String>,
    pub tags: BTreeMap<String, String>,
    pub deleted: bool,
}

/// Everything, by ARN. What a call was under way for when the server was killed may be so or not: it is left out.
#[derive(Debug, Default)]
pub struct Ledger {
    pub executions: BTreeMap<String, Known>,
    pub machines: BTreeMap<String, Machine>,
    /// Whether they were deleted.
    pub activities: BTreeMap<String, bool>,
}

impl Ledger {
    /// What another one has, too.
    pub fn add(&mut self, other: Ledger) {
        self.executions.extend(other.executions);
        self.machines.extend(other.machines);
        self.activities.extend(other.activities);
    }

    /// Whether there is something of every kind.
    #[track_caller]
    pub fn has_everything(&self) {
        let known = |is: fn(&Known) -> bool| self.executions.values().any(is);
        assert!(known(|known| *known == Known::Started), "{self}");
        assert!(known(|known| matches!(known, Known::Stopped(_))), "{self}");
        assert!(known(|known| matches!(known, Known::Answered(_))), "{self}");
        let machine = |is: fn(&Machine) -> bool| self.machines.values().any(is);
        assert!(machine(|machine| machine.deleted) && machine(|machine| !machine.versions.is_empty()), "{self}");
        assert!(machine(|machine| machine.alias.is_some()) && machine(|machine| !machine.tags.is_empty()), "{self}");
        assert!(self.activities.values().any(|deleted| *deleted), "{self}");
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = |is: fn(&Known) -> bool| self.executions.values().filter(|known| is(known)).count();
        write!(
            f,
            "{} executions ({} stopped, {} answered), {} state machines, {} activities were acknowledged",
            self.executions.len(),
            known(|known| matches!(known, Known::Stopped(_))),
            known(|known| matches!(known, Known::Answered(_))),
            self.machines.len(),
            self.activities.len(),
        )
    }
}
