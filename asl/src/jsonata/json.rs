//! JSON text of items, as JavaScript writes it.

use std::rc::Rc;

use super::compare;
use super::error::Error;
use super::item::{Array, Item, Object};
use super::meter::Meter;

mod number;

pub use number::{number_text, rounded};

/// Longer texts are cut off in error messages.
const SHOWN_BYTES_MAX: usize = 1 << 20;

/// Room on the stack for one level of nesting.
const LEVEL_STACK: usize = 64 << 10;

/// The text of a value as error messages show it: JavaScript's `JSON.stringify`.
pub fn shown(item: &Item) -> String {
    match item {
        Item::Undefined | Item::Function(_) => "undefined".into(),
        item => {
            let mut writer = Writer { text: String::new(), style: Style::Shown };
            // What does not fit is left out.
            let _ = writer.item(item, 0);
            writer.text
        }
    }
}

/// A string as JSON.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quote(text, &mut quoted);
    quoted
}

/// `$string`: a string as it is, nothing for functions, numbers with at most 15 digits, indented by two where pretty.
pub fn cast(item: &Item, pretty: bool, meter: &Rc<Meter>) -> Result<String, Error> {
    match item {
        Item::Undefined | Item::Function(_) => Ok(String::new()),
        Item::String(text) => {
            meter.room_for(text.len())?;
            meter.work(text.len() / 64)?;
            Ok((**text).to_owned())
        }
        Item::Number(number) if !number.as_f64().is_finite() => Err(Error::new("D3001").value(item)),
        Item::Array(array) if array.marks().outer_wrapper => cast_json(&array.get(0), pretty, meter),
        item => cast_json(item, pretty, meter),
    }
}

fn cast_json(item: &Item, pretty: bool, meter: &Rc<Meter>) -> Result<String, Error> {
    let mut writer = Writer { text: String::new(), style: Style::Cast { pretty, meter } };
    writer.item(item, 0)?;
    Ok(writer.text)
}

enum Style<'m> {
    /// As it is, for messages.
    Shown,
    /// `$string`
    Cast { pretty: bool, meter: &'m Rc<Meter> },
}

struct Writer<'m> {
    text: String,
    style: Style<'m>,
}

impl Writer<'_> {
    fn item(&mut self, item: &Item, level: usize) -> Result<(), Error> {
        match item {
            Item::Undefined | Item::Null => self.text.push_str("null"),
            Item::Bool(value) => self.text.push_str(if *value { "true" } else { "false" }),
            Item::Number(number) => self.number(item, number.as_f64())?,
            Item::String(text) => {
                self.check(text.len())?;
                quote(text, &mut self.text);
            }
            Item::Array(array) => stacker::maybe_grow(LEVEL_STACK, 1 << 20, || self.array(array, level))?,
            Item::Object(object) => stacker::maybe_grow(LEVEL_STACK, 1 << 20, || self.object(object, level))?,
            Item::Function(_) => self.text.push_str(match self.style {
                Style::Shown => "null",
                Style::Cast { .. } => "\"\"",
            }),
        }
        Ok(())
    }

    fn number(&mut self, item: &Item, number: f64) -> Result<(), Error> {
        let number = match self.style {
            Style::Shown => number,
            Style::Cast { .. } => compare::finite(item)?.map_or(number, rounded),
        };
        if number.is_finite() {
            self.text.push_str(&number_text(number));
        } else {
            self.text.push_str("null");
        }
        Ok(())
    }

    fn array(&mut self, array: &Array, level: usize) -> Result<(), Error> {
        self.check(array.len())?;
        self.text.push('[');
        for (index, item) in array.iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            self.line(level + 1)?;
            self.item(&item, level + 1)?;
        }
        if !array.is_empty() {
            self.line(level)?;
        }
        self.text.push(']');
        Ok(())
    }

    fn object(&mut self, object: &Object, level: usize) -> Result<(), Error> {
        self.check(object.len())?;
        self.text.push('{');
        let mut any = false;
        for (name, item) in object.iter() {
            let left_out = item.is_undefined() || (matches!(self.style, Style::Shown) && item.as_function().is_some());
            if left_out {
                continue;
            }
            if any {
                self.text.push(',');
            }
            any = true;
            self.line(level + 1)?;
            self.check(name.len())?;
            quote(&name, &mut self.text);
            self.text.push_str(if self.is_pretty() { ": " } else { ":" });
            self.item(&item, level + 1)?;
        }
        if any {
            self.line(level)?;
        }
        self.text.push('}');
        Ok(())
    }

    fn is_pretty(&self) -> bool {
        matches!(self.style, Style::Cast { pretty: true, .. })
    }

    fn line(&mut self, level: usize) -> Result<(), Error> {
        if self.is_pretty() {
            self.check(2 * level)?;
            self.text.push('\n');
            for _ in 0..level {
                self.text.push_str("  ");
            }
        }
        Ok(())
    }

    /// Whether so much more may be written. Shared values are written out each time they occur, which can be often.
    fn check(&mut self, more: usize) -> Result<(), Error> {
        match self.style {
            // Nobody sees this error: it only ends the writing.
            Style::Shown if self.text.len() > SHOWN_BYTES_MAX => Err(Error::new("U1001")),
            Style::Shown => Ok(()),
            Style::Cast { meter, .. } => {
                meter.room_for(self.text.len().saturating_add(more))?;
                meter.work(1 + more / 64)
            }
        }
    }
}

fn quote(text: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if (c as u32) < 0x20 => {
                out.push_str("\\u00");
                out.push(char::from(HEX[(c as usize >> 4) & 15]));
                out.push(char::from(HEX[c as usize & 15]));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jsonata::Limits;
    use crate::value::Value;

    fn item(json: &str) -> Item {
        Value::parse(json).unwrap().into()
    }

    #[test]
    fn values_are_cast_as_json_with_15_digits() {
        let meter = Meter::new(Limits::default());
        for (json, expected) in [
            ("\"a\\\"b\"", "a\"b"),
            ("[\"a\\\"b\\n\\u0001\",null,true]", "[\"a\\\"b\\n\\u0001\",null,true]"),
            ("{\"a\":[],\"b\":{}}", "{\"a\":[],\"b\":{}}"),
            ("0.30000000000000004", "0.3"),
            ("[12345678901234567890]", "[12345678901234600000]"),
            ("9007199254740993", "9007199254740990"),
            ("1e21", "1e+21"),
        ] {
            assert_eq!(cast(&item(json), false, &meter).unwrap(), expected, "{json}");
        }
        assert_eq!(
            cast(&item("{\"a\":[1,{}],\"b\":[]}"), true, &meter).unwrap(),
            "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}"
        );
        assert_eq!(cast(&f64::INFINITY.into(), false, &meter).unwrap_err().code(), "D3001");
        let inner = Item::array(vec![f64::INFINITY.into()], &meter).unwrap();
        assert_eq!(cast(&inner, false, &meter).unwrap_err().code(), "D1001");
    }

    #[test]
    fn what_is_shared_many_times_meets_the_limits() {
        let meter = Meter::new(Limits { memory: 1 << 16, ..Limits::default() });
        let mut item = Item::array(vec![], &meter).unwrap();
        for _ in 0..60 {
            item = Item::array(vec![item.clone(), item], &meter).unwrap();
        }
        assert_eq!(cast(&item, false, &meter).unwrap_err().code(), "U1001");
        assert!(shown(&item).len() < 2 * SHOWN_BYTES_MAX);
    }

    #[test]
    fn messages_show_numbers_exactly_and_leave_out_what_is_nothing() {
        assert_eq!(shown(&item("[0.30000000000000004]")), "[0.30000000000000004]");
        assert_eq!(shown(&Item::Undefined), "undefined");
        let meter = Meter::new(Limits::default());
        assert_eq!(shown(&Item::array(vec![Item::Undefined], &meter).unwrap()), "[null]");
        assert_eq!(shown(&f64::NAN.into()), "null");
    }
}
