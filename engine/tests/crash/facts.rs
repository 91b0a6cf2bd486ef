//! What a child writes down before it is killed: one line a fact, one `write` a line, so a kill tears none apart.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Something that was so when it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The engine is open.
    Opened,
    /// An execution is about to be started; its input depends on `until`.
    Starting { name: String, until_ms: i64 },
    /// The engine has acknowledged that.
    Started { name: String },
    /// A task came to whoever does it.
    Called(Call),
    /// A token was handed out, and this answer belongs to it.
    Token { name: String, at: String, token: String, answer: u64 },
    /// The engine has acknowledged the answer.
    Answered { token: String },
    /// The engine said that nobody waits for the answer.
    Late { token: String },
    /// An execution was seen to have ended, with this many events of this checksum.
    Ended { name: String, redrives: u32, events: usize, checksum: u32 },
    /// The engine did something that it must not.
    Broken { what: String },
    /// Everything has ended, and the engine was shut down.
    Finished,
}

/// One call of a task.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// Of which execution.
    pub name: String,
    /// Of which state.
    pub at: String,
    /// Of which item.
    pub item: u64,
    /// From 0.
    pub attempt: u32,
    /// The engine's time.
    pub now_ms: i64,
}

impl Fact {
    fn line(&self) -> String {
        match self {
            Fact::Opened => "opened".to_owned(),
            Fact::Starting { name, until_ms } => format!("starting\t{name}\t{until_ms}"),
            Fact::Started { name } => format!("started\t{name}"),
            Fact::Called(Call { name, at, item, attempt, now_ms }) => {
                format!("called\t{name}\t{at}\t{item}\t{attempt}\t{now_ms}")
            }
            Fact::Token { name, at, token, answer } => format!("token\t{name}\t{at}\t{token}\t{answer}"),
            Fact::Answered { token } => format!("answered\t{token}"),
            Fact::Late { token } => format!("late\t{token}"),
            Fact::Ended { name, redrives, events, checksum } => {
                format!("ended\t{name}\t{redrives}\t{events}\t{checksum}")
            }
            Fact::Broken { what } => format!("broken\t{}", what.replace(['\n', '\t'], " ")),
            Fact::Finished => "finished".to_owned(),
        }
    }

    fn read(line: &str) -> Option<Fact> {
        let mut words = line.split('\t');
        let fact = match words.next()? {
            "opened" => Fact::Opened,
            "starting" => Fact::Starting { name: words.next()?.into(), until_ms: words.next()?.parse().ok()? },
            "started" => Fact::Started { name: words.next()?.into() },
            "called" => Fact::Called(Call {
                name: words.next()?.into(),
                at: words.next()?.into(),
                item: words.next()?.parse().ok()?,
                attempt: words.next()?.parse().ok()?,
                now_ms: words.next()?.parse().ok()?,
            }),
            "token" => Fact::Token {
                name: words.next()?.into(),
                at: words.next()?.into(),
                token: words.next()?.into(),
                answer: words.next()?.parse().ok()?,
            },
            "answered" => Fact::Answered { token: words.next()?.into() },
            "late" => Fact::Late { token: words.next()?.into() },
            "ended" => Fact::Ended {
                name: words.next()?.into(),
                redrives: words.next()?.parse().ok()?,
                events: words.next()?.parse().ok()?,
                checksum: words.next()?.parse().ok()?,
            },
            "broken" => Fact::Broken { what: words.next()?.into() },
            "finished" => Fact::Finished,
            _ => return None,
        };
        words.next().is_none().then_some(fact)
    }
}

/// The facts of one life of a child. Calls are many, and have a file of their own.
pub struct Book {
    facts: File,
    calls: File,
}

impl Book {
    /// A new book, for this life.
    pub fn new(directory: &Path, life: u32) -> Book {
        let open =
            |path: PathBuf| File::options().append(true).create_new(true).open(path).expect("facts can be written");
        Book { facts: open(path(directory, "facts", life)), calls: open(path(directory, "calls", life)) }
    }

    /// Writes a fact down. When this returns, a kill cannot undo it.
    pub fn write(&self, fact: &Fact) {
        let mut file = if matches!(fact, Fact::Called(_)) { &self.calls } else { &self.facts };
        file.write_all(format!("{}\n", fact.line()).as_bytes()).expect("facts can be written");
    }

    /// The engine did something that it must not.
    pub fn broken(&self, what: impl Into<String>) {
        self.write(&Fact::Broken { what: what.into() });
    }
}

/// What a life has written down; calls are left out.
pub fn facts(directory: &Path, life: u32) -> Vec<Fact> {
    read(&path(directory, "facts", life))
}

/// The calls of a life, in order.
pub fn calls(directory: &Path, life: u32) -> Vec<Call> {
    let call = |fact| if let Fact::Called(call) = fact { Some(call) } else { None };
    read(&path(directory, "calls", life)).into_iter().filter_map(call).collect()
}

fn path(directory: &Path, what: &str, life: u32) -> PathBuf {
    directory.join(format!("{what}-{life}"))
}

/// A child that was killed very early has no file.
fn read(path: &Path) -> Vec<Fact> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let line = |line| Fact::read(line).unwrap_or_else(|| panic!("{}: no fact: {line:?}", path.display()));
    text.lines().map(line).collect()
}
