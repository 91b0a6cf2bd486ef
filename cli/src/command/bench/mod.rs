//! `stepwell bench`: what this machine and its disk can do. Measures time, and decides nothing by it.

#![allow(clippy::disallowed_methods)] // a benchmark measures time

mod cases;
mod engine;
mod log;
mod process;
mod rates;
mod scratch;
mod serve;
mod serve_cases;
mod serve_client;
mod store;
mod turns;
mod waiting;
mod waiting_phases;
mod work;

use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};

use crate::args::{Bench, BenchAction};
use crate::refusal::Refusal;

/// Measures what was asked for.
pub fn execute(args: &Bench) -> Result<ExitCode, Refusal> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Refusal::new(format!("no threads could be started: {error}")))?;
    runtime.block_on(async {
        match &args.action {
            BenchAction::Store(args) => store::execute(args).await,
            BenchAction::Engine(args) => engine::execute(args).await,
            BenchAction::Waiting(args) => waiting::execute(args).await,
            BenchAction::Serve(args) => serve::execute(args).await,
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

/// A bar on the terminal, if there is one, for so many steps.
fn bar(steps: u64, what: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg}  {bar:30.cyan/dim} {human_pos}/{human_len}  {elapsed:.dim}");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(steps).with_style(style).with_message(what.to_owned())
}

/// A number as people read it: `12`, `3.4 k`, `1.20 M`.
fn human(number: f64) -> String {
    match number {
        number if number >= 1e6 => format!("{:.2} M", number / 1e6),
        number if number >= 1e4 => format!("{:.1} k", number / 1e3),
        number if number >= 100.0 => format!("{number:.0}"),
        number => format!("{number:.1}"),
    }
}

/// Bytes as people read them.
fn bytes(number: f64) -> String {
    match number {
        number if number >= 1e9 => format!("{:.2} GB", number / 1e9),
        number if number >= 1e6 => format!("{:.0} MB", number / 1e6),
        number if number >= 1e4 => format!("{:.1} kB", number / 1e3),
        number => format!("{number:.0} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!([1.25, 250.0, 12_345.0, 1_200_000.0].map(human), ["1.2", "250", "12.3 k", "1.20 M"]);
        assert_eq!([1.0, 12_345.0, 5e6, 2.5e9].map(bytes), ["1 B", "12.3 kB", "5 MB", "2.50 GB"]);
    }
}
