//! The log of executions that a state machine's `loggingConfiguration` asks for: a JSON line for each history event, with
//! the members that AWS writes to CloudWatch Logs.
//!
//! The engine hands over its turns as an [`Observer`] and does not wait: lines are made and written on a task of their
//! own. As on AWS that is best effort. What finds no room is counted and told.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};
use stepwell_asl::Text;
use stepwell_engine::core::{Execution, HistoryEvent, HistoryKind, Identity, Turn};
use stepwell_engine::{Observer, history_json};
use tokio::sync::{mpsc, oneshot};

use crate::history::without_data;

/// Turns that wait to be written.
const TURNS_MAX: usize = 16_384;

/// Which events are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// All of them.
    All,
    /// What failed, timed out or was aborted, and entered Fail states.
    Error,
    /// Executions that did not succeed.
    Fatal,
    /// None.
    Off,
}

/// What a state machine's `loggingConfiguration` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Logging {
    /// Which events.
    pub level: Level,
    /// With inputs, outputs, errors and causes.
    pub include_data: bool,
}

/// Finds what is to be logged of the executions of a state machine, by its ARN.
pub type Lookup = Arc<dyn Fn(Text) -> BoxFuture<'static, Logging> + Send + Sync>;

/// Takes turns in, for [`Writer`]. Give it to the engine as its observer.
pub struct ExecutionLog {
    turns: mpsc::Sender<Logged>,
    lost: Arc<AtomicU64>,
}

/// The other end: makes the lines and writes them.
pub struct Writer {
    turns: mpsc::Receiver<Logged>,
    to: Box<dyn Write + Send>,
    lost: Arc<AtomicU64>,
    /// Executions that were redriven, and how often.
    redriven: HashMap<Text, u32>,
}

struct Logged {
    execution_arn: Text,
    machine_arn: Text,
    events: Vec<HistoryEvent>,
    redrive_count: Option<u32>,
}

/// A log, and the one who writes it to a file (it is added to) or, for `-`, to stdout.
///
/// Errors: the file cannot be opened.
pub fn open(path: &Path) -> io::Result<(Arc<ExecutionLog>, Writer)> {
    let to: Box<dyn Write + Send> = match path.as_os_str() == "-" {
        true => Box::new(io::stdout()),
        false => Box::new(OpenOptions::new().create(true).append(true).open(path)?),
    };
    Ok(to_writer(to))
}

/// The same, to anything that can be written.
pub fn to_writer(to: Box<dyn Write + Send>) -> (Arc<ExecutionLog>, Writer) {
    let (sender, turns) = mpsc::channel(TURNS_MAX);
    let lost = Arc::<AtomicU64>::default();
    let log = ExecutionLog { turns: sender, lost: lost.clone() };
    (Arc::new(log), Writer { turns, to: Box::new(BufWriter::new(to)), lost, redriven: HashMap::new() })
}

impl Observer for ExecutionLog {
    fn turn(&self, identity: &Identity, turn: &Turn, execution: Option<&Execution>) {
        if turn.history.is_empty() {
            return;
        }
        let redrive_count = execution.map(|execution| execution.redrive_count);
        let logged = Logged {
            execution_arn: identity.arn.clone(),
            machine_arn: identity.machine_arn.clone(),
            events: turn.history.clone(),
            redrive_count,
        };
        if self.turns.try_send(logged).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Writer {
    /// Writes until `done` is told or dropped, and then what has come until that moment.
    pub async fn run(mut self, lookup: Lookup, mut done: oneshot::Receiver<()>) {
        loop {
            let logged = tokio::select! {
                biased;
                logged = self.turns.recv() => logged,
                _ = &mut done => self.turns.try_recv().ok(),
            };
            let Some(logged) = logged else { break };
            let logging = lookup(logged.machine_arn.clone()).await;
            let written = self.write(&logged, logging);
            let flushed = written.and_then(|()| if self.turns.is_empty() { self.to.flush() } else { Ok(()) });
            if let Err(error) = flushed {
                tracing::error!(%error, "the log of executions cannot be written: some of it is lost");
            }
            let lost = self.lost.swap(0, Ordering::Relaxed);
            if lost > 0 {
                tracing::error!(turns = lost, "the log of executions could not keep up: turns are missing in it");
            }
        }
        if let Err(error) = self.to.flush() {
            tracing::error!(%error, "the log of executions cannot be written: its end is lost");
        }
    }

    fn write(&mut self, logged: &Logged, logging: Logging) -> io::Result<()> {
        let arn = &logged.execution_arn;
        let mut redrive_count = self.redriven.get(arn).copied().or(logged.redrive_count).unwrap_or(0);
        for event in &logged.events {
            if let HistoryKind::ExecutionRedriven { count } = event.kind {
                redrive_count = count;
                self.redriven.insert(arn.clone(), count);
            }
            if is_end(&event.kind) {
                self.redriven.remove(arn);
            }
            if logs(logging.level, &history_json::type_name(&event.kind)) {
                let line = line(event, arn, redrive_count, logging.include_data);
                writeln!(self.to, "{line}")?;
            }
        }
        Ok(())
    }
}

fn is_end(kind: &HistoryKind) -> bool {
    matches!(
        kind,
        HistoryKind::ExecutionSucceeded { .. }
            | HistoryKind::ExecutionFailed(_)
            | HistoryKind::ExecutionTimedOut(_)
            | HistoryKind::ExecutionAborted(_)
    )
}

/// Whether a level asks for events of a type, as AWS's table of levels has it.
fn logs(level: Level, event_type: &str) -> bool {
    let ended_badly = ["Failed", "TimedOut", "Aborted"].iter().any(|end| event_type.ends_with(end));
    match level {
        Level::All => true,
        Level::Error => ended_badly || event_type == "FailStateEntered",
        Level::Fatal => ended_badly && event_type.starts_with("Execution"),
        Level::Off => false,
    }
}

/// AWS writes numbers as strings here.
fn line(event: &HistoryEvent, execution_arn: &str, redrive_count: u32, include_data: bool) -> Value {
    let details = history_json::details(&event.kind).map(|(_, details)| details.to_json());
    let details = details.unwrap_or_else(|| Value::Object(Map::new()));
    json!({
        "id": event.id.to_string(),
        "type": history_json::type_name(&event.kind),
        "details": if include_data { details } else { without_data(details) },
        "previous_event_id": event.previous_id.to_string(),
        "event_timestamp": event.at.0.to_string(),
        "execution_arn": execution_arn,
        "redrive_count": redrive_count.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use expect_test::{Expect, expect};
    use stepwell_asl::{Timestamp, Value as AslValue};
    use stepwell_engine::core::StateError;

    use super::*;

    /// Text that is written, for whoever holds the other clone.
    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn events() -> Vec<HistoryEvent> {
        let error = || StateError::new("E", "why".to_owned());
        let kinds = [
            HistoryKind::ExecutionStarted {
                input: AslValue::Null,
                role_arn: "arn:r".into(),
                version_arn: None,
                alias_arn: None,
            },
            HistoryKind::ParallelStateStarted,
            HistoryKind::ParallelStateFailed,
            HistoryKind::ExecutionFailed(error()),
            HistoryKind::ExecutionRedriven { count: 1 },
        ];
        let events = kinds.into_iter().zip(1..);
        events.map(|(kind, id)| HistoryEvent { id, previous_id: id - 1, at: Timestamp(7), kind }).collect()
    }

    fn check(level: Level, include_data: bool, expected: Expect) {
        let page = Page::default();
        let (_log, mut writer) = to_writer(Box::new(page.clone()));
        let logged = Logged {
            execution_arn: "arn:e".into(),
            machine_arn: "arn:m".into(),
            events: events(),
            redrive_count: None,
        };
        writer.write(&logged, Logging { level, include_data }).unwrap();
        writer.to.flush().unwrap();
        let text = page.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        expected.assert_eq(&String::from_utf8(text).unwrap());
    }

    #[test]
    fn a_level_chooses_events() {
        check(Level::Off, true, expect![""]);
        check(Level::Fatal, true, expect![[""]]);
        check(Level::Error, false, expect![[""]]);
        check(Level::All, true, expect![[""]]);
    }
}
