//! Looking at map runs, and changing those that run.

use std::sync::Arc;

use stepwell_asl::Text;

use super::executions::unreadable;
use super::{Engine, ExecutionPage, ExecutionSummary};
use crate::arn;
use crate::core::{Event, Identity, MapRun, MapRunUpdate, Ticket, map_run_arn};
use crate::error::EngineError;
use crate::ids::{ExecutionId, Key};
use crate::load;
use crate::store::{ListCursor, ListQuery};
use crate::worker::{Entry, Loaded, Outcome};

/// A map run as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct MapRunDescription {
    /// Its ARN.
    pub arn: Text,
    /// The execution that it is part of.
    pub execution_arn: Text,
    /// That execution's state machine.
    pub machine_arn: Text,
    /// The state machine that its own executions are said to run: with the Map state's label.
    pub child_machine_arn: Text,
    /// How far it has come, with its settings and counts.
    pub run: MapRun,
}

/// Which map runs are wanted: those of one execution.
#[derive(Clone, Debug)]
pub struct ListMapRuns {
    /// The execution's ARN.
    pub execution_arn: String,
    /// From where on: `next` of the page before.
    pub after: Option<u64>,
    /// How many at most.
    pub limit: usize,
}

/// A page of map runs, newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MapRunPage {
    /// The map runs.
    pub map_runs: Vec<MapRunDescription>,
    /// Where the next page begins; `None`: there is none.
    pub next: Option<u64>,
}

/// Which executions are wanted: those of one map run.
#[derive(Clone, Debug)]
pub struct ListMapRun {
    /// The map run's ARN.
    pub map_run_arn: String,
    /// Only with this status: a number as in [`crate::worker::status_number`].
    pub status: Option<u8>,
    /// From where on: `next` of the page before.
    pub after: Option<ListCursor>,
    /// How many at most.
    pub limit: usize,
}

impl Engine {
    /// A map run as it is. Errors: `InvalidArn`, `ResourceNotFound`.
    pub async fn map_run(&self, arn: &str) -> Result<MapRunDescription, EngineError> {
        Ok(self.find_map_run(arn).await?.2)
    }

    /// A page of an execution's map runs, newest first. Errors: `ExecutionDoesNotExist`.
    pub async fn map_runs(&self, list: ListMapRuns) -> Result<MapRunPage, EngineError> {
        let ListMapRuns { execution_arn, after, limit } = list;
        let id = self.find(&execution_arn).await?;
        let no_execution = || EngineError::no_execution(&execution_arn);
        let Loaded { execution, birth, .. } = load::load(&self.shared, id).await?.ok_or_else(no_execution)?;
        let before = Ticket(after.unwrap_or(u64::MAX));
        let mut older = execution.map_runs.range(..before).rev();
        let map_runs: Vec<_> = older.by_ref().take(limit.max(1)).collect();
        let next = map_runs.last().filter(|_| older.next().is_some()).map(|(ticket, _)| ticket.0);
        let described = map_runs.into_iter().map(|(ticket, run)| self.describe_map_run(&birth.identity, *ticket, run));
        Ok(MapRunPage { map_runs: described.collect(), next })
    }

    /// Changes a map run that runs, at once: more of its executions may start, or it may fail.
    ///
    /// Errors: `InvalidArn`, `ResourceNotFound`, `ValidationException` where it has ended or a percentage is none.
    pub async fn update_map_run(&self, arn: &str, update: MapRunUpdate) -> Result<(), EngineError> {
        if update.tolerated_percentage.is_some_and(|percentage| !(0.0..=100.0).contains(&percentage)) {
            let message = "The tolerated failure percentage must be between 0 and 100";
            return Err(EngineError::call("ValidationException", message));
        }
        let (id, map_run, _) = self.find_map_run(arn).await?;
        match self.shared.deliver(id, Event::MapRunUpdated { map_run, update }).await? {
            Outcome::Ignored => {
                let message = format!("Map Run '{arn}' has completed and cannot be updated");
                Err(EngineError::invalid_for("CANNOT_UPDATE_COMPLETED_MAP_RUN", message))
            }
            Outcome::NotFound => Err(no_map_run(arn)),
            Outcome::Accepted | Outcome::Given { .. } | Outcome::Taken | Outcome::Failed(_) => Ok(()),
        }
    }

    /// A page of a map run's executions, newest first. Errors: `InvalidArn`, `ResourceNotFound`.
    pub async fn list_map_run(&self, list: ListMapRun) -> Result<ExecutionPage, EngineError> {
        let ListMapRun { map_run_arn, status, after, limit } = list;
        let MapRunDescription { arn, child_machine_arn, run, .. } = self.map_run(&map_run_arn).await?;
        let query = ListQuery { list: Key::of(&[&arn]), status, after, limit };
        let limit = query.limit.max(1);
        let lines = self.shared.store.list(ListQuery { limit: limit.saturating_add(1), ..query }).await?;
        let mut page = ExecutionPage { machine_arn: child_machine_arn.clone(), ..ExecutionPage::default() };
        let more = lines.len() > limit;
        for (cursor, line) in lines.into_iter().take(limit) {
            let entry = Entry::decode(&line.entry).ok_or_else(|| unreadable(&arn))?;
            page.next = more.then_some(cursor);
            page.executions.push(ExecutionSummary {
                arn: arn::child(&child_machine_arn, &entry.name, run.express),
                name: entry.name,
                status: line.status,
                started_at: line.started_at,
                stopped_at: entry.stopped_at,
                redrive_count: entry.redrive_count,
                redriven_at: entry.redriven_at,
                version_arn: None,
                alias_arn: None,
            });
        }
        Ok(page)
    }

    async fn find_map_run(&self, arn: &str) -> Result<(ExecutionId, Ticket, MapRunDescription), EngineError> {
        let invalid = || EngineError::call("InvalidArn", format!("Invalid Arn: 'Invalid ARN: {arn}'"));
        let (_, id) = arn::of_map_run(arn).ok_or_else(invalid)?;
        let (execution, ticket) = self.shared.tokens.open_map_run(id).ok_or_else(|| no_map_run(arn))?;
        let (execution, ticket) = (ExecutionId(execution), Ticket(u64::from(ticket)));
        let loaded = load::load(&self.shared, execution).await?.ok_or_else(|| no_map_run(arn))?;
        let run = loaded.execution.map_runs.get(&ticket).ok_or_else(|| no_map_run(arn))?;
        let description = self.describe_map_run(&loaded.birth.identity, ticket, run);
        // Its id alone does not name it: the state machine and the label must be right too.
        match *description.arn == *arn {
            true => Ok((execution, ticket, description)),
            false => Err(no_map_run(arn)),
        }
    }

    fn describe_map_run(&self, identity: &Arc<Identity>, ticket: Ticket, run: &MapRun) -> MapRunDescription {
        MapRunDescription {
            arn: map_run_arn(identity, ticket, &run.label, &self.shared.tokens),
            execution_arn: identity.arn.clone(),
            machine_arn: identity.machine_arn.clone(),
            child_machine_arn: arn::labelled(&identity.machine_arn, &run.label).into(),
            run: run.clone(),
        }
    }
}

fn no_map_run(arn: &str) -> EngineError {
    EngineError::call("ResourceNotFound", format!("Resource not found: '{arn}'"))
}
