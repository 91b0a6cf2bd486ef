//! A run in memory: nothing of it is left when it has ended.

use std::io;
use std::sync::Arc;

use stepwell_asl::{Program, Timestamp, Value};
use stepwell_engine::arn::Place;
use stepwell_engine::chance::random;
use stepwell_engine::clock::Clock;
use stepwell_engine::core::{Event, Identity, StateError, Status};
use stepwell_engine::engine::made_up_name;
use stepwell_engine::invoke::Config;
use stepwell_engine::runner::{self, Letter, Options};
use stepwell_engine::token::TokenKey;
use tokio::sync::mpsc;

use super::Prepared;
use super::report::Ran;
use super::subject::Other;
use crate::api::{Desk, Server};
use crate::args::Run;
use crate::live::{Mark, Outside, Watch};
use crate::refusal::Refusal;
use crate::signals::Interrupts;
use crate::tasks;

/// Answers from outside that wait for the runner.
const INBOX: usize = 256;

/// The account of all ARNs here.
pub(super) const ACCOUNT: &str = "123456789012";

/// Runs a program once.
pub async fn run(prepared: Prepared<'_>, program: Program, interrupts: Interrupts) -> Result<Ran, Refusal> {
    let Prepared { args, machine, others, config, input, test_case, screen, .. } = prepared;
    let program = Arc::new(program);
    let clock = if args.virtual_clock { Clock::jumping() } else { Clock::real() };
    let started_at = clock.now();
    let identity = identity(args, machine, &config, input, started_at).map_err(Refusal::of_machine)?;
    let identity = Identity { test_case, ..identity };
    let tokens = TokenKey::new(random().map_err(Refusal::of_machine)?);
    let (events, inbox) = mpsc::channel(INBOX);
    let (mut desk, mut serving) = (None, None);
    if let Some(address) = args.api {
        let server = Server::bind(address).await?;
        screen.tell(Mark::Execution, &identity.name, &format!("is answered at http://{}", server.address()));
        screen.flush();
        let at = Arc::new(Desk::new(&program, tokens.clone(), events.clone()));
        serving = Some(server.serve(at.clone(), args.limits.payload_bytes.is_some()));
        desk = Some(at);
    }
    let options = Options {
        limits: args.limits.clone(),
        pace: args.waiting.wait_scale,
        clock,
        tokens,
        inbox: Some(inbox),
        answered_outside: args.api.is_some(),
        machines: others.iter().filter_map(Other::to_machine).collect(),
        ..Options::new().map_err(Refusal::of_machine)?
    };
    let outside = desk.map_or(Outside::Nobody, Outside::Desk);
    let mut watch = Watch::new(program.clone(), screen.clone(), args.history.is_some(), outside);
    let router = Arc::new(tasks::router(config, args.mock_all, screen).await);
    let (status, interrupt) = {
        let running = runner::run(program, identity, router, options, &mut watch);
        tokio::pin!(running);
        tokio::select! {
            biased; // who interrupts is heard from the first moment on
            interrupt = interrupts.first() => {
                let error = StateError::new("Interrupted", interrupt.cause());
                // It ends as any other that is stopped. Where the inbox is full it is let go: somebody is impatient.
                match events.try_send(Letter { execution_arn: None, event: Event::Stopped(error.clone()) }) {
                    Ok(()) => (running.await, Some(interrupt)),
                    Err(_) => (Status::Aborted(error), Some(interrupt)),
                }
            }
            status = &mut running => (status, None),
        }
    };
    if let Some(serving) = serving {
        serving.finish().await;
    }
    screen.close();
    let stopped_at = Some(watch.last_at().max(started_at));
    let history = watch.take_history();
    Ok(Ran { status, started_at, stopped_at, watch, history, interrupt, kept: None })
}

fn identity(args: &Run, machine: &str, config: &Config, input: Value, started_at: Timestamp) -> io::Result<Identity> {
    let name = args.name.clone().map_or_else(made_up_name, Ok)?;
    let place = Place { region: config.aws.local_region().to_owned(), account: ACCOUNT.to_owned() };
    Ok(Identity {
        arn: place.execution(machine, &name).into(),
        name: name.into(),
        machine_arn: place.state_machine(machine).into(),
        machine_name: machine.into(),
        role_arn: place.role().into(),
        region: place.region.into(),
        started_at,
        input,
        ..Identity::default()
    })
}
