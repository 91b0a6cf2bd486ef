//! A body that is being read, and what was found in it so far.

use minicbor::Decoder;
use minicbor::data::Type;
use stepwell_asl::{Program, StateId, Text, Timestamp, Value};

use super::payloads::{Payloads, Source};
use super::row::Row;
use super::{Known, RecordError};

/// Places that are kept ready for a list, whatever it says of its length.
const CAPACITY_MAX: usize = 256;

pub(super) struct Reader<'b, 'a> {
    pub cbor: Decoder<'b>,
    at: Timestamp,
    texts: Vec<Text>,
    source: Source,
    payloads: &'a mut Payloads,
    program: Option<&'a Program>,
    known: Option<&'a mut Known>,
}

impl<'b, 'a> Reader<'b, 'a> {
    /// For what comes after a body's tables. Payloads become known; without a program no state can be read.
    pub fn new(
        rest: &'b [u8],
        source: Source,
        payloads: &'a mut Payloads,
        program: Option<&'a Program>,
        known: Option<&'a mut Known>,
    ) -> Reader<'b, 'a> {
        Reader { cbor: Decoder::new(rest), at: Timestamp(0), texts: Vec::new(), source, payloads, program, known }
    }

    /// The time from which this body's times count.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// Reads the time from which the others count.
    pub fn start(&mut self, left: &mut u64) -> Result<Timestamp, RecordError> {
        self.at = Timestamp::default();
        self.at = self.field(left)?;
        Ok(self.at)
    }

    /// Gives a text the next number.
    pub fn keep(&mut self, text: Text) -> Text {
        self.texts.push(text.clone());
        text
    }

    /// A text that was read before.
    pub fn text(&self, number: u32) -> Result<Text, RecordError> {
        self.texts
            .get(number as usize)
            .cloned()
            .ok_or_else(|| RecordError::broken("a text that was not written before"))
    }

    pub fn payload(&mut self, place: u32) -> Result<Value, RecordError> {
        let (value, id) = self.payloads.at(self.source, place)?;
        if let (Some(known), Some(id)) = (&mut self.known, id) {
            known.learn(&value, id);
        }
        Ok(value)
    }

    pub fn state(&self, name: &Text) -> Result<StateId, RecordError> {
        let program = self.program.expect("a program is given to whatever reads states");
        program.find(name).ok_or_else(|| RecordError::UnknownState(name.clone()))
    }

    // ---- structs, variants and lists ----

    /// The length of a list or map: no body has one that it does not tell.
    pub fn length(
        &mut self,
        head: impl FnOnce(&mut Decoder<'b>) -> Result<Option<u64>, minicbor::decode::Error>,
    ) -> Result<u64, RecordError> {
        head(&mut self.cbor)?.ok_or_else(|| RecordError::broken("a list of unknown length"))
    }

    /// How many fields of a struct were written.
    pub fn fields(&mut self) -> Result<u64, RecordError> {
        self.length(|cbor| cbor.array())
    }

    /// A variant's number, and how many fields it has.
    pub fn variant(&mut self) -> Result<(u8, u64), RecordError> {
        let fields = match self.cbor.datatype()? {
            Type::Array => {
                self.fields()?.checked_sub(1).ok_or_else(|| RecordError::broken("a variant of no number"))?
            }
            _ => 0,
        };
        Ok((self.cbor.u8()?, fields))
    }

    /// The next field, or what stands for one that was not written.
    pub fn field<T: Row>(&mut self, left: &mut u64) -> Result<T, RecordError> {
        match left.checked_sub(1) {
            Some(fewer) => {
                *left = fewer;
                match T::absent() {
                    Some(absent) if self.cbor.datatype()? == Type::Null => {
                        self.cbor.null()?;
                        Ok(absent)
                    }
                    _ => T::read(self),
                }
            }
            None => T::absent().ok_or_else(|| RecordError::broken("a field is missing")),
        }
    }

    /// Passes over fields that a newer version has added.
    pub fn skip(&mut self, fields: u64) -> Result<(), RecordError> {
        for _ in 0..fields {
            self.cbor.skip()?;
        }
        Ok(())
    }

    pub fn list<T: Row>(&mut self) -> Result<Vec<T>, RecordError> {
        let length = self.fields()?;
        let mut rows = Vec::with_capacity(CAPACITY_MAX.min(length as usize));
        for _ in 0..length {
            rows.push(T::read(self)?);
        }
        Ok(rows)
    }
}
