//! The front of a body: its version, its kind and its tables.

use std::convert::Infallible;
use std::ops::Range;

use bytes::Bytes;
use minicbor::encode::Error;
use minicbor::{Decoder, Encoder};
use stepwell_asl::Value;

use super::{PayloadId, RecordError, VERSION, value};

/// What a body holds. The numbers are for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Turn = 0,
    Checkpoint = 1,
}

/// A body whose front was read.
#[derive(Debug)]
pub(super) struct Body {
    bytes: Bytes,
    pub kind: Kind,
    pub imports: Vec<PayloadId>,
    /// Of a checkpoint: which of its payloads are copies, and of what.
    pub origins: Vec<(u32, PayloadId)>,
    payloads: Vec<Range<usize>>,
    /// Payloads that were asked for.
    values: Vec<Option<Value>>,
    /// How many fields follow the tables.
    fields: u64,
    rest: usize,
}

impl Body {
    pub fn parse(bytes: Bytes) -> Result<Body, RecordError> {
        let (mut d, kind, mut fields) = head(&bytes)?;
        let imports = read_imports(&mut d)?;
        let count = length(d.array()?)?;
        let mut payloads = Vec::with_capacity(1024.min(count as usize));
        for _ in 0..count {
            let length = d.bytes()?.len();
            payloads.push(d.position() - length..d.position());
        }
        let mut origins = Vec::new();
        if kind == Kind::Checkpoint {
            fields = fields.checked_sub(1).ok_or_else(|| RecordError::broken("it is cut short"))?;
            for _ in 0..length(d.array()?)? / 3 {
                origins.push((d.u32()?, PayloadId { turn: d.u32()?, n: d.u32()? }));
            }
        }
        let rest = d.position();
        let values = vec![None; payloads.len()];
        Ok(Body { kind, imports, origins, payloads, values, fields, rest, bytes })
    }

    /// What follows the tables, and how many fields are there.
    pub fn rest(&self) -> (Bytes, u64) {
        (self.bytes.slice(self.rest..), self.fields)
    }

    /// The payload at this place, which is read once.
    pub fn payload(&mut self, n: u32) -> Result<Value, RecordError> {
        let Some(range) = self.payloads.get(n as usize) else {
            return Err(RecordError::broken("a payload that is not there"));
        };
        let kept = &mut self.values[n as usize];
        match kept {
            Some(value) => Ok(value.clone()),
            None => Ok(kept.insert(value::read(&mut Decoder::new(&self.bytes[range.clone()]))?).clone()),
        }
    }
}

/// The payloads of earlier turns that a body refers to.
pub(super) fn imports(body: &[u8]) -> Result<Vec<PayloadId>, RecordError> {
    let (mut d, ..) = head(body)?;
    read_imports(&mut d)
}

/// The tables of a body that is being written.
#[derive(Default)]
pub(super) struct Tables {
    pub imports: Vec<PayloadId>,
    pub payloads: Vec<Value>,
    /// Which of the payloads are copies, and of what. Only checkpoints copy.
    pub origins: Vec<(u32, PayloadId)>,
}

impl Tables {
    /// Puts the front before what was written. So many fields are in that.
    pub fn assemble(&self, kind: Kind, fields: u64, rest: &[u8]) -> Result<Vec<u8>, Error<Infallible>> {
        let payload_bytes: usize = self.payloads.iter().map(Value::json_bytes).sum();
        let capacity = 64 + 10 * self.imports.len() + payload_bytes + rest.len();
        let mut e = Encoder::new(Vec::with_capacity(capacity));
        e.writer_mut().push(VERSION);
        e.array(3 + u64::from(kind == Kind::Checkpoint) + fields)?.u8(kind as u8)?;
        e.array(2 * self.imports.len() as u64)?;
        for id in &self.imports {
            e.u32(id.turn)?.u32(id.n)?;
        }
        self.write_payloads(&mut e)?;
        if kind == Kind::Checkpoint {
            e.array(3 * self.origins.len() as u64)?;
            for (n, id) in &self.origins {
                e.u32(*n)?.u32(id.turn)?.u32(id.n)?;
            }
        }
        let mut body = e.into_writer();
        body.extend_from_slice(rest);
        Ok(body)
    }

    fn write_payloads(&self, e: &mut Encoder<Vec<u8>>) -> Result<(), Error<Infallible>> {
        e.array(self.payloads.len() as u64)?;
        let mut payload = Encoder::new(Vec::new());
        for value in &self.payloads {
            value::write(value, &mut payload)?;
            e.bytes(payload.writer())?;
            payload.writer_mut().clear();
        }
        Ok(())
    }
}

fn head(body: &[u8]) -> Result<(Decoder<'_>, Kind, u64), RecordError> {
    match body.first() {
        None => return Err(RecordError::broken("it is empty")),
        Some(0) => return Err(RecordError::broken("it has no version")),
        Some(&version) if version > VERSION => return Err(RecordError::Newer { version }),
        Some(_) => {}
    }
    let mut d = Decoder::new(body);
    d.set_position(1);
    let fields = length(d.array()?)?.checked_sub(3).ok_or_else(|| RecordError::broken("it is cut short"))?;
    let kind = match d.u8()? {
        0 => Kind::Turn,
        1 => Kind::Checkpoint,
        number => return Err(RecordError::Unknown { what: "kind of record", number }),
    };
    Ok((d, kind, fields))
}

fn read_imports(d: &mut Decoder<'_>) -> Result<Vec<PayloadId>, RecordError> {
    let count = length(d.array()?)? / 2;
    let mut imports = Vec::with_capacity(1024.min(count as usize));
    for _ in 0..count {
        imports.push(PayloadId { turn: d.u32()?, n: d.u32()? });
    }
    Ok(imports)
}

fn length(length: Option<u64>) -> Result<u64, RecordError> {
    length.ok_or_else(|| RecordError::broken("a list of unknown length"))
}
