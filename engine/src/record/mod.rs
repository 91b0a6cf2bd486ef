//! What a store keeps of a turn and of an execution: bytes. Everything about their format is here; there is no IO.
//!
//! A body is one byte, the format's version, and one CBOR array:
//!
//! * `kind, imports, payloads`, of every body. `payloads` is a table of byte strings with a value each: long values are
//!   in it once, however often the turn mentions them. `imports` names payloads of earlier turns, which are not written
//!   again.
//! * of a turn: `at, birth, first event, history, events, changes`;
//! * of a checkpoint: `origins, at, birth, execution`. `origins` tells of which turns' payloads its own are copies.
//!
//! Below that a value is CBOR or, where it is long, a tag with its place in the tables. A text that has been written
//! already is its number among the texts of the body. Times count from the body's own, history ids from its first. States
//! are named by name, so that a body needs no arena. `format.rs` lists the types with their fields.

mod body;
mod checkpoint;
mod format;
mod known;
mod lines;
mod payloads;
mod reader;
mod replay;
mod row;
mod turn;
mod value;
mod writer;

use std::sync::Arc;

use stepwell_asl::programs::ContentHash;
use stepwell_asl::{Program, Text, Timestamp};

use crate::core::{Identity, JoinKind, Position};

pub use checkpoint::{COPIED_BYTES_MAX, decode_checkpoint, encode_checkpoint};
pub use known::Known;
pub use payloads::{Payloads, imports, payload};
pub use replay::{newborn, replay};
pub use turn::{TurnRecord, birth, decode_turn, encode_turn, history};

/// The format that is written, and the newest that is read.
pub const VERSION: u8 = 1;

/// Containers within containers that a stored value may have: more than an execution's values, for a result that is
/// refused as too deep is recorded all the same.
pub const DEPTH_MAX: usize = crate::core::DEPTH_MAX + 64;

/// What an execution was born with: its first turn holds it, and every checkpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct Birth {
    /// What never changes about it.
    pub identity: Arc<Identity>,
    /// The definition it runs.
    pub definition: ContentHash,
    /// When it times out, unless a change says otherwise.
    pub deadline: Option<Timestamp>,
    /// Under which name it is listed: its state machine's ARN.
    pub list: Text,
}

/// A value in the table of a turn. It is named by turn and place for as long as its execution is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PayloadId {
    /// The turn that wrote it.
    pub turn: u32,
    /// Its place in that turn's table, from 0.
    pub n: u32,
}

/// Why something cannot be written, or what is stored cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The format is not known here.
    #[error(
        "it was written by a newer version of Stepwell (format {version}, and this version reads up to {VERSION}): use \
         that version or a newer one"
    )]
    Newer {
        /// The format's number.
        version: u8,
    },
    /// These are not the bytes that were written.
    #[error("it is damaged ({0}): check the disk, and restore the data from a backup")]
    Broken(String),
    /// A number that has no meaning here, in a format that is known.
    #[error(
        "it holds a {what} with the number {number}, which this version of Stepwell does not know: use a newer one"
    )]
    Unknown {
        /// What is numbered.
        what: &'static str,
        /// Its number.
        number: u8,
    },
    /// The program is not the one it was written for.
    #[error(
        "it names the state '{0}', which the definition does not have: the execution needs the one it started with"
    )]
    UnknownState(Text),
    /// The turn that holds a payload was not given.
    #[error("payload {} of turn {} is needed to read it: load that turn first", .0.n, .0.turn)]
    Unresolved(PayloadId),
    /// A value is nested so deeply that reading it back could exhaust the stack.
    #[error("a value of {depth} containers within each other is deeper than the {DEPTH_MAX} that can be stored")]
    TooDeep {
        /// Its depth.
        depth: usize,
    },
}

/// What a join says of its width must be true: as many slots are made.
fn sound(position: &Position, program: &Program) -> Result<(), RecordError> {
    let Some(join) = position.trigger.join() else { return Ok(()) };
    let width = match &join.kind {
        JoinKind::Map { items, .. } | JoinKind::Distributed { items, .. } => items.len(),
        JoinKind::Parallel(_) => program.states.len(), // it has no more branches than there are states
    };
    match join.width as usize <= width && join.next <= join.width {
        true => Ok(()),
        false => Err(RecordError::broken("a join that is wider than what it joins")),
    }
}

impl RecordError {
    fn broken(what: &str) -> RecordError {
        RecordError::Broken(what.to_string())
    }
}

impl From<minicbor::decode::Error> for RecordError {
    fn from(error: minicbor::decode::Error) -> RecordError {
        RecordError::Broken(error.to_string())
    }
}

/// What is written goes to memory, which refuses nothing.
impl From<minicbor::encode::Error<std::convert::Infallible>> for RecordError {
    fn from(error: minicbor::encode::Error<std::convert::Infallible>) -> RecordError {
        RecordError::Broken(error.to_string())
    }
}
