//! `stepwell serve`

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use stepwell_engine::core::Limits;
use stepwell_engine::store::Kind;

use super::{Retention, api_address, limits, retention, store_kind};

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
    #[arg(long, value_name = "REGION")]
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
    /// Let tasks reach real AWS, as `real = true` in stepwell.toml does
    #[arg(long)]
    pub aws: bool,
    /// AWS's limits, none, or some of them changed: see `stepwell help run`
    #[arg(long, value_name = "LIMITS", default_value = "aws", value_parser = limits)]
    pub limits: Limits,
}

fn account(text: &str) -> Result<String, String> {
    match text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Ok(text.to_owned()),
        false => Err("an account has twelve digits".to_owned()),
    }
}
