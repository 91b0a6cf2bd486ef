//! `stepwell run`: one execution in the foreground.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use stepwell_asl::{MachineType, Map, Program, Text, Timestamp, Value};
use stepwell_engine::chance::random;
use stepwell_engine::clock::Clock;
use stepwell_engine::core::{Event, Identity, StateError, Status};
use stepwell_engine::history_json;
use stepwell_engine::invoke::Config;
use stepwell_engine::runner::{self, Options};
use stepwell_engine::token::TokenKey;
use tokio::sync::mpsc;

use crate::api::{Desk, Server};
use crate::args::Run;
use crate::definition::{Examined, defines, examine_file, tell_unused};
use crate::excerpt::Finding;
use crate::live::{Mark, Screen, Watch, cause as readable, duration};
use crate::output;
use crate::refusal::Refusal;
use crate::signals::{Interrupt, Interrupts};
use crate::{files, tasks};

/// Answers from outside that wait for the runner.
const INBOX: usize = 256;

/// The account of all ARNs here.
const ACCOUNT: &str = "123456789012";

/// States that are named where a run is interrupted.
const WAITING_SHOWN_MAX: usize = 3;

/// How long what runs in the background has to be ended.
const FAREWELL: Duration = Duration::from_millis(500);

/// The longest cause that is shown, in characters.
const CAUSE_CHARS_MAX: usize = 4_000;

/// Runs a state machine once.
pub fn execute(args: Run) -> Result<ExitCode, Refusal> {
    if files::is_stdin(&args.file) && args.input == "-" {
        return Err(Refusal::new("FILE and --input cannot both be read from stdin"));
    }
    let limited = args.limits.payload_bytes.is_some();
    let examined = examine_file(&args.file, &defines(&args.defines), MachineType::Standard, limited)?;
    if !args.quiet {
        tell_unused(&examined.unused_defines);
    }
    let program = Arc::new(examined.compile()?);
    let input = files::input(&args.input, args.limits.payload_bytes)?;
    let config = tasks::config(&args)?;
    let history_file = history_file(&args)?;
    let interrupts = Interrupts::listen();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Refusal::new(format!("no threads could be started: {error}")))?;
    let screen = screen(args.quiet);
    let ran = runtime.block_on(run(&args, program, config, input, interrupts, &screen));
    runtime.shutdown_timeout(FAREWELL); // what functions still do is nobody's any more: they are killed
    let ran = ran?;
    Ok(ran.report(&args, &examined, history_file))
}

/// The file for the history, opened before anything runs: a run must not end with nowhere to write.
fn history_file(args: &Run) -> Result<Option<File>, Refusal> {
    let Some(Some(path)) = &args.history else { return Ok(None) };
    let config = tasks::config_file(args);
    let input = args.input.strip_prefix('@').map(Path::new);
    let definition = (!files::is_stdin(&args.file)).then_some(args.file.as_path());
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

/// An execution that has ended.
struct Ran {
    status: Status,
    started_at: Timestamp,
    watch: Watch,
    interrupt: Option<Interrupt>,
}

async fn run(
    args: &Run,
    program: Arc<Program>,
    config: Config,
    input: Value,
    interrupts: Interrupts,
    screen: &Screen,
) -> Result<Ran, Refusal> {
    let clock = if args.virtual_clock { Clock::jumping() } else { Clock::real() };
    let started_at = clock.now();
    let identity = identity(args, &config, input, started_at).map_err(Refusal::of_machine)?;
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
        clock,
        tokens,
        inbox: Some(inbox),
        answered_outside: args.api.is_some(),
        ..Options::new().map_err(Refusal::of_machine)?
    };
    let mut watch = Watch::new(program.clone(), screen.clone(), args.history.is_some(), desk);
    let router = Arc::new(tasks::router(config, args.mock_all, screen).await);
    let (status, interrupt) = {
        let running = runner::run(program, identity, router, options, &mut watch);
        tokio::pin!(running);
        tokio::select! {
            biased; // who interrupts is heard from the first moment on
            interrupt = interrupts.first() => {
                let error = StateError::new("Interrupted", interrupt.cause());
                // It ends as any other that is stopped. Where the inbox is full it is let go: somebody is impatient.
                match events.try_send(Event::Stopped(error.clone())) {
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
    Ok(Ran { status, started_at, watch, interrupt })
}

fn identity(args: &Run, config: &Config, input: Value, started_at: Timestamp) -> io::Result<Identity> {
    let machine = machine_name(&args.file);
    let name = args.name.clone().map_or_else(made_up_name, Ok)?;
    let region = config.aws.local_region();
    let arn = |kind: &str| format!("arn:aws:states:{region}:{ACCOUNT}:{kind}:{machine}");
    Ok(Identity {
        arn: format!("{}:{name}", arn("execution")).into(),
        name: name.into(),
        machine_arn: arn("stateMachine").into(),
        machine_name: machine.as_str().into(),
        role_arn: format!("arn:aws:iam::{ACCOUNT}:role/stepwell").into(),
        region: region.into(),
        started_at,
        input,
    })
}

/// The machine is named after its file: `order.asl.json` is `order`.
fn machine_name(file: &Path) -> String {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = name.split('.').find(|part| !part.is_empty()).unwrap_or_default();
    let kept: String = stem.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '_').take(80).collect();
    if kept.is_empty() || files::is_stdin(file) { "state-machine".to_owned() } else { kept }
}

/// A name in the form of a UUID, as AWS gives one.
fn made_up_name() -> io::Result<String> {
    let mut bytes = random()?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    Ok([&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-"))
}

impl Ran {
    /// Writes the output and the history, shows what went wrong, and tells with which status to exit.
    fn report(&self, args: &Run, examined: &Examined, history_file: Option<File>) -> ExitCode {
        let printed = self.print(args).map_err(Refusal::from);
        let written = match (&args.history, history_file) {
            (Some(Some(path)), Some(file)) => {
                self.write_history(&file).map_err(|error| files::unwritable(path, &error))
            }
            _ => Ok(()),
        };
        match &self.status {
            Status::Succeeded(_) | Status::Running => {}
            Status::Failed(error) | Status::TimedOut(error) | Status::Aborted(error) => {
                self.tell_error(error, examined);
            }
        }
        let lost: Vec<Refusal> = [printed, written].into_iter().filter_map(Result::err).collect();
        lost.iter().for_each(output::tell_refusal);
        match (&self.status, self.interrupt) {
            (_, Some(interrupt)) => ExitCode::from(interrupt.exit_status()),
            (Status::Succeeded(_), None) if lost.is_empty() => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        }
    }

    fn print(&self, args: &Run) -> io::Result<()> {
        let with_history = matches!(args.history, Some(None));
        match &self.status {
            _ if args.json || with_history => output::print_json(&self.object(with_history)),
            Status::Succeeded(output) => output::print_json(output),
            Status::Failed(_) | Status::TimedOut(_) | Status::Aborted(_) | Status::Running => Ok(()),
        }
    }

    /// Puts the history in the place of what is in the file, one event at a time: it may be long.
    fn write_history(&self, file: &File) -> io::Result<()> {
        if file.metadata()?.is_file() {
            file.set_len(0)?;
        }
        let mut out = BufWriter::new(file);
        let mut separator = "[";
        for event in self.watch.history().unwrap_or_default() {
            write!(out, "{separator}{}", history_json::to_json(event))?;
            separator = ",";
        }
        let end = if separator == "[" { "[]\n" } else { "]\n" };
        out.write_all(end.as_bytes())?;
        out.flush()
    }

    fn history(&self) -> Value {
        self.watch.history().unwrap_or_default().iter().map(history_json::to_json).collect()
    }

    /// What `--json` prints.
    fn object(&self, with_history: bool) -> Value {
        let mut members = Map::default();
        let text = |text: &Text| Value::String(text.clone());
        members.insert("status".into(), status_word(&self.status).into());
        match &self.status {
            Status::Succeeded(output) => drop(members.insert("output".into(), output.clone())),
            Status::Failed(error) | Status::TimedOut(error) | Status::Aborted(error) => {
                members.insert("error".into(), error.name.as_ref().map_or(Value::Null, text));
                members.insert("cause".into(), error.cause.as_ref().map_or(Value::Null, text));
            }
            Status::Running => {}
        }
        members.insert("started_at".into(), self.started_at.to_string().into());
        members.insert("stopped_at".into(), self.watch.last_at().max(self.started_at).to_string().into());
        if with_history {
            members.insert("history".into(), self.history());
        }
        members.into()
    }

    fn tell_error(&self, error: &StateError, examined: &Examined) {
        let after = duration(self.started_at, self.watch.last_at());
        let what = match &self.status {
            Status::Failed(_) | Status::Succeeded(_) | Status::Running => format!("the execution failed after {after}"),
            Status::TimedOut(_) => format!("the execution timed out after {after}"),
            Status::Aborted(_) if self.interrupt.is_some() => return self.tell_interrupt(),
            Status::Aborted(_) => format!("the execution was stopped after {after}"),
        };
        let message = match error.name.as_deref() {
            Some(name) => format!("{what}: {}", output::printable(name)),
            None => what,
        };
        let cause = error.cause.as_deref().filter(|cause| !cause.is_empty());
        let cause = cause.map(|cause| shortened(output::printable(&readable(cause)).trim_end()));
        let blamed = self.watch.blamed();
        let label = blamed.as_ref().map(|place| format!("in {}", place.words));
        let pointer = blamed.as_ref().map(|place| self.watch.pointer(place.state));
        output::tell(&examined.show(&Finding {
            place: pointer.and_then(|pointer| examined.locate(pointer)),
            label: label.as_deref(),
            note: cause.as_deref(),
            ..Finding::error(&message, None)
        }));
    }

    fn tell_interrupt(&self) {
        let waiting = self.watch.waiting();
        let more = waiting.len().saturating_sub(WAITING_SHOWN_MAX);
        let mut places = waiting.take(WAITING_SHOWN_MAX).collect::<Vec<_>>().join(", ");
        if more > 0 {
            places.push_str(&format!(" and {more} more"));
        }
        let places = if places.is_empty() { places } else { format!(" in {places}") };
        output::tell_error(&format!("the execution was interrupted{places}"), None);
    }
}

fn status_word(status: &Status) -> &'static str {
    match status {
        Status::Running => "RUNNING",
        Status::Succeeded(_) => "SUCCEEDED",
        Status::Failed(_) => "FAILED",
        Status::TimedOut(_) => "TIMED_OUT",
        Status::Aborted(_) => "ABORTED",
    }
}

fn shortened(cause: &str) -> String {
    match cause.char_indices().nth(CAUSE_CHARS_MAX) {
        Some((end, _)) => format!("{}... ({} characters; --json shows all)", &cause[..end], cause.chars().count()),
        None => cause.to_owned(),
    }
}
