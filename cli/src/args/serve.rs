//! `stepwell serve`

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use stepwell_engine::core::Limits;
use stepwell_engine::store::Kind;

use super::{FromTemplate, Log, Mocks, Retention, Waiting, api_address, limits, retention, store_kind};

pub const ABOUT: &str = "\
Answer the AWS Step Functions API: point the endpoint of boto3, the AWS CLI or any SDK at it.

Tasks go where stepwell.toml in the current directory, or --config, routes them. With --data everything that was \
acknowledged survives a crash, and executions go on at the next start; with --memory, the default, nothing is kept.";

/// `stepwell serve`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Exit status: 0 when it was asked to end (Ctrl-C, SIGTERM), 1 when it could not go on, 2 when it could not begin.

Examples:
  stepwell serve
  stepwell serve --template template.yaml --watch
  stepwell serve --data ./data --addr 127.0.0.1:9000
  aws stepfunctions list-state-machines --endpoint-url http://127.0.0.1:8083
  python3 -c 'import boto3; print(boto3.client(\"stepfunctions\", endpoint_url=\"http://127.0.0.1:8083\"))'")]
pub struct Serve {
    /// Where to listen: PORT, ADDRESS:PORT; port 0 takes any. A port alone is opened on 127.0.0.1
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8083", value_parser = api_address)]
    pub addr: SocketAddr,
    /// Keep state machines and executions in DIR
    #[arg(long, value_name = "DIR", conflicts_with = "memory")]
    pub data: Option<PathBuf>,
    /// Keep everything in memory: it is gone when the server ends
    #[arg(long)]
    pub memory: bool,
    /// The engine of a new store: sled or redb [default: sled]
    #[arg(long, value_name = "ENGINE", requires = "data", value_parser = store_kind)]
    pub store: Option<Kind>,
    /// How long executions are kept after they have ended, such as 90d, 12h or forever
    #[arg(long, value_name = "TIME", default_value = "90d", value_parser = retention)]
    pub retain: Retention,
    /// The region in ARNs [default: AWS_REGION, else us-east-1]
    #[arg(long, value_name = "REGION", value_parser = region)]
    pub region: Option<String>,
    /// The account in ARNs: twelve digits
    #[arg(long, value_name = "ACCOUNT", default_value = "123456789012", value_parser = account)]
    pub account: String,
    /// The routes of tasks, instead of the stepwell.toml in the current directory
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Answer every task with a made-up answer of the right shape, but for those that stepwell.toml mocks
    #[arg(long)]
    pub mock_all: bool,
    #[command(flatten)]
    pub mocks: Mocks,
    #[command(flatten)]
    pub waiting: Waiting,
    /// Let tasks reach real AWS, as `real = true` in stepwell.toml does
    #[arg(long)]
    pub aws: bool,
    /// AWS's limits, none, or some of them changed: see `stepwell help run`
    #[arg(long, value_name = "LIMITS", default_value = "aws", value_parser = limits)]
    pub limits: Limits,
    #[command(flatten)]
    pub access: Access,
    #[command(flatten)]
    pub loading: Loading,
    #[command(flatten)]
    pub template: FromTemplate,
    /// Serve POST /_stepwell/reset, which deletes all state: for test suites. Only with --memory
    #[arg(long, conflicts_with = "data")]
    pub allow_reset: bool,
    /// Write a JSON line for each history event that a state machine's loggingConfiguration asks for; - is stdout
    #[arg(long, value_name = "FILE")]
    pub execution_log: Option<PathBuf>,
    #[command(flatten)]
    pub log: Log,
}

/// Who may ask.
#[derive(Debug, Args)]
#[command(next_help_heading = "Access")]
pub struct Access {
    /// Answer only requests that are signed: sigv4. Needed wherever other machines can reach the server
    #[arg(long, value_name = "SCHEME", value_enum, requires = "credentials")]
    pub auth: Option<Auth>,
    /// The access keys that may sign, in the format of ~/.aws/credentials: every section is a key
    #[arg(long, value_name = "FILE", requires = "auth")]
    pub credentials: Option<PathBuf>,
    /// Answer under this name too, or with *.NAME under all names below it. May be repeated
    #[arg(long = "allow-host", value_name = "NAME")]
    pub allow_hosts: Vec<String>,
    /// Serve HTTPS with the certificate in FILE, followed by those that vouch for it (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
}

/// How requests are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Auth {
    /// Signature Version 4, as AWS's clients sign.
    Sigv4,
}

/// What is registered at the start.
#[derive(Debug, Args)]
#[command(next_help_heading = "Loading")]
pub struct Loading {
    /// Register every NAME.asl.json, .asl.yaml and .asl.yml under DIR as NAME; NAME.express.asl.json is an Express one
    #[arg(long, value_name = "DIR")]
    pub load: Option<PathBuf>,
    /// Register them, and what --template makes, again when they change. What is wrong with them is told, and what was
    /// before stays
    ///
    /// A file that is deleted leaves its state machine.
    #[arg(long)]
    pub watch: bool,
}

fn region(text: &str) -> Result<String, String> {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    match !text.is_empty() && text.len() <= 40 && text.bytes().all(letter) {
        true => Ok(text.to_owned()),
        false => Err("a region is needed, such as eu-west-1".to_owned()),
    }
}

fn account(text: &str) -> Result<String, String> {
    match text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Ok(text.to_owned()),
        false => Err("an account has twelve digits".to_owned()),
    }
}
