//! How one thing is written: what every row can do, the macros for `format.rs`, and the types they are made of.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use minicbor::data::{Tag, Type};
use stepwell_asl::programs::ContentHash;
use stepwell_asl::value::Array;
use stepwell_asl::{StateId, Text, Timestamp, Value};

use super::reader::Reader;
use super::writer::Writer;
use super::{RecordError, value};

/// Longer values and texts are payloads. Bytes, of JSON text or of the text.
const INLINE_BYTES_MAX: usize = 48;

/// In front of a payload's place. CBOR leaves the number free.
const PAYLOAD: Tag = Tag::new(6);

/// A thing that can be written and read.
pub(super) trait Row: Sized {
    fn write(&self, writer: &mut Writer<'_>) -> Result<(), RecordError>;

    fn read(reader: &mut Reader<'_, '_>) -> Result<Self, RecordError>;

    /// What it is where it is absent: such fields can be added at the end.
    fn absent() -> Option<Self> {
        None
    }

    /// Whether it need not be written where nothing follows.
    fn is_absent(&self) -> bool {
        false
    }
}

/// How many of these fields must be written.
macro_rules! present {
    ($($field:ident),*) => {{
        #[allow(unused_mut, unused_assignments)]
        let (mut count, mut present) = (0_u64, 0_u64);
        $(
            count += 1;
            if !$crate::record::row::Row::is_absent($field) {
                present = count;
            }
        )*
        let _ = count; // the last one is not used
        present
    }};
}
pub(super) use present;

/// A struct is an array of its fields, without those at the end that are absent.
macro_rules! row_struct {
    ($type:ident { $($field:ident),* $(,)? }) => {
        impl $crate::record::row::Row for $type {
            fn write(&self, writer: &mut $crate::record::writer::Writer<'_>) -> Result<(), $crate::record::RecordError> {
                let $type { $($field),* } = self;
                let mut left = $crate::record::row::present!($($field),*);
                writer.cbor.array(left)?;
                $( writer.field($field, &mut left)?; )*
                Ok(())
            }

            fn read(reader: &mut $crate::record::reader::Reader<'_, '_>) -> Result<$type, $crate::record::RecordError> {
                let mut left = reader.fields()?;
                $( let $field = reader.field(&mut left)?; )*
                reader.skip(left)?;
                Ok($type { $($field),* })
            }
        }
    };
}
pub(super) use row_struct;

/// A variant is an array of its number and its fields, or just the number.
macro_rules! row_enum {
    ($type:ident { $( $number:literal => $variant:ident $(($($place:ident),*))? $({ $($field:ident),* })? ),* $(,)? }) => {
        impl $crate::record::row::Row for $type {
            fn write(&self, writer: &mut $crate::record::writer::Writer<'_>) -> Result<(), $crate::record::RecordError> {
                match self {
                    $( $type::$variant $(($($place),*))? $({ $($field),* })? => {
                        #[allow(unused_mut)]
                        let mut left = $crate::record::row::present!($($($place),*)? $($($field),*)?);
                        writer.variant($number, left)?;
                        $( $( writer.field($place, &mut left)?; )* )?
                        $( $( writer.field($field, &mut left)?; )* )?
                        Ok(())
                    } )*
                }
            }

            fn read(reader: &mut $crate::record::reader::Reader<'_, '_>) -> Result<$type, $crate::record::RecordError> {
                #[allow(unused_mut)]
                let (number, mut left) = reader.variant()?;
                match number {
                    $( $number => {
                        $( $( let $place = reader.field(&mut left)?; )* )?
                        $( $( let $field = reader.field(&mut left)?; )* )?
                        reader.skip(left)?;
                        Ok($type::$variant $(($($place),*))? $({ $($field),* })?)
                    } )*
                    number => Err($crate::record::RecordError::Unknown { what: stringify!($type), number }),
                }
            }
        }
    };
}
pub(super) use row_enum;

// ---- the language's types ----

/// A JSON `null` is CBOR's `undefined` here, so that it is never taken for something absent.
impl Row for Value {
    fn write(&self, writer: &mut Writer<'_>) -> Result<(), RecordError> {
        let long = match self {
            Value::Null => {
                writer.cbor.undefined()?;
                return Ok(());
            }
            Value::Bool(_) | Value::Number(_) => false,
            Value::String(text) => text.len() > INLINE_BYTES_MAX,
            Value::Array(_) | Value::Object(_) => self.json_bytes() > INLINE_BYTES_MAX,
        };
        match long {
            true => write_place(self, writer),
            false => Ok(value::write(self, &mut writer.cbor)?),
        }
    }

    fn read(reader: &mut Reader<'_, '_>) -> Result<Value, RecordError> {
        match reader.cbor.datatype()? {
            Type::Undefined => reader.cbor.undefined().map(|()| Value::Null).map_err(RecordError::from),
            Type::Tag => read_place(reader),
            _ => value::read(&mut reader.cbor),
        }
    }
}

fn write_place(value: &Value, writer: &mut Writer<'_>) -> Result<(), RecordError> {
    let place = writer.place(value)?;
    writer.cbor.tag(PAYLOAD)?.u32(place)?;
    Ok(())
}

fn read_place(reader: &mut Reader<'_, '_>) -> Result<Value, RecordError> {
    match reader.cbor.tag()? {
        PAYLOAD => {
            let place = reader.cbor.u32()?;
            reader.payload(place)
        }
        _ => Err(RecordError::broken("a tag that has no meaning")),
    }
}

/// A text that was written before is its number, and a long one is a payload.
impl Row for Text {
    fn write(&self, writer: &mut Writer<'_>) -> Result<(), RecordError> {
        if self.len() > INLINE_BYTES_MAX {
            return write_place(&Value::String(self.clone()), writer);
        }
        match writer.number(self) {
            Some(number) => writer.cbor.u32(number)?,
            None => writer.cbor.str(self)?,
        };
        Ok(())
    }

    fn read(reader: &mut Reader<'_, '_>) -> Result<Text, RecordError> {
        match reader.cbor.datatype()? {
            Type::String => {
                let text: Text = reader.cbor.str()?.into();
                Ok(reader.keep(text))
            }
            Type::Tag => match read_place(reader)? {
                Value::String(text) => Ok(text),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                    Err(RecordError::broken("a payload that should be a text"))
                }
            },
            _ => {
                let number = reader.cbor.u32()?;
                reader.text(number)
            }
        }
    }
}

impl Row for Array {
    fn write(&self, writer: &mut Writer<'_>) -> Result<(), RecordError> {
        Value::Array(self.clone()).write(writer)
    }

    fn read(reader: &mut Reader<'_, '_>) -> Result<Array, RecordError> {
        match Value::read(reader)? {
            Value::Array(items) => Ok(items),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                Err(RecordError::broken("a value that should be an array"))
            }
        }
    }
}

/// Milliseconds after the body's own time.
impl Row for Timestamp {
    fn write(&self, writer: &mut Writer<'_>) -> Result<(), RecordError> {
        let after = self.0.wrapping_sub(writer.at().0);
        writer.cbor.i64(after)?;
        Ok(())
    }

    fn read(reader: &mut Reader<'_, '_>) -> Result<Timestamp, RecordError> {
        let after = reader.cbor.i64()?;
        Ok(Timestamp(reader.at().0.wrapping_add(after)))
    }
}

/// Its name.
impl Row for StateId {
    fn write(&self, writer: &mut Writer<'_>) -> Result<(), RecordError> {
        writer.name(*self).write(writer)
    }

    fn read(reader: &mut Reader<'_, '_>) -> Result<StateId, RecordError> {
        let name = Text::read(reader)?;
        reader.state(&name)
    }
}

impl Row for ContentHash {
    fn write(&self, writer: &mut Writer<'_>) -> Result<(), RecordError> {
        writer.cbor.bytes(self.as_bytes())?;
        Ok(())
    }

    fn read(reader: &mut Reader<'_, '_>) -> Result<ContentHash, RecordError> {
        let bytes = reader.cbor.bytes()?;
        bytes.try_into().map(ContentHash::from_bytes).map_err(|_| RecordError::broken("a hash of another length"))
    }
}

// ---- Rust's types ----

macro_rules! row_number {
    ($($type:ident),*) => { $(
        impl Row for $type {
            fn write(&self, writer: &mut Writer<'_>) -> Result<(), RecordError> {
                writer.cbor.$type(*self)?;
                Ok(())
            }

            fn read(reader: &mut Reader<'_, '_>) -> Result<$type, RecordError> {
                Ok(reader.cbor.$type()?)
            }
        }
    )* };
}

row_number!(bool, u32, u64, f64);

impl<T: Row> Row for Option<T> {
    fn write(&self, writer: &mut Writer<'_>) -> Result<(), RecordError> {
        match self {
            Some(row) => row.write(writer),
            None => {
                writer.cbor.null()?;
                Ok(())
            }
        }
    }

    fn read(reader: &mut Reader<'_, '_>) -> Result<Option<T>, RecordError> {
        match reader.cbor.datatype()? {
            Type::Null => reader.cbor.null().map(|()| None).map_err(RecordError::from),
            _ => T::read(reader).map(Some),
        }
    }

    fn absent() -> Option<Option<T>> {
        Some(None)
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T: Row> Row for Box<T> {
    fn write(&self, writer: &mut Writer<'_>) -> Result<(), RecordError> {
        (**self).write(writer)
    }

    fn read(reader: &mut Reader<'_, '_>) -> Result<Box<T>, RecordError> {
        T::read(reader).map(Box::new)
    }
}

/// What is shared in memory is written where it is mentioned.
impl Row for Arc<crate::core::TestCase> {
    fn write(&self, writer: &mut Writer<'_>) -> Result<(), RecordError> {
        self.as_ref().write(writer)
    }

    fn read(reader: &mut Reader<'_, '_>) -> Result<Self, RecordError> {
        crate::core::TestCase::read(reader).map(Arc::new)
    }
}

impl Row for Arc<crate::core::Identity> {
    fn write(&self, writer: &mut Writer<'_>) -> Result<(), RecordError> {
        (**self).write(writer)
    }

    fn read(reader: &mut Reader<'_, '_>) -> Result<Self, RecordError> {
        crate::core::Identity::read(reader).map(Arc::new)
    }
}

impl<T: Row> Row for Vec<T> {
    fn write(&self, writer: &mut Writer<'_>) -> Result<(), RecordError> {
        writer.list(self.len(), self.iter())
    }

    fn read(reader: &mut Reader<'_, '_>) -> Result<Vec<T>, RecordError> {
        reader.list()
    }

    fn absent() -> Option<Vec<T>> {
        Some(Vec::new())
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl<T: Row> Row for VecDeque<T> {
    fn write(&self, writer: &mut Writer<'_>) -> Result<(), RecordError> {
        writer.list(self.len(), self.iter())
    }

    fn read(reader: &mut Reader<'_, '_>) -> Result<VecDeque<T>, RecordError> {
        reader.list().map(VecDeque::from)
    }

    fn absent() -> Option<VecDeque<T>> {
        Some(VecDeque::new())
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl<K: Row + Ord, V: Row> Row for BTreeMap<K, V> {
    fn write(&self, writer: &mut Writer<'_>) -> Result<(), RecordError> {
        writer.cbor.map(self.len() as u64)?;
        self.iter().try_for_each(|(name, value)| {
            name.write(writer)?;
            value.write(writer)
        })
    }

    fn read(reader: &mut Reader<'_, '_>) -> Result<Self, RecordError> {
        let length = reader.length(|cbor| cbor.map())?;
        (0..length).map(|_| Ok((K::read(reader)?, V::read(reader)?))).collect()
    }

    fn absent() -> Option<Self> {
        Some(BTreeMap::new())
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}
