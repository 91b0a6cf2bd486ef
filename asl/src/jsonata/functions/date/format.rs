//! Moments as text.

use std::rc::Rc;

use super::calendar::Moment;
use super::component::{NUMBERS, number};
use super::marker::{Marker, Part, parts};
use super::names::{DAYS, MONTHS};
use crate::jsonata::error::Error;
use crate::jsonata::functions::picture::{Case, Grouping, Pattern, cut, format_integer, leading_integer};
use crate::jsonata::json;
use crate::jsonata::meter::Meter;

/// A zone as it was given: `+0530` is five hours and thirty minutes.
struct Zone {
    hours: f64,
    minutes: f64,
}

impl Zone {
    fn of(timezone: Option<&str>) -> Zone {
        let offset = timezone.map_or(0.0, leading_integer);
        // The hours are rounded down and the minutes are not, also where they are negative: `-0530` is -6 and -30.
        Zone { hours: (offset / 100.0).floor(), minutes: offset % 100.0 }
    }

    fn millis(&self) -> f64 {
        (60.0 * self.hours + self.minutes) * 60_000.0
    }

    fn number(&self) -> f64 {
        self.hours * 100.0 + self.minutes
    }
}

/// A moment as the picture says.
pub fn format(millis: f64, picture: &str, timezone: Option<&str>, meter: &Rc<Meter>) -> Result<String, Error> {
    let zone = Zone::of(timezone);
    let moment = Moment::at(millis + zone.millis());
    let mut text = String::new();
    for part in parts(picture, meter)? {
        let piece = match part {
            Part::Literal(literal) => literal,
            Part::Marker(marker) => component(&moment, &zone, &marker, meter)?,
        };
        meter.work(1 + piece.len() / 64)?;
        meter.room_for(text.len() + piece.len())?;
        text.push_str(&piece);
    }
    Ok(text)
}

/// A component of a moment.
fn component(moment: &Moment, zone: &Zone, marker: &Marker, meter: &Rc<Meter>) -> Result<String, Error> {
    let letter = marker.component;
    Ok(match letter {
        'f' => match &marker.pattern {
            Some(pattern) => pattern.format(number(moment, 'f'), meter)?,
            None => return Err(no_name(letter)),
        },
        'Z' | 'z' => offset(zone, marker, meter)?,
        'P' => match (moment.hour >= 12.0, marker.names) {
            (true, Some(Case::Upper)) => "PM".into(),
            (false, Some(Case::Upper)) => "AM".into(),
            (true, _) => "pm".into(),
            (false, _) => "am".into(),
        },
        'C' | 'E' => "ISO".into(),
        _ if NUMBERS.contains(letter) => {
            let mut value = number(moment, letter);
            if let ('Y', Some(digits)) = (letter, marker.digits) {
                value %= 10f64.powf(digits);
            }
            match &marker.pattern {
                Some(pattern) => pattern.format(value, meter)?,
                None => name(value, marker)?,
            }
        }
        // What a letter that means nothing stands for.
        _ => "undefined".into(),
    })
}

/// The name of a day or month.
fn name(value: f64, marker: &Marker) -> Result<String, Error> {
    let names: &[&str] = match marker.component {
        'M' | 'x' => &MONTHS,
        'F' => &DAYS,
        other => return Err(no_name(other)),
    };
    let name = if value >= 1.0 { names.get(value as usize - 1) } else { None };
    let Some(name) = name else {
        // The reference has no name for what is no moment. It fails to do anything with none, but can show it.
        return match (marker.names, marker.bounded) {
            (Some(Case::Title), false) => Ok("undefined".into()),
            _ => Err(Error::new("D3150").message("Invalid time value")),
        };
    };
    let name = match marker.names {
        Some(Case::Upper) => name.to_uppercase(),
        Some(Case::Lower) => name.to_lowercase(),
        _ => (*name).to_owned(),
    };
    Ok(match marker.widest {
        Some(widest) if !widest.is_nan() => cut(&name, widest).to_owned(),
        _ => name,
    })
}

/// The offset from UTC.
fn offset(zone: &Zone, marker: &Marker, meter: &Rc<Meter>) -> Result<String, Error> {
    let number = zone.number();
    let text = match &marker.pattern {
        Some(pattern) => offset_digits(zone, pattern, meter)?,
        None => String::new(),
    };
    if number == 0.0 && marker.traditional {
        return Ok("Z".into());
    }
    let gmt = if marker.component == 'z' { "GMT" } else { "" };
    let sign = if number >= 0.0 { "+" } else { "" };
    Ok(format!("{gmt}{sign}{text}"))
}

/// The offset without its plus: in hours, and in minutes where there are any or where there is room for them.
fn offset_digits(zone: &Zone, pattern: &Pattern, meter: &Rc<Meter>) -> Result<String, Error> {
    let Some(digits) = pattern.digits() else { return Err(Error::new("D3134")) };
    if matches!(digits.grouping, Grouping::Regular { .. }) {
        return pattern.format(zone.number(), meter);
    }
    match digits.mandatory as u32 {
        1 | 2 => {
            let mut text = pattern.format(zone.hours, meter)?;
            if zone.minutes != 0.0 {
                text.push(':');
                text.push_str(&format_integer(zone.minutes, "00", meter)?);
            }
            Ok(text)
        }
        3 | 4 => pattern.format(zone.number(), meter),
        _ => Err(Error::new("D3134")),
    }
}

/// The error for a component that has no names.
pub fn no_name(component: char) -> Error {
    Error::new("D3133").value_text(json::quoted(&component.to_string()))
}
