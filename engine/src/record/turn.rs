//! A turn as a body.

use bytes::Bytes;
use stepwell_asl::{Program, Timestamp};

use super::body::Kind;
use super::payloads::{Payloads, Source};
use super::reader::Reader;
use super::row::Row;
use super::writer::Writer;
use super::{Birth, Known, PayloadId, RecordError, lines, sound};
use crate::core::{Change, Event, HistoryEvent};

/// `at, birth, first event, history, events, changes`
const FIELDS: u64 = 6;

/// All that is kept of a turn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TurnRecord {
    /// When it happened.
    pub at: Timestamp,
    /// With the first turn: what the execution was born with.
    pub birth: Option<Birth>,
    /// The events it took in.
    pub events: Vec<Event>,
    /// The lines it added to the history.
    pub history: Vec<HistoryEvent>,
    /// What it changed.
    pub changes: Vec<Change>,
}

/// A turn's body. What an earlier turn holds, as `known` tells, is referred to; what this one holds is known afterwards.
///
/// The error is always [`RecordError::TooDeep`]; then nothing has become known.
pub fn encode_turn(
    record: &TurnRecord,
    sequence: u32,
    program: &Program,
    known: &mut Known,
) -> Result<Vec<u8>, RecordError> {
    let TurnRecord { at, birth, events, history, changes } = record;
    let mut writer = Writer::new(*at, program, known, 0);
    writer.cbor.i64(at.0)?;
    birth.write(&mut writer)?;
    lines::write(history, &mut writer)?;
    events.write(&mut writer)?;
    changes.write(&mut writer)?;
    let (body, own) = writer.finish(Kind::Turn, FIELDS)?;
    for (value, n) in own.iter().zip(0..) {
        known.learn(value, PayloadId { turn: sequence, n });
    }
    known.prune();
    Ok(body)
}

/// The turn of a body. Its payloads are known afterwards.
pub fn decode_turn(
    body: &Bytes,
    sequence: u32,
    program: &Program,
    payloads: &mut Payloads,
    known: &mut Known,
) -> Result<TurnRecord, RecordError> {
    read(body, sequence, payloads, Some((program, known)), |reader, mut left| {
        let (at, birth) = start(reader, &mut left)?;
        let history = events(reader, &mut left)?;
        let record =
            TurnRecord { at, birth, history, events: reader.field(&mut left)?, changes: reader.field(&mut left)? };
        reader.skip(left)?;
        record.changes.iter().try_for_each(|change| match change {
            Change::Position(_, position) => sound(position, program),
            Change::Ended(_)
            | Change::Slot(..)
            | Change::Variable(..)
            | Change::Counters { .. }
            | Change::Ready(_)
            | Change::Status(_)
            | Change::Deadline(_)
            | Change::Redriven { .. }
            | Change::MapRun(..)
            | Change::ChildOpened(..)
            | Change::ChildEnded(_)
            | Change::MockedCalls(..)
            | Change::NestedOpened(..)
            | Change::NestedEnded(_) => Ok(()),
        })?;
        Ok(record)
    })
}

/// The lines of the history that a turn's body holds. They need no program.
pub fn history(body: &Bytes, sequence: u32, payloads: &mut Payloads) -> Result<Vec<HistoryEvent>, RecordError> {
    read(body, sequence, payloads, None, |reader, mut left| {
        start(reader, &mut left)?;
        events(reader, &mut left)
    })
}

/// What the execution was born with, where this is the body of its first turn. It needs no program.
pub fn birth(body: &Bytes, sequence: u32, payloads: &mut Payloads) -> Result<Option<Birth>, RecordError> {
    read(body, sequence, payloads, None, |reader, mut left| Ok(start(reader, &mut left)?.1))
}

fn read<T>(
    body: &Bytes,
    sequence: u32,
    payloads: &mut Payloads,
    whole: Option<(&Program, &mut Known)>,
    fields: impl FnOnce(&mut Reader<'_, '_>, u64) -> Result<T, RecordError>,
) -> Result<T, RecordError> {
    let (rest, left) = payloads.turn(sequence, body)?;
    let (program, known) = whole.unzip();
    fields(&mut Reader::new(&rest, Source::Turn(sequence), payloads, program, known), left)
}

fn start(reader: &mut Reader<'_, '_>, left: &mut u64) -> Result<(Timestamp, Option<Birth>), RecordError> {
    let at = reader.start(left)?;
    Ok((at, reader.field(left)?))
}

/// The history is two fields: the first event's id, and the events.
fn events(reader: &mut Reader<'_, '_>, left: &mut u64) -> Result<Vec<HistoryEvent>, RecordError> {
    *left = left.checked_sub(2).ok_or_else(|| RecordError::broken("it has no history"))?;
    lines::read(reader)
}
