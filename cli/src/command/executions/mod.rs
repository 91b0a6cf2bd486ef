//! `stepwell executions`: what a store has kept. Nothing in it goes on by being looked at.

mod change;
mod history;
mod list;
mod show;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use stepwell_asl::{MachineType, Text};
use stepwell_engine::engine::{Description, status_name};
use stepwell_engine::invoke::{Answer, Invoker, Task};
use stepwell_engine::{Config, Engine, StateMachine};

use crate::args::{Data, Executions, ExecutionsAction, Which};
use crate::output::{ERROR, GOOD, HELP, Styled, WARNING};
use crate::refusal::Refusal;
use crate::store;

/// How long the engine has to write what it has begun to write.
const PATIENCE: Duration = Duration::from_secs(5);

/// State machines that are read at once.
const MACHINES_MAX: usize = 100;

/// The status of an execution that has not ended, as a number.
const RUNNING: u8 = 0;

/// Does what was asked for.
pub fn execute(args: Executions) -> Result<ExitCode, Refusal> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Refusal::new(format!("no threads could be started: {error}")))?;
    runtime.block_on(async {
        let engine = open(data(&args.action)).await?;
        let done = match &args.action {
            ExecutionsAction::List(args) => list::execute(&engine, args).await,
            ExecutionsAction::Show(args) => show::execute(&engine, args).await,
            ExecutionsAction::History(args) => history::execute(&engine, args).await,
            ExecutionsAction::Stop(args) => change::stop(&engine, args).await,
            ExecutionsAction::Redrive(args) => change::redrive(&engine, args).await,
        };
        let closed = engine.shutdown(PATIENCE).await;
        done?;
        closed?;
        Ok(ExitCode::SUCCESS)
    })
}

fn data(action: &ExecutionsAction) -> &Data {
    match action {
        ExecutionsAction::List(args) => &args.data,
        ExecutionsAction::Show(args) => &args.which.data,
        ExecutionsAction::History(args) => &args.which.data,
        ExecutionsAction::Stop(args) => &args.which.data,
        ExecutionsAction::Redrive(args) => &args.which.data,
    }
}

/// Opens the engine on a store that is there, so that nothing in it goes on.
async fn open(data: &Data) -> Result<Engine, Refusal> {
    store::must_exist(&data.data)?;
    let config = Config { idle: true, ..Config::new(store::options(&data.data, data.store), Arc::new(Nobody)) };
    store::open(config, data.store).await
}

/// Calls nothing: an execution that is read because it is to be stopped calls no functions.
struct Nobody;

#[async_trait]
impl Invoker for Nobody {
    async fn invoke(&self, _: &Task) -> Answer {
        std::future::pending().await
    }
}

/// All state machines of a store whose executions are kept.
async fn machines(engine: &Engine) -> Result<Vec<StateMachine>, Refusal> {
    let (mut all, mut after) = (Vec::new(), None::<Text>);
    loop {
        let page = engine.state_machines(after.as_deref(), MACHINES_MAX).await?;
        let Some(last) = page.last() else { return Ok(all) };
        after = Some(last.arn.clone());
        all.extend(page.into_iter().filter(|machine| machine.kind == MachineType::Standard));
    }
}

/// The execution of this name or ARN.
async fn find(engine: &Engine, which: &Which) -> Result<Description, Refusal> {
    let arns = match which.name.starts_with("arn:") {
        true => vec![which.name.clone()],
        false => {
            let machines = machines(engine).await?;
            let arn = |machine: &StateMachine| format!("{}:{}", executions_of(&machine.arn), which.name);
            machines.iter().map(arn).collect()
        }
    };
    let mut found = Vec::new();
    for arn in arns {
        match engine.describe(&arn).await {
            Ok(there) => found.push(there),
            Err(error) if error.code() == Some("ExecutionDoesNotExist") => {}
            Err(error) => return Err(error.into()),
        }
    }
    let data = shown(&which.data.data);
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => Ok(one),
        (Some(one), false) => {
            found.push(one);
            let mut arns: Vec<&str> = found.iter().map(|one| &*one.arn).collect();
            arns.sort_unstable();
            let message = format!("{} executions in {data} are named {}", arns.len(), which.name);
            Err(Refusal::with_help(message, format!("name one by its ARN: {}", arns.join(" or "))))
        }
        (None, _) => {
            let message = format!("there is no execution {} in {data}", which.name);
            Err(Refusal::with_help(message, format!("`stepwell executions list --data {data}` shows all")))
        }
    }
}

/// What the ARNs of a state machine's executions begin with.
fn executions_of(machine_arn: &str) -> String {
    machine_arn.replacen(":stateMachine:", ":execution:", 1)
}

/// The name at the end of an ARN.
fn last_part(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}

fn shown(directory: &Path) -> String {
    directory.display().to_string()
}

/// A status in its colour.
fn coloured(status: u8) -> Styled<&'static str> {
    let style = match status {
        RUNNING => HELP,
        1 => GOOD,
        2 | 3 => ERROR,
        _ => WARNING,
    };
    Styled(style, status_name(status))
}
