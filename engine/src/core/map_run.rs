//! Map runs: what is known of the executions that a Distributed Map starts. A run stays when its state is left and when
//! the execution has ended, so that it can be described; each of its executions is remembered only as long as it is open.

use stepwell_asl::{Map, Text, Timestamp, Value};

use super::branch::{BranchId, Ticket};
use super::execution::{ChildOf, Identity, Status};
use crate::arn;
use crate::token::TokenKey;

/// One arming of a Distributed Map. It has the same size however many items there are.
#[derive(Clone, Debug, PartialEq)]
pub struct MapRun {
    /// The name of the Map state.
    pub state: Text,
    /// The state's label: part of the ARNs of the run and of its executions.
    pub label: Text,
    /// Whether its executions are Express ones.
    pub express: bool,
    /// The branch that is in the state.
    pub branch: BranchId,
    /// How far it has come.
    pub status: MapRunStatus,
    /// When it was started.
    pub started_at: Timestamp,
    /// How many executions may run at once; 0: as many as the limits allow.
    pub max_concurrency: u32,
    /// Items, and with them executions.
    pub total: u32,
    /// Executions that have been started and have not been heard to have ended.
    pub running: u32,
    /// Those that succeeded.
    pub succeeded: u32,
    /// Those that failed.
    pub failed: u32,
    /// Those whose time was up.
    pub timed_out: u32,
    /// Those that were stopped.
    pub aborted: u32,
    /// More failures than this fail the run.
    pub tolerated_count: Option<u64>,
    /// The same, of a hundred items.
    pub tolerated_percentage: Option<f64>,
    /// When it ended, if it has.
    pub stopped_at: Option<Timestamp>,
    /// Since when its open executions are to be stopped: the ticket that was drawn then.
    pub stop: Option<Ticket>,
}

/// How far a map run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum MapRunStatus {
    Running,
    Succeeded,
    Failed,
    Aborted,
}

impl MapRunStatus {
    /// As AWS writes it.
    pub fn name(self) -> &'static str {
        match self {
            MapRunStatus::Running => "RUNNING",
            MapRunStatus::Succeeded => "SUCCEEDED",
            MapRunStatus::Failed => "FAILED",
            MapRunStatus::Aborted => "ABORTED",
        }
    }
}

impl MapRun {
    /// Executions that have not been started.
    pub fn pending(&self) -> u32 {
        self.total.saturating_sub(self.running + self.succeeded + self.unsuccessful())
    }

    fn unsuccessful(&self) -> u32 {
        self.failed + self.timed_out + self.aborted
    }

    /// Whether more has failed than is tolerated. Of two limits each counts; where none is set, nothing may fail. An
    /// execution that somebody stopped has not done its item either.
    pub fn is_exceeded(&self) -> bool {
        let bad = self.unsuccessful();
        match (self.tolerated_count, self.tolerated_percentage) {
            (None, None) => bad > 0,
            (count, percentage) => {
                count.is_some_and(|count| u64::from(bad) > count)
                    || percentage.is_some_and(|percentage| f64::from(bad) * 100.0 > percentage * f64::from(self.total))
            }
        }
    }

    /// Counts an execution that has ended.
    pub(super) fn count(&mut self, status: &Status) {
        self.running = self.running.saturating_sub(1);
        match status {
            Status::Succeeded(_) => self.succeeded += 1,
            Status::Failed(_) | Status::Running => self.failed += 1,
            Status::TimedOut(_) => self.timed_out += 1,
            Status::Aborted(_) => self.aborted += 1,
        }
    }
}

/// An execution of a map run, from when it is to be started until it is heard that it has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Child {
    /// Whose it is.
    pub map_run: Ticket,
    /// Which item it works on, from 0.
    pub slot: u32,
    /// Its input, where that is not the item itself.
    pub input: Option<Value>,
}

/// How an execution of a map run has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct ChildEnd {
    /// With its output or error.
    pub status: Status,
    /// When it was started.
    pub started_at: Timestamp,
    /// When it ended.
    pub stopped_at: Timestamp,
}

/// All that tells which execution of which map run is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct ChildRef {
    /// Its arming.
    pub ticket: Ticket,
    /// The map run's.
    pub map_run: Ticket,
    /// The name of the Map state.
    pub state: Text,
    /// The state's label.
    pub label: Text,
    /// Whether it is an Express execution.
    pub express: bool,
}

impl ChildRef {
    pub(super) fn new(ticket: Ticket, map_run: Ticket, run: &MapRun) -> ChildRef {
        let MapRun { state, label, express, .. } = run;
        ChildRef { ticket, map_run, state: state.clone(), label: label.clone(), express: *express }
    }

    /// Its name: the same whenever it is asked for, so that an execution that is started again finds the first one.
    pub fn name(&self, parent: &Identity) -> Text {
        arn::child_name(&parent.arn, parent.number, self.ticket.0).into()
    }

    /// The ARN of the state machine that it is said to run: the part of its parent's that the label names.
    pub fn machine_arn(&self, parent: &Identity) -> Text {
        arn::labelled(&parent.machine_arn, &self.label).into()
    }

    /// Who it is. `number` is its id in the store, where it has one.
    pub fn identity(
        &self,
        parent: &Identity,
        input: Value,
        started_at: Timestamp,
        number: Option<u64>,
        tokens: &TokenKey,
    ) -> Identity {
        let (machine_arn, name) = (self.machine_arn(parent), self.name(parent));
        let map_run_arn = map_run_arn(parent, self.map_run, &self.label, tokens);
        Identity {
            arn: arn::child(&machine_arn, &name, self.express).into(),
            name,
            machine_name: arn::labelled(&parent.machine_name, &self.label).into(),
            machine_arn,
            role_arn: parent.role_arn.clone(),
            region: parent.region.clone(),
            started_at,
            input,
            number,
            child_of: Some(ChildOf { map_run_arn, state: self.state.clone(), express: self.express }),
            started_by: None,
            version_arn: None,
            alias_arn: None,
            trace_header: None,
            revision: parent.revision.clone(),
            test_case: parent.test_case.clone(),
        }
    }

    /// What stands in the Map's result for an execution that did not succeed: as AWS describes it there.
    pub(super) fn description(&self, parent: &Identity, input: &Value, end: &ChildEnd) -> Value {
        let (status, error) = match &end.status {
            Status::TimedOut(error) => ("TIMED_OUT", Some(error)),
            Status::Aborted(error) => ("ABORTED", Some(error)),
            Status::Failed(error) => ("FAILED", Some(error)),
            Status::Running | Status::Succeeded(_) => ("FAILED", None),
        };
        let (machine_arn, name) = (self.machine_arn(parent), self.name(parent));
        let included: Value = [("Included", Value::Bool(true))].into_iter().collect();
        let text = |text: &str| Value::from(text);
        let mut members = Map::default();
        let mut put = |name: &str, value: Value| drop(members.insert(name.into(), value));
        if let Some(cause) = error.and_then(|error| error.cause.as_ref()) {
            put("Cause", Value::String(cause.clone()));
        }
        if let Some(name) = error.and_then(|error| error.name.as_ref()) {
            put("Error", Value::String(name.clone()));
        }
        put("ExecutionArn", arn::child(&machine_arn, &name, self.express).into());
        put("Input", input.to_string().into());
        put("InputDetails", included.clone());
        put("Name", Value::String(name));
        put("OutputDetails", included);
        put("RedriveCount", 0_u64.into());
        put("RedriveStatus", text("REDRIVABLE_BY_MAP_RUN"));
        put("StartDate", end.started_at.to_string().into());
        put("StateMachineArn", Value::String(machine_arn));
        put("Status", text(status));
        put("StopDate", end.stopped_at.to_string().into());
        members.into()
    }
}

/// The ARN of a map run. It leads back to the execution and the arming, and nobody makes one without the key.
pub fn map_run_arn(parent: &Identity, map_run: Ticket, label: &str, tokens: &TokenKey) -> Text {
    // Runs with larger tickets are refused when they are to begin.
    let ticket = u32::try_from(map_run.0).unwrap_or(u32::MAX);
    let id = tokens.mint_map_run(parent.number.unwrap_or_default(), ticket);
    arn::map_run(&parent.machine_arn, label, &id).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(total: u32, failed: u32, count: Option<u64>, percentage: Option<f64>) -> MapRun {
        MapRun {
            state: "M".into(),
            label: "M".into(),
            express: false,
            branch: BranchId::ROOT,
            status: MapRunStatus::Running,
            started_at: Timestamp(0),
            max_concurrency: 0,
            total,
            running: 0,
            succeeded: 0,
            failed,
            timed_out: 0,
            aborted: 0,
            tolerated_count: count,
            tolerated_percentage: percentage,
            stopped_at: None,
            stop: None,
        }
    }

    #[test]
    fn each_of_two_limits_counts() {
        for (failed, count, percentage, exceeded) in [
            (0, None, None, false),
            (1, None, None, true),
            (1, Some(1), None, false),
            (2, Some(1), None, true),
            (5, None, Some(50.0), false),
            (6, None, Some(50.0), true),
            (1, None, Some(9.9), true),
            (10, None, Some(100.0), false),
            (2, Some(1), Some(50.0), true),
            (6, Some(8), Some(50.0), true),
            (5, Some(8), Some(50.0), false),
        ] {
            let run = run(10, failed, count, percentage);
            assert_eq!(run.is_exceeded(), exceeded, "{failed} of 10 failed, {count:?}, {percentage:?}");
        }
    }
}
