//! What the line of a listing says about an execution.

use bytes::Bytes;
use minicbor::{Decode, Encode};
use stepwell_asl::Timestamp;

use crate::core::Status;

/// The line of a listing. Field numbers are for ever.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The execution's name.
    pub name: String,
    /// When it ended, if it has.
    pub stopped_at: Option<Timestamp>,
    /// How often it was redriven.
    pub redrive_count: u32,
    /// When it was redriven last.
    pub redriven_at: Option<Timestamp>,
    /// The number of the state machine's version that it was started with.
    pub version: Option<String>,
    /// The name of the alias that it was started with.
    pub alias: Option<String>,
}

#[derive(Encode, Decode)]
struct Line {
    #[n(0)]
    name: String,
    #[n(1)]
    stopped_at: Option<i64>,
    #[n(2)]
    redrive_count: u32,
    #[n(3)]
    redriven_at: Option<i64>,
    #[n(4)]
    version: Option<String>,
    #[n(5)]
    alias: Option<String>,
}

impl Entry {
    /// As it is stored.
    pub fn encode(self) -> Bytes {
        let line = Line {
            name: self.name,
            stopped_at: self.stopped_at.map(|at| at.0),
            redrive_count: self.redrive_count,
            redriven_at: self.redriven_at.map(|at| at.0),
            version: self.version,
            alias: self.alias,
        };
        minicbor::to_vec(line).expect("writing to memory does not fail").into()
    }

    /// As it was stored; `None` where the bytes are none of ours.
    pub fn decode(bytes: &[u8]) -> Option<Entry> {
        let line: Line = minicbor::decode(bytes).ok()?;
        Some(Entry {
            name: line.name,
            stopped_at: line.stopped_at.map(Timestamp),
            redrive_count: line.redrive_count,
            redriven_at: line.redriven_at.map(Timestamp),
            version: line.version,
            alias: line.alias,
        })
    }
}

/// The number under which executions of a status are listed.
pub fn status_number(status: &Status) -> u8 {
    match status {
        Status::Running => 0,
        Status::Succeeded(_) => 1,
        Status::Failed(_) => 2,
        Status::TimedOut(_) => 3,
        Status::Aborted(_) => 4,
    }
}
