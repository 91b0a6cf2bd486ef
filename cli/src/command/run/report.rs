//! What a run leaves: the output, the history, what went wrong, and the exit status.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use stepwell_asl::{Map, Text, Timestamp, Value};
use stepwell_engine::core::{HistoryEvent, StateError, Status};
use stepwell_engine::engine::status_name;
use stepwell_engine::history_json;
use stepwell_engine::worker::status_number;

use crate::args::Run;
use crate::definition::Examined;
use crate::excerpt::Finding;
use crate::files;
use crate::live::{Watch, cause as readable, duration};
use crate::output;
use crate::refusal::Refusal;
use crate::signals::Interrupt;

/// States that are named where a run is interrupted.
const WAITING_SHOWN_MAX: usize = 3;

/// The longest cause that is shown, in characters.
const CAUSE_CHARS_MAX: usize = 4_000;

/// An execution that has ended, or was interrupted.
pub struct Ran {
    pub status: Status,
    pub started_at: Timestamp,
    pub stopped_at: Option<Timestamp>,
    pub watch: Watch,
    /// The history, where it was asked for.
    pub history: Option<Vec<HistoryEvent>>,
    pub interrupt: Option<Interrupt>,
    /// Where it is kept, if it is.
    pub kept: Option<Kept>,
}

/// An execution in a store.
pub struct Kept {
    /// Its name.
    pub name: Text,
    /// The command that goes on with it.
    pub resume: String,
    /// The definition it was started with, where the file has another one by now.
    pub examined: Option<Examined>,
}

impl Ran {
    /// Writes the output and the history, shows what went wrong, and tells with which status to exit.
    pub fn report(&self, args: &Run, examined: &Examined, history_file: Option<File>) -> ExitCode {
        let printed = self.print(args).map_err(Refusal::from);
        let written = match (&args.history, history_file) {
            (Some(Some(path)), Some(file)) => {
                self.write_history(&file).map_err(|error| files::unwritable(path, &error))
            }
            _ => Ok(()),
        };
        match &self.status {
            Status::Succeeded(_) => {}
            Status::Running => self.tell_interrupt(),
            Status::Failed(error) | Status::TimedOut(error) | Status::Aborted(error) => {
                let pinned = self.kept.as_ref().and_then(|kept| kept.examined.as_ref());
                self.tell_error(error, pinned.unwrap_or(examined));
            }
        }
        let lost: Vec<Refusal> = [printed, written].into_iter().filter_map(Result::err).collect();
        lost.iter().for_each(output::tell_refusal);
        match (&self.status, self.interrupt) {
            (_, Some(interrupt)) => ExitCode::from(interrupt.exit_status()),
            (Status::Succeeded(_), None) if lost.is_empty() => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        }
    }

    fn print(&self, args: &Run) -> io::Result<()> {
        let with_history = matches!(args.history, Some(None));
        match &self.status {
            _ if args.json || with_history => output::print_json(&self.object(with_history)),
            Status::Succeeded(output) => output::print_json(output),
            Status::Failed(_) | Status::TimedOut(_) | Status::Aborted(_) | Status::Running => Ok(()),
        }
    }

    /// Puts the history in the place of what is in the file, one event at a time: it may be long.
    fn write_history(&self, file: &File) -> io::Result<()> {
        if file.metadata()?.is_file() {
            file.set_len(0)?;
        }
        let mut out = BufWriter::new(file);
        let mut separator = "[";
        for event in self.history.iter().flatten() {
            write!(out, "{separator}{}", history_json::to_json(event))?;
            separator = ",";
        }
        let end = if separator == "[" { "[]\n" } else { "]\n" };
        out.write_all(end.as_bytes())?;
        out.flush()
    }

    fn history(&self) -> Value {
        self.history.iter().flatten().map(history_json::to_json).collect()
    }

    /// What `--json` prints.
    fn object(&self, with_history: bool) -> Value {
        let mut members = Map::default();
        let text = |text: &Text| Value::String(text.clone());
        if let Some(kept) = &self.kept {
            members.insert("name".into(), text(&kept.name));
        }
        members.insert("status".into(), status_name(status_number(&self.status)).into());
        match &self.status {
            Status::Succeeded(output) => drop(members.insert("output".into(), output.clone())),
            Status::Failed(error) | Status::TimedOut(error) | Status::Aborted(error) => {
                members.insert("error".into(), error.name.as_ref().map_or(Value::Null, text));
                members.insert("cause".into(), error.cause.as_ref().map_or(Value::Null, text));
            }
            Status::Running => {}
        }
        members.insert("started_at".into(), self.started_at.to_string().into());
        if let Some(at) = self.stopped_at {
            members.insert("stopped_at".into(), at.to_string().into());
        }
        if with_history {
            members.insert("history".into(), self.history());
        }
        members.into()
    }

    fn tell_error(&self, error: &StateError, examined: &Examined) {
        let after = duration(self.started_at, self.stopped_at.unwrap_or(self.started_at));
        let what = match &self.status {
            Status::Failed(_) | Status::Succeeded(_) | Status::Running => format!("the execution failed after {after}"),
            Status::TimedOut(_) => format!("the execution timed out after {after}"),
            Status::Aborted(_) if self.interrupt.is_some() => return self.tell_interrupt(),
            Status::Aborted(_) => format!("the execution was stopped after {after}"),
        };
        let message = match error.name.as_deref() {
            Some(name) => format!("{what}: {}", output::printable(name)),
            None => what,
        };
        let cause = error.cause.as_deref().filter(|cause| !cause.is_empty());
        let cause = cause.map(|cause| shortened(output::printable(&readable(cause)).trim_end()));
        let blamed = self.watch.blamed();
        let label = blamed.as_ref().map(|place| format!("in {}", place.words));
        let pointer = blamed.as_ref().map(|place| self.watch.pointer(place.state));
        output::tell(&examined.show(&Finding {
            place: pointer.and_then(|pointer| examined.locate(pointer)),
            label: label.as_deref(),
            note: cause.as_deref(),
            ..Finding::error(&message, None)
        }));
    }

    fn tell_interrupt(&self) {
        let waiting = self.watch.waiting();
        let more = waiting.len().saturating_sub(WAITING_SHOWN_MAX);
        let mut places = waiting.take(WAITING_SHOWN_MAX).collect::<Vec<_>>().join(", ");
        if more > 0 {
            places.push_str(&format!(" and {more} more"));
        }
        let places = if places.is_empty() { places } else { format!(" in {places}") };
        match &self.kept {
            None => output::tell_error(&format!("the execution was interrupted{places}"), None),
            Some(Kept { name, resume, .. }) => output::tell_error(
                &format!("the run was interrupted{places}; {name} was not stopped and can go on"),
                Some(&format!("go on with: {resume}")),
            ),
        }
    }
}

fn shortened(cause: &str) -> String {
    match cause.char_indices().nth(CAUSE_CHARS_MAX) {
        Some((end, _)) => format!("{}... ({} characters; --json shows all)", &cause[..end], cause.chars().count()),
        None => cause.to_owned(),
    }
}
