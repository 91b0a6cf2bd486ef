//! The files of closed executions: `archive/<yyyymmdd>-<number>.arc`, written once and never changed. The day is that of the
//! first execution in it, by its end, so that whole files become old enough to be removed.
//!
//! A file is a sequence of records: length, checksum, content. An execution is its turns, one record each, and then its
//! index, which says what the execution is and where each turn lies. The row of an archived execution leads to its index.

use std::io;
use std::path::PathBuf;

use bytes::{BufMut, Bytes, BytesMut};
use chrono::{DateTime, Datelike};
use stepwell_asl::Timestamp;

use super::record::{Fields, TURN_HEAD_BYTES, TurnHead};
use super::shelf::{FileId, Shelf, Sink, Source};
use super::{Closed, Failure, StoredTurn};
use crate::ids::{ExecutionId, Key};

/// A file that is this long gets no more executions.
pub const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;
const FRAME_BYTES: usize = 8;
const TURN: u8 = b't';
const INDEX: u8 = b'e';
/// Kind, execution, number, head.
const TURN_BYTES: usize = 1 + 8 + 4 + TURN_HEAD_BYTES;

/// The day of an instant, in UTC.
pub fn day(at: Timestamp) -> u32 {
    let date = DateTime::from_timestamp_millis(at.0).unwrap_or_default();
    date.year().clamp(0, 9999) as u32 * 10_000 + date.month() * 100 + date.day()
}

/// A place in an archive file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where the record begins.
    pub offset: u64,
    /// How long its content is.
    pub length: u32,
}

/// What a file says about an execution in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    pub execution: ExecutionId,
    pub name: Key,
    pub list: Key,
    pub status: u8,
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
    /// Where its turns lie, from the first on.
    pub turns: Vec<Place>,
}

impl Index {
    pub fn new(closed: &Closed) -> Index {
        let Closed { execution, attention: _, name, list, status, started_at, ended_at } = *closed;
        Index { execution, name, list, status, started_at, ended_at, turns: Vec::new() }
    }

    fn encode(&self) -> Vec<u8> {
        let mut content = vec![INDEX];
        content.put_u64(self.execution.0);
        content.put_slice(&self.name.0);
        content.put_slice(&self.list.0);
        content.put_u8(self.status);
        content.put_i64(self.started_at.0);
        content.put_i64(self.ended_at.0);
        for turn in &self.turns {
            content.put_u64(turn.offset);
            content.put_u32(turn.length);
        }
        content
    }

    fn decode(content: &[u8]) -> Option<Index> {
        let mut fields = Fields(content);
        if fields.u8()? != INDEX {
            return None;
        }
        let mut index = Index {
            execution: ExecutionId(fields.u64()?),
            name: Key(fields.array()?),
            list: Key(fields.array()?),
            status: fields.u8()?,
            started_at: Timestamp(fields.u64()? as i64),
            ended_at: Timestamp(fields.u64()? as i64),
            turns: Vec::new(),
        };
        while !fields.0.is_empty() {
            index.turns.push(Place { offset: fields.u64()?, length: fields.u32()? });
        }
        Some(index)
    }
}

/// A file that is being read.
pub struct Reading {
    path: PathBuf,
    source: Source,
}

impl Reading {
    pub fn open(shelf: &Shelf, id: FileId) -> Result<Reading, Failure> {
        Ok(Reading { path: shelf.path(id), source: shelf.source(id)? })
    }

    pub fn index(&self, at: Place) -> Result<Index, Failure> {
        Index::decode(&self.content(at)?).ok_or_else(|| self.damaged(at.offset))
    }

    pub fn turn(&self, at: Place) -> Result<StoredTurn, Failure> {
        let content = self.content(at)?;
        let decode = || {
            let mut fields = Fields(&content);
            if fields.u8()? != TURN {
                return None;
            }
            let (_, sequence) = (fields.u64()?, fields.u32()?);
            let head = TurnHead::decode(fields.0)?;
            Some(head.stored(sequence, content.slice(TURN_BYTES..)))
        };
        decode().ok_or_else(|| self.damaged(at.offset))
    }

    /// All executions of the file that are whole, each with the place of its index.
    pub fn indexes(&self) -> Result<Vec<(Place, Index)>, Failure> {
        let end = self.source.length().map_err(|error| self.failure(&error))?;
        let mut found = Vec::new();
        let mut offset = 0;
        while offset + (FRAME_BYTES as u64) < end {
            let mut head = [0; FRAME_BYTES + 1];
            self.read(&mut head, offset)?;
            let [a, b, c, d, _, _, _, _, kind] = head;
            let at = Place { offset, length: u32::from_be_bytes([a, b, c, d]) };
            offset += FRAME_BYTES as u64 + u64::from(at.length);
            // What a crash left at the end leads beyond it.
            if kind == INDEX && offset <= end {
                found.push((at, self.index(at)?));
            }
        }
        Ok(found)
    }

    fn content(&self, at: Place) -> Result<Bytes, Failure> {
        let mut record = BytesMut::zeroed(FRAME_BYTES + at.length as usize);
        self.read(&mut record, at.offset)?;
        let record = record.freeze();
        let content = record.slice(FRAME_BYTES..);
        match record[..FRAME_BYTES] == frame(&[&content]) {
            true => Ok(content),
            false => Err(self.damaged(at.offset)),
        }
    }

    fn read(&self, buffer: &mut [u8], offset: u64) -> Result<(), Failure> {
        self.source.read(buffer, offset).map_err(|error| self.failure(&error))
    }

    fn failure(&self, error: &io::Error) -> Failure {
        Failure::new(format!("cannot read {}: {error}", self.path.display()))
    }

    fn damaged(&self, offset: u64) -> Failure {
        Failure::new(format!(
            "the record at byte {offset} of {} is damaged. Check the disk; restore the store's directory from a backup if \
             it stays so",
            self.path.display()
        ))
    }
}

/// A file that is being written.
pub struct Writing {
    pub id: FileId,
    path: PathBuf,
    sink: Sink,
    end: u64,
}

impl Writing {
    pub fn create(shelf: &Shelf, id: FileId) -> Result<Writing, Failure> {
        Ok(Writing { id, path: shelf.path(id), sink: shelf.sink(id)?, end: 0 })
    }

    pub fn is_full(&self) -> bool {
        self.end >= FILE_BYTES_MAX
    }

    pub fn turn(&mut self, execution: ExecutionId, turn: &StoredTurn) -> Result<Place, Failure> {
        let mut head = Vec::with_capacity(TURN_BYTES);
        head.put_u8(TURN);
        head.put_u64(execution.0);
        head.put_u32(turn.sequence);
        head.put_slice(&TurnHead::of_stored(turn).encode());
        self.record(&[&head, &turn.body])
    }

    pub fn index(&mut self, index: &Index) -> Result<Place, Failure> {
        self.record(&[&index.encode()])
    }

    /// Returns when all that was written would survive a power cut.
    pub fn sync(&mut self) -> Result<(), Failure> {
        self.sink.sync().map_err(|error| self.failure("sync", &error))
    }

    fn record(&mut self, content: &[&[u8]]) -> Result<Place, Failure> {
        let length: usize = content.iter().map(|part| part.len()).sum();
        let at = Place { offset: self.end, length: length as u32 };
        let frame = frame(content);
        let written = [&frame[..]].iter().chain(content).try_for_each(|part| self.sink.append(part));
        written.map_err(|error| self.failure("write", &error))?;
        self.end += (FRAME_BYTES + length) as u64;
        Ok(at)
    }

    fn failure(&self, what: &str, error: &io::Error) -> Failure {
        Failure::new(format!("cannot {what} {}: {error}", self.path.display()))
    }
}

fn frame(content: &[&[u8]]) -> [u8; FRAME_BYTES] {
    let mut hash = crc32fast::Hasher::new();
    content.iter().for_each(|part| hash.update(part));
    let length: usize = content.iter().map(|part| part.len()).sum();
    let mut frame = [0; FRAME_BYTES];
    frame[..4].copy_from_slice(&(length as u32).to_be_bytes());
    frame[4..].copy_from_slice(&hash.finalize().to_be_bytes());
    frame
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Mutex;

    use super::*;
    use crate::store::Attention;

    fn turn(sequence: u32, body: &'static str) -> StoredTurn {
        let (turn_id, first_event, events) = (7, 8, 9);
        StoredTurn { sequence, turn_id, first_event, events, attention: Attention::Never, body: body.into() }
    }

    fn index(execution: u64) -> Index {
        let (name, list) = (Key::of(&["name"]), Key::of(&["list"]));
        let (started_at, ended_at) = (Timestamp(-1), Timestamp(5));
        Index { execution: ExecutionId(execution), name, list, status: 3, started_at, ended_at, turns: Vec::new() }
    }

    #[test]
    fn executions_are_read_as_they_were_written() {
        let directory = tempfile::tempdir().expect("a directory");
        for shelf in [Shelf::Directory(directory.path().to_owned()), Shelf::Memory(Mutex::default())] {
            let id = FileId { day: 20_260_102, number: 12 };
            let mut file = Writing::create(&shelf, id).expect("a file");
            let mut expected = Vec::new();
            for execution in [1, 2] {
                let mut index = index(execution);
                for turn in [turn(1, ""), turn(2, "body")] {
                    index.turns.push(file.turn(index.execution, &turn).expect("it is written"));
                }
                expected.push((file.index(&index).expect("it is written"), index));
            }
            file.turn(ExecutionId(3), &turn(1, "cut off before its index")).expect("it is written");
            file.sync().expect("it is synced");

            assert_eq!(shelf.ids().expect("it can be read"), [id]);
            let file = Reading::open(&shelf, id).expect("the file");
            assert_eq!(file.indexes().expect("it can be read"), expected);
            let (at, whole) = &expected[1];
            assert_eq!(&file.index(*at).expect("it is whole"), whole);
            assert_eq!(file.turn(whole.turns[1]).expect("it is whole"), turn(2, "body"));
            assert!(file.turn(*at).is_err(), "an index is no turn");
            shelf.remove(id).expect("it is removed");
            assert_eq!(shelf.ids().expect("it can be read"), []);
        }
    }

    #[test]
    fn a_damaged_record_is_named() {
        let directory = tempfile::tempdir().expect("a directory");
        let shelf = Shelf::Directory(directory.path().to_owned());
        let id = FileId { day: 20_260_102, number: 1 };
        let mut file = Writing::create(&shelf, id).expect("a file");
        let at = file.turn(ExecutionId(1), &turn(1, "body")).expect("it is written");
        file.sync().expect("it is synced");
        let path = directory.path().join("20260102-1.arc");
        let mut bytes = fs::read(&path).expect("the file");
        *bytes.last_mut().expect("it is not empty") ^= 1;
        fs::write(&path, bytes).expect("it is written");
        let error = Reading::open(&shelf, id).and_then(|file| file.turn(at)).expect_err("it is damaged");
        assert!(error.to_string().contains(&format!("byte 0 of {}", path.display())), "{error}");
    }

    #[test]
    fn days_are_those_of_utc() {
        assert_eq!(day(Timestamp(0)), 19_700_101);
        assert_eq!(day(Timestamp(-1)), 19_691_231);
        assert_eq!(day(Timestamp::MAX), 99_991_231);
    }
}
