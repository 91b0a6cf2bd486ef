//! `stepwell run`: one execution in the foreground, in memory or kept in a store.

mod durable;
mod memory;
mod report;
mod resume;
mod routed;
mod subject;

use std::fs::File;
use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use stepwell_asl::Value;
use stepwell_engine::core::TestCase;
use stepwell_engine::invoke::Config;
use stepwell_engine::mock_config::MockConfig;

use crate::args::Run;
use crate::definition::Examined;
use crate::live::Screen;
use crate::refusal::Refusal;
use crate::signals::Interrupts;
use crate::{files, tasks};
use report::Ran;
use subject::{Other, Subject};

/// How long what runs in the background has to be ended.
const FAREWELL: Duration = Duration::from_millis(500);

/// All that a run needs.
struct Prepared<'a> {
    args: &'a Run,
    /// The state machine's name.
    machine: &'a str,
    examined: &'a Examined,
    /// The state machines whose executions states can start.
    others: &'a [Other],
    config: Config,
    input: Value,
    test_case: Option<Arc<TestCase>>,
    screen: &'a Screen,
}

/// Runs a state machine once.
pub fn execute(args: Run) -> Result<ExitCode, Refusal> {
    if files::is_stdin(args.path()) && args.input == "-" {
        return Err(Refusal::new("FILE and --input cannot both be read from stdin"));
    }
    let subject = Subject::of(&args)?;
    let examined = &subject.examined;
    // An execution that goes on keeps the definition it was started with, whatever the file says by now.
    let program = if args.resume { None } else { Some(examined.compile()?) };
    let input = files::input(&args.input, args.limits.payload_bytes)?;
    let test_case = test_case(&args, &subject.machine)?;
    let history_file = history_file(&args)?;
    let interrupts = Interrupts::listen();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Refusal::new(format!("no threads could be started: {error}")))?;
    let screen = screen(args.quiet);
    let (machine, config) = (subject.machine.as_str(), subject.config.clone());
    let others = &subject.others;
    let prepared = Prepared { args: &args, machine, examined, others, config, input, test_case, screen: &screen };
    let ran = runtime.block_on(async {
        match (&args.data, program) {
            (Some(directory), program) => durable::run(prepared, directory, program, interrupts).await,
            (None, Some(program)) => memory::run(prepared, program, interrupts).await,
            (None, None) => Err(Refusal::new("--resume needs --data")), // the command line has seen to it
        }
    });
    runtime.shutdown_timeout(FAREWELL); // what functions still do is nobody's any more: they are killed
    let ran: Ran = ran?;
    Ok(ran.report(&args, examined, history_file))
}

/// The test case that was asked for: of the state machine that is named as the file is, else of the only one that has it.
fn test_case(args: &Run, machine: &str) -> Result<Option<Arc<TestCase>>, Refusal> {
    let Some(name) = &args.test_case else { return Ok(None) };
    let Some(file) = &args.mocks.mock_config else {
        let help = "--mock-config FILE, or SFN_MOCK_CONFIG, says where the test cases are";
        return Err(Refusal::with_help("--test-case needs a file with mocks", help));
    };
    let mocks = MockConfig::load(file).map_err(Refusal::new)?;
    let machine = match mocks.machines_with(name)[..] {
        [only] => only,
        _ => machine,
    };
    mocks.test_case(machine, name).map(|found| Some(Arc::new(found))).map_err(Refusal::new)
}

/// The file for the history, opened before anything runs: a run must not end with nowhere to write.
fn history_file(args: &Run) -> Result<Option<File>, Refusal> {
    let Some(Some(path)) = &args.history else { return Ok(None) };
    let config = tasks::config_file(args);
    let input = args.input.strip_prefix('@').map(Path::new);
    let definition = (!files::is_stdin(args.path())).then_some(args.path());
    let read: Vec<&Path> = definition.into_iter().chain(input).chain(config.as_deref()).collect();
    files::to_write(path, &read).map(Some)
}

fn screen(quiet: bool) -> Screen {
    match quiet {
        true => Screen::quiet(),
        false if std::io::stderr().is_terminal() => Screen::live(),
        false => Screen::plain(),
    }
}
