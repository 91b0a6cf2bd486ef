//! The `stepwell` command.

mod api;
mod args;
mod command;
mod definition;
mod descriptors;
mod excerpt;
mod files;
mod live;
mod logging;
mod origin;
mod output;
mod refusal;
mod signals;
mod store;
mod table;
mod tasks;
mod template;

use std::process::ExitCode;

use clap::Parser;

/// Exit status of what could not be begun.
const REFUSED: u8 = 2;

fn main() -> ExitCode {
    let cli = args::Cli::parse();
    command::execute(cli.command).unwrap_or_else(|refusal| {
        output::tell_refusal(&refusal);
        ExitCode::from(REFUSED)
    })
}
