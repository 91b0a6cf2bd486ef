//! The test itself: an execution of its own that begins in the state and is looked at after every move, until the state
//! has been left, has failed, or would be tried again.

use std::sync::Arc;

use stepwell_asl::dataflow::Stage;
use stepwell_asl::retry::matches;
use stepwell_asl::{Chance, Map, Timestamp, Value};
use tokio::task::JoinSet;

use super::definition::Subject;
use super::given::{Given, Mocked};
use super::{InspectionLevel, SECONDS_MAX, TestState, TestStatus, Tested, World, inspect, invalid};
use crate::chance::seed;
use crate::core::{
    BranchId, Effect, Env, Event, EventKind, Execution, Fault, HistoryKind, Identity, Invoke, Limits, Pace, Probe,
    StateError, Status, Ticket, Trigger, Turn, Work, outstanding, step_probed,
};
use crate::dispatch;
use crate::engine::made_up_name;
use crate::error::EngineError;
use crate::invoke::Task;
use crate::invoke::http_task::{Exchange, Trace};
use crate::runner::wake;

/// The error of a Map of which more iterations have failed than it bears.
const EXCEEDED: &str = "States.ExceedToleratedFailureThreshold";

/// Tests the state.
pub(super) async fn drive(
    test: &TestState,
    subject: &Subject,
    given: Given,
    world: World,
) -> Result<Tested, EngineError> {
    let limits = Limits { execution_s: Some(SECONDS_MAX), ..world.limits.clone() };
    let mut execution = Execution::new(&subject.program, identity(test, &given.input, &world)?, &limits);
    if let Some(root) = execution.branches.get_mut(&BranchId::ROOT) {
        root.variables.extend(given.variables.iter().map(|(name, value)| (name.clone(), value.clone())));
        root.position.retries = retries(test, subject);
    }
    execution.ready.push_back(Work::Attempt(BranchId::ROOT));
    let env = Env {
        now: world.clock.now(),
        chance: Chance::from_seed(seed()?),
        limits,
        pace: Pace::REAL,
        tokens: world.tokens.clone(),
        moves_max: 1,
        bytes_max: usize::MAX,
    };
    let probe = Probe {
        context: given.context.clone(),
        items: given.read.as_ref().map(|read| read.items.clone()),
        ..Probe::default()
    };
    Trial { test, subject, given, world, execution, env, probe, exchange: None }.finish().await
}

fn identity(test: &TestState, input: &Value, world: &World) -> Result<Identity, EngineError> {
    let (machine, name) = (made_up_name()?, made_up_name()?);
    Ok(Identity {
        arn: world.place.tested(&machine, &name).into(),
        name: name.into(),
        machine_arn: world.place.state_machine(&machine).into(),
        machine_name: machine.into(),
        role_arn: test.role_arn.clone().unwrap_or_else(|| world.place.role()).into(),
        region: world.place.region.as_str().into(),
        started_at: world.clock.now(),
        input: input.clone(),
        ..Identity::default()
    })
}

/// The retries before this attempt: those of the retrier that the error is for which is about to come.
fn retries(test: &TestState, subject: &Subject) -> Vec<u32> {
    let Some(completion) = subject.state().kind.completion() else { return Vec::new() };
    let mut retries = vec![0; completion.retry.len()];
    let mocked = test.mock.as_ref().and_then(|mock| mock.error_output.as_ref());
    let error = mocked.map_or(Some(EXCEEDED), |output| output.error.as_deref()).unwrap_or_default();
    if let Some(at) = completion.retry.iter().position(|entry| matches(&entry.error_equals, error)) {
        retries[at] = test.configuration.retrier_retry_count.unwrap_or(0);
    }
    retries
}

struct Trial<'a> {
    test: &'a TestState,
    subject: &'a Subject,
    given: Given,
    world: World,
    execution: Execution,
    env: Env,
    probe: Probe,
    /// What went over the wire.
    exchange: Option<Exchange>,
}

impl Trial<'_> {
    async fn finish(mut self) -> Result<Tested, EngineError> {
        let mut events = vec![Event::Continue];
        loop {
            self.env.now = self.world.clock.now().max(self.env.now);
            let program = &self.subject.program;
            let turn = step_probed(program, &mut self.execution, &events, &mut self.env, &mut self.probe);
            if let Some(tested) = self.ended(&turn) {
                return Ok(tested);
            }
            events = self.next().await?;
        }
    }

    // ---- the end ----

    fn ended(&mut self, turn: &Turn) -> Option<Tested> {
        let left = turn.history.iter().find_map(|event| match &event.kind {
            HistoryKind::StateExited { output, assigned, .. } => Some((output.clone(), assigned.clone())),
            _ => None,
        });
        if let Some((output, assigned)) = left {
            return Some(self.left(output, assigned));
        }
        match self.execution.status.clone() {
            Status::Failed(error) | Status::TimedOut(error) | Status::Aborted(error) => {
                Some(self.tested(TestStatus::Failed, Some(error), Map::default()))
            }
            Status::Running | Status::Succeeded(_) if self.probe.retried.is_some() => {
                let error = self.probe.error.clone();
                Some(self.tested(TestStatus::Retriable, error, Map::default()))
            }
            Status::Running | Status::Succeeded(_) => None,
        }
    }

    fn left(&mut self, output: Value, assigned: Option<Value>) -> Tested {
        let mut variables = std::mem::take(&mut self.given.variables);
        if let Some(Value::Object(assigned)) = assigned {
            variables.extend(assigned.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        let (status, error) = match self.probe.caught {
            Some(_) => (TestStatus::CaughtError, self.probe.error.clone()),
            None => (TestStatus::Succeeded, None),
        };
        let goes_on = self.execution.status == Status::Running;
        let next = self.execution.branch(BranchId::ROOT).filter(|_| goes_on).map(|root| root.position.state);
        Tested {
            output: Some(output),
            next_state: next.map(|next| self.subject.program.state(next).name.clone()),
            ..self.tested(status, error, variables)
        }
    }

    fn tested(&self, status: TestStatus, error: Option<StateError>, variables: Map) -> Tested {
        let error = error.unwrap_or_default();
        let inspection = match self.test.inspection_level {
            InspectionLevel::Info => None,
            InspectionLevel::Debug | InspectionLevel::Trace => {
                let seen = inspect::inspection(self.subject.state(), &self.given.input, &self.probe, variables);
                let pointed = self.given.read.as_ref().filter(|read| read.pointed);
                let after_items_pointer = pointed.map(|read| Value::Array(read.items.clone()));
                let exchange = self.exchange.clone().filter(|_| self.test.inspection_level == InspectionLevel::Trace);
                let (request, response) = inspect::exchange(exchange, self.test.reveal_secrets);
                Some(inspect::Inspection { after_items_pointer, request, response, ..seen })
            }
        };
        Tested { status, output: None, error: error.name, cause: error.cause, next_state: None, inspection }
    }

    // ---- what the state waits for ----

    async fn next(&mut self) -> Result<Vec<Event>, EngineError> {
        let waiting = outstanding(&self.subject.program, &self.execution, Ticket::default(), &self.env.tokens);
        if waiting.more {
            return Ok(vec![Event::Continue]);
        }
        if let Some(Effect::Invoke(invoke) | Effect::Offer(invoke) | Effect::StartNested(invoke)) =
            waiting.effects.into_iter().next()
        {
            return Ok(match self.given.mock.take() {
                Some(mock) => vec![answer(&invoke, mock)],
                None => self.invoke(invoke, waiting.wake_at).await,
            });
        }
        if let Some(work) = self.joined()? {
            self.execution.ready.push_back(work);
            return Ok(vec![Event::Continue]);
        }
        self.wait(waiting.wake_at).await;
        Ok(vec![Event::TimerFired])
    }

    /// What a Map or Parallel comes to that waits for what would run inside it.
    fn joined(&mut self) -> Result<Option<Work>, EngineError> {
        let root = self.execution.branch(BranchId::ROOT);
        let Some(Trigger::Join(join)) = root.map(|root| &root.position.trigger) else { return Ok(None) };
        let failed = self.test.configuration.map_iteration_failure_count.unwrap_or(0);
        if failed > join.width {
            let message = "MapIterationFailureCount must not be greater than the number of items.";
            return Err(invalid(message));
        }
        let exceeded = self.exceeds(failed, join.width);
        let failure = |error| Work::Fail(BranchId::ROOT, Fault::recoverable(error));
        Ok(self.given.mock.take().map(|mock| match mock {
            Mocked::Error(error) => failure(error),
            Mocked::Result(_) if exceeded => {
                failure(StateError::new(EXCEEDED, "The specified tolerated failure threshold was exceeded"))
            }
            Mocked::Result(result) => Work::Resolve(BranchId::ROOT, result),
        }))
    }

    /// Whether more iterations have failed than the state bears: none, where it does not say.
    fn exceeds(&self, failed: u32, items: u32) -> bool {
        let number = |stage| self.probe.stage(stage).and_then(Value::as_number)?.as_f64();
        let failed = f64::from(failed);
        let count = number(Stage::ToleratedFailureCount);
        let percentage = number(Stage::ToleratedFailurePercentage);
        match (count, percentage) {
            (None, None) => failed > 0.0,
            (count, percentage) => {
                count.is_some_and(|most| failed > most)
                    || percentage.is_some_and(|most| failed * 100.0 > most * f64::from(items))
            }
        }
    }

    /// Has the task's resource do its work, until the time is up.
    async fn invoke(&mut self, invoke: Invoke, wake_at: Option<Timestamp>) -> Vec<Event> {
        let left = invoke.deadline.map(|at| self.world.clock.until(at));
        let trace = Trace::default();
        let task = dispatch::task(&invoke, &self.execution.identity, left);
        let task = Task { trace: Some(trace.clone()), ..task };
        let invoker = Arc::clone(&self.world.invoker);
        let broken = EventKind::TaskFailed(StateError::new(
            "States.Runtime",
            format!("The invoker of '{}' ended unexpectedly", invoke.resource),
        ));
        let broken = Event::Task { branch: invoke.branch, ticket: invoke.ticket, kind: broken };
        let mut calls = JoinSet::new(); // a call that nobody waits for any more is given up
        calls.spawn(async move { dispatch::call(invoker.as_ref(), task, &invoke, false).await });
        let events = tokio::select! {
            biased;
            Some(answer) = calls.join_next() => answer.unwrap_or_else(|_| vec![broken]),
            () = wake(&mut self.world.clock, wake_at, false) => vec![Event::TimerFired],
        };
        self.exchange = trace.get().cloned();
        events
    }

    /// Waits until something happens by itself. What comes only after the test's time is not waited for: it is known
    /// already that the time will be up.
    async fn wait(&mut self, wake_at: Option<Timestamp>) {
        let deadline = self.execution.deadline;
        if self.execution.next_timer() > deadline
            && let Some(deadline) = deadline
        {
            self.env.now = deadline;
            return;
        }
        wake(&mut self.world.clock, wake_at, true).await;
    }
}

fn answer(invoke: &Invoke, mock: Mocked) -> Event {
    let kind = match mock {
        Mocked::Result(result) => EventKind::TaskSucceeded(result),
        Mocked::Error(error) => EventKind::TaskFailed(error),
    };
    Event::Task { branch: invoke.branch, ticket: invoke.ticket, kind }
}
