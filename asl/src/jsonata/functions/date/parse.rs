//! Moments from texts that are as a picture says.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::calendar::{DAY, Moment, date, date_time};
use super::component::number;
use super::format::no_name;
use super::marker::{Marker, Part, parts};
use super::matcher::{Atom, find};
use super::names::{DAYS, MONTHS};
use crate::jsonata::error::Error;
use crate::jsonata::functions::picture::{Digits, Grouping, Numbering, Pattern, cut, leading_integer, unsupported};
use crate::jsonata::meter::Meter;
use crate::time::Timestamp;

/// What was read: `None` for a name that is none.
type Components = BTreeMap<char, Option<f64>>;

/// The moment of a text, `None` where the text is not as the picture says or the picture has no components.
pub fn parse(text: &str, picture: &str, now: Timestamp, meter: &Rc<Meter>) -> Result<Option<f64>, Error> {
    let parts = parts(picture, meter)?;
    // A part has up to five atoms.
    meter.room_for(parts.len().saturating_mul(5 * size_of::<Atom>()))?;
    let groups = parts.iter().map(atoms).collect::<Result<Vec<_>, _>>()?;
    let Some(found) = find(&groups, text, meter)? else { return Ok(None) };
    let mut components = Components::new();
    for (part, range) in parts.iter().zip(found) {
        if let Part::Marker(marker) = part {
            components.insert(marker.component, read(marker, &text[range], meter)?);
        }
    }
    if components.is_empty() {
        return Ok(None);
    }
    moment(components, now).map(Some)
}

/// What a part of a picture looks like in a text.
fn atoms(part: &Part) -> Result<Vec<Atom>, Error> {
    let run = |of| Atom::Run { of, least: 1, most: usize::MAX };
    let marker = match part {
        Part::Literal(literal) => return Ok(vec![Atom::Literal(literal.clone())]),
        Part::Marker(marker) => marker,
    };
    let zone = matches!(marker.component, 'Z' | 'z');
    Ok(match &marker.pattern {
        Some(pattern) if zone => {
            let mut atoms = Vec::new();
            if marker.component == 'z' {
                atoms.push(Atom::Literal("GMT".into()));
            }
            atoms.push(Atom::Run { of: |symbol| matches!(symbol, '-' | '+'), least: 1, most: 1 });
            atoms.push(run(digit));
            if let Some(separator) = separator(pattern) {
                // The reference does not quote it, so that a point stands for anything.
                atoms.push(match separator {
                    '.' => Atom::Run {
                        of: |symbol| !matches!(symbol, '\n' | '\r' | '\u{2028}' | '\u{2029}'),
                        least: 1,
                        most: 1,
                    },
                    other => Atom::Literal(other.into()),
                });
                atoms.push(run(digit));
            }
            atoms
        }
        Some(pattern) => match &pattern.numbering {
            Numbering::Letters(_) => vec![run(letter)],
            Numbering::Roman(_) => vec![run(|symbol| "MDCLXVI".contains(symbol.to_ascii_uppercase()))],
            Numbering::Words(_) => vec![Atom::Words],
            Numbering::Decimal(digits) => {
                let mut atoms = digit_atoms(digits, marker.digits);
                if pattern.ordinal {
                    atoms.push(Atom::Ordinal);
                }
                atoms
            }
            Numbering::Other(token) => return Err(unsupported(token)),
        },
        None if matches!(marker.component, 'M' | 'x' | 'F' | 'P') => vec![run(letter)],
        None => return Err(no_name(marker.component)),
    })
}

/// Digits, as many as there may be.
fn digit_atoms(digits: &Digits, most: Option<f64>) -> Vec<Atom> {
    let most = most.filter(|most| *most > 0.0);
    let Some(most) = most else { return vec![Atom::Run { of: digit, least: 1, most: usize::MAX }] };
    let least = most - digits.optional;
    if least < 0.0 {
        // The reference's expression is then one digit and this text.
        return vec![Atom::Run { of: digit, least: 1, most: 1 }, Atom::Literal(format!("{{{least},{most}}}"))];
    }
    vec![Atom::Run { of: digit, least: least as usize, most: most as usize }]
}

fn digit(symbol: char) -> bool {
    symbol.is_ascii_digit()
}

fn letter(symbol: char) -> bool {
    symbol.is_ascii_alphabetic()
}

/// What separates the hours and minutes of a zone.
fn separator(pattern: &Pattern) -> Option<char> {
    match pattern.digits()?.grouping {
        Grouping::Regular { separator, .. } => Some(separator),
        Grouping::Listed(_) => None,
    }
}

/// The number of a component.
fn read(marker: &Marker, text: &str, meter: &Rc<Meter>) -> Result<Option<f64>, Error> {
    let Some(pattern) = &marker.pattern else { return Ok(read_name(marker, text)) };
    if !matches!(marker.component, 'Z' | 'z') {
        return pattern.read(text, meter).map(Some);
    }
    let text = if marker.component == 'z' { text.get(3..).unwrap_or("") } else { text };
    let (hours, minutes) = match separator(pattern) {
        Some(separator) => text.split_once(separator).unwrap_or(("", text)),
        // The text is a sign and digits. Only hours where there are one or two.
        None if text.len() <= 3 => (text, "0"),
        None => text.split_at_checked(3).unwrap_or((text, "0")),
    };
    // The sign is one of the hours alone.
    Ok(Some(leading_integer(hours) * 60.0 + leading_integer(minutes)))
}

/// The number of a name, which has to have the case that names have.
fn read_name(marker: &Marker, text: &str) -> Option<f64> {
    let names: &[&str] = match marker.component {
        'F' => &DAYS,
        'P' => {
            return match text {
                "am" | "AM" => Some(0.0),
                "pm" | "PM" => Some(1.0),
                _ => None,
            };
        }
        _ => &MONTHS,
    };
    let widest = marker.widest.filter(|widest| *widest != 0.0 && !widest.is_nan()).unwrap_or(f64::INFINITY);
    // The last of those that are the same when they are cut.
    names.iter().rposition(|name| cut(name, widest) == text).map(|place| place as f64 + 1.0)
}

/// A moment from its components. What is larger than those given is taken from now, what is smaller is the least there
/// is, and what is in between may not be missing.
fn moment(mut components: Components, now: Timestamp) -> Result<f64, Error> {
    let has = |component: char| {
        // Zeros do not count as given here.
        matches!(components.get(&component), Some(Some(value)) if *value != 0.0 && !value.is_nan())
    };
    // A date or time is of a kind if something of that kind is given and nothing else is.
    let only = |all: &str, kind: &str| {
        all.chars().any(|letter| kind.contains(letter) && has(letter))
            && !all.chars().any(|letter| !kind.contains(letter) && has(letter))
    };
    let date_letters = "YXMxWwdD";
    let calendar_date = only(date_letters, "YMD");
    let day_of_year = !calendar_date && only(date_letters, "Yd");
    let week_of_month = only(date_letters, "Xxw");
    let week_of_year = !week_of_month && only(date_letters, "XW");
    let half_days = !only("PHhmsf", "Hmsf") && only("PHhmsf", "Phmsf");

    let date_parts = match (day_of_year, week_of_month, week_of_year) {
        // The day of the month is what stands in the reference too.
        (true, _, _) => "YD",
        (_, true, _) => "XxwF",
        (_, _, true) => "XWF",
        _ => "YMD",
    };
    let time_parts = if half_days { "Phmsf" } else { "Hmsf" };
    let now = Moment::at(now.0 as f64);
    let mut begun = false;
    let mut ended = false;
    for letter in date_parts.chars().chain(time_parts.chars()) {
        if let Some(Some(_)) = components.get(&letter) {
            if ended {
                return Err(Error::new("D3136"));
            }
            begun = true;
            continue;
        }
        ended |= begun;
        let least = if matches!(letter, 'M' | 'D' | 'd') { 1.0 } else { 0.0 };
        components.insert(letter, Some(if begun { least } else { number(&now, letter) }));
    }
    if week_of_month || week_of_year {
        // Neither can be read yet.
        return Err(Error::new("D3136"));
    }

    let get = |letter: char| components.get(&letter).copied().flatten();
    let value = |letter: char| get(letter).unwrap_or(f64::NAN);
    let mut month = get('M').filter(|month| *month > 0.0).map_or(0.0, |month| month - 1.0);
    let mut day = value('D');
    if day_of_year {
        let derived = Moment::at(date(value('Y'), 0.0, 1.0) + (value('d') - 1.0) * DAY);
        (month, day) = (derived.month, derived.day);
    }
    let mut hour = value('H');
    if half_days {
        hour = if value('h') == 12.0 { 0.0 } else { value('h') };
        if value('P') == 1.0 {
            hour += 12.0;
        }
    }
    let millis = date_time([value('Y'), month, day, hour, value('m'), value('s'), value('f')]);
    let given = |letter: char| get(letter).filter(|offset| *offset != 0.0 && !offset.is_nan());
    let offset = given('Z').or_else(|| given('z')).unwrap_or(0.0);
    Ok(millis - offset * 60_000.0)
}
