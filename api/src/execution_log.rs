//! The log of executions that a state machine's `loggingConfiguration` asks for: a JSON line for each history event, with
//! the members that AWS writes to CloudWatch Logs.
//!
//! The engine hands over its turns as an [`Observer`] and does not wait: lines are made and written on a thread of their
//! own. As on AWS that is best effort. What finds no room is counted and told.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use serde_json::{Map, Value, json};
use stepwell_asl::Text;
use stepwell_engine::core::{Execution, HistoryEvent, HistoryKind, Identity, Turn};
use stepwell_engine::{Observer, history_json};

use crate::history::without_data;

/// Turns that wait to be written.
const TURNS_MAX: usize = 16_384;

/// Which events are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    All,
    Error,
    Fatal,
}

/// What an execution's state machine was configured to log when it was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Logging {
    level: Level,
    include_data: bool,
}

impl Logging {
    /// `None`: nothing.
    fn of(identity: &Identity) -> Option<Logging> {
        let logging = identity.revision.as_ref()?.logging.as_ref()?;
        let level = match logging.get("level")?.as_str()? {
            "ALL" => Level::All,
            "ERROR" => Level::Error,
            "FATAL" => Level::Fatal,
            _ => return None,
        };
        let include_data = logging.get("includeExecutionData").and_then(stepwell_asl::Value::as_bool) == Some(true);
        Some(Logging { level, include_data })
    }
}

/// Takes turns in and has them written. Give it to the engine as its observer.
pub struct ExecutionLog {
    turns: SyncSender<Message>,
    lost: Arc<AtomicU64>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

enum Message {
    Turn(Logged),
    Finish,
}

struct Logged {
    execution_arn: Text,
    logging: Logging,
    events: Vec<HistoryEvent>,
    redrive_count: Option<u32>,
}

impl ExecutionLog {
    /// Writes to a file, which is added to, or for `-` to stdout.
    ///
    /// Errors: the file cannot be opened.
    pub fn open(path: &Path) -> io::Result<Arc<ExecutionLog>> {
        let to: Box<dyn Write + Send> = match path.as_os_str() == "-" {
            true => Box::new(io::stdout()),
            false => Box::new(OpenOptions::new().create(true).append(true).open(path)?),
        };
        ExecutionLog::to(to)
    }

    /// The same, to anything that can be written.
    fn to(to: Box<dyn Write + Send>) -> io::Result<Arc<ExecutionLog>> {
        let (sender, turns) = sync_channel(TURNS_MAX);
        let lost = Arc::<AtomicU64>::default();
        let mut writer = Writer { to: BufWriter::new(to), lost: lost.clone(), redriven: HashMap::new() };
        let thread = std::thread::Builder::new().name("execution-log".to_owned()).spawn(move || writer.run(&turns))?;
        Ok(Arc::new(ExecutionLog { turns: sender, lost, writer: Mutex::new(Some(thread)) }))
    }

    /// Comes back when all that was handed over is written. What comes later is not.
    pub fn finish(&self) {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        // The writer listens until it is told, so there is room at some time.
        if let Some(writer) = writer.filter(|_| self.turns.send(Message::Finish).is_ok()) {
            let _ = writer.join(); // a writer that panicked has told so
        }
    }
}

impl Observer for ExecutionLog {
    fn turn(&self, identity: &Identity, turn: &Turn, execution: Option<&Execution>) {
        let Some(logging) = Logging::of(identity).filter(|_| !turn.history.is_empty()) else { return };
        let logged = Logged {
            execution_arn: identity.arn.clone(),
            logging,
            events: turn.history.clone(),
            redrive_count: execution.map(|execution| execution.redrive_count),
        };
        if self.turns.try_send(Message::Turn(logged)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

struct Writer {
    to: BufWriter<Box<dyn Write + Send>>,
    lost: Arc<AtomicU64>,
    /// Executions that were redriven and have not ended since, and how often.
    redriven: HashMap<Text, u32>,
}

impl Writer {
    fn run(&mut self, turns: &Receiver<Message>) {
        loop {
            let message = match turns.try_recv() {
                Ok(message) => Ok(message),
                Err(TryRecvError::Empty) => {
                    self.told(|writer| writer.to.flush());
                    turns.recv()
                }
                Err(TryRecvError::Disconnected) => break,
            };
            match message {
                Ok(Message::Turn(logged)) => self.told(|writer| writer.write(&logged)),
                Ok(Message::Finish) | Err(_) => break,
            }
            let lost = self.lost.swap(0, Ordering::Relaxed);
            if lost > 0 {
                tracing::error!(turns = lost, "the log of executions could not keep up: turns are missing in it");
            }
        }
        self.told(|writer| writer.to.flush());
    }

    fn told(&mut self, write: impl FnOnce(&mut Writer) -> io::Result<()>) {
        if let Err(error) = write(self) {
            tracing::error!(%error, "the log of executions cannot be written: some of it is lost");
        }
    }

    fn write(&mut self, logged: &Logged) -> io::Result<()> {
        let Logged { execution_arn: arn, logging, events, .. } = logged;
        let mut redrive_count = self.redriven.get(arn).copied().or(logged.redrive_count).unwrap_or(0);
        for event in events {
            if let HistoryKind::ExecutionRedriven { count } = event.kind {
                redrive_count = count;
                self.redriven.insert(arn.clone(), count);
            }
            if is_end(&event.kind) {
                self.redriven.remove(arn);
            }
            if logs(logging.level, &history_json::type_name(&event.kind)) {
                writeln!(self.to, "{}", line(event, arn, redrive_count, logging.include_data))?;
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
        let log = ExecutionLog::to(Box::new(page.clone())).unwrap();
        let logging = Logging { level, include_data };
        let logged = Logged { execution_arn: "arn:e".into(), logging, events: events(), redrive_count: None };
        log.turns.send(Message::Turn(logged)).unwrap();
        log.finish();
        let text = page.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        expected.assert_eq(&String::from_utf8(text).unwrap());
    }

    #[test]
    fn a_level_chooses_events() {
        check(
            Level::Fatal,
            true,
            expect![[r#"
            {"id":"4","type":"ExecutionFailed","details":{"error":"E","cause":"why"},"previous_event_id":"3","event_timestamp":"7","execution_arn":"arn:e","redrive_count":"0"}
        "#]],
        );
        check(
            Level::Error,
            false,
            expect![[r#"
            {"id":"3","type":"ParallelStateFailed","details":{},"previous_event_id":"2","event_timestamp":"7","execution_arn":"arn:e","redrive_count":"0"}
            {"id":"4","type":"ExecutionFailed","details":{},"previous_event_id":"3","event_timestamp":"7","execution_arn":"arn:e","redrive_count":"0"}
        "#]],
        );
        check(
            Level::All,
            true,
            expect![[r#"
            {"id":"1","type":"ExecutionStarted","details":{"input":"null","inputDetails":{"truncated":false},"roleArn":"arn:r"},"previous_event_id":"0","event_timestamp":"7","execution_arn":"arn:e","redrive_count":"0"}
            {"id":"2","type":"ParallelStateStarted","details":{},"previous_event_id":"1","event_timestamp":"7","execution_arn":"arn:e","redrive_count":"0"}
            {"id":"3","type":"ParallelStateFailed","details":{},"previous_event_id":"2","event_timestamp":"7","execution_arn":"arn:e","redrive_count":"0"}
            {"id":"4","type":"ExecutionFailed","details":{"error":"E","cause":"why"},"previous_event_id":"3","event_timestamp":"7","execution_arn":"arn:e","redrive_count":"0"}
            {"id":"5","type":"ExecutionRedriven","details":{"redriveCount":1},"previous_event_id":"4","event_timestamp":"7","execution_arn":"arn:e","redrive_count":"1"}
        "#]],
        );
    }

    #[test]
    fn a_level_is_read_from_the_configuration_that_an_execution_began_with() {
        let of = |logging: Option<&str>| {
            let revision = stepwell_engine::core::Revision {
                logging: logging.map(|text| AslValue::parse(text).unwrap()),
                ..Default::default()
            };
            Logging::of(&Identity { revision: Some(revision), ..Identity::default() })
        };
        let all = |level, include_data| Some(Logging { level, include_data });
        assert_eq!(of(None), None);
        assert_eq!(of(Some(r#"{"level":"OFF","includeExecutionData":true}"#)), None);
        assert_eq!(of(Some(r#"{"level":"ALL","includeExecutionData":true}"#)), all(Level::All, true));
        assert_eq!(of(Some(r#"{"level":"ERROR"}"#)), all(Level::Error, false));
    }
}
