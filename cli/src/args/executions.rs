//! `stepwell executions`: what can be asked of a store.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use stepwell_engine::store::Kind;

use super::{count, store_kind};

/// Where executions are kept.
#[derive(Debug, Args)]
pub struct Data {
    /// The directory of the store, as `stepwell run --data` was given it
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// The store's engine: sled or redb [default: what made it]
    #[arg(long, value_name = "ENGINE", value_parser = store_kind)]
    pub store: Option<Kind>,
}

/// `stepwell executions`
#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_long_help = "\
Nothing that DIR holds goes on by being looked at. While `stepwell run --data DIR` is at work, DIR is its own.

Exit status: 0, or 2 where DIR, the execution or the usage is wrong.

Examples:
  stepwell executions list --data ./data --status failed
  stepwell executions show nightly-7 --data ./data
  stepwell executions history nightly-7 --data ./data --reverse --limit 20
  stepwell executions redrive nightly-7 --data ./data"
)]
pub struct Executions {
    /// What to do.
    #[command(subcommand)]
    pub action: ExecutionsAction,
}

/// What can be done with executions in a store.
#[derive(Debug, Subcommand)]
pub enum ExecutionsAction {
    /// List executions, newest first.
    List(ListArgs),
    /// Show one execution: status, input, output or error.
    Show(ShowArgs),
    /// Show what happened in one execution.
    History(HistoryArgs),
    /// Stop an execution that has not ended.
    Stop(StopArgs),
    /// Let an execution that did not succeed go on where it ended, when it is run next.
    Redrive(RedriveArgs),
}

/// `stepwell executions list`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  stepwell executions list --data ./data
  stepwell executions list --data ./data --machine nightly --status running --json")]
pub struct ListArgs {
    /// Where they are.
    #[command(flatten)]
    pub data: Data,
    /// Only those of this state machine
    #[arg(short, long, value_name = "NAME")]
    pub machine: Option<String>,
    /// Only those with this status
    #[arg(short, long, value_name = "STATUS")]
    pub status: Option<StatusArg>,
    /// How many at most
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 50, value_parser = count())]
    pub limit: u64,
    /// Print [{name, machine, arn, status, started_at, stopped_at, redrive_count}]
    #[arg(long)]
    pub json: bool,
}

/// Which execution, and where it is.
#[derive(Debug, Args)]
pub struct Which {
    /// The execution's name or ARN
    #[arg(value_name = "NAME|ARN")]
    pub name: String,
    /// Where it is.
    #[command(flatten)]
    pub data: Data,
}

/// `stepwell executions show`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  stepwell executions show nightly-7 --data ./data
  stepwell executions show nightly-7 --data ./data --json | jq .output")]
pub struct ShowArgs {
    /// Which.
    #[command(flatten)]
    pub which: Which,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `stepwell executions history`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  stepwell executions history nightly-7 --data ./data
  stepwell executions history nightly-7 --data ./data --reverse --limit 5
  stepwell executions history nightly-7 --data ./data --json > events.json")]
pub struct HistoryArgs {
    /// Which.
    #[command(flatten)]
    pub which: Which,
    /// The newest events first
    #[arg(short, long)]
    pub reverse: bool,
    /// How many events at most [default: all]
    #[arg(short = 'n', long, value_name = "COUNT", value_parser = count())]
    pub limit: Option<u64>,
    /// Print the events as AWS's GetExecutionHistory has them
    #[arg(long)]
    pub json: bool,
}

/// `stepwell executions stop`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  stepwell executions stop nightly-7 --data ./data --error Operator.Stopped --cause 'the input was wrong'")]
pub struct StopArgs {
    /// Which.
    #[command(flatten)]
    pub which: Which,
    /// The error's name in its history
    #[arg(long, value_name = "NAME")]
    pub error: Option<String>,
    /// The error's cause in its history
    #[arg(long, value_name = "TEXT")]
    pub cause: Option<String>,
}

/// `stepwell executions redrive`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  stepwell executions redrive nightly-7 --data ./data
  stepwell run nightly.asl.json --data ./data --name nightly-7 --resume")]
pub struct RedriveArgs {
    /// Which.
    #[command(flatten)]
    pub which: Which,
}

/// The statuses of executions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StatusArg {
    /// It has not ended
    Running = 0,
    /// It ended with an output
    Succeeded = 1,
    /// It ended with an error
    Failed = 2,
    /// It took too long
    #[value(name = "timed-out", alias = "timed_out")]
    TimedOut = 3,
    /// It was stopped
    Aborted = 4,
}
