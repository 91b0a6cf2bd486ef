//! A body that is being written: its CBOR, and the tables to which its rows refer.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use minicbor::Encoder;
use stepwell_asl::{Program, StateId, Text, Timestamp, Value};

use super::body::{Kind, Tables};
use super::row::Row;
use super::{DEPTH_MAX, Known, RecordError};

type ByAddress = HashMap<usize, u32, foldhash::fast::FixedState>;

/// Everything up to the tables is written last, in front of what `cbor` holds.
pub(super) struct Writer<'a> {
    pub cbor: Encoder<Vec<u8>>,
    at: Timestamp,
    program: &'a Program,
    known: &'a Known,
    /// A payload that a turn holds is copied nevertheless, where its JSON text is not longer.
    copied_bytes_max: usize,
    texts: ByAddress,
    places: ByAddress,
    tables: Tables,
}

impl<'a> Writer<'a> {
    /// Times count from `at`; what is in `known` is referred to, if it is longer than `copied_bytes_max`.
    pub fn new(at: Timestamp, program: &'a Program, known: &'a Known, copied_bytes_max: usize) -> Writer<'a> {
        Writer {
            cbor: Encoder::new(Vec::with_capacity(256)),
            at,
            program,
            known,
            copied_bytes_max,
            texts: ByAddress::default(),
            places: ByAddress::default(),
            tables: Tables::default(),
        }
    }

    /// The time from which this body's times count.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    pub fn name(&self, state: StateId) -> Text {
        self.program.state(state).name.clone()
    }

    /// The number of a text that was written before; otherwise it gets the next one.
    pub fn number(&mut self, text: &Text) -> Option<u32> {
        let next = self.texts.len() as u32;
        match self.texts.entry(text.as_ptr().addr()) {
            Entry::Occupied(number) => Some(*number.get()),
            Entry::Vacant(free) => {
                free.insert(next);
                None
            }
        }
    }

    /// The place of a payload in the tables, where it is put if need be. Own payloads have even places, imports odd ones.
    pub fn place(&mut self, value: &Value) -> Result<u32, RecordError> {
        let depth = value.depth();
        if depth > DEPTH_MAX {
            return Err(RecordError::TooDeep { depth });
        }
        let address = value.address().expect("only strings and containers are long");
        if let Some(place) = self.places.get(&address) {
            return Ok(*place);
        }
        let Tables { imports, payloads, origins } = &mut self.tables;
        let place = match self.known.find(value) {
            Some(id) if self.copied_bytes_max == 0 || value.json_bytes() > self.copied_bytes_max => {
                imports.push(id);
                2 * (imports.len() as u32 - 1) + 1
            }
            origin => {
                let n = payloads.len() as u32;
                payloads.push(value.clone());
                origins.extend(origin.map(|id| (n, id)));
                2 * n
            }
        };
        self.places.insert(address, place);
        Ok(place)
    }

    // ---- structs, variants and lists ----

    /// The number of a variant, before so many fields.
    pub fn variant(&mut self, number: u8, fields: u64) -> Result<(), RecordError> {
        if fields > 0 {
            self.cbor.array(1 + fields)?;
        }
        self.cbor.u8(number)?;
        Ok(())
    }

    /// A field, unless none is left to be written.
    pub fn field(&mut self, field: &impl Row, left: &mut u64) -> Result<(), RecordError> {
        match left.checked_sub(1) {
            Some(fewer) => {
                *left = fewer;
                field.write(self)
            }
            None => Ok(()),
        }
    }

    pub fn list<'t, T: Row + 't>(
        &mut self,
        length: usize,
        mut rows: impl Iterator<Item = &'t T>,
    ) -> Result<(), RecordError> {
        self.cbor.array(length as u64)?;
        rows.try_for_each(|row| row.write(self))
    }

    // ---- the whole ----

    /// The body, and the payloads in its table.
    pub fn finish(self, kind: Kind, fields: u64) -> Result<(Vec<u8>, Vec<Value>), RecordError> {
        let body = self.tables.assemble(kind, fields, self.cbor.writer())?;
        Ok((body, self.tables.payloads))
    }
}
