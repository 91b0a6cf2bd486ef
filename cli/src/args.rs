//! The command line: what can be asked for, and how it is explained.

mod bench;
mod conform;
mod executions;
mod log;
mod serve;
mod template;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use stepwell_engine::core::{Limits, Pace};
use stepwell_engine::store::Kind;

pub use bench::{Bench, BenchAction, EngineBench, Phase, ServeBench, StoreBench, Target, WaitingBench};
pub use conform::Conform;
pub use executions::{
    Data, Executions, ExecutionsAction, HistoryArgs, ListArgs, RedriveArgs, ShowArgs, StopArgs, Which,
};
pub use log::{Format, Log};
pub use serve::{Access, Auth, Serve};
pub use template::FromTemplate;

/// Runs AWS Step Functions state machines on your own machine.
#[derive(Debug, Parser)]
#[command(name = "stepwell", version, about, propagate_version = true, arg_required_else_help = true)]
#[command(after_help = "\
Examples:
  stepwell run order.asl.json --input '{\"id\": 7}'
  stepwell run nightly.asl.json --data ./data --name nightly-7
  stepwell serve --data ./data
  stepwell executions list --data ./data
  stepwell validate *.asl.json
  stepwell eval '$.items[*].price' --input @order.json

`stepwell help COMMAND` explains one command.")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a state machine once and print its output.
    #[command(long_about = RUN)]
    Run(Box<Run>),
    /// Answer the AWS Step Functions API: point any client's endpoint at it.
    #[command(long_about = serve::ABOUT)]
    Serve(Box<Serve>),
    /// Look at the executions that `stepwell run --data` has kept.
    Executions(Executions),
    /// Check definitions and show what is wrong with them, and where.
    Validate(Validate),
    /// Evaluate a path, an intrinsic function or a JSONata expression.
    Eval(Eval),
    /// Play cases that say what AWS does, against this server or any other.
    #[command(long_about = conform::ABOUT)]
    Conform(Conform),
    /// Measure what this machine and its disk can do.
    Bench(Bench),
    /// Print the completion script of a shell.
    Completions(Completions),
}

const RUN: &str = "\
Run a state machine once and print its output.

The output goes to stdout and nothing else does. What happens on the way goes to stderr: live on a terminal, a line \
for every state that is left, every failure and every retry elsewhere.

Tasks go where stepwell.toml routes them: to local functions, to HTTP endpoints, to mocks. The file is looked for \
beside FILE, then in the current directory. With --template they go to the template's functions, too.

With --data the execution is durable: every turn is on disk before anything comes of it. A run that was killed or \
interrupted goes on with --resume, under the definition it was started with; a call that was in flight is made again.";

/// `stepwell run`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Exit status:
  0    the execution succeeded
  1    it failed, timed out or was stopped: error, cause and place are shown
  2    it could not be started: bad usage, bad input, or a definition that is invalid or not supported
  129  its terminal was closed (SIGHUP)
  130  it was interrupted (Ctrl-C; a second one ends it at once)
  143  it was asked to end (SIGTERM)

An interrupted run with --data is not stopped: its execution can be resumed.

Examples:
  stepwell run order.asl.json --input @order.json
  echo '{\"id\": 7}' | stepwell run order.asl.json --input -
  stepwell run order.asl.json --mock-all --virtual-clock --json
  stepwell run order.asl.json --mock-config mocks.json --test-case HappyPath
  stepwell run order.asl.json --history=events.json
  stepwell run nightly.asl.json --data ./data --name nightly-7
  stepwell run nightly.asl.json --data ./data --name nightly-7 --resume
  stepwell run --template template.yaml --state-machine Orders --parameter Stage=dev
  stepwell run approval.asl.json --api 8083
      then: aws stepfunctions send-task-success --endpoint-url http://127.0.0.1:8083 \\
              --task-token TOKEN --task-output '{\"approved\": true}'")]
pub struct Run {
    /// The definition, in JSON or YAML; - reads it from stdin
    #[arg(value_name = "FILE", required_unless_present = "template", conflicts_with = "template")]
    pub file: Option<PathBuf>,
    /// The execution's input: JSON, @FILE, or - for stdin
    #[arg(short, long, value_name = "JSON|@FILE|-", default_value = "{}", allow_hyphen_values = true)]
    pub input: String,
    /// The routes of tasks, instead of the stepwell.toml beside FILE or in the current directory
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Put VALUE in the place of ${NAME} in the definition; may be given many times
    #[arg(short = 'D', long = "define", value_name = "NAME=VALUE", value_parser = define)]
    pub defines: Vec<(String, String)>,
    /// The execution's name, instead of one made up
    #[arg(long, value_name = "NAME", value_parser = execution_name)]
    pub name: Option<String>,
    /// Skip times in which everybody only waits: Wait states and retries take no time
    ///
    /// Time passes as usual while a function is at work. A task that waits for an answer through --api counts as
    /// waiting: its timeout passes at once.
    #[arg(long)]
    pub virtual_clock: bool,
    /// Answer every task with a made-up answer of the right shape, but for those that stepwell.toml mocks
    #[arg(long)]
    pub mock_all: bool,
    #[command(flatten)]
    pub mocks: Mocks,
    /// Have FILE's test case NAME answer for the Task states that it names. The others are called for real
    #[arg(long, value_name = "NAME", conflicts_with = "resume", help_heading = "Mocks")]
    pub test_case: Option<String>,
    #[command(flatten)]
    pub waiting: Waiting,
    /// Let tasks reach real AWS, as `real = true` in stepwell.toml does
    #[arg(long)]
    pub aws: bool,
    /// AWS's limits, none, or some of them changed: aws, off, or NAME=NUMBER|off,...
    ///
    /// The names: payload_bytes (262144), assign_bytes (262144), variables_bytes (10485760), history_events (25000),
    /// execution_s (31536000), inline_concurrency (40), distributed_concurrency (10000).
    #[arg(long, value_name = "LIMITS", default_value = "aws", value_parser = limits)]
    pub limits: Limits,
    /// Print one JSON object: status, output or error and cause, started_at, stopped_at
    #[arg(long)]
    pub json: bool,
    /// Give the events too, as AWS's GetExecutionHistory has them: within the JSON object, or to a file
    ///
    /// --history adds "history" to the JSON object and implies --json; --history=FILE writes the events to FILE, as a
    /// JSON array, and leaves stdout to the output.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub history: Option<Option<PathBuf>>,
    /// Answer callbacks and activity workers here: PORT, ADDRESS:PORT; port 0 takes any
    ///
    /// Speaks the API of Step Functions as far as workers need it: SendTaskSuccess, SendTaskFailure,
    /// SendTaskHeartbeat, GetActivityTask. A port alone is opened on 127.0.0.1. Whoever can reach it can take
    /// activities' tasks.
    #[arg(long, value_name = "ADDR", value_parser = api_address)]
    pub api: Option<SocketAddr>,
    /// Show nothing on stderr but errors
    #[arg(short, long)]
    pub quiet: bool,
    #[command(flatten)]
    pub template: FromTemplate,
    /// The state machine of the template: its name, its logical id, or what CDK's program calls it
    ///
    /// Can be left out where there is only one.
    #[arg(long, value_name = "NAME", requires = "template", help_heading = "Templates")]
    pub state_machine: Option<String>,
    /// Keep the execution in DIR: it survives a crash, and --resume goes on with it
    ///
    /// Every turn is on disk before anything comes of it. Other executions in DIR that have not ended go on meanwhile,
    /// with the same routes.
    #[arg(long, value_name = "DIR", conflicts_with = "virtual_clock", help_heading = "Durable runs")]
    pub data: Option<PathBuf>,
    /// The engine of a new store: sled or redb [default: sled]
    #[arg(long, value_name = "ENGINE", requires = "data", value_parser = store_kind, help_heading = "Durable runs")]
    pub store: Option<Kind>,
    /// Go on with the execution of that --name, or with the newest one of this state machine that has not ended
    #[arg(long, requires = "data", conflicts_with = "input", help_heading = "Durable runs")]
    pub resume: bool,
    /// How long executions are kept after they have ended, such as 90d, 12h or forever
    #[arg(
        long,
        value_name = "TIME",
        requires = "data",
        default_value = "90d",
        value_parser = retention,
        help_heading = "Durable runs"
    )]
    pub retain: Retention,
}

impl Run {
    /// The file that is run: a definition or a template.
    pub fn path(&self) -> &Path {
        let path = self.file.as_deref().or(self.template.template.as_deref());
        path.unwrap_or(Path::new("-")) // the command line has seen to it that there is one
    }
}

/// Mocks in the format of Step Functions Local.
#[derive(Debug, Args)]
#[command(next_help_heading = "Mocks")]
pub struct Mocks {
    /// A file with mocks in the format of Step Functions Local: StateMachines with TestCases, MockedResponses
    #[arg(long, value_name = "FILE", env = "SFN_MOCK_CONFIG")]
    pub mock_config: Option<PathBuf>,
}

/// How fast Waits and retries pass.
#[derive(Debug, Args)]
pub struct Waiting {
    /// Have every second of a Wait, and between retries, take SCALE seconds: 0.01 for a hundredth, 0 for none
    #[arg(long, value_name = "SCALE", env = "SFN_WAIT_SCALE", default_value = "1", value_parser = pace)]
    pub wait_scale: Pace,
}

/// How long something is kept; `None`: for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention(pub Option<Duration>);

/// `stepwell validate`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Exit status: 0 if every file is valid (warnings do not count), 2 otherwise.

Examples:
  stepwell validate order.asl.json
  stepwell validate --define Region=eu-west-1 workflows/*.asl.yaml
  stepwell validate --json order.asl.json | jq '.[].diagnostics'")]
pub struct Validate {
    /// Definitions, in JSON or YAML; - reads one from stdin
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Put VALUE in the place of ${NAME} in the definitions; may be given many times
    #[arg(short = 'D', long = "define", value_name = "NAME=VALUE", value_parser = define)]
    pub defines: Vec<(String, String)>,
    /// Check for an Express workflow
    #[arg(long)]
    pub express: bool,
    /// Print [{file, result, diagnostics: [{severity, code, message, location, line, column}]}]
    #[arg(long)]
    pub json: bool,
}

/// `stepwell eval`
#[derive(Debug, Args)]
#[command(after_long_help = "\
With --batch, every line of stdin is {\"expr\": ..., \"input\": ...} and is answered by one line: {\"value\": ...}, \
{\"undefined\": true} or {\"error\": {\"code\": ..., \"message\": ...}}. A line may have \"bindings\", an object of \
variables; for JSONata also \"timelimit\" in milliseconds and \"depth\", and an error of JSONata has its \"position\".

Exit status: 0 if there is a value, 1 if there is none, 2 for bad usage or input.

Examples:
  stepwell eval '$.items[?(@.price > 10)].name' --input @order.json
  stepwell eval \"States.Format('{} {}', $.first, $.last)\" --input '{\"first\": \"Ada\", \"last\": \"Lovelace\"}'
  stepwell eval '{% $sum($states.input.prices) * $rate %}' --input '{\"prices\": [3, 4]}' --variable rate=1.2
  stepwell eval --batch --lang jsonpath < expressions.jsonl")]
pub struct Eval {
    /// The expression, such as $.a[0], States.UUID() or '{% $now() %}'
    #[arg(
        value_name = "EXPR",
        required_unless_present = "batch",
        conflicts_with = "batch",
        allow_hyphen_values = true
    )]
    pub expression: Option<String>,
    /// What $ stands for: JSON, @FILE, or - for stdin
    #[arg(
        short,
        long,
        value_name = "JSON|@FILE|-",
        default_value = "{}",
        conflicts_with = "batch",
        allow_hyphen_values = true
    )]
    pub input: String,
    /// A variable, for JSONata and intrinsic functions. May be given again
    #[arg(long, value_name = "NAME=JSON", conflicts_with = "batch")]
    pub variable: Vec<String>,
    /// The language [default: told by how EXPR begins]
    #[arg(short, long, value_name = "LANG")]
    pub lang: Option<Language>,
    /// Answer stdin, line by line
    #[arg(long)]
    pub batch: bool,
}

/// The languages of expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// Paths: $.a[0]
    Jsonpath,
    /// Intrinsic functions: States.Format('{}', $.a)
    Intrinsic,
    /// JSONata
    Jsonata,
}

/// `stepwell completions`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  stepwell completions bash > ~/.local/share/bash-completion/completions/stepwell
  stepwell completions zsh > ~/.zfunc/_stepwell
  stepwell completions fish > ~/.config/fish/completions/stepwell.fish")]
pub struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

fn define(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.to_owned())),
        Some(_) | None => Err("NAME=VALUE is needed".to_owned()),
    }
}

fn pace(text: &str) -> Result<Pace, String> {
    let scale = text.trim().parse().map_err(|_| "a number is needed, such as 0.01".to_owned())?;
    Pace::scaled(scale).ok_or_else(|| "a number from 0 to 1000 is needed".to_owned())
}

fn execution_name(name: &str) -> Result<String, String> {
    let forbidden =
        |letter: char| letter.is_whitespace() || letter.is_control() || "<>{}[]?*\"#%\\^|~`$&,;:/".contains(letter);
    if name.is_empty() || name.chars().count() > 80 {
        return Err("a name has 1 to 80 characters".to_owned());
    }
    match name.chars().find(|letter| forbidden(*letter)) {
        Some(letter) => Err(format!("a name has no {letter:?}")),
        None => Ok(name.to_owned()),
    }
}

fn limits(text: &str) -> Result<Limits, String> {
    match text {
        "aws" => return Ok(Limits::AWS),
        "off" => return Ok(Limits::OFF),
        _ => {}
    }
    let mut limits = Limits::AWS;
    for part in text.split(',') {
        let (name, value) = part.split_once('=').ok_or("aws, off or NAME=NUMBER is needed")?;
        match name.trim() {
            "payload_bytes" => limits.payload_bytes = limit(value)?,
            "assign_bytes" => limits.assign_bytes = limit(value)?,
            "variables_bytes" => limits.variables_bytes = limit(value)?,
            "history_events" => limits.history_events = limit(value)?,
            "execution_s" => limits.execution_s = limit(value)?,
            "inline_concurrency" => limits.inline_concurrency = limit(value)?,
            "distributed_concurrency" => limits.distributed_concurrency = limit(value)?,
            other => {
                return Err(format!(
                    "there is no limit '{other}': payload_bytes, assign_bytes, variables_bytes, history_events, execution_s, inline_concurrency and distributed_concurrency are known"
                ));
            }
        }
    }
    Ok(limits)
}

fn limit<N: std::str::FromStr + From<u8> + PartialOrd>(value: &str) -> Result<Option<N>, String> {
    match value.trim() {
        "off" => Ok(None),
        number => match number.parse::<N>() {
            Ok(number) if number >= N::from(1) => Ok(Some(number)),
            Ok(_) | Err(_) => Err(format!("'{number}' is neither a number from 1 on nor off")),
        },
    }
}

fn store_kind(text: &str) -> Result<Kind, String> {
    match text.parse() {
        Ok(Kind::Memory) | Err(_) => Err("sled or redb is needed".to_owned()),
        Ok(kind) => Ok(kind),
    }
}

fn count() -> clap::builder::RangedU64ValueParser {
    clap::builder::RangedU64ValueParser::new().range(1..)
}

fn retention(text: &str) -> Result<Retention, String> {
    if text == "forever" {
        return Ok(Retention(None));
    }
    let wrong = || "a time such as 90d, 12h, 30m or 45s is needed, or forever".to_owned();
    let (number, unit) = text.split_at(text.find(|letter: char| !letter.is_ascii_digit()).ok_or_else(wrong)?);
    let unit_s = match unit {
        "d" => 24 * 3600,
        "h" => 3600,
        "m" => 60,
        "s" => 1,
        _ => return Err(wrong()),
    };
    let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit_s)).ok_or_else(wrong)?;
    Ok(Retention(Some(Duration::from_secs(seconds))))
}

fn api_address(text: &str) -> Result<SocketAddr, String> {
    let port = text.strip_prefix(':').unwrap_or(text);
    if let Ok(port) = port.parse::<u16>() {
        return Ok(SocketAddr::from(([127, 0, 0, 1], port)));
    }
    let text = text.strip_prefix("localhost:").map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
    text.parse().map_err(|_| "PORT or ADDRESS:PORT is needed, such as 8083 or 127.0.0.1:8083".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn limits_are_aws_s_with_changes() {
        assert_eq!(limits("aws"), Ok(Limits::AWS));
        assert_eq!(limits("off"), Ok(Limits::OFF));
        let changed = Limits { payload_bytes: Some(1_048_576), history_events: None, ..Limits::AWS };
        assert_eq!(limits("payload_bytes=1048576,history_events=off"), Ok(changed));
        for wrong in ["", "payload_bytes", "payload_bytes=0", "payload_bytes=-1", "payload=1", "none"] {
            assert!(limits(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_have_a_unit() {
        let seconds = |seconds| Ok(Retention(Some(Duration::from_secs(seconds))));
        assert_eq!(retention("90d"), seconds(90 * 24 * 3600));
        assert_eq!([retention("12h"), retention("0s")], [seconds(12 * 3600), seconds(0)]);
        assert_eq!(retention("forever"), Ok(Retention(None)));
        for wrong in ["", "90", "d", "-1d", "1w", "99999999999999999999d", "99999999999999999d"] {
            assert!(retention(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_port_alone_is_on_the_loopback() {
        for text in ["8083", ":8083", "localhost:8083", "127.0.0.1:8083"] {
            assert_eq!(api_address(text), Ok(SocketAddr::from(([127, 0, 0, 1], 8083))), "{text}");
        }
        assert_eq!(api_address("0.0.0.0:1"), Ok(SocketAddr::from(([0, 0, 0, 0], 1))));
        assert!(api_address("example").is_err());
    }
}
