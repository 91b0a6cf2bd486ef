//! Long values, in append-only files `segments/<number>.seg`. A record is its length, its checksum, the key of the row
//! that refers to it, and the value. The row is the only reference; the record names its row, so that a segment of which
//! little is live can be emptied: see [`super::sweep`].
//!
//! A segment is synced before the batch that refers to it. What a crash leaves at its end is never referred to.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{BufMut, Bytes, BytesMut};

use super::Failure;
use super::directory::{read_exact_at, sync_directory};
use super::record::Location;

/// A segment that is this long gets no more records.
pub const SEGMENT_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Length and checksum.
const FRAME_BYTES: usize = 8;
/// The length of the key.
const KEY_BYTES: usize = 2;
/// A longer value is written straight from where it is.
const BUFFER_BYTES: usize = 256 * 1024;
/// Files that are kept open for reading.
const HANDLES_MAX: usize = 64;

/// The segments, for readers.
pub struct Segments {
    directory: PathBuf,
    /// The files used last, at the end.
    handles: Mutex<Vec<(u32, Arc<File>)>>,
}

impl Segments {
    pub fn new(directory: PathBuf) -> Segments {
        Segments { directory, handles: Mutex::default() }
    }

    pub fn path(&self, number: u32) -> PathBuf {
        self.directory.join(format!("{number:08}.seg"))
    }

    /// The numbers of all segments there are, in order.
    pub fn numbers(&self) -> Result<Vec<u32>, Failure> {
        let fail = |error| failure(&self.directory, "read", &error);
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.directory).map_err(fail)? {
            let name = entry.map_err(fail)?.file_name();
            let number: Option<u32> =
                name.to_str().and_then(|name| name.strip_suffix(".seg")).and_then(|name| name.parse().ok());
            numbers.extend(number);
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    pub fn bytes(&self, number: u32) -> Result<u64, Failure> {
        let path = self.path(number);
        Ok(fs::metadata(&path).map_err(|error| failure(&path, "read", &error))?.len())
    }

    /// The value at this place, which this row refers to.
    pub fn read(&self, key: &[u8], at: Location) -> Result<Bytes, Failure> {
        let path = self.path(at.segment);
        let fail = |error| failure(&path, "read", &error);
        let file = self.handle(at.segment).map_err(fail)?;
        let mut record = BytesMut::zeroed(FRAME_BYTES + KEY_BYTES + key.len() + at.length as usize);
        read_exact_at(&file, &mut record, at.offset).map_err(fail)?;
        let record = record.freeze();
        let (frame, rest) = record.split_at(FRAME_BYTES);
        let whole = frame == frame_of(rest.len(), at.crc)
            && crc32fast::hash(rest) == at.crc
            && rest[KEY_BYTES..].starts_with(key);
        match whole {
            true => Ok(record.slice(FRAME_BYTES + KEY_BYTES + key.len()..)),
            false => Err(damaged(&path, at.offset)),
        }
    }

    fn handle(&self, number: u32) -> io::Result<Arc<File>> {
        let mut handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
        let known = handles.iter().position(|(known, _)| *known == number).map(|at| handles.remove(at).1);
        let file = match known {
            Some(file) => file,
            None => Arc::new(File::open(self.path(number))?),
        };
        if handles.len() == HANDLES_MAX {
            handles.remove(0);
        }
        handles.push((number, Arc::clone(&file)));
        Ok(file)
    }

    /// Removes a segment that nothing refers to.
    pub fn remove(&self, number: u32) -> Result<(), Failure> {
        self.handles.lock().unwrap_or_else(PoisonError::into_inner).retain(|(known, _)| *known != number);
        let path = self.path(number);
        fs::remove_file(&path).map_err(|error| failure(&path, "remove", &error))
    }

    /// The records of a segment, in order, up to its end or the first one that is not whole.
    pub fn records(&self, number: u32) -> Result<Records, Failure> {
        let path = self.path(number);
        let file = File::open(&path).map_err(|error| failure(&path, "read", &error))?;
        let end = file.metadata().map_err(|error| failure(&path, "read", &error))?.len();
        Ok(Records { segment: number, path, file, offset: 0, end })
    }
}

/// How long the record of a value is, with all that is around the value.
pub fn record_bytes(key: &[u8], at: Location) -> u64 {
    (FRAME_BYTES + KEY_BYTES + key.len()) as u64 + u64::from(at.length)
}

fn frame_of(length: usize, crc: u32) -> [u8; FRAME_BYTES] {
    let mut frame = [0; FRAME_BYTES];
    frame[..4].copy_from_slice(&(length as u32).to_be_bytes());
    frame[4..].copy_from_slice(&crc.to_be_bytes());
    frame
}

fn failure(path: &Path, what: &str, error: &io::Error) -> Failure {
    Failure::new(format!("cannot {what} {}: {error}", path.display()))
}

fn damaged(path: &Path, offset: u64) -> Failure {
    Failure::new(format!(
        "the record at byte {offset} of {} is damaged. Check the disk; restore the store's directory from a backup if it \
         stays so",
        path.display()
    ))
}

/// The records of one segment, one by one.
pub struct Records {
    segment: u32,
    path: PathBuf,
    file: File,
    offset: u64,
    end: u64,
}

/// A record as it lies in its segment.
pub struct Record {
    pub key: Vec<u8>,
    pub at: Location,
    pub value: Bytes,
}

impl Records {
    /// The next record; `None` at the end and where the rest is not whole.
    pub fn next(&mut self) -> Result<Option<Record>, Failure> {
        let mut frame = [0; FRAME_BYTES];
        if self.end - self.offset < FRAME_BYTES as u64 {
            return Ok(None);
        }
        self.read(&mut frame, self.offset)?;
        let [a, b, c, d, crc @ ..] = frame;
        let (length, crc) = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes(crc));
        let after = self.offset + FRAME_BYTES as u64 + u64::from(length);
        if after > self.end {
            return Ok(None);
        }
        let mut rest = BytesMut::zeroed(length as usize);
        self.read(&mut rest, self.offset + FRAME_BYTES as u64)?;
        let rest = rest.freeze();
        let key_bytes = rest.first_chunk().map(|length| usize::from(u16::from_be_bytes(*length)));
        let value = key_bytes.map(|bytes| KEY_BYTES + bytes).filter(|at| *at <= rest.len());
        let Some(value) = value.filter(|_| crc32fast::hash(&rest) == crc) else { return Ok(None) };
        let (key, value) = (rest[KEY_BYTES..value].to_vec(), rest.slice(value..));
        let at = Location { segment: self.segment, offset: self.offset, length: value.len() as u32, crc };
        self.offset = after;
        Ok(Some(Record { key, at, value }))
    }

    /// Whether all of the file was read as whole records.
    pub fn at_end(&self) -> bool {
        self.offset == self.end
    }

    fn read(&self, buffer: &mut [u8], at: u64) -> Result<(), Failure> {
        read_exact_at(&self.file, buffer, at).map_err(|error| failure(&self.path, "read", &error))
    }
}

/// The end of the newest segment, for the one thread that writes.
pub struct Appender {
    segments: Arc<Segments>,
    current: Option<Current>,
    next: u32,
    /// Not written yet.
    buffer: Vec<u8>,
    /// Left behind by a change of segments, and not synced yet.
    unsynced: Vec<File>,
    /// Whether there is a new file.
    grown: bool,
}

struct Current {
    number: u32,
    file: File,
    /// With what is in the buffer.
    end: u64,
    dirty: bool,
}

impl Appender {
    /// Goes on in the newest segment, where it ends in a whole record and has room; otherwise in a new one.
    pub fn new(segments: Arc<Segments>) -> Result<Appender, Failure> {
        let newest = segments.numbers()?.last().copied();
        let mut current = None;
        if let Some(number) = newest
            && segments.bytes(number)? < SEGMENT_BYTES_MAX
        {
            let mut records = segments.records(number)?;
            while records.next()?.is_some() {}
            if records.at_end() {
                let path = segments.path(number);
                let opened = OpenOptions::new().append(true).open(&path);
                let file = opened.map_err(|error| failure(&path, "write", &error))?;
                current = Some(Current { number, file, end: records.end, dirty: false });
            }
        }
        let next = newest.map_or(1, |newest| newest + 1);
        Ok(Appender { segments, current, next, buffer: Vec::new(), unsynced: Vec::new(), grown: false })
    }

    /// The segment that takes the next record, so far.
    pub fn number(&self) -> Option<u32> {
        self.current.as_ref().map(|current| current.number)
    }

    /// Writes a value that this row is going to refer to. Durable after [`Appender::sync`].
    pub fn append(&mut self, key: &[u8], value: &Bytes) -> Result<Location, Failure> {
        let length = KEY_BYTES + key.len() + value.len();
        let key_bytes = u16::try_from(key.len()).expect("keys are shorter than the names in them may be");
        let mut hash = crc32fast::Hasher::new();
        [&key_bytes.to_be_bytes()[..], key, value].iter().for_each(|part| hash.update(part));
        let crc = hash.finalize();

        let current = self.current()?;
        let (segment, offset) = (current.number, current.end);
        current.end += (FRAME_BYTES + length) as u64;
        current.dirty = true;
        self.buffer.put_slice(&frame_of(length, crc));
        self.buffer.put_u16(key_bytes);
        self.buffer.put_slice(key);
        if value.len() > BUFFER_BYTES {
            self.write_buffer()?;
            self.write(value)?;
        } else {
            self.buffer.put_slice(value);
        }
        if self.buffer.len() > BUFFER_BYTES {
            self.write_buffer()?;
        }
        Ok(Location { segment, offset, length: value.len() as u32, crc })
    }

    /// Returns when all that was appended would survive a power cut.
    pub fn sync(&mut self) -> Result<(), Failure> {
        self.write_buffer()?;
        let directory = &self.segments.directory;
        for file in self.unsynced.drain(..) {
            file.sync_data().map_err(|error| failure(directory, "sync", &error))?;
        }
        if let Some(current) = self.current.as_mut().filter(|current| current.dirty) {
            let fail = |error| failure(&self.segments.path(current.number), "sync", &error);
            current.file.sync_data().map_err(fail)?;
            current.dirty = false;
        }
        if std::mem::take(&mut self.grown) {
            sync_directory(directory).map_err(|error| failure(directory, "sync", &error))?;
        }
        Ok(())
    }

    fn current(&mut self) -> Result<&mut Current, Failure> {
        if self.current.as_ref().is_some_and(|current| current.end >= SEGMENT_BYTES_MAX) {
            self.write_buffer()?;
            self.unsynced.extend(self.current.take().filter(|full| full.dirty).map(|full| full.file));
        }
        match &mut self.current {
            Some(current) => Ok(current),
            empty => {
                let number = self.next;
                let path = self.segments.path(number);
                let made = OpenOptions::new().append(true).create_new(true).open(&path);
                let file = made.map_err(|error| failure(&path, "make", &error))?;
                self.next += 1;
                self.grown = true;
                Ok(empty.insert(Current { number, file, end: 0, dirty: false }))
            }
        }
    }

    fn write_buffer(&mut self) -> Result<(), Failure> {
        let buffer = std::mem::take(&mut self.buffer);
        if !buffer.is_empty() {
            self.write(&buffer)?;
        }
        self.buffer = buffer;
        self.buffer.clear();
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let current = self.current.as_mut().expect("bytes are buffered for a segment that is there");
        let written = current.file.write_all(bytes);
        written.map_err(|error| failure(&self.segments.path(current.number), "write", &error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(directory: &Path) -> (Arc<Segments>, Appender) {
        let segments = Arc::new(Segments::new(directory.to_owned()));
        (Arc::clone(&segments), Appender::new(segments).expect("an appender"))
    }

    fn keys(segments: &Segments, number: u32) -> (Vec<Vec<u8>>, bool) {
        let mut records = segments.records(number).expect("the segment is there");
        let mut keys = Vec::new();
        while let Some(record) = records.next().expect("the file can be read") {
            assert_eq!(segments.read(&record.key, record.at).expect("it is whole"), record.value);
            keys.push(record.key);
        }
        (keys, records.at_end())
    }

    #[test]
    fn values_are_read_from_where_they_were_put() {
        let directory = tempfile::tempdir().expect("a directory");
        let (segments, mut appender) = open(directory.path());
        let long = Bytes::from(vec![7; BUFFER_BYTES + 1]);
        let short = Bytes::from_static(b"short");
        let places: Vec<_> = [(&b"a"[..], &short), (b"b", &long), (b"c", &short)]
            .map(|(key, value)| (key, value, appender.append(key, value).expect("it is written")))
            .into();
        appender.sync().expect("it is synced");
        for (key, value, at) in places {
            assert_eq!(&segments.read(key, at).expect("it is whole"), value);
            assert!(segments.read(b"other", at).is_err(), "the record is another row's");
        }
        assert_eq!(keys(&segments, 1), (vec![b"a".to_vec(), b"b".to_vec(), b"c".to_vec()], true));
    }

    #[test]
    fn a_whole_segment_is_continued_and_a_torn_one_left() {
        let directory = tempfile::tempdir().expect("a directory");
        let value = Bytes::from_static(b"value");
        let (segments, mut appender) = open(directory.path());
        appender.append(b"a", &value).expect("it is written");
        appender.sync().expect("it is synced");

        let (_, mut appender) = open(directory.path());
        assert_eq!(appender.append(b"b", &value).expect("it is written").segment, 1);
        appender.sync().expect("it is synced");

        let length = segments.bytes(1).expect("its length");
        let file = OpenOptions::new().write(true).open(segments.path(1)).expect("the file");
        file.set_len(length - 1).expect("it is cut");
        assert_eq!(keys(&segments, 1), (vec![b"a".to_vec()], false));
        let (_, mut appender) = open(directory.path());
        assert_eq!(appender.append(b"c", &value).expect("it is written").segment, 2);
    }

    #[test]
    fn a_damaged_record_is_named() {
        let directory = tempfile::tempdir().expect("a directory");
        let (segments, mut appender) = open(directory.path());
        appender.append(b"a", &Bytes::from_static(b"first")).expect("it is written");
        let at = appender.append(b"b", &Bytes::from_static(b"second")).expect("it is written");
        appender.sync().expect("it is synced");

        let mut bytes = fs::read(segments.path(1)).expect("the file");
        *bytes.last_mut().expect("it is not empty") ^= 1;
        fs::write(segments.path(1), bytes).expect("it is written");
        let error = segments.read(b"b", at).expect_err("it is damaged").to_string();
        assert!(error.contains(&format!("byte {} of {}", at.offset, segments.path(1).display())), "{error}");
    }
}
