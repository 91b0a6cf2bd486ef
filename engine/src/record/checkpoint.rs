//! An execution as a body, from which it is loaded without the turns before.
//!
//! A newer checkpoint replaces an older one, so no turn refers to what only a checkpoint holds. Long payloads stay with
//! their turns; shorter ones are copied, so that loading need not fetch a turn for each of them.

use bytes::Bytes;
use stepwell_asl::Program;

use super::body::Kind;
use super::payloads::{Payloads, Source};
use super::reader::Reader;
use super::row::Row;
use super::writer::Writer;
use super::{Birth, Known, RecordError, sound};
use crate::core::{Branch, BranchId, Branches, Execution, Parts};

/// `at, birth, execution`
const FIELDS: u64 = 3;

/// The fields of the execution.
const EXECUTION_FIELDS: u64 = 13;

/// Payloads up to this length, in bytes of JSON text, are copied into checkpoints.
pub const COPIED_BYTES_MAX: usize = 1024;

/// A checkpoint's body. Nothing becomes known by it.
///
/// The error is always [`RecordError::TooDeep`].
pub fn encode_checkpoint(
    execution: &Execution,
    birth: &Birth,
    program: &Program,
    known: &Known,
) -> Result<Vec<u8>, RecordError> {
    let mut writer = Writer::new(birth.identity.started_at, program, known, COPIED_BYTES_MAX);
    let at = writer.at();
    writer.cbor.i64(at.0)?;
    birth.write(&mut writer)?;
    write_execution(execution, &mut writer)?;
    Ok(writer.finish(Kind::Checkpoint, FIELDS)?.0)
}

/// The execution of a checkpoint. Its payloads that turns hold are known afterwards.
pub fn decode_checkpoint(
    body: &Bytes,
    program: &Program,
    payloads: &mut Payloads,
    known: &mut Known,
) -> Result<(Birth, Execution), RecordError> {
    let (rest, mut left) = payloads.checkpoint(body)?;
    let mut reader = Reader::new(&rest, Source::Checkpoint, payloads, Some(program), Some(known));
    reader.start(&mut left)?;
    let birth: Birth = reader.field(&mut left)?;
    left = left.checked_sub(1).ok_or_else(|| RecordError::broken("it has no execution"))?;
    let execution = read_execution(&birth, &mut reader)?;
    reader.skip(left)?;
    execution.branches.values().try_for_each(|branch| sound(&branch.position, program))?;
    Ok((birth, execution))
}

/// The birth holds its identity; indexes are derived.
fn write_execution(execution: &Execution, writer: &mut Writer<'_>) -> Result<(), RecordError> {
    writer.cbor.array(EXECUTION_FIELDS)?;
    execution.status.write(writer)?;
    write_branches(&execution.branches, writer)?;
    execution.ready.write(writer)?;
    execution.deadline.write(writer)?;
    execution.last_event.write(writer)?;
    execution.next_branch.write(writer)?;
    execution.last_ticket.write(writer)?;
    execution.redrive_count.write(writer)?;
    execution.redriven_at.write(writer)?;
    execution.map_runs.write(writer)?;
    execution.children.write(writer)?;
    execution.nested.write(writer)?;
    execution.mocked_calls.write(writer)
}

fn read_execution(birth: &Birth, reader: &mut Reader<'_, '_>) -> Result<Execution, RecordError> {
    let mut left = reader.fields()?;
    let status = reader.field(&mut left)?;
    left = left.checked_sub(1).ok_or_else(|| RecordError::broken("it has no branches"))?;
    let parts = Parts {
        identity: birth.identity.clone(),
        status,
        branches: read_branches(reader)?,
        ready: reader.field(&mut left)?,
        deadline: reader.field(&mut left)?,
        last_event: reader.field(&mut left)?,
        next_branch: reader.field(&mut left)?,
        last_ticket: reader.field(&mut left)?,
        redrive_count: reader.field(&mut left)?,
        redriven_at: reader.field(&mut left)?,
        map_runs: reader.field(&mut left)?,
        children: reader.field(&mut left)?,
        nested: reader.field(&mut left)?,
        mocked_calls: reader.field(&mut left)?,
    };
    reader.skip(left)?;
    Ok(Execution::from_parts(parts))
}

/// In the order of their ids, so that an execution has one form only.
fn write_branches(branches: &Branches, writer: &mut Writer<'_>) -> Result<(), RecordError> {
    let mut sorted: Vec<(&BranchId, &Branch)> = branches.iter().collect();
    sorted.sort_unstable_by_key(|(id, _)| **id);
    writer.cbor.map(sorted.len() as u64)?;
    sorted.into_iter().try_for_each(|(id, branch)| {
        id.write(writer)?;
        branch.write(writer)
    })
}

fn read_branches(reader: &mut Reader<'_, '_>) -> Result<Branches, RecordError> {
    let length = reader.length(|cbor| cbor.map())?;
    (0..length).map(|_| Ok((BranchId::read(reader)?, Branch::read(reader)?))).collect()
}
