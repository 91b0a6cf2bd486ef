//! What must be so when everything has ended: the store is opened once more, and everything in it is compared with what
//! was acknowledged, with what was called, and with what each execution must come to.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use stepwell_asl::program::StateType;
use stepwell_asl::{Timestamp, Value};
use stepwell_engine::core::{HistoryEvent, HistoryKind, Status};
use stepwell_engine::engine::{Description, ExecutionSummary, StartExecution};
use stepwell_engine::invoke::{Answer, Invoker, Task};
use stepwell_engine::worker::status_number;
use stepwell_engine::{Config, Engine, EngineError};

use super::child::{Orders, history, listed, summed};
use super::facts::{Fact, calls, facts};
use super::model::{ACT, End, Expected, Kind, NEVER, TaskKey};

/// How much there was to compare.
#[derive(Default)]
pub struct Figures {
    executions: usize,
    expired: usize,
    events: usize,
    calls: usize,
    repeated: usize,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Figures { executions, expired, events, calls, repeated } = self;
        write!(
            f,
            "{executions} executions and {expired} expired, {events} events, {calls} calls, {repeated} of them again"
        )
    }
}

/// Counts calls: there must be none.
#[derive(Default)]
struct Nobody(AtomicUsize);

#[async_trait]
impl Invoker for Nobody {
    async fn invoke(&self, _task: &Task) -> Answer {
        self.0.fetch_add(1, Ordering::SeqCst);
        Answer::failed("Late", "everything has ended")
    }
}

/// What all lives have written down.
#[derive(Default)]
struct Told {
    acknowledged: BTreeSet<String>,
    ended: HashMap<String, Vec<Seen>>,
    tokens: HashMap<String, u32>,
    /// By execution: the life that saw the answer to its callback acknowledged.
    answered: HashMap<String, u32>,
    /// By execution.
    calls: HashMap<String, Calls>,
}

/// By task: life and attempt of each call, in order.
type Calls = BTreeMap<TaskKey, Vec<(u32, u32)>>;

/// An end that was seen.
struct Seen {
    life: u32,
    redrives: u32,
    /// How many events the history had, and their checksum.
    history: (usize, u32),
}

impl Told {
    fn read(orders: &Orders, wrong: &mut Vec<String>) -> Told {
        let (mut told, mut asked) = (Told::default(), HashMap::new());
        for life in 1..=orders.life {
            for fact in facts(&orders.directory, life) {
                match fact {
                    Fact::Started { name } => drop(told.acknowledged.insert(name)),
                    Fact::Ended { name, redrives, events, checksum } => {
                        told.ended.entry(name).or_default().push(Seen { life, redrives, history: (events, checksum) });
                    }
                    Fact::Token { at, token, .. } if at == ACT => {
                        if let Some(before) = told.tokens.insert(token, life) {
                            wrong.push(format!("lives {before} and {life} were handed the same task of an activity"));
                        }
                    }
                    Fact::Token { name, token, .. } => drop(asked.insert(token, name)),
                    Fact::Answered { token } => {
                        told.answered.extend(asked.get(&token).map(|name| (name.clone(), life)));
                    }
                    Fact::Opened
                    | Fact::Starting { .. }
                    | Fact::Called(_)
                    | Fact::Late { .. }
                    | Fact::Broken { .. }
                    | Fact::Finished => {}
                }
            }
            for call in calls(&orders.directory, life) {
                let of = told.calls.entry(call.name).or_default();
                of.entry((call.at, call.item)).or_default().push((life, call.attempt));
            }
        }
        told
    }
}

/// Compares everything, and gives what differs.
pub fn verify(orders: &Orders) -> (Figures, Vec<String>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let mut wrong = Vec::new();
    let told = Told::read(orders, &mut wrong);
    let mut verifier = Verifier { told, wrong, figures: Figures::default(), expires: orders.expires };
    if let Err(error) = runtime.expect("a runtime can be made").block_on(verifier.all(orders)) {
        verifier.wrong.push(format!("a call has failed: {error}"));
    }
    (verifier.figures, verifier.wrong)
}

struct Verifier {
    told: Told,
    wrong: Vec<String>,
    figures: Figures,
    expires: bool,
}

impl Verifier {
    async fn all(&mut self, orders: &Orders) -> Result<(), EngineError> {
        let nobody = Arc::new(Nobody::default());
        // Nothing expires while this looks.
        let engine = Engine::open(Config { retain: None, ..orders.config(nobody.clone()) }).await?;
        let mut there = BTreeSet::new();
        for kind in orders.kinds() {
            let lines = listed(&engine, kind, None).await?;
            self.statuses(&engine, kind, &lines).await?;
            for line in lines {
                if !there.insert(line.name.clone()) {
                    self.wrong.push(format!("{} is listed twice", line.name));
                }
                self.execution(&engine, kind, &line).await?;
            }
        }
        let missing: Vec<String> = self.told.acknowledged.difference(&there).cloned().collect();
        for name in missing {
            self.missing(&engine, &name).await;
        }
        self.figures.calls = self.told.calls.values().flat_map(BTreeMap::values).map(Vec::len).sum();
        engine.shutdown(Duration::from_secs(20)).await?;
        match nobody.0.load(Ordering::SeqCst) {
            0 => {}
            calls => self.wrong.push(format!("everything has ended, and {calls} tasks were called")),
        }
        Ok(())
    }

    /// Lists by status are parts of the whole list.
    async fn statuses(&mut self, engine: &Engine, kind: Kind, lines: &[ExecutionSummary]) -> Result<(), EngineError> {
        for status in 0..=4 {
            let of = lines.iter().filter(|line| line.status == status);
            if !listed(engine, kind, Some(status)).await?.iter().eq(of) {
                self.wrong.push(format!("{}: the list of status {status} is not part of the list", kind.name()));
            }
        }
        Ok(())
    }

    async fn execution(&mut self, engine: &Engine, kind: Kind, line: &ExecutionSummary) -> Result<(), EngineError> {
        let there = engine.describe(&line.arn).await?;
        let events = history(engine, &line.arn).await?;
        self.figures.executions += 1;
        self.figures.events += events.len();
        let expected = kind.expected(&there.input.to_json());
        let mut wrong = Vec::new();
        compare(&there, line, &expected, &mut wrong);
        check_history(&events, &expected, &mut wrong);
        check_waits(&events, &there.input, &mut wrong);
        self.check_calls(&line.name, &expected, &mut wrong);
        self.check_ends(&line.name, &there, summed(&events), &mut wrong);
        let again = StartExecution {
            machine_arn: there.machine_arn.to_string(),
            name: Some(line.name.clone()),
            input: there.input,
            ..StartExecution::default()
        };
        match engine.start(again).await {
            Err(error) if error.code() == Some("ExecutionAlreadyExists") => {}
            other => wrong.push(format!("its name can be taken again: {other:?}")),
        }
        self.wrong.extend(wrong.into_iter().map(|what| format!("{}: {what}", line.name)));
        Ok(())
    }

    /// Every attempt that the history shows was called, no other one, and none again after a later one.
    fn check_calls(&mut self, name: &str, expected: &Expected, wrong: &mut Vec<String>) {
        let calls = self.told.calls.remove(name).unwrap_or_default();
        let ended_in =
            self.told.ended.get(name).and_then(|ends| ends.iter().find(|end| end.redrives == expected.redrives));
        for (task, attempts) in &expected.attempts {
            let made = calls.get(task).map_or(&[][..], Vec::as_slice);
            let distinct: Vec<u32> =
                made.iter().map(|(_, attempt)| *attempt).collect::<BTreeSet<_>>().into_iter().collect();
            let surely = task.0 != ACT && (task.0 != NEVER || !made.is_empty());
            if surely && distinct != (0..*attempts).collect::<Vec<_>>() {
                wrong.push(format!("{task:?} has {attempts} attempts, and these calls: {made:?}"));
            }
            if !made.iter().map(|(_, attempt)| attempt).is_sorted() {
                wrong.push(format!("{task:?} was called again after a later attempt: {made:?}"));
            }
            if let (Some(Seen { life, .. }), Some((last, _))) = (ended_in, made.last())
                && last > life
            {
                wrong.push(format!("{task:?} was called in life {last}, and it had ended in life {life}"));
            }
            self.figures.repeated += made.len() - distinct.len();
        }
        if let (Some(answered), Some(asked)) = (self.told.answered.get(name), calls.get(&("Ask".to_owned(), 0)))
            && asked.last().is_some_and(|(life, _)| life > answered)
        {
            wrong.push(format!("life {answered} answered its callback, and it was asked again: {asked:?}"));
        }
        for two in expected.sequence.windows(2) {
            let (one, next) =
                (calls.get(&two[0]).and_then(|made| made.last()), calls.get(&two[1]).and_then(|made| made.first()));
            if let (Some((last, _)), Some((first, _))) = (one, next)
                && last > first
            {
                wrong.push(format!("{:?} was called in life {last}, and {:?} in life {first}", two[0], two[1]));
            }
        }
        for task in calls.keys().filter(|task| !expected.attempts.contains_key(*task)) {
            wrong.push(format!("{task:?} was called, and is not part of it"));
        }
        self.told.calls.insert(name.to_owned(), calls);
    }

    /// A history that was seen as ended is the same now.
    fn check_ends(&self, name: &str, there: &Description, now: (usize, u32), wrong: &mut Vec<String>) {
        for Seen { life, redrives, history: then } in self.told.ended.get(name).into_iter().flatten() {
            if *redrives == there.redrive_count && *then != now {
                wrong.push(format!("life {life} saw a history of {then:?} (events, checksum), and now it is {now:?}"));
            }
        }
        if !self.told.acknowledged.contains(name) {
            wrong.push("it is there, and nobody started it".to_owned());
        }
    }

    /// An execution that was acknowledged and is listed no more.
    async fn missing(&mut self, engine: &Engine, name: &str) {
        if !self.expires {
            return self.wrong.push(format!("{name} was acknowledged, and it is not listed"));
        }
        let arn = engine.place().execution(&Kind::of(name).name(), name);
        let gone = |error: &EngineError| error.code() == Some("ExecutionDoesNotExist");
        if !engine.describe(&arn).await.as_ref().is_err_and(gone) {
            self.wrong.push(format!("{name} is not listed, and it can be described"));
        }
        if !history(engine, &arn).await.as_ref().is_err_and(gone) {
            self.wrong.push(format!("{name} is not listed, and has a history"));
        }
        self.gone(name);
    }

    /// Only what has ended can be gone.
    fn gone(&mut self, name: &str) {
        self.figures.expired += 1;
        let kind = Kind::of(name);
        let expected = kind.expected(&kind.input(name, 0));
        let mut wrong = Vec::new();
        self.check_calls(name, &expected, &mut wrong);
        self.wrong.extend(wrong.into_iter().map(|what| format!("{name} has expired: {what}")));
    }
}

fn compare(there: &Description, line: &ExecutionSummary, expected: &Expected, wrong: &mut Vec<String>) {
    let right = match (&there.status, &expected.end) {
        (Status::Succeeded(output), End::Succeeded(expected)) => output.to_json() == *expected,
        (Status::Failed(found), End::Failed(error, cause)) | (Status::Aborted(found), End::Aborted(error, cause)) => {
            found.name.as_deref() == Some(*error) && found.cause.as_deref() == Some(*cause)
        }
        (..) => false,
    };
    if !right {
        wrong.push(format!("it ended with {:?}, not with {:?}", there.status, expected.end));
    }
    let described =
        (status_number(&there.status), there.started_at, there.stopped_at, there.redrive_count, there.redriven_at);
    let listed = (line.status, line.started_at, line.stopped_at, line.redrive_count, line.redriven_at);
    if described != listed || there.stopped_at.is_none() {
        wrong.push(format!("it is described as {described:?} and listed as {listed:?}"));
    }
    if there.redrive_count != expected.redrives {
        wrong.push(format!("it was redriven {} times, not {}", there.redrive_count, expected.redrives));
    }
}

fn check_history(events: &[HistoryEvent], expected: &Expected, wrong: &mut Vec<String>) {
    for (event, id) in events.iter().zip(1..) {
        if event.id != id || event.previous_id >= event.id {
            wrong.push(format!("event {} after {} stands at place {id}", event.id, event.previous_id));
        }
    }
    for two in events.windows(2) {
        let reopened = matches!(two[1].kind, HistoryKind::ExecutionRedriven { .. });
        if is_end(&two[0].kind) != reopened {
            wrong.push(format!("event {} follows {:?}", two[1].id, two[0].kind));
        }
        if two[1].at < two[0].at {
            wrong.push(format!("event {} is earlier than the one before", two[1].id));
        }
    }
    if !events.last().is_some_and(|last| is_end(&last.kind)) {
        wrong.push("its last event is no end".to_owned());
    }
    check_tasks(events, expected, wrong);
}

fn is_end(kind: &HistoryKind) -> bool {
    matches!(
        kind,
        HistoryKind::ExecutionSucceeded { .. }
            | HistoryKind::ExecutionFailed(_)
            | HistoryKind::ExecutionTimedOut(_)
            | HistoryKind::ExecutionAborted(_)
    )
}

/// Every task that was scheduled has one outcome, and each was attempted as often as it must.
fn check_tasks(events: &[HistoryEvent], expected: &Expected, wrong: &mut Vec<String>) {
    let mut scheduled: BTreeMap<TaskKey, u32> = BTreeMap::new();
    // What was scheduled, by the newest event that follows it; and its outcomes.
    let (mut of, mut outcomes) = (HashMap::new(), BTreeMap::new());
    for event in events {
        let before = of.get(&event.previous_id).copied();
        match &event.kind {
            HistoryKind::TaskScheduled(task) => {
                let task = task_of(&task.input);
                if task.0 != NEVER {
                    outcomes.insert(event.id, 0);
                }
                *scheduled.entry(task).or_default() += 1;
                of.insert(event.id, event.id);
            }
            HistoryKind::TaskStarted { .. } | HistoryKind::TaskSubmitted { .. } => {
                of.extend(before.map(|task| (event.id, task)));
            }
            HistoryKind::TaskSucceeded { .. } | HistoryKind::TaskFailed { .. } | HistoryKind::TaskTimedOut { .. } => {
                match before {
                    Some(task) => *outcomes.entry(task).or_default() += 1,
                    None => wrong.push(format!("event {} is the outcome of nothing", event.id)),
                }
            }
            _ => {}
        }
    }
    for (task, outcomes) in outcomes.iter().filter(|(_, outcomes)| **outcomes != 1) {
        wrong.push(format!("the task scheduled in event {task} has {outcomes} outcomes"));
    }
    // Who took an activity's task and was killed has it time out: there may be more attempts.
    scheduled.entry((ACT.to_owned(), 0)).and_modify(|attempts| *attempts = 1);
    if scheduled != expected.attempts {
        wrong.push(format!("it scheduled {scheduled:?}, and not {:?}", expected.attempts));
    }
}

fn task_of(input: &Value) -> TaskKey {
    let input = input.get("MessageBody").unwrap_or(input).to_json();
    (input["at"].as_str().unwrap_or_default().to_owned(), input["item"].as_u64().unwrap_or_default())
}

/// No Wait has ended early.
fn check_waits(events: &[HistoryEvent], input: &Value, wrong: &mut Vec<String>) {
    let until = input.get("until").and_then(|until| Timestamp::parse(until.as_str()?));
    let entered: HashMap<u64, &HistoryEvent> = events.iter().map(|event| (event.id, event)).collect();
    for event in events {
        let HistoryKind::StateExited { state_type: StateType::Wait, name, .. } = &event.kind else { continue };
        let since = entered.get(&event.previous_id).map_or(Timestamp(i64::MAX), |entered| entered.at);
        let due = match &**name {
            "Second" => since.plus_ms(1_000),
            _ => until.unwrap_or(Timestamp(i64::MAX)),
        };
        if event.at < due {
            wrong.push(format!("the Wait {name} ended at {}, due at {due}", event.at));
        }
    }
}
