//! Starting, looking at, stopping and redriving executions.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use stepwell_asl::{MachineType, Program, Text, Timestamp, Value};
use tokio::sync::oneshot;

use super::Engine;
use crate::arn::{Qualifier, check_name, of_execution, resource};
use crate::chance::{random, seed};
use crate::children;
use crate::core::{
    DEPTH_MAX, Event, Execution, HistoryEvent, Identity, Revision, StartedBy, StateError, Status, TestCase,
};
use crate::drive::{Command, Reply};
use crate::error::EngineError;
use crate::ids::{ExecutionId, Key};
use crate::load;
use crate::machines::{Origin, StateMachine, deleting, no_machine};
use crate::record::Birth;
use crate::store::{ListCursor, ListQuery, Listing};
use crate::worker::{Entry, Outcome, Start, status_number};

/// Turns that are read at once for a page of a history.
const TURNS_MAX: usize = 64;

/// Lines of a list that are looked through at once for those of a version or an alias.
const SEARCHED_MAX: usize = 1_000;

/// Bytes of payloads after which a page of a history ends, however many events were asked for.
const PAGE_BYTES_MAX: usize = 8 << 20;

/// How often an execution is read that changes while it is being read.
const READS_MAX: usize = 100;

/// What to start.
#[derive(Clone, Debug, Default)]
pub struct StartExecution {
    /// The ARN of the state machine, or of a version or an alias of it.
    pub machine_arn: String,
    /// The execution's name: one is made up where there is none.
    pub name: Option<String>,
    /// Its input.
    pub input: Value,
    /// The caller's X-Ray trace header.
    pub trace_header: Option<String>,
    /// What answers for some of its Task states.
    pub test_case: Option<Arc<TestCase>>,
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
    /// The version that it was started with, if it was with one.
    pub version_arn: Option<Text>,
    /// The alias that it was started with, if it was with one.
    pub alias_arn: Option<Text>,
    /// The X-Ray trace header it was started with.
    pub trace_header: Option<Text>,
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
    /// The test case that it was started with, if it was with one.
    pub test_case: Option<Arc<TestCase>>,
}

/// Which executions are wanted.
#[derive(Clone, Debug)]
pub struct ListExecutions {
    /// Of which state machine, version or alias: its ARN.
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
    /// The version that it was started with, if it was with one.
    pub version_arn: Option<String>,
    /// The alias that it was started with, if it was with one.
    pub alias_arn: Option<String>,
}

/// A page of executions, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecutionPage {
    /// The ARN of their state machine, whatever qualified it.
    pub machine_arn: Text,
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

/// The state machine of an execution, as it was when that was started.
#[derive(Clone, Debug)]
pub struct MachineOfExecution {
    /// Its ARN.
    pub arn: Text,
    /// Its name.
    pub name: Text,
    /// The text of its definition.
    pub definition: String,
    /// The same, compiled.
    pub program: Arc<Program>,
    /// Its role.
    pub role_arn: Text,
    /// Its revision and configuration.
    pub revision: Revision,
    /// The map run that started the execution, if one did.
    pub map_run_arn: Option<Text>,
}

/// An Express execution that has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    /// Its ARN.
    pub arn: Text,
    /// Its name.
    pub name: Text,
    /// Its state machine's ARN, whatever qualified it.
    pub machine_arn: Text,
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
        self.start_for(start, None).await
    }

    /// The same for a state that starts it. A start that a state repeats gives the execution that the first one has made,
    /// even if that has ended.
    pub(crate) async fn start_for(
        &self,
        start: StartExecution,
        by: Option<&StartedBy>,
    ) -> Result<Started, EngineError> {
        let (machine, origin) = self.origin(&start.machine_arn).await?;
        self.check_input(&start.input)?;
        let name = execution_name(start.name.as_deref())?;
        if machine.kind == MachineType::Express {
            let (started, _) = self.begin_express(&machine, &origin, name, start).await?;
            return Ok(started);
        }
        let key = Key::of(&[&machine.arn, &name]);
        let mut expired = None;
        loop {
            if let Some(id) = self.shared.store.find(key).await? {
                match self.started_before(id, &machine, &name, (&start, by)).await {
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
            let birth = self.birth(&machine, &origin, (id, arn), name.clone(), (start.clone(), by));
            let started = Started { arn: birth.identity.arn.clone(), started_at: birth.identity.started_at };
            let outcome = self.begin(id, key, birth, false).await?;
            if outcome != Outcome::Taken {
                return Ok(started);
            }
        }
    }

    /// Runs an Express execution to its end. Nothing of it is stored.
    ///
    /// Errors: as [`Engine::start`]; `StateMachineTypeNotSupported` for a Standard state machine.
    pub async fn run_express(&self, start: StartExecution) -> Result<Finished, EngineError> {
        let (machine, origin) = self.origin(&start.machine_arn).await?;
        if machine.kind != MachineType::Express {
            return Err(unsupported_type());
        }
        self.check_input(&start.input)?;
        let name = execution_name(start.name.as_deref())?;
        let (started, finished) = self.begin_express(&machine, &origin, name.clone(), start).await?;
        let (status, stopped_at) = finished.await.map_err(|_| self.shared.stop_error())?;
        let machine_arn = machine.arn.clone();
        Ok(Finished { arn: started.arn, name, machine_arn, status, started_at: started.started_at, stopped_at })
    }

    async fn begin_express(
        &self,
        machine: &StateMachine,
        origin: &Origin,
        name: Text,
        start: StartExecution,
    ) -> Result<(Started, oneshot::Receiver<(Status, Timestamp)>), EngineError> {
        let arn = self.place.express(&machine.name, &name, &made_up_name()?);
        let key = Key::of(&[&arn]);
        let id = self.shared.new_id(key.shard()).await?;
        let birth = self.birth(machine, origin, (id, arn), name, (start, None));
        let started = Started { arn: birth.identity.arn.clone(), started_at: birth.identity.started_at };
        let finished = self.shared.end_of(id);
        self.begin(id, key, birth, true).await?;
        Ok((started, finished))
    }

    fn birth(
        &self,
        machine: &StateMachine,
        origin: &Origin,
        (id, arn): (ExecutionId, String),
        name: Text,
        (start, by): (StartExecution, Option<&StartedBy>),
    ) -> Birth {
        let content = &origin.content;
        Birth {
            deadline: None, // counted when it begins
            identity: Arc::new(Identity {
                arn: arn.into(),
                name,
                machine_arn: machine.arn.clone(),
                machine_name: machine.name.clone(),
                role_arn: content.role_arn.clone(),
                region: self.place.region.as_str().into(),
                started_at: self.shared.clock.now(),
                input: start.input,
                version_arn: origin.version_arn.clone(),
                alias_arn: origin.alias_arn.clone(),
                trace_header: start.trace_header.map(Text::from),
                revision: Some(content.revision.clone()),
                number: Some(id.0),
                child_of: None,
                started_by: by.cloned(),
                test_case: start.test_case,
            }),
            definition: content.definition,
            list: machine.arn.clone(),
        }
    }

    async fn begin(&self, id: ExecutionId, name: Key, birth: Birth, volatile: bool) -> Result<Outcome, EngineError> {
        let program = self.shared.machines.program(self.shared.store.as_ref(), birth.definition).await?;
        let start =
            |reply: Reply| Command::Start(Box::new(Start { id, name, birth, program, volatile, reply: Some(reply) }));
        self.shared.ask(id, start).await
    }

    async fn started_before(
        &self,
        id: ExecutionId,
        machine: &StateMachine,
        name: &str,
        (start, by): (&StartExecution, Option<&StartedBy>),
    ) -> Result<Started, EngineError> {
        let arn = self.place.execution(&machine.name, name);
        let there = self.describe_id(id, &arn).await?;
        let is_same = there.input == start.input && there.test_case == start.test_case;
        if self.was_started_by(id, by).await? || there.status == Status::Running && is_same {
            return Ok(Started { arn: there.arn, started_at: there.started_at });
        }
        Err(EngineError::call("ExecutionAlreadyExists", format!("Execution Already Exists: '{arn}'")))
    }

    /// Whether it was this state that started an execution.
    pub(crate) async fn was_started_by(&self, id: ExecutionId, by: Option<&StartedBy>) -> Result<bool, EngineError> {
        if by.is_none() {
            return Ok(false);
        }
        let birth = load::birth(self.shared.store.as_ref(), id).await?;
        Ok(birth.is_some_and(|birth| birth.identity.started_by.as_ref() == by))
    }

    /// An execution as it is. Errors: `ExecutionDoesNotExist`.
    pub async fn describe(&self, arn: &str) -> Result<Description, EngineError> {
        let id = self.find(arn).await?;
        self.describe_id(id, arn).await
    }

    pub(crate) async fn describe_id(&self, id: ExecutionId, arn: &str) -> Result<Description, EngineError> {
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
                version_arn: identity.version_arn.clone(),
                alias_arn: identity.alias_arn.clone(),
                trace_header: identity.trace_header.clone(),
                status,
                input: identity.input.clone(),
                started_at: identity.started_at,
                stopped_at: entry.stopped_at,
                redrive_count: entry.redrive_count,
                redriven_at: entry.redriven_at,
                map_run_arn: identity.child_of.as_ref().map(|of| of.map_run_arn.clone()),
                test_case: identity.test_case.clone(),
            });
        }
        Err(unreadable(arn))
    }

    /// An execution with all that is known of it, whatever became of its state machine since.
    /// Errors: `ExecutionDoesNotExist`.
    pub async fn inspect(&self, arn: &str) -> Result<Inspection, EngineError> {
        let id = self.find(arn).await?;
        let loaded = load::load(&self.shared, id).await?.ok_or_else(|| EngineError::no_execution(arn))?;
        let definitions = &self.shared.machines.definitions;
        let definition = definitions.text(self.shared.store.as_ref(), loaded.birth.definition).await?;
        Ok(Inspection { definition, program: loaded.program, execution: loaded.execution })
    }

    /// The state machine of an execution as it was when that was started, whatever became of it since.
    /// Errors: `ExecutionDoesNotExist`.
    pub async fn machine_of_execution(&self, arn: &str) -> Result<MachineOfExecution, EngineError> {
        let id = self.find(arn).await?;
        let store = self.shared.store.as_ref();
        let birth = load::birth(store, id).await?.ok_or_else(|| EngineError::no_execution(arn))?;
        let (definitions, identity) = (&self.shared.machines.definitions, &birth.identity);
        let unknown = || Revision { updated_at: identity.started_at, ..Revision::default() };
        Ok(MachineOfExecution {
            arn: identity.machine_arn.clone(),
            name: identity.machine_name.clone(),
            definition: definitions.text(store, birth.definition).await?,
            program: definitions.program(store, birth.definition).await?,
            role_arn: identity.role_arn.clone(),
            revision: identity.revision.clone().unwrap_or_else(unknown),
            map_run_arn: identity.child_of.as_ref().map(|of| of.map_run_arn.clone()),
        })
    }

    /// A page of the executions of a state machine, a version or an alias, newest first. A page may be short, or empty,
    /// and yet have a next one: of many executions few may be of that version.
    ///
    /// Errors: `StateMachineDoesNotExist`, `StateMachineTypeNotSupported` for an Express state machine.
    pub async fn list(&self, list: ListExecutions) -> Result<ExecutionPage, EngineError> {
        let (arn, limit) = (list.machine_arn.as_str(), list.limit.max(1));
        let asked = self.unlabeled(arn)?;
        let machine = self.settle(asked.machine).await?.ok_or_else(|| no_machine(arn))?;
        if machine.kind == MachineType::Express {
            return Err(unsupported_type());
        }
        let wanted: Box<dyn Fn(&Entry) -> bool + Send> = match asked.qualifier {
            Qualifier::None | Qualifier::Label(_) => Box::new(|_| true),
            Qualifier::Version(number) => {
                machine.version(number).ok_or_else(|| no_machine(arn))?;
                let number = number.to_string();
                Box::new(move |entry| entry.version.as_deref() == Some(&number))
            }
            Qualifier::Alias(name) => {
                machine.alias(name).ok_or_else(|| no_machine(arn))?;
                let name = name.to_owned();
                Box::new(move |entry| entry.alias.as_deref() == Some(&name))
            }
        };
        let read = match asked.qualifier {
            Qualifier::None | Qualifier::Label(_) => 0,
            Qualifier::Version(_) | Qualifier::Alias(_) => SEARCHED_MAX,
        };
        let read = read.max(limit.saturating_add(1)); // one more tells whether there is a next page

        let (list_key, status) = (Key::of(&[&machine.arn]), list.status);
        let lines =
            self.shared.store.list(ListQuery { list: list_key, status, after: list.after, limit: read }).await?;
        let is_last = lines.len() < read;
        let mut page = ExecutionPage { machine_arn: machine.arn.clone(), ..ExecutionPage::default() };
        for (cursor, line) in lines {
            if page.executions.len() == limit {
                return Ok(page); // the rest is read again
            }
            page.next = Some(cursor);
            let entry = Entry::decode(&line.entry).ok_or_else(|| unreadable(&machine.arn))?;
            if wanted(&entry) {
                page.executions.push(summary(&machine, &line, entry));
            }
        }
        if is_last {
            page.next = None;
        }
        Ok(page)
    }

    /// A page of an execution's history. Errors: `ExecutionDoesNotExist`.
    pub async fn history(&self, arn: &str, query: HistoryQuery) -> Result<HistoryPage, EngineError> {
        let id = self.find(arn).await?;
        let (store, limit) = (self.shared.store.as_ref(), query.limit.max(1));
        let (mut page, mut bytes) = (HistoryPage::default(), 0);
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
                    if page.events.len() == limit || bytes >= PAGE_BYTES_MAX {
                        return Ok(page);
                    }
                    bytes += event.kind.payload().map_or(0, Value::json_bytes);
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
        if let Some(why) = self.not_redrivable(&there).await? {
            return Err(refused(why));
        }
        match self.shared.deliver(id, Event::Redriven).await? {
            Outcome::Accepted => {
                Ok(self.describe_id(id, arn).await?.redriven_at.unwrap_or_else(|| self.shared.clock.now()))
            }
            _ => {
                // Another one was first, or its time has just come.
                let now = self.describe_id(id, arn).await?;
                let why = self.not_redrivable(&now).await?;
                Err(refused(why.unwrap_or_else(|| "Execution redrivable period exceeded".to_owned())))
            }
        }
    }

    /// Why an execution cannot be redriven, in AWS's words; `None`: it can. Errors: `ExecutionDoesNotExist`.
    pub async fn not_redrivable(&self, there: &Description) -> Result<Option<String>, EngineError> {
        if there.map_run_arn.is_some() {
            return Ok(Some("Execution was started by a Map Run, and is not redriven without it".to_owned()));
        }
        if matches!(there.status, Status::Running | Status::Succeeded(_)) {
            return Ok(Some(format!("Execution is {} and cannot be redriven", status_of(&there.status))));
        }
        let (now, redrivable_ms) =
            (self.shared.clock.now(), u64::try_from(self.redrive.as_millis()).unwrap_or(u64::MAX));
        if there.stopped_at.is_some_and(|at| at.plus_ms(redrivable_ms) <= now) {
            return Ok(Some("Execution redrivable period exceeded".to_owned()));
        }
        let id = self.find(&there.arn).await?;
        let loaded = load::load(&self.shared, id).await?.ok_or_else(|| EngineError::no_execution(&there.arn))?;
        Ok(loaded.execution.redrivable(&self.limits, now).err().map(str::to_owned))
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

    pub(crate) async fn find(&self, arn: &str) -> Result<ExecutionId, EngineError> {
        let invalid = || EngineError::call("InvalidArn", format!("Invalid Arn: 'Invalid ARN: {arn}'"));
        let (machine_arn, name) = match of_execution(arn) {
            Some(named) => named,
            None => return Err(resource(arn, &["execution"]).err().unwrap_or_else(invalid)),
        };
        let found = self.shared.store.find(Key::of(&[&machine_arn, name])).await?;
        found.ok_or_else(|| EngineError::no_execution(arn))
    }

    /// What a new execution runs, of the state machine, version or alias of this ARN.
    async fn origin(&self, arn: &str) -> Result<(Arc<StateMachine>, Origin), EngineError> {
        let asked = self.unlabeled(arn)?;
        let machine = self.settle(asked.machine).await?.ok_or_else(|| no_machine(arn))?;
        if machine.is_deleting {
            return Err(deleting(arn));
        }
        let chance = match asked.qualifier {
            Qualifier::Alias(_) => (seed()?[0] % 100) as u32,
            Qualifier::None | Qualifier::Version(_) | Qualifier::Label(_) => 0,
        };
        let origin = machine.origin(asked.qualifier, chance).ok_or_else(|| no_machine(arn))?;
        Ok((machine, origin))
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

fn execution_name(given: Option<&str>) -> Result<Text, EngineError> {
    match given.map(|name| (name, check_name(name))) {
        Some((name, Ok(()))) => Ok(name.into()),
        Some((name, Err(_))) => Err(EngineError::call("InvalidName", format!("Invalid Name: '{name}'"))),
        None => Ok(made_up_name()?.into()),
    }
}

fn unsupported_type() -> EngineError {
    EngineError::call("StateMachineTypeNotSupported", "This operation is not supported by this type of state machine")
}

fn summary(machine: &StateMachine, line: &Listing, entry: Entry) -> ExecutionSummary {
    let executions = machine.arn.replacen(":stateMachine:", ":execution:", 1);
    let qualified = |qualifier: String| format!("{}:{qualifier}", machine.arn);
    ExecutionSummary {
        arn: format!("{executions}:{}", entry.name),
        name: entry.name,
        status: line.status,
        started_at: line.started_at,
        stopped_at: entry.stopped_at,
        redrive_count: entry.redrive_count,
        redriven_at: entry.redriven_at,
        version_arn: entry.version.map(qualified),
        alias_arn: entry.alias.map(qualified),
    }
}

fn status_of(status: &Status) -> &'static str {
    super::status_name(crate::worker::status_number(status))
}

pub(super) fn unreadable(what: &str) -> EngineError {
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
