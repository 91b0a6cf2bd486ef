//! Activities without workers: where nobody can poll for their tasks, the routes of `stepwell.toml` take them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use stepwell_asl::resource::ResourceKind;
use stepwell_asl::{Program, StateKind, Text};
use stepwell_engine::core::StateError;
use stepwell_engine::invoke::{Answer, Invoker, Task};
use stepwell_engine::{ActivityTask, Engine};
use tokio::task::JoinSet;

/// How long one poll lasts.
const POLL: Duration = Duration::from_secs(60);

/// The activities that a program names.
pub fn activities(program: &Program) -> BTreeSet<Text> {
    let activities = program.states.iter().filter_map(|state| match &state.kind {
        StateKind::Task(task) if task.resource.kind == ResourceKind::Activity => Some(task.resource.arn.clone()),
        _ => None,
    });
    activities.collect()
}

/// Takes the tasks of an activity to the invoker, until it is dropped or the engine has ended.
pub async fn work(engine: Engine, invoker: Arc<dyn Invoker>, activity: Text) {
    let mut calls = JoinSet::new();
    loop {
        tokio::select! {
            polled = engine.poll_activity(&activity, None, POLL) => match polled {
                Ok(Some(task)) => drop(calls.spawn(call(engine.clone(), invoker.clone(), activity.clone(), task))),
                Ok(None) => {}
                Err(_) => return, // the engine has ended, and says so elsewhere
            },
            Some(_) = calls.join_next() => {}
        }
    }
}

async fn call(engine: Engine, invoker: Arc<dyn Invoker>, activity: Text, taken: ActivityTask) {
    let task = Task { resource: activity, input: taken.input, ..Task::default() };
    let answered = match invoker.invoke(&task).await {
        Answer::Succeeded(output) => engine.task_succeeded(&taken.token, output).await,
        Answer::Failed { error, cause } => {
            let error = StateError { name: Some(error.into()), cause: cause.map(Text::from) };
            engine.task_failed(&taken.token, error).await
        }
        Answer::TooLarge => {
            let error = StateError::new("States.DataLimitExceeded", "The answer is larger than any state may hold");
            engine.task_failed(&taken.token, error).await
        }
    };
    drop(answered); // nobody waits for it any more, or the engine has ended
}
