//! `stepwell bench`: what can be measured.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use stepwell_engine::store::Kind;

use super::{count, store_kind};

/// `stepwell bench`
#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_long_help = "\
`serve` measures a server that runs; the others make files in --data DIR, or else in the current directory, and remove \
them afterwards. What they measure is the disk the files are on: a directory in memory makes everything look fast.

Examples:
  stepwell bench store --store sled --store redb
  stepwell bench engine --data /mnt/disk --json
  stepwell bench waiting --count 100000
  stepwell bench serve --endpoint http://127.0.0.1:8083"
)]
pub struct Bench {
    /// What to measure.
    #[command(subcommand)]
    pub action: BenchAction,
}

/// What can be measured.
#[derive(Debug, Subcommand)]
pub enum BenchAction {
    /// Durable turns per second, beside what the disk itself can do.
    Store(StoreBench),
    /// Executions from start to end, wide Maps, callbacks.
    Engine(EngineBench),
    /// A great many executions that wait, and what a crash costs then.
    Waiting(WaitingBench),
    /// A Step Functions endpoint, over HTTP.
    Serve(ServeBench),
}

/// `stepwell bench store`
#[derive(Debug, Args)]
#[command(after_long_help = "\
`log` is a plain file to which the same bytes are appended, synced once for all who wait: the limit of this disk. \
The ratio is to it. `memory` keeps nothing.

Examples:
  stepwell bench store
  stepwell bench store --store redb --writers 1,64 --seconds 5 --json")]
pub struct StoreBench {
    /// What to measure beside the log; may be given many times [default: sled, redb]
    #[arg(long = "store", value_name = "ENGINE", value_delimiter = ',')]
    pub stores: Vec<Target>,
    /// How many write at once
    #[arg(long, value_name = "COUNTS", value_delimiter = ',', default_value = "1,8,64,512", value_parser = count())]
    pub writers: Vec<u64>,
    /// How long each round is, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0, value_parser = seconds)]
    pub seconds: f64,
    /// How many rounds each is measured; the median counts
    #[arg(long, value_name = "COUNT", default_value_t = 3, value_parser = count())]
    pub rounds: u64,
    /// Where files are made
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// What turns are written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Target {
    /// sled, the default store
    Sled,
    /// redb
    Redb,
    /// Nothing on disk
    Memory,
    /// A plain file
    Log,
}

/// `stepwell bench engine`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Tasks are answered within the process, at once: what is measured is the engine and its store.

Examples:
  stepwell bench engine
  stepwell bench engine --store redb --items 1000 --json")]
pub struct EngineBench {
    /// The store: sled, redb or memory
    #[arg(long, value_name = "ENGINE", default_value = "sled")]
    pub store: Kind,
    /// How many executions of one task run at once
    #[arg(long, value_name = "COUNTS", value_delimiter = ',', default_value = "1,64,512", value_parser = count())]
    pub at_once: Vec<u64>,
    /// How long those are measured, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 3.0, value_parser = seconds)]
    pub seconds: f64,
    /// How many Pass states the chain has
    #[arg(long, value_name = "COUNT", default_value_t = 1_000, value_parser = count())]
    pub passes: u64,
    /// How many items the Maps have
    #[arg(long, value_name = "COUNTS", value_delimiter = ',', default_value = "1000,10000,40000", value_parser = count())]
    pub items: Vec<u64>,
    /// How many executions wait for a callback
    #[arg(long, value_name = "COUNT", default_value_t = 10_000, value_parser = count())]
    pub callbacks: u64,
    /// Where files are made
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `stepwell bench waiting`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Half of the executions wait for a year, half for a callback. When all wait, the process that has them is killed and \
another one opens the store: measured is how long it takes until a timer fires that has passed meanwhile, and how \
fast callbacks are answered then.

Examples:
  stepwell bench waiting --count 100000
  stepwell bench waiting --count 1000000 --store redb --data /mnt/disk --json")]
pub struct WaitingBench {
    /// How many executions wait
    #[arg(long, value_name = "COUNT", default_value_t = 1_000_000, value_parser = count())]
    pub count: u64,
    /// The store: sled or redb
    #[arg(long, value_name = "ENGINE", default_value = "sled", value_parser = store_kind)]
    pub store: Kind,
    /// Where files are made
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    /// The part that a child does
    #[arg(long, hide = true, requires = "data")]
    pub phase: Option<Phase>,
}

/// The parts of `bench waiting` that children do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Phase {
    /// Starts the executions, and waits to be killed.
    Fill,
    /// Opens the store again.
    Reopen,
}

/// `stepwell bench serve`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Any endpoint can be measured that answers over plain HTTP, ours or another. State machines are made for it, and deleted \
afterwards; their executions stay. Client and server share the machine where both are on it: the figures are theirs \
together. Calls are signed with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY where --sign says so; otherwise they only \
look like it.

Examples:
  stepwell bench serve --endpoint http://127.0.0.1:8083
  stepwell bench serve --endpoint http://localhost:4566 --at-once 1,8 --seconds 10 --json")]
pub struct ServeBench {
    /// Where the server is: http://HOST:PORT
    #[arg(long, value_name = "URL")]
    pub endpoint: String,
    /// How many call at once
    #[arg(long, value_name = "COUNTS", value_delimiter = ',', default_value = "1,64", value_parser = count())]
    pub at_once: Vec<u64>,
    /// How long each case is measured, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 3.0, value_parser = seconds)]
    pub seconds: f64,
    /// How many Pass states the long chain has
    #[arg(long, value_name = "COUNT", default_value_t = 200, value_parser = count())]
    pub passes: u64,
    /// How many items the Map has
    #[arg(long, value_name = "COUNT", default_value_t = 1_000, value_parser = count())]
    pub items: u64,
    /// How many events the history has, about
    #[arg(long, value_name = "COUNT", default_value_t = 25_000, value_parser = count())]
    pub events: u64,
    /// Sign calls, with the keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
    #[arg(long)]
    pub sign: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds <= 3600.0 => Ok(seconds),
        Ok(_) | Err(_) => Err("a number of seconds is needed, up to 3600".to_owned()),
    }
}
