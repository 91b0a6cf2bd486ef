//! Moves closed executions out of the rows, and removes them when they are old. An execution is copied to an archive file
//! and synced there; then its row in the archive is written together with the removal of its newest turns, so that no
//! further turn can follow; then the other turns go. Readers look into the archive first, so that they always find all of
//! it. The attention row goes last: until then a restart finds what is left to do.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use bytes::BufMut;
use stepwell_asl::Timestamp;

use super::archive_file::{Index, Place, Reading, Writing, day};
use super::committer::{Committer, Cost, Pending};
use super::draft::Draft;
use super::kv::{Kv, Order, Range, View};
use super::read::Reader;
use super::record::{Fields, Row, damaged};
use super::shelf::{FileId, Shelf};
use super::{Closed, Failure, ListCursor, StoredTurn, key};
use crate::ids::ExecutionId;

/// After this much the file is synced and the rows are removed.
const BYTES_AT_ONCE: usize = 4 * 1024 * 1024;
const EXECUTIONS_AT_ONCE: usize = 1024;
/// Rows that one write removes at most.
const ROWS_AT_ONCE: usize = 190;
/// Turns that are in memory at once, while they are copied.
const TURNS_AT_ONCE: usize = 256;

/// The archive of a store.
pub struct Archive {
    shelf: Shelf,
    /// The file that is written, and the number of the next one. Who holds this is the only one who moves executions.
    end: Mutex<End>,
}

struct End {
    file: Option<Writing>,
    next: u32,
}

/// Where an archived execution lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Archived {
    file: FileId,
    index: Place,
}

impl Archived {
    fn encode(self) -> Vec<u8> {
        let mut row = Vec::with_capacity(20);
        row.put_u32(self.file.day);
        row.put_u32(self.file.number);
        row.put_u64(self.index.offset);
        row.put_u32(self.index.length);
        row
    }

    fn decode(row: &[u8]) -> Option<Archived> {
        let mut fields = Fields(row);
        let file = FileId { day: fields.u32()?, number: fields.u32()? };
        Some(Archived { file, index: Place { offset: fields.u64()?, length: fields.u32()? } })
    }

    /// Where this execution lies, if it is archived.
    pub fn of(view: &dyn View, execution: ExecutionId) -> Result<Option<Archived>, Failure> {
        let key = key::archived(execution);
        let row = view.get(&key)?;
        row.map(|row| Archived::decode(&row).ok_or_else(|| damaged(&key))).transpose()
    }
}

/// Which turns of an archived execution are wanted.
#[derive(Clone, Copy, Debug)]
pub enum Wanted {
    /// In order, after this one.
    After(u32),
    /// In reverse order, before this one.
    Before(u32),
}

/// An execution that is in a file, synced or not, but still in its rows.
struct Copied {
    closed: Closed,
    archived: Archived,
    turns: u32,
}

impl Archive {
    /// Removes the files that no row knows: a crash came before their first one, or after their last.
    pub fn open(shelf: Shelf, kv: &dyn Kv) -> Result<Archive, Failure> {
        let known: Vec<FileId> = file_rows(&*kv.view()?)?.into_iter().map(|(file, _)| file).collect();
        let there = shelf.ids()?;
        for file in there.iter().filter(|file| !known.contains(file)) {
            shelf.remove(*file)?;
        }
        if let Some(missing) = known.iter().find(|file| !there.contains(file)) {
            let path = shelf.path(*missing);
            return Err(Failure::new(format!("{} is missing, and executions are in it", path.display())));
        }
        let next = there.iter().map(|file| file.number).max().map_or(1, |newest| newest + 1);
        Ok(Archive { shelf, end: Mutex::new(End { file: None, next }) })
    }

    /// Turns of an archived execution.
    pub fn turns(&self, archived: Archived, wanted: Wanted, limit: usize) -> Result<Vec<StoredTurn>, Failure> {
        let file = Reading::open(&self.shelf, archived.file)?;
        let places = file.index(archived.index)?.turns;
        let read = |at: &Place| file.turn(*at);
        match wanted {
            Wanted::After(after) => places.iter().skip(after as usize).take(limit).map(read).collect(),
            Wanted::Before(before) => {
                let before = (before.saturating_sub(1) as usize).min(places.len());
                places[..before].iter().rev().take(limit).map(read).collect()
            }
        }
    }

    /// Moves executions into the archive.
    pub fn archive(&self, reader: &Reader, committer: &Committer, closed: &[Closed]) -> Result<(), Failure> {
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        let mut closed = closed.to_vec();
        closed.sort_by_key(|closed| closed.ended_at);
        let moved = self.move_all(&mut end, reader, committer, closed);
        if moved.is_err() {
            end.file = None; // nobody knows where it ends
        }
        moved
    }

    fn move_all(
        &self,
        end: &mut End,
        reader: &Reader,
        committer: &Committer,
        closed: Vec<Closed>,
    ) -> Result<(), Failure> {
        let mut copied = Vec::new();
        let mut bytes = 0;
        for closed in closed {
            let archived = Archived::of(&*reader.kv.view()?, closed.execution)?;
            match archived {
                Some(archived) => copied.push(self.already(archived, closed)?),
                None => {
                    if let Some((one, one_bytes)) = self.copy(end, reader, closed)? {
                        copied.push(one);
                        bytes += one_bytes;
                    }
                }
            }
            if bytes >= BYTES_AT_ONCE || copied.len() == EXECUTIONS_AT_ONCE {
                bytes = 0;
                settle(end, committer, std::mem::take(&mut copied))?;
            }
        }
        settle(end, committer, copied)
    }

    /// An execution that is in the archive already, but perhaps not out of its rows.
    fn already(&self, archived: Archived, closed: Closed) -> Result<Copied, Failure> {
        let file = Reading::open(&self.shelf, archived.file)?;
        let turns = file.index(archived.index)?.turns.len() as u32;
        Ok(Copied { closed, archived, turns })
    }

    /// Appends an execution to the newest file. `None`: there is none of this number.
    fn copy(&self, end: &mut End, reader: &Reader, closed: Closed) -> Result<Option<(Copied, usize)>, Failure> {
        let mut index = Index::new(&closed);
        let mut bytes = 0;
        let execution = closed.execution;
        let file = self.file_for(end, closed.ended_at)?;
        loop {
            let after = index.turns.len() as u32;
            let page = reader.again(|reader| reader.turns(execution, after, TURNS_AT_ONCE))?;
            if page.is_empty() {
                break;
            }
            for turn in page {
                bytes += turn.body.len();
                index.turns.push(file.turn(execution, &turn)?);
            }
        }
        if index.turns.is_empty() {
            return Ok(None);
        }
        let archived = Archived { file: file.id, index: file.index(&index)? };
        Ok(Some((Copied { closed, archived, turns: index.turns.len() as u32 }, bytes)))
    }

    /// The file for an execution that ended then: the newest one, or a new one where that is full or of an earlier day.
    fn file_for<'a>(&self, end: &'a mut End, ended_at: Timestamp) -> Result<&'a mut Writing, Failure> {
        let day = day(ended_at);
        let closing = end.file.take_if(|file| file.is_full() || file.id.day < day);
        if let Some(mut full) = closing {
            full.sync()?;
        }
        match &mut end.file {
            Some(file) => Ok(file),
            empty => {
                let id = FileId { day, number: end.next };
                end.next += 1;
                Ok(empty.insert(Writing::create(&self.shelf, id)?))
            }
        }
    }

    /// Removes executions that ended before this instant, with their files. Gives how many.
    pub fn expire(
        &self,
        reader: &Reader,
        committer: &Committer,
        ended_before: Timestamp,
        limit: usize,
    ) -> Result<usize, Failure> {
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        let mut expired = 0;
        let files = file_rows(&*reader.kv.view()?)?;
        for (id, _) in files.into_iter().filter(|(_, newest)| *newest < ended_before) {
            let mut writes = Vec::new();
            for (index, execution) in Reading::open(&self.shelf, id)?.indexes()? {
                // Others were cut off before their row, or removed by an earlier call.
                let archived = Some(Archived { file: id, index });
                if Archived::of(&*reader.kv.view()?, execution.execution)? == archived && expired < limit {
                    let cost = Cost { operations: 3, ..Cost::default() };
                    writes.push(committer.submit_blocking(cost, move |draft| forget(draft, &execution)));
                    expired += 1;
                }
            }
            writes.into_iter().try_for_each(Pending::wait)?;
            if expired == limit {
                break; // this file may hold more
            }
            end.file.take_if(|file| file.id == id);
            let forget_file = move |draft: &mut Draft<'_>| -> Result<(), Failure> {
                draft.delete(key::archive_file(id.number));
                Ok(())
            };
            committer.submit_blocking(Cost { operations: 1, ..Cost::default() }, forget_file).wait()?;
            self.shelf.remove(id)?;
        }
        Ok(expired)
    }
}

/// Syncs what was copied, and takes it out of its rows.
fn settle(end: &mut End, committer: &Committer, copied: Vec<Copied>) -> Result<(), Failure> {
    if let Some(file) = &mut end.file {
        file.sync()?;
    }
    let writes: Vec<_> = copied.iter().flat_map(|copied| take_out(committer, copied)).collect();
    writes.into_iter().try_for_each(Pending::wait)
}

/// Queues the writes that take an execution out of its rows: the newest turns first, attention last.
fn take_out(committer: &Committer, copied: &Copied) -> Vec<Pending<(), Failure>> {
    let Copied { closed, archived, turns } = copied;
    let (archived, turns) = (*archived, *turns);
    let Closed { execution, ended_at, .. } = *closed;
    let mut rows: Vec<_> = (1..=turns).rev().map(|sequence| key::turn(execution, sequence)).collect();
    rows.push(key::checkpoint(execution));
    rows.extend(key::attention(closed.attention, execution));
    let chunks = rows.chunks(ROWS_AT_ONCE).map(<[_]>::to_vec).enumerate();
    let write = |(number, rows): (usize, Vec<Vec<u8>>)| {
        let cost = Cost { operations: rows.len() + 2, ..Cost::default() };
        committer.submit_blocking(cost, move |draft| {
            if number == 0 {
                enter(draft, execution, archived, turns, ended_at)?;
            }
            leave(draft, execution, archived, rows)
        })
    };
    chunks.map(write).collect()
}

/// Writes the row in the archive, unless the execution has gone on meanwhile: it was redriven.
fn enter(
    draft: &mut Draft<'_>,
    execution: ExecutionId,
    archived: Archived,
    turns: u32,
    ended_at: Timestamp,
) -> Result<(), Failure> {
    let key = key::archived(execution);
    let goes_on = draft.contains(&key::turn(execution, turns + 1))?;
    if goes_on || draft.contains(&key)? || !draft.contains(&key::turn(execution, turns))? {
        return Ok(());
    }
    draft.put(key, Row::plain(archived.encode()));
    let FileId { day, number } = archived.file;
    let file = key::archive_file(number);
    let known = draft.head(&file)?.map(|row| decode_file(&file, &row)).transpose()?;
    let newest = known.map_or(ended_at, |(_, newest)| newest.max(ended_at));
    let mut row = Vec::with_capacity(12);
    row.put_u32(day);
    row.put_i64(newest.0);
    draft.put(file, Row::plain(row));
    Ok(())
}

/// Removes rows of an execution that is in the archive at this place.
fn leave(draft: &mut Draft<'_>, execution: ExecutionId, archived: Archived, rows: Vec<Vec<u8>>) -> Result<(), Failure> {
    let there = draft.head(&key::archived(execution))?;
    if there.is_some_and(|row| Archived::decode(&row) == Some(archived)) {
        rows.into_iter().for_each(|row| draft.delete(row));
    }
    Ok(())
}

/// Removes the last traces of an execution.
fn forget(draft: &mut Draft<'_>, index: &Index) -> Result<(), Failure> {
    let Index { execution, name, list, status, started_at, .. } = *index;
    let name = key::name(name);
    // The name may be another's by now.
    if draft.number(&name)? == Some(execution.0) {
        draft.delete(name);
    }
    draft.delete(key::listing(list, status, ListCursor { started_at, execution }));
    draft.delete(key::archived(execution));
    Ok(())
}

/// The archive files that hold executions, and the newest end in each; oldest file first.
fn file_rows(view: &dyn View) -> Result<Vec<(FileId, Timestamp)>, Failure> {
    let mut files = Vec::new();
    view.scan(&Range::prefix(&[key::ARCHIVE_FILE]), Order::Up, &mut |key, row| {
        files.push(decode_file(key, row));
        ControlFlow::Continue(())
    })?;
    files.into_iter().collect()
}

fn decode_file(key: &[u8], row: &[u8]) -> Result<(FileId, Timestamp), Failure> {
    let decode = || {
        let mut fields = Fields(row);
        let id = FileId { day: fields.u32()?, number: key::archive_file_of(key)? };
        Some((id, Timestamp(fields.u64()? as i64)))
    };
    decode().ok_or_else(|| damaged(key))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread::JoinHandle;

    use super::*;
    use crate::ids::Key;
    use crate::store::memory::Memory;
    use crate::store::record::TurnHead;
    use crate::store::writer::Writer;
    use crate::store::{Attention, StoredTurn};

    const EXECUTION: ExecutionId = ExecutionId(5);
    const TURNS: u32 = 450;

    /// An archive with its committer, and one execution in rows.
    struct Bench {
        reader: Reader,
        committer: Arc<Committer>,
        thread: Option<JoinHandle<()>>,
    }

    impl Bench {
        fn new() -> Bench {
            let kv: Arc<dyn Kv> = Arc::new(Memory::default());
            let archive = Archive::open(Shelf::Memory(Mutex::default()), &*kv).expect("it is empty");
            let committer = Arc::new(Committer::default());
            let thread = committer.start(Writer::inline(Arc::clone(&kv), Arc::default())).expect("a thread");
            let bench = Bench { reader: Reader { kv, segments: None, archive }, committer, thread: Some(thread) };
            bench.write(|draft| (1..=TURNS).for_each(|sequence| add_turn(draft, sequence)));
            bench.write(|draft| {
                draft.put(key::checkpoint(EXECUTION), Row::new(TURNS.to_be_bytes(), "checkpoint".into()));
                draft.put(key::attention(closed().attention, EXECUTION).expect("there is one"), Row::plain([]));
                draft.put(key::name(closed().name), Row::plain(EXECUTION.0.to_be_bytes()));
            });
            bench
        }

        fn write(&self, write: impl FnOnce(&mut Draft<'_>) + Send + 'static) {
            let write = move |draft: &mut Draft<'_>| -> Result<(), Failure> {
                write(draft);
                Ok(())
            };
            self.committer.submit_blocking(Cost::default(), write).wait().expect("memory takes it");
        }

        fn archive(&self) {
            self.reader.archive.archive(&self.reader, &self.committer, &[closed()]).expect("it is archived");
        }

        fn tags(&self) -> String {
            let mut tags = String::new();
            let view = self.reader.kv.view().expect("memory can be read");
            let everything = Range { from: std::ops::Bound::Unbounded, to: std::ops::Bound::Unbounded };
            view.scan(&everything, Order::Up, &mut |key, _| {
                let tag = char::from(key[0]);
                if !tags.ends_with(tag) {
                    tags.push(tag);
                }
                ControlFlow::Continue(())
            })
            .expect("memory can be read");
            tags
        }

        fn read(&self, wanted: Wanted, limit: usize) -> Vec<u32> {
            let read = |reader: &Reader| match wanted {
                Wanted::After(after) => reader.turns(EXECUTION, after, limit),
                Wanted::Before(before) => reader.turns_back(EXECUTION, before, limit),
            };
            let turns: Vec<StoredTurn> = self.reader.again(read).expect("memory can be read");
            turns.iter().map(|turn| turn.sequence).collect()
        }
    }

    impl Drop for Bench {
        fn drop(&mut self) {
            self.committer.close();
            self.thread.take().map(JoinHandle::join).expect("it was started").expect("it ends in order");
        }
    }

    fn closed() -> Closed {
        let (name, list) = (Key::of(&["name"]), Key::of(&["list"]));
        let (started_at, ended_at) = (Timestamp(1), Timestamp(1000));
        let attention = Attention::At(Timestamp(2000));
        Closed { execution: EXECUTION, attention, name, list, status: 1, started_at, ended_at }
    }

    fn add_turn(draft: &mut Draft<'_>, sequence: u32) {
        let head = TurnHead { turn_id: 1, first_event: 1, events: 1, attention: Attention::Never };
        draft.put(key::turn(EXECUTION, sequence), Row::new(head.encode(), "body".into()));
    }

    #[test]
    fn an_archived_execution_reads_as_before_until_it_expires() {
        let bench = Bench::new();
        let shown = || {
            let (after, before) = (Wanted::After(447), Wanted::Before(u32::MAX));
            [bench.read(after, 9), bench.read(before, 2), bench.read(Wanted::Before(3), 9), bench.read(after, 1)]
        };
        let before = shown();
        assert_eq!(before[0], [448, 449, 450]);
        bench.archive();
        assert_eq!(shown(), before);
        assert_eq!(bench.tags(), "afn");
        let newest = bench.reader.again(|reader| reader.load(EXECUTION)).expect("memory can be read");
        assert_eq!(newest.map(|log| (log.newest.0, log.turns.len())), Some((TURNS, TURNS as usize)));

        let expire =
            |before, limit| bench.reader.archive.expire(&bench.reader, &bench.committer, Timestamp(before), limit);
        assert_eq!(expire(1000, 9).expect("it can be read"), 0);
        assert_eq!(expire(1001, 0).expect("it can be read"), 0);
        assert_eq!(expire(1001, 9).expect("it can be read"), 1);
        assert_eq!(expire(1001, 9).expect("it can be read"), 0);
        assert_eq!((bench.tags(), shown()), (String::new(), [vec![], vec![], vec![], vec![]]));
    }

    #[test]
    fn archiving_goes_on_where_it_was_cut_off() {
        let bench = Bench::new();
        let mut end = bench.reader.archive.end.lock().expect("nobody else has it");
        let copied = bench.reader.archive.copy(&mut end, &bench.reader, closed()).expect("memory can be read");
        drop(end);
        let archived = copied.expect("it is there").0.archived;
        bench.write(move |draft| {
            enter(draft, EXECUTION, archived, TURNS, closed().ended_at).expect("memory can be read");
            let newest = vec![key::turn(EXECUTION, TURNS), key::turn(EXECUTION, TURNS - 1)];
            leave(draft, EXECUTION, archived, newest).expect("memory can be read");
        });
        assert_eq!(bench.tags(), "acfhnw");
        assert_eq!(bench.read(Wanted::Before(u32::MAX), 3), [450, 449, 448]);
        bench.archive();
        assert_eq!(bench.tags(), "afn");
        bench.archive();
        assert_eq!(bench.read(Wanted::After(0), 1000).len(), TURNS as usize);
    }

    #[test]
    fn an_execution_that_was_redriven_meanwhile_stays() {
        let bench = Bench::new();
        let mut end = bench.reader.archive.end.lock().expect("nobody else has it");
        let copied = bench.reader.archive.copy(&mut end, &bench.reader, closed()).expect("memory can be read");
        bench.write(|draft| add_turn(draft, TURNS + 1));
        settle(&mut end, &bench.committer, copied.into_iter().map(|(copied, _)| copied).collect())
            .expect("memory takes it");
        assert_eq!(bench.tags(), "chnw");
        assert_eq!(bench.read(Wanted::Before(u32::MAX), 1), [TURNS + 1]);
    }
}
