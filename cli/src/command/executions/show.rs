//! `stepwell executions show`

use stepwell_asl::{Map, Text, Value};
use stepwell_engine::Engine;
use stepwell_engine::core::{StateError, Status};
use stepwell_engine::engine::{Description, status_name};
use stepwell_engine::worker::status_number;

use super::{coloured, find, last_part};
use crate::args::ShowArgs;
use crate::live::{cause, duration};
use crate::output::{self, FAINT, Styled, printable};
use crate::refusal::Refusal;

/// Shows one execution.
pub async fn execute(engine: &Engine, args: &ShowArgs) -> Result<(), Refusal> {
    let there = find(engine, &args.which).await?;
    match args.json {
        true => output::print_json(&json(&there))?,
        false => output::print(&text(engine, &there))?,
    }
    Ok(())
}

fn text(engine: &Engine, there: &Description) -> String {
    let mut lines = vec![
        ("name", printable(&there.name)),
        ("machine", last_part(&there.machine_arn).to_owned()),
        ("arn", printable(&there.arn)),
        ("status", coloured(status_number(&there.status)).to_string()),
        ("started", there.started_at.to_string()),
    ];
    match there.stopped_at {
        Some(at) => lines.push(("ended", format!("{at}, after {}", duration(there.started_at, at)))),
        None => lines.push(("running", format!("for {}", duration(there.started_at, engine.now())))),
    }
    if there.redrive_count > 0 {
        let last = there.redriven_at.map(|at| format!(", last at {at}")).unwrap_or_default();
        lines.push(("redrives", format!("{}{last}", there.redrive_count)));
    }
    lines.push(("input", pretty(&there.input)));
    match &there.status {
        Status::Running => {}
        Status::Succeeded(output) => lines.push(("output", pretty(output))),
        Status::Failed(error) | Status::TimedOut(error) | Status::Aborted(error) => {
            lines.extend(error.name.as_ref().map(|name| ("error", printable(name))));
            lines.extend(error.cause.as_ref().map(|text| ("cause", printable(&cause(text)))));
        }
    }
    lines.iter().map(|(label, value)| line(label, value)).collect()
}

/// A label and its value; further lines of the value are under its first one.
fn line(label: &str, value: &str) -> String {
    let label = Styled(FAINT, format!("{label:<9}"));
    format!("{label} {}\n", value.trim_end().replace('\n', "\n          "))
}

fn pretty(value: &Value) -> String {
    printable(&serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string()))
}

fn json(there: &Description) -> Value {
    let mut members = Map::default();
    let text = |text: &Text| Value::String(text.clone());
    members.insert("name".into(), text(&there.name));
    members.insert("machine".into(), last_part(&there.machine_arn).into());
    members.insert("arn".into(), text(&there.arn));
    members.insert("status".into(), status_name(status_number(&there.status)).into());
    members.insert("input".into(), there.input.clone());
    match &there.status {
        Status::Running => {}
        Status::Succeeded(output) => drop(members.insert("output".into(), output.clone())),
        Status::Failed(error) | Status::TimedOut(error) | Status::Aborted(error) => {
            let StateError { name, cause } = error;
            members.insert("error".into(), name.as_ref().map_or(Value::Null, text));
            members.insert("cause".into(), cause.as_ref().map_or(Value::Null, text));
        }
    }
    members.insert("started_at".into(), there.started_at.to_string().into());
    if let Some(at) = there.stopped_at {
        members.insert("stopped_at".into(), at.to_string().into());
    }
    members.insert("redrive_count".into(), u64::from(there.redrive_count).into());
    if let Some(at) = there.redriven_at {
        members.insert("redriven_at".into(), at.to_string().into());
    }
    members.into()
}
