//! `stepwell executions list`

use stepwell_asl::{Map, Value};
use stepwell_engine::Engine;
use stepwell_engine::engine::{ExecutionSummary, ListExecutions, status_name};

use super::{RUNNING, coloured, last_part, machines, shown};
use crate::args::ListArgs;
use crate::live::duration;
use crate::output;
use crate::refusal::Refusal;
use crate::table::Table;

/// An execution and its state machine's name.
struct Line {
    machine: String,
    execution: ExecutionSummary,
}

/// Lists executions, newest first.
pub async fn execute(engine: &Engine, args: &ListArgs) -> Result<(), Refusal> {
    let lines = gather(engine, args).await?;
    if args.json {
        let all: Value = lines.iter().map(json).collect();
        return Ok(output::print_json(&all)?);
    }
    let mut table = Table::new(&["NAME", "MACHINE", "STATUS", "STARTED", ":DURATION", ":REDRIVES"]);
    for Line { machine, execution } in &lines {
        let until = execution.stopped_at.unwrap_or_else(|| engine.now());
        let redrives = if execution.redrive_count > 0 { execution.redrive_count.to_string() } else { String::new() };
        table.add([
            output::printable(&execution.name),
            machine.clone(),
            coloured(execution.status).to_string(),
            execution.started_at.to_string(),
            duration(execution.started_at, until),
            redrives,
        ]);
    }
    if lines.is_empty() {
        output::tell(&format!("no executions like that are in {}\n", shown(&args.data.data)));
    } else {
        output::print(&table.lines())?;
    }
    if lines.len() as u64 == args.limit {
        output::tell(&format!("these are the newest {}; --limit COUNT shows more\n", lines.len()));
    }
    Ok(())
}

async fn gather(engine: &Engine, args: &ListArgs) -> Result<Vec<Line>, Refusal> {
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let machines = machines(engine).await?;
    if let Some(name) = &args.machine
        && !machines.iter().any(|machine| *machine.name == **name)
    {
        let names: Vec<&str> = machines.iter().map(|machine| &*machine.name).collect();
        let message = format!("there is no state machine {name} in {}", shown(&args.data.data));
        let known = if names.is_empty() {
            "there are none at all".to_owned()
        } else {
            format!("there are: {}", names.join(", "))
        };
        return Err(Refusal::with_help(message, known));
    }
    let mut lines = Vec::new();
    for machine in machines.iter().filter(|machine| args.machine.as_ref().is_none_or(|name| *machine.name == **name)) {
        let query = ListExecutions {
            machine_arn: machine.arn.to_string(),
            status: args.status.map(|status| status as u8),
            after: None,
            limit,
        };
        let page = engine.list(query).await?;
        let line = |execution| Line { machine: machine.name.to_string(), execution };
        lines.extend(page.executions.into_iter().map(line));
    }
    lines.sort_by(|one, other| {
        let newest = other.execution.started_at.cmp(&one.execution.started_at);
        newest.then_with(|| one.execution.arn.cmp(&other.execution.arn))
    });
    lines.truncate(limit);
    Ok(lines)
}

fn json(line: &Line) -> Value {
    let ExecutionSummary {
        arn,
        name,
        status,
        started_at,
        stopped_at,
        redrive_count,
        redriven_at,
        version_arn,
        alias_arn,
    } = &line.execution;
    let mut members = Map::default();
    members.insert("name".into(), name.as_str().into());
    members.insert("machine".into(), last_part(&line.machine).into());
    members.insert("arn".into(), arn.as_str().into());
    for (member, arn) in [("version_arn", version_arn), ("alias_arn", alias_arn)] {
        if let Some(arn) = arn {
            members.insert(member.into(), arn.as_str().into());
        }
    }
    members.insert("status".into(), status_name(*status).into());
    members.insert("started_at".into(), started_at.to_string().into());
    if *status != RUNNING
        && let Some(at) = stopped_at
    {
        members.insert("stopped_at".into(), at.to_string().into());
    }
    members.insert("redrive_count".into(), u64::from(*redrive_count).into());
    if let Some(at) = redriven_at {
        members.insert("redriven_at".into(), at.to_string().into());
    }
    members.into()
}
