//! History events: ids follow each other, times are mostly the turn's, so neither is mostly written.

use crate::core::HistoryEvent;

use super::RecordError;
use super::reader::Reader;
use super::row::Row;
use super::writer::Writer;

/// The events of a turn: the first one's id, then of each what happened, how far back the event is that it follows and,
/// where they are not what they are expected to be, its time and its id.
pub(super) fn write(events: &[HistoryEvent], writer: &mut Writer<'_>) -> Result<(), RecordError> {
    let first = events.first().map_or(0, |event| event.id);
    writer.cbor.u64(first)?;
    writer.cbor.array(events.len() as u64)?;
    for (HistoryEvent { id, previous_id, at, kind }, expected) in events.iter().zip(first..) {
        let time = (*at != writer.at()).then_some(*at);
        let number = (*id != expected).then_some(*id);
        let fields = if number.is_some() { 4 } else { 2 + u64::from(time.is_some()) };
        let mut left = fields;
        writer.cbor.array(fields)?;
        writer.field(kind, &mut left)?;
        writer.field(&id.wrapping_sub(*previous_id), &mut left)?;
        writer.field(&time, &mut left)?;
        writer.field(&number, &mut left)?;
    }
    Ok(())
}

pub(super) fn read(reader: &mut Reader<'_, '_>) -> Result<Vec<HistoryEvent>, RecordError> {
    let first = u64::read(reader)?;
    let mut events = Vec::new();
    for at in 0..reader.fields()? {
        let mut left = reader.fields()?;
        let kind = reader.field(&mut left)?;
        let back: u64 = reader.field(&mut left)?;
        let time: Option<_> = reader.field(&mut left)?;
        let number: Option<u64> = reader.field(&mut left)?;
        reader.skip(left)?;
        let id = number.unwrap_or_else(|| first.wrapping_add(at));
        events.push(HistoryEvent { id, previous_id: id.wrapping_sub(back), at: time.unwrap_or(reader.at()), kind });
    }
    Ok(events)
}
