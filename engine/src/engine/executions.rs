//! Starting, looking at, stopping and redriving executions.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use stepwell_asl::{MachineType, Program, Text, Timestamp, Value};
use tokio::sync::oneshot;

use super::Engine;
use crate::arn::{check_name, of_execution};
use crate::chance::random;
use crate::children;
use crate::core::{DEPTH_MAX, Event, Execution, HistoryEvent, Identity, StateError, Status};
use crate::drive::{Command, Reply};
use crate::error::EngineError;
use crate::ids::{ExecutionId, Key};
use crate::load;
use crate::machines::StateMachine;
use crate::record::Birth;
use crate::store::{ListCursor, ListQuery, RecordKind};
use crate::worker::{Entry, Outcome, Start, status_number};

/// Turns that are read at once for a page of a history.
const TURNS_MAX: usize = 64;

/// How often an execution is read that changes while it is being read.
const READS_MAX: usize = 100;

/// What to start.
#[derive(Clone, Debug, Default)]
pub struct StartExecution {
    /// The state machine's ARN.
    pub machine_arn: String,
    /// The execution's name: one is made up where there is none.
    pub name: Option<String>,
    /// Its input.
    pub input: Value,
}

/// An execution that was started, now or before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// Its ARN.
    pub arn: Text,
    /// When it was started.
    pub started_at: Timestamp,
}

/// An execution as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    /// Its ARN.
    pub arn: Text,
    /// Its name.
    pub name: Text,
    /// Its state machine's ARN.
    pub machine_arn: Text,
    /// How far it has come, with its output or error.
    pub status: Status,
    /// Its input.
    pub input: Value,
    /// When it was started.
    pub started_at: Timestamp,
    /// When it ended, if it has.
    pub stopped_at: Option<Timestamp>,
    /// How often it was redriven.
    pub redrive_count: u32,
    /// When it was redriven last.
    pub redriven_at: Option<Timestamp>,
    /// The map run that started it, if one did.
    pub map_run_arn: Option<Text>,
}

/// Which executions are wanted.
#[derive(Clone, Debug)]
pub struct ListExecutions {
    /// Of which state machine.
    pub machine_arn: String,
    /// Only with this status: a number as in [`crate::worker::status_number`].
    pub status: Option<u8>,
    /// From where on: `next` of the page before.
    pub after: Option<ListCursor>,
    /// How many at most.
    pub limit: usize,
}

/// A line of a list of executions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutionSummary {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// Its status, as a number: see [`super::status_name`].
    pub status: u8,
    /// When it was started.
    pub started_at: Timestamp,
    /// When it ended, if it has.
    pub stopped_at: Option<Timestamp>,
    /// How often it was redriven.
    pub redrive_count: u32,
    /// When it was redriven last.
    pub redriven_at: Option<Timestamp>,
}

/// A page of executions, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecutionPage {
    /// The executions.
    pub executions: Vec<ExecutionSummary>,
    /// Where the next page begins; `None`: there is none.
    pub next: Option<ListCursor>,
}

/// Which part of a history is wanted.
#[derive(Clone, Debug)]
pub struct HistoryQuery {
    /// The newest events first.
    pub reverse: bool,
    /// From where on: `next` of the page before.
    pub after: Option<HistoryCursor>,
    /// How many at most.
    pub limit: usize,
}

/// A place in a history: the last event that was seen, and the turn that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryCursor {
    turn: u32,
    event: u64,
}

impl fmt::Display for HistoryCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.turn, self.event)
    }
}

impl FromStr for HistoryCursor {
    type Err = ();
    fn from_str(text: &str) -> Result<HistoryCursor, ()> {
        let (turn, event) = text.split_once('.').ok_or(())?;
        Ok(HistoryCursor { turn: turn.parse().map_err(drop)?, event: event.parse().map_err(drop)? })
    }
}

/// A page of a history.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HistoryPage {
    /// The events.
    pub events: Vec<HistoryEvent>,
    /// Where the next page begins; `None`: there is none, for now.
    pub next: Option<HistoryCursor>,
}

/// An execution as the store has it, with what it was started with and keeps to its end.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// The text of its definition.
    pub definition: String,
    /// The same, compiled.
    pub program: Arc<Program>,
    /// The execution after its newest turn.
    pub execution: Execution,
}

/// An Express execution that has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    /// Its ARN.
    pub arn: Text,
    /// Its name.
    pub name: Text,
    /// How it ended, with its output or error.
    pub status: Status,
    /// When it was started.
    pub started_at: Timestamp,
    /// When it ended.
    pub stopped_at: Timestamp,
}

impl Engine {
    /// Starts an execution. What is acknowledged is durable.
    ///
    /// A second start with the name and the input of one that still runs gives that one, as on AWS.
    ///
    /// Errors: `StateMachineDoesNotExist`, `InvalidName`, `InvalidExecutionInput`, `ExecutionAlreadyExists` where the name
    /// is taken by one that has ended or has another input.
    pub async fn start(&self, start: StartExecution) -> Result<Started, EngineError> {
        let machine = self.machine(&start.machine_arn).await?;
        self.check_input(&start.input)?;
        let name: Text = match start.name {
            Some(name) => checked(name)?.into(),
            None => made_up_name()?.into(),
        };
        if machine.kind == MachineType::Express {
            let (started, _) = self.begin_express(&machine, name, start.input).await?;
            return Ok(started);
        }
        let key = Key::of(&[&machine.arn, &name]);
        let mut expired = None;
        loop {
            if let Some(id) = self.shared.store.find(key).await? {
                match self.started_before(id, &machine, &name, &start.input).await {
                    // It was removed between the two reads, and its name with it.
                    Err(error) if error.code() == Some("ExecutionDoesNotExist") && expired != Some(id) => {
                        expired = Some(id);
                        continue;
                    }
                    before => return before,
                }
            }
            let id = self.shared.new_id(key.shard()).await?;
            let arn = self.place.execution(&machine.name, &name);
            let birth = self.birth(&machine, id, arn, name.clone(), start.input.clone());
            let started = Started { arn: birth.identity.arn.clone(), started_at: birth.identity.started_at };
            let outcome = self.begin(id, key, &machine, birth, false).await?;
            if outcome != Outcome::Taken {
                return Ok(started);
            }
        }
    }

    /// Runs an Express execution to its end. Nothing of it is stored.
    ///
    /// Errors: as [`Engine::start`]; `StateMachineTypeNotSupported` for a Standard state machine.
    pub async fn run_express(&self, start: StartExecution) -> Result<Finished, EngineError> {
        let machine = self.machine(&start.machine_arn).await?;
        if machine.kind != MachineType::Express {
            let message = "This operation is not supported by this type of state machine";
            return Err(EngineError::call("StateMachineTypeNotSupported", message));
        }
        self.check_input(&start.input)?;
        let name: Text = match start.name {
            Some(name) => checked(name)?.into(),
            None => made_up_name()?.into(),
        };
        let (started, finished) = self.begin_express(&machine, name.clone(), start.input).await?;
        let (status, stopped_at) = finished.await.map_err(|_| self.shared.stop_error())?;
        Ok(Finished { arn: started.arn, name, status, started_at: started.started_at, stopped_at })
    }

    async fn begin_express(
        &self,
        machine: &StateMachine,
        name: Text,
        input: Value,
    ) -> Result<(Started, oneshot::Receiver<(Status, Timestamp)>), EngineError> {
        let arn = self.place.express(&machine.name, &name, &made_up_name()?);
        let key = Key::of(&[&arn]);
        let id = self.shared.new_id(key.shard()).await?;
        let birth = self.birth(machine, id, arn, name, input);
        let started = Started { arn: birth.identity.arn.clone(), started_at: birth.identity.started_at };
        let finished = self.shared.end_of(id);
        self.begin(id, key, machine, birth, true).await?;
        Ok((started, finished))
    }

    fn birth(&self, machine: &StateMachine, id: ExecutionId, arn: String, name: Text, input: Value) -> Birth {
        Birth {
            deadline: None, // counted when it begins
            identity: Arc::new(Identity {
                arn: arn.into(),
                name,
                machine_arn: machine.arn.clone(),
                machine_name: machine.name.clone(),
                role_arn: machine.role_arn.clone(),
                region: self.place.region.as_str().into(),
                started_at: self.shared.clock.now(),
                input,
                number: Some(id.0),
                child_of: None,
            }),
            definition: machine.definition,
            list: machine.arn.clone(),
        }
    }

    async fn begin(
        &self,
        id: ExecutionId,
        name: Key,
        machine: &StateMachine,
        birth: Birth,
        volatile: bool,
    ) -> Result<Outcome, EngineError> {
        let program = self.shared.machines.program(self.shared.store.as_ref(), machine.definition).await?;
        let start =
            |reply: Reply| Command::Start(Box::new(Start { id, name, birth, program, volatile, reply: Some(reply) }));
        self.shared.ask(id, start).await
    }

    async fn started_before(
        &self,
        id: ExecutionId,
        machine: &StateMachine,
        name: &str,
        input: &Value,
    ) -> Result<Started, EngineError> {
        let arn = self.place.execution(&machine.name, name);
        let there = self.describe_id(id, &arn).await?;
        if there.status == Status::Running && there.input == *input {
            return Ok(Started { arn: there.arn, started_at: there.started_at });
        }
        Err(EngineError::call("ExecutionAlreadyExists", format!("Execution Already Exists: '{arn}'")))
    }

    /// An execution as it is. Errors: `ExecutionDoesNotExist`.
    pub async fn describe(&self, arn: &str) -> Result<Description, EngineError> {
        let id = self.find(arn).await?;
        self.describe_id(id, arn).await
    }

    async fn describe_id(&self, id: ExecutionId, arn: &str) -> Result<Description, EngineError> {
        let store = self.shared.store.as_ref();
        for _ in 0..READS_MAX {
            let birth = load::birth(store, id).await?.ok_or_else(|| EngineError::no_execution(arn))?;
            let identity = &birth.identity;
            let cursor = ListCursor { started_at: identity.started_at, execution: id };
            let listing = store.listing(Key::of(&[&birth.list]), cursor).await?;
            let listing = listing.ok_or_else(|| EngineError::no_execution(arn))?;
            let entry = Entry::decode(&listing.entry).ok_or_else(|| unreadable(arn))?;
            let last = load::last_event(store, id).await?;
            let status = match (listing.status, last.and_then(|event| children::end(event.kind))) {
                (0, _) => Status::Running,
                (number, Some(status)) if status_number(&status) == number => status,
                _ => continue, // it ended or was redriven between the two reads
            };
            return Ok(Description {
                arn: identity.arn.clone(),
                name: identity.name.clone(),
                machine_arn: identity.machine_arn.clone(),
                status,
                input: identity.input.clone(),
                started_at: identity.started_at,
                stopped_at: entry.stopped_at,
                redrive_count: entry.redrive_count,
                redriven_at: entry.redriven_at,
                map_run_arn: identity.child_of.as_ref().map(|of| of.map_run_arn.clone()),
            });
        }
        Err(unreadable(arn))
    }

    /// An execution with all that is known of it, whatever became of its state machine since.
    /// Errors: `ExecutionDoesNotExist`.
    pub async fn inspect(&self, arn: &str) -> Result<Inspection, EngineError> {
        let id = self.find(arn).await?;
        let loaded = load::load(&self.shared, id).await?.ok_or_else(|| EngineError::no_execution(arn))?;
        let definition = loaded.birth.definition.to_string();
        let record = self.shared.store.get(RecordKind::Definition, &definition).await?;
        let record = record.ok_or_else(|| EngineError::no_execution(arn))?; // it expired between the reads
        let definition = String::from_utf8_lossy(&record.value).into_owned();
        Ok(Inspection { definition, program: loaded.program, execution: loaded.execution })
    }

    /// A page of a state machine's executions, newest first. Errors: `StateMachineDoesNotExist`.
    pub async fn list(&self, list: ListExecutions) -> Result<ExecutionPage, EngineError> {
        let ListExecutions { machine_arn, status, after, limit } = list;
        let machine = self.machine(&machine_arn).await?;
        let query = ListQuery { list: Key::of(&[&machine.arn]), status, after, limit };
        let executions = machine.arn.replacen(":stateMachine:", ":execution:", 1);
        self.page(query, &machine.arn, |name| format!("{executions}:{name}")).await
    }

    /// A page of a list. `arn` is that of the execution of a name.
    pub(super) async fn page(
        &self,
        query: ListQuery,
        list: &str,
        arn: impl Fn(&str) -> String,
    ) -> Result<ExecutionPage, EngineError> {
        let limit = query.limit.max(1);
        let lines = self.shared.store.list(ListQuery { limit, ..query }).await?;
        let next = if lines.len() < limit { None } else { lines.last().map(|(cursor, _)| *cursor) };
        let executions = lines.into_iter().map(|(_, line)| {
            let entry = Entry::decode(&line.entry).ok_or_else(|| unreadable(list))?;
            Ok(ExecutionSummary {
                arn: arn(&entry.name),
                name: entry.name,
                status: line.status,
                started_at: line.started_at,
                stopped_at: entry.stopped_at,
                redrive_count: entry.redrive_count,
                redriven_at: entry.redriven_at,
            })
        });
        Ok(ExecutionPage { executions: executions.collect::<Result<_, EngineError>>()?, next })
    }

    /// A page of an execution's history. Errors: `ExecutionDoesNotExist`.
    pub async fn history(&self, arn: &str, query: HistoryQuery) -> Result<HistoryPage, EngineError> {
        let id = self.find(arn).await?;
        let (store, limit) = (self.shared.store.as_ref(), query.limit.max(1));
        let mut page = HistoryPage::default();
        // The turn of the last event is read again: there may be more in it.
        let mut at = match (query.after, query.reverse) {
            (Some(cursor), false) => cursor.turn.saturating_sub(1),
            (Some(cursor), true) => cursor.turn.saturating_add(1),
            (None, false) => 0,
            (None, true) => u32::MAX,
        };
        loop {
            let turns = match query.reverse {
                false => store.turns(id, at, TURNS_MAX).await?,
                true => store.turns_back(id, at, TURNS_MAX).await?,
            };
            let Some(last) = turns.last() else {
                page.next = None;
                return Ok(page);
            };
            at = last.sequence;
            for (turn, mut events) in load::histories(store, id, &turns).await? {
                if query.reverse {
                    events.reverse();
                }
                for event in events {
                    let seen = query.after.is_some_and(|after| match query.reverse {
                        false => event.id <= after.event,
                        true => event.id >= after.event,
                    });
                    if seen {
                        continue;
                    }
                    if page.events.len() == limit {
                        return Ok(page);
                    }
                    page.next = Some(HistoryCursor { turn, event: event.id });
                    page.events.push(event);
                }
            }
            if turns.len() < TURNS_MAX {
                page.next = None;
                return Ok(page);
            }
        }
    }

    /// Stops an execution that runs; one that has ended stays as it is. Gives when it ended.
    /// Errors: `ExecutionDoesNotExist`.
    pub async fn stop(&self, arn: &str, error: StateError) -> Result<Timestamp, EngineError> {
        let id = self.find(arn).await?;
        self.shared.deliver(id, Event::Stopped(error)).await?;
        Ok(self.describe_id(id, arn).await?.stopped_at.unwrap_or_else(|| self.shared.clock.now()))
    }

    /// Goes on with an execution that failed, timed out or was stopped: only what did not succeed runs again, under the
    /// definition it was started with. Gives when.
    ///
    /// Errors: `ExecutionDoesNotExist`, `ExecutionNotRedrivable` with the reason.
    pub async fn redrive(&self, arn: &str) -> Result<Timestamp, EngineError> {
        let refused = |why: String| {
            EngineError::call("ExecutionNotRedrivable", format!("Execution {arn} invalid for redrive as: {why}"))
        };
        let id = self.find(arn).await?;
        let there = self.describe_id(id, arn).await?;
        let is = |status| {
            let status = super::status_name(crate::worker::status_number(status));
            refused(format!("Execution is {status} and cannot be redriven"))
        };
        if there.map_run_arn.is_some() {
            return Err(refused("Execution was started by a Map Run, and is not redriven without it".to_owned()));
        }
        if matches!(there.status, Status::Running | Status::Succeeded(_)) {
            return Err(is(&there.status));
        }
        let redrivable_ms = u64::try_from(self.redrive.as_millis()).unwrap_or(u64::MAX);
        if there.stopped_at.is_some_and(|at| at.plus_ms(redrivable_ms) <= self.shared.clock.now()) {
            return Err(refused("Execution redrivable period exceeded".to_owned()));
        }
        match self.shared.deliver(id, Event::Redriven).await? {
            Outcome::Accepted => {
                Ok(self.describe_id(id, arn).await?.redriven_at.unwrap_or_else(|| self.shared.clock.now()))
            }
            _ => match self.describe_id(id, arn).await? {
                now if now.redrive_count > there.redrive_count => Err(is(&now.status)), // another one was first
                _ => {
                    let loaded = load::load(&self.shared, id).await?.ok_or_else(|| EngineError::no_execution(arn))?;
                    let redrivable = loaded.execution.redrivable(&self.limits, self.shared.clock.now());
                    Err(refused(redrivable.err().unwrap_or("Execution redrivable period exceeded").to_owned()))
                }
            },
        }
    }

    /// Waits until an execution has ended, and gives it as it is then. Errors: `ExecutionDoesNotExist`, or the engine
    /// stops meanwhile.
    pub async fn wait(&self, arn: &str) -> Result<Description, EngineError> {
        let waits = self.shared.wait_for(&arn.into());
        loop {
            let ended = waits.ended.notified();
            tokio::pin!(ended);
            ended.as_mut().enable();
            let there = self.describe(arn).await?;
            if there.status != Status::Running {
                return Ok(there);
            }
            tokio::select! {
                () = ended => {}
                () = self.shared.stopping() => return Err(self.shared.stop_error()),
            }
        }
    }

    pub(super) async fn find(&self, arn: &str) -> Result<ExecutionId, EngineError> {
        let (machine_arn, name) = of_execution(arn)
            .ok_or_else(|| EngineError::call("InvalidArn", format!("Invalid Arn: 'Invalid ARN: {arn}'")))?;
        let found = self.shared.store.find(Key::of(&[&machine_arn, name])).await?;
        found.ok_or_else(|| EngineError::no_execution(arn))
    }

    async fn machine(&self, arn: &str) -> Result<Arc<StateMachine>, EngineError> {
        self.state_machine(arn).await?.ok_or_else(|| {
            EngineError::call("StateMachineDoesNotExist", format!("State Machine Does Not Exist: '{arn}'"))
        })
    }

    fn check_input(&self, input: &Value) -> Result<(), EngineError> {
        let refused = |why: String| Err(EngineError::call("InvalidExecutionInput", why));
        if input.depth() > DEPTH_MAX {
            return refused(format!("The input is nested deeper than {DEPTH_MAX} levels"));
        }
        match self.limits.payload_bytes {
            Some(limit) if input.json_bytes() > limit => {
                refused(format!("The input has {} bytes; {limit} are allowed", input.json_bytes()))
            }
            Some(_) | None => Ok(()),
        }
    }
}

fn checked(name: String) -> Result<String, EngineError> {
    match check_name(&name) {
        Ok(()) => Ok(name),
        Err(_) => Err(EngineError::call("InvalidName", format!("Invalid Name: '{name}'"))),
    }
}

fn unreadable(what: &str) -> EngineError {
    EngineError::Record {
        what: what.to_owned(),
        source: crate::record::RecordError::Broken("its listing is no listing".to_owned()),
    }
}

/// A name in the form of a UUID, as AWS gives one.
pub fn made_up_name() -> std::io::Result<String> {
    let mut bytes = random()?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    Ok([&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-"))
}
