//! Roman numerals.

use std::rc::Rc;

use crate::jsonata::error::Error;
use crate::jsonata::meter::Meter;

const NUMERALS: [(f64, &str); 13] = [
    (1000.0, "m"),
    (900.0, "cm"),
    (500.0, "d"),
    (400.0, "cd"),
    (100.0, "c"),
    (90.0, "xc"),
    (50.0, "l"),
    (40.0, "xl"),
    (10.0, "x"),
    (9.0, "ix"),
    (5.0, "v"),
    (4.0, "iv"),
    (1.0, "i"),
];

/// A number in small numerals. Large ones take one `m` for each thousand.
pub fn format(value: f64, meter: &Rc<Meter>) -> Result<String, Error> {
    if value.is_nan() {
        return Ok(String::new());
    }
    let thousands = (value / 1000.0).floor() as usize;
    meter.room_for(thousands)?;
    meter.work(thousands / 64)?;
    let mut text = "m".repeat(thousands);
    let mut rest = value % 1000.0;
    for (size, numeral) in &NUMERALS[1..] {
        while rest >= *size {
            text.push_str(numeral);
            rest -= size;
        }
    }
    Ok(text)
}

/// The number of capital numerals, NaN where there is anything else among them.
pub fn read(text: &str) -> f64 {
    let mut sum = 0.0;
    let mut largest = 1.0;
    for numeral in text.chars().rev() {
        let value = match numeral {
            'M' => 1000.0,
            'D' => 500.0,
            'C' => 100.0,
            'L' => 50.0,
            'X' => 10.0,
            'V' => 5.0,
            'I' => 1.0,
            _ => return f64::NAN,
        };
        if value < largest {
            sum -= value;
        } else {
            largest = value;
            sum += value;
        }
    }
    sum
}
