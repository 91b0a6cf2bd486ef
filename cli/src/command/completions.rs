//! `stepwell completions`

use std::process::ExitCode;

use clap::CommandFactory;

use crate::args::{Cli, Completions};
use crate::output;
use crate::refusal::Refusal;

/// Prints the completion script of a shell.
pub fn execute(args: &Completions) -> Result<ExitCode, Refusal> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "stepwell", &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}
