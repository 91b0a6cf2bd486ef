//! The commands, one a file.

pub mod bench;
pub mod completions;
pub mod conform;
pub mod eval;
pub mod executions;
pub mod run;
pub mod serve;
pub mod validate;

use std::process::ExitCode;

use crate::args::Command;
use crate::refusal::Refusal;

/// Does what was asked for, and tells with which status to exit.
pub fn execute(command: Command) -> Result<ExitCode, Refusal> {
    match command {
        Command::Run(args) => run::execute(*args),
        Command::Serve(args) => serve::execute(*args),
        Command::Executions(args) => executions::execute(args),
        Command::Validate(args) => validate::execute(&args),
        Command::Eval(args) => eval::execute(&args),
        Command::Conform(args) => conform::execute(&args),
        Command::Bench(args) => bench::execute(&args),
        Command::Completions(args) => completions::execute(&args),
    }
}
