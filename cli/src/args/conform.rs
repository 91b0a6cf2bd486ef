//! `stepwell conform`

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::api_address;

pub const ABOUT: &str = "\
Play cases that say what AWS Step Functions does, against any endpoint, and show what it does otherwise.

Without --endpoint a server of Stepwell's own is started for it, in memory. Calls are signed: with the credentials and \
the region of the usual variables and, where the endpoint is AWS itself, of profiles and roles.

The functions of the cases are served by this command, as Lambda's Invoke API has it. The endpoint has to look for \
Lambda there; stepwell serve does with AWS_ENDPOINT_URL_LAMBDA=http://127.0.0.1:8084. Where it cannot, --no-functions \
leaves out the cases that need functions.";

/// `stepwell conform`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Exit status: 0 if every case passes or is a known gap, 1 if one fails or is a known gap no more, 2 if they cannot be \
played.

Examples:
  stepwell conform
  stepwell conform --filter map/ --jobs 1
  stepwell conform --endpoint http://127.0.0.1:4566 --junit report.xml
  stepwell conform --cases ./cases --record ./recorded --endpoint https://states.eu-west-1.amazonaws.com \\
      --no-functions --role arn:aws:iam::123456789012:role/workflows")]
pub struct Conform {
    /// The endpoint to examine, instead of a server of our own
    #[arg(long, value_name = "URL")]
    pub endpoint: Option<String>,
    /// Only cases with TEXT in their name or in what they are about
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// The cases in DIR, instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    pub cases: Option<PathBuf>,
    /// The list of cases that are known to fail, instead of that of our own server
    #[arg(long, value_name = "FILE")]
    pub known_gaps: Option<PathBuf>,
    /// How many cases are played at a time
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub jobs: u16,
    /// How long one case may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub timeout: u64,
    /// The role of state machines, where the endpoint wants one that there is
    #[arg(long, value_name = "ARN")]
    pub role: Option<String>,
    /// Where functions are served: PORT, ADDRESS:PORT [default: any port for our own server, else 127.0.0.1:8084]
    #[arg(long, value_name = "ADDR", value_parser = api_address)]
    pub functions: Option<SocketAddr>,
    /// Leave out the cases that need functions
    #[arg(long, conflicts_with = "functions")]
    pub no_functions: bool,
    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
    /// Write the report to FILE, as JUnit's XML
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Write what the endpoint answered to the --cases, as cases in DIR
    #[arg(long, value_name = "DIR", requires = "cases", conflicts_with_all = ["json", "junit", "known_gaps"])]
    pub record: Option<PathBuf>,
    /// Let --record write over cases that are there
    #[arg(long, requires = "record")]
    pub overwrite: bool,
}
