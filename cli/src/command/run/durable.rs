//! A run that is kept in a store: killed at any moment, it can go on.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use stepwell_asl::{MachineType, Program, Text};
use stepwell_engine::core::{Execution, HistoryEvent, Identity, Invoke, Status, Turn};
use stepwell_engine::engine::{Description, HistoryQuery, ListExecutions, StartExecution, made_up_name, status_name};
use stepwell_engine::invoke::Invoker;
use stepwell_engine::worker::status_number;
use stepwell_engine::{Config, Engine, EngineError, Observer};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::report::{Kept, Ran};
use super::{Prepared, resume, routed};
use crate::api::{Durable, Server};
use crate::definition::{Examined, examine};
use crate::live::{Mark, Outside, Watch};
use crate::output;
use crate::refusal::Refusal;
use crate::signals::Interrupts;
use crate::{store, tasks};

/// How long the engine has to write what it has begun to write.
const PATIENCE: Duration = Duration::from_secs(5);

/// Events of a history that are read at once.
const EVENTS_MAX: usize = 1_000;

/// Executions that are counted at most.
const COUNTED_MAX: usize = 1_000;

/// The number of `RUNNING` in lists.
const RUNNING: u8 = 0;

/// Watches one execution of an engine's.
#[derive(Default)]
struct Looking {
    watch: Mutex<Option<(Text, Watch)>>,
    /// The end was seen.
    ended: Notify,
}

impl Looking {
    fn lock(&self) -> MutexGuard<'_, Option<(Text, Watch)>> {
        // What is shown may lack a part; what happens does not.
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn at(&self, identity: &Identity, look: impl FnOnce(&mut Watch)) {
        if let Some((arn, watch)) = &mut *self.lock()
            && *arn == identity.arn
        {
            look(watch);
        }
    }
}

impl Observer for Looking {
    fn turn(&self, identity: &Identity, turn: &Turn, execution: Option<&Execution>) {
        self.at(identity, |watch| {
            watch.turn(turn, execution);
            if turn.ends() {
                self.ended.notify_one();
            }
        });
    }

    fn waits_outside(&self, identity: &Identity, invoke: &Invoke) {
        self.at(identity, |watch| watch.waits_outside(invoke));
    }
}

/// The execution that is run.
struct Target {
    name: Text,
    arn: Text,
    program: Arc<Program>,
    /// Where it is, if it is there already.
    before: Option<(Execution, Vec<HistoryEvent>)>,
    /// The definition it was started with, where the file has another one.
    examined: Option<Examined>,
}

/// Starts an execution, or goes on with one.
pub async fn run(
    prepared: Prepared<'_>,
    directory: &Path,
    program: Option<Program>,
    interrupts: Interrupts,
) -> Result<Ran, Refusal> {
    let (args, screen) = (prepared.args, prepared.screen);
    if args.resume {
        store::must_exist(directory)?;
    }
    let server = match args.api {
        Some(address) => Some(Server::bind(address).await?),
        None => None,
    };
    let region = prepared.config.aws.local_region().to_owned();
    let router: Arc<dyn Invoker> = Arc::new(tasks::router(prepared.config.clone(), args.mock_all, screen).await);
    let looking = Arc::new(Looking::default());
    let config = Config {
        region,
        limits: args.limits.clone(),
        pace: args.waiting.wait_scale,
        retain: args.retain.0,
        observer: Some(looking.clone()),
        idle: true,
        ..Config::new(store::options(directory, args.store), router.clone())
    };
    let engine = store::open(config, args.store).await?;
    let ran = drive(&engine, &prepared, program, server, router, &looking, interrupts).await;
    screen.close();
    match (ran, engine.shutdown(PATIENCE).await) {
        (Ok(ran), Err(error)) => {
            output::tell_warning(&format!("the store in {} was not closed: {error}", directory.display()));
            Ok(ran)
        }
        (ran, _) => ran,
    }
}

async fn drive(
    engine: &Engine,
    prepared: &Prepared<'_>,
    program: Option<Program>,
    server: Option<Server>,
    router: Arc<dyn Invoker>,
    looking: &Looking,
    interrupts: Interrupts,
) -> Result<Ran, Refusal> {
    let Prepared { args, screen, .. } = prepared;
    let target = match program {
        Some(program) => new(engine, prepared, program).await?,
        None => unfinished(engine, prepared).await?,
    };
    let Target { name, arn, program, before, examined } = target;
    tell_beginning(engine, prepared, &name, &before).await?;
    let mut watch = Watch::new(program.clone(), (*screen).clone(), false, Outside::Engine { open: server.is_some() });
    if let Some((execution, history)) = &before {
        watch.catch_up(history);
        watch.begin_at(execution);
    }
    *looking.lock() = Some((arn.clone(), watch));
    let mut routed = JoinSet::new();
    let serving = match server {
        Some(server) => {
            screen.tell(Mark::Execution, &name, &format!("is answered at http://{}", server.address()));
            screen.flush();
            let answerer = Arc::new(Durable::new(engine.clone()));
            Some(server.serve(answerer, args.limits.payload_bytes.is_some()))
        }
        None => {
            for activity in routed::activities(&program) {
                routed.spawn(routed::work(engine.clone(), router.clone(), activity));
            }
            None
        }
    };
    engine.go_on().await;
    if before.is_none() {
        let machine_arn = engine.place().state_machine(prepared.machine);
        let input = prepared.input.clone();
        engine
            .start(StartExecution {
                machine_arn,
                name: Some(name.to_string()),
                input,
                test_case: prepared.test_case.clone(),
                ..StartExecution::default()
            })
            .await?;
    }
    let (there, interrupt) = tokio::select! {
        biased; // who interrupts is heard from the first moment on
        interrupt = interrupts.first() => (engine.describe(&arn).await?, Some(interrupt)),
        there = engine.wait(&arn) => (there?, None),
    };
    let interrupt = interrupt.filter(|_| there.status == Status::Running);
    if there.status != Status::Running {
        // The store tells the end before whoever looks on has seen it.
        let _ = tokio::time::timeout(PATIENCE, looking.ended.notified()).await; // what is shown may lack a part
    }
    if let Some(serving) = serving {
        serving.finish().await;
    }
    let history = match args.history.is_some() {
        true => Some(history(engine, &arn).await?),
        false => None,
    };
    let watch = looking.lock().take().map(|(_, watch)| watch);
    let Some(watch) = watch else { return Err(Refusal::new("the run was watched by nobody")) };
    let resume = resume::command(args, &name);
    Ok(Ran {
        status: there.status,
        started_at: there.started_at,
        stopped_at: there.stopped_at,
        watch,
        history,
        interrupt,
        kept: Some(Kept { name, resume, examined }),
    })
}

/// An execution that is not there yet; its state machine is registered.
async fn new(engine: &Engine, prepared: &Prepared<'_>, program: Program) -> Result<Target, Refusal> {
    let Prepared { args, examined, .. } = prepared;
    let machine = prepared.machine;
    let name = args.name.clone().map_or_else(made_up_name, Ok).map_err(Refusal::of_machine)?;
    let arn = engine.place().execution(machine, &name);
    if let Some(there) = existing(engine, &arn).await? {
        return Err(taken(prepared, machine, &there));
    }
    if let Some(definition) = &examined.definition {
        let registered = engine.register(machine, definition.text(), MachineType::Standard).await;
        registered.map_err(|error| match is_of_other_type(&error) {
            true => Refusal::with_help(
                format!("{} has {machine} as an Express state machine, of which nothing is kept", shown_data(prepared)),
                "run it without --data, or with another directory",
            ),
            false => error.into(),
        })?;
    }
    for other in prepared.others {
        match engine.register(&other.name, &other.text, other.kind).await {
            Err(error) if is_of_other_type(&error) => {} // it was run by itself, and so is there as a Standard one
            registered => drop(registered?),
        }
    }
    Ok(Target { name: name.into(), arn: arn.into(), program: Arc::new(program), before: None, examined: None })
}

fn is_of_other_type(error: &EngineError) -> bool {
    error.code() == Some("StateMachineAlreadyExists")
}

fn taken(prepared: &Prepared<'_>, machine: &str, there: &Description) -> Refusal {
    let data = shown_data(prepared);
    let status = status_name(status_number(&there.status));
    let message = format!("{data} has an execution {} of {machine} already, and it is {status}", there.name);
    let help = match &there.status {
        Status::Running => "--resume goes on with it; another --name starts another one".to_owned(),
        Status::Succeeded(_) => "another --name starts another one".to_owned(),
        Status::Failed(_) | Status::TimedOut(_) | Status::Aborted(_) => format!(
            "another --name starts another one; `stepwell executions redrive {} --data {data}` lets this one go on",
            there.name
        ),
    };
    Refusal::with_help(message, help)
}

/// The execution that is to go on.
async fn unfinished(engine: &Engine, prepared: &Prepared<'_>) -> Result<Target, Refusal> {
    let Prepared { args, examined, .. } = prepared;
    let machine = prepared.machine;
    let arn: Text = match &args.name {
        Some(name) => named(engine, prepared, machine, name).await?,
        None => newest(engine, prepared, machine).await?,
    };
    let inspected = engine.inspect(&arn).await?;
    let name = inspected.execution.identity.name.clone();
    let same = examined.definition.as_ref().is_some_and(|one| one.text() == inspected.definition);
    let examined = (!same).then(|| {
        output::tell_warning(&format!(
            "{} is not what {name} was started with: it goes on with the definition it was started with",
            examined.file
        ));
        let file = format!("the definition of {name}");
        examine(file, inspected.definition.as_bytes(), &Default::default(), MachineType::Standard, false)
    });
    let history = history(engine, &arn).await?;
    Ok(Target { name, arn, program: inspected.program, before: Some((inspected.execution, history)), examined })
}

async fn named(engine: &Engine, prepared: &Prepared<'_>, machine: &str, name: &str) -> Result<Text, Refusal> {
    let arn = engine.place().execution(machine, name);
    let data = shown_data(prepared);
    match existing(engine, &arn).await? {
        None => Err(Refusal::with_help(
            format!("{data} has no execution {name} of {machine}"),
            format!("`stepwell executions list --data {data}` shows all; without --resume a new one is started"),
        )),
        Some(there) => match &there.status {
            Status::Running => Ok(there.arn),
            ended => {
                let status = status_name(status_number(ended));
                let message = format!("{name} of {machine} cannot be resumed: it is {status}");
                let help = match ended {
                    Status::Succeeded(_) | Status::Running => {
                        format!("`stepwell executions show {name} --data {data}` shows its output")
                    }
                    Status::Failed(_) | Status::TimedOut(_) | Status::Aborted(_) => {
                        format!("`stepwell executions redrive {name} --data {data}` lets it go on where it ended")
                    }
                };
                Err(Refusal::with_help(message, help))
            }
        },
    }
}

async fn newest(engine: &Engine, prepared: &Prepared<'_>, machine: &str) -> Result<Text, Refusal> {
    let data = shown_data(prepared);
    let machine_arn = engine.place().state_machine(machine);
    let list = |status| ListExecutions { machine_arn: machine_arn.clone(), status, after: None, limit: 1 };
    let nothing = |last: String| {
        Refusal::with_help(
            format!("nothing of {machine} is to be resumed in {data}: {last}"),
            "without --resume a new execution is started",
        )
    };
    if engine.state_machine(&machine_arn).await?.is_none() {
        return Err(nothing("it was never run there".to_owned()));
    }
    if let Some(one) = engine.list(list(Some(RUNNING))).await?.executions.first() {
        return Ok(one.arn.as_str().into());
    }
    Err(nothing(match engine.list(list(None)).await?.executions.first() {
        Some(last) => format!("the last one was {}, which is {}", last.name, status_name(last.status)),
        None => "it was never run there".to_owned(),
    }))
}

async fn tell_beginning(
    engine: &Engine,
    prepared: &Prepared<'_>,
    name: &str,
    before: &Option<(Execution, Vec<HistoryEvent>)>,
) -> Result<(), Refusal> {
    let (screen, data) = (prepared.screen, shown_data(prepared));
    match before {
        None => screen.tell(Mark::Execution, name, &format!("is kept in {data}")),
        Some((_, history)) => {
            screen.tell(Mark::Execution, name, &format!("goes on after {} events", history.len()));
        }
    }
    let others = running(engine).await? - usize::from(before.is_some());
    if others > 0 {
        let more = if others >= COUNTED_MAX { " or more" } else { "" };
        let what = format!("goes on beside {others}{more} in {data} that had not ended, with the same routes");
        screen.tell(Mark::Execution, name, &what);
    }
    screen.flush();
    Ok(())
}

/// How many executions have not ended, up to a bound.
async fn running(engine: &Engine) -> Result<usize, Refusal> {
    let (mut count, mut after) = (0, None::<Text>);
    loop {
        let machines = engine.state_machines(after.as_deref(), 100).await?;
        let Some(last) = machines.last() else { return Ok(count) };
        after = Some(last.arn.clone());
        for machine in machines.iter().filter(|machine| machine.kind == MachineType::Standard) {
            let list = ListExecutions {
                machine_arn: machine.arn.to_string(),
                status: Some(RUNNING),
                after: None,
                limit: COUNTED_MAX + 1,
            };
            count += engine.list(list).await?.executions.len();
        }
        if count > COUNTED_MAX {
            return Ok(count);
        }
    }
}

async fn existing(engine: &Engine, arn: &str) -> Result<Option<Description>, Refusal> {
    match engine.describe(arn).await {
        Ok(there) => Ok(Some(there)),
        Err(error) if error.code() == Some("ExecutionDoesNotExist") => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The whole history.
async fn history(engine: &Engine, arn: &str) -> Result<Vec<HistoryEvent>, EngineError> {
    let (mut events, mut after) = (Vec::new(), None);
    loop {
        let page = engine.history(arn, HistoryQuery { reverse: false, after, limit: EVENTS_MAX }).await?;
        events.extend(page.events);
        after = page.next;
        if after.is_none() {
            return Ok(events);
        }
    }
}

fn shown_data(prepared: &Prepared<'_>) -> String {
    prepared.args.data.as_ref().map(|directory| directory.display().to_string()).unwrap_or_default()
}
