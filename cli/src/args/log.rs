//! How the server tells what it does.

use clap::{Args, ValueEnum};

/// `--log`, `--log-format`
#[derive(Debug, Args)]
pub struct Log {
    /// What is told on stderr: a level (error, warn, info, debug, trace, off), or TARGET=LEVEL,... Requests are told at
    /// debug; what is in them only where stepwell::payload=trace asks for it [default: warn, or info as JSON]
    #[arg(long = "log", value_name = "FILTER", env = "STEPWELL_LOG", hide_env_values = true, default_value = "")]
    pub filter: String,
    /// As text for people, or as JSON lines
    #[arg(long = "log-format", value_name = "FORMAT", value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}
