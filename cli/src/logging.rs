//! Structured logs of the server on stderr. What flows through executions is told under a target of its own,
//! `stepwell::payload`, which no level alone turns on.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::Directive;

use crate::args::{Format, Log};
use crate::refusal::Refusal;

/// Where payloads are told.
const PAYLOAD: &str = "stepwell::payload";

/// What is told unless something else is asked for. Without people to read the greeting, its place is in the log.
fn default_filter(format: Format) -> &'static str {
    match format {
        Format::Text => "warn",
        Format::Json => "info",
    }
}

/// Begins to tell.
pub fn begin(log: &Log) -> Result<(), Refusal> {
    let filter = filter(log)?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let begun = match log.format {
        Format::Text => lines.with_ansi(std::io::stderr().is_terminal()).try_init(),
        Format::Json => lines.json().flatten_event(true).try_init(),
    };
    begun.map_err(|why| Refusal::new(why.to_string()))
}

fn filter(log: &Log) -> Result<EnvFilter, Refusal> {
    let text = if log.filter.is_empty() { default_filter(log.format) } else { &log.filter };
    let wrong = |why: String| {
        Refusal::with_help(
            format!("--log (or STEPWELL_LOG) '{text}' is no filter: {why}"),
            "a level such as debug, or targets with levels such as stepwell::request=debug,warn",
        )
    };
    let filter = EnvFilter::builder().parse(text).map_err(|why| wrong(why.to_string()))?;
    if text.contains(PAYLOAD) {
        return Ok(filter);
    }
    let off: Directive = format!("{PAYLOAD}=off").parse().map_err(|why| wrong(format!("{why}")))?;
    Ok(filter.add_directive(off))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let found = filter(&Log { filter: text.to_owned(), format: Format::Text });
        assert_eq!(found.ok().map(|filter| filter.to_string()).as_deref(), expected);
    }

    #[test]
    fn payloads_are_told_only_where_they_are_asked_for() {
        check("", Some("stepwell::payload=off,warn"));
        check("trace", Some("stepwell::payload=off,trace"));
        check("stepwell::payload=trace,info", Some("stepwell::payload=trace,info"));
        check("stepwell=nothing", None);
    }
}
