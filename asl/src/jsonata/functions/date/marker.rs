//! The picture of a date and time: text, and markers such as `[MNn,3-3]`.

use std::rc::Rc;

use crate::jsonata::error::Error;
use crate::jsonata::functions::picture::{Case, Pattern, is_space, leading_integer};
use crate::jsonata::json;
use crate::jsonata::meter::Meter;

/// A part of a picture.
#[derive(Debug)]
pub enum Part {
    /// Text.
    Literal(String),
    /// What stands in brackets.
    Marker(Box<Marker>),
}

/// What is to be shown of a moment, and how.
#[derive(Debug)]
pub struct Marker {
    /// Its letter. Letters that mean nothing are allowed where anything stands behind them.
    pub component: char,
    /// Shown by name, in this case.
    pub names: Option<Case>,
    /// Shown as a number.
    pub pattern: Option<Pattern>,
    /// Whether anything is said about its width.
    pub bounded: bool,
    /// The width it may have at most. NaN for what is no number.
    pub widest: Option<f64>,
    /// How many digits are shown of a year, or may be read of a year, month or day.
    pub digits: Option<f64>,
    /// In the traditional way: `Z` for UTC.
    pub traditional: bool,
}

/// Takes a picture apart.
pub fn parts(picture: &str, meter: &Rc<Meter>) -> Result<Vec<Part>, Error> {
    meter.work(picture.len() / 8)?;
    // The shortest marker is three bytes.
    meter.room_for((picture.len() / 3).saturating_mul(size_of::<Part>() + size_of::<Marker>()))?;
    let mut parts = Vec::new();
    let mut rest = picture;
    while let Some(open) = rest.find('[') {
        literal(&mut parts, &rest[..open]);
        let inside = &rest[open + 1..];
        if let Some(behind) = inside.strip_prefix('[') {
            parts.push(Part::Literal("[".into()));
            rest = behind;
            continue;
        }
        let Some((marker, behind)) = inside.split_once(']') else { return Err(Error::new("D3135")) };
        let marker: String = marker.chars().filter(|symbol| !is_space(*symbol)).collect();
        parts.push(Part::Marker(Box::new(Marker::parse(&marker, meter)?)));
        rest = behind;
    }
    literal(&mut parts, rest);
    Ok(parts)
}

fn literal(parts: &mut Vec<Part>, text: &str) {
    if !text.is_empty() {
        parts.push(Part::Literal(text.replace("]]", "]")));
    }
}

impl Marker {
    /// Understands what stands in the brackets, without its spaces.
    fn parse(text: &str, meter: &Rc<Meter>) -> Result<Marker, Error> {
        let unknown = |component: &str| Error::new("D3132").value_text(json::quoted(component));
        let component = text.chars().next().ok_or_else(|| unknown(""))?;
        let behind = component.len_utf8();
        let (presentation, width) = match text.rfind(',') {
            // A comma that is itself the component is also how it is to be presented.
            Some(0) => (",", Some(&text[1..])),
            Some(comma) => (&text[behind..comma], Some(&text[comma + 1..])),
            None => (&text[behind..], None),
        };
        let (narrowest, widest) = width.map_or((None, None), widths);

        let mut traditional = false;
        let mut modifier = None;
        let primary = match presentation.char_indices().next_back() {
            // The second half of a character is also something that stands behind the component.
            None if component.len_utf16() == 2 => "?",
            None => by_default(component).ok_or_else(|| unknown(&component.to_string()))?,
            Some((at, last @ ('a' | 't' | 'c' | 'o'))) if at > 0 => {
                traditional = last == 't';
                modifier = Some(last);
                &presentation[..at]
            }
            Some(_) => presentation,
        };
        let names = if primary.starts_with('n') {
            Some(Case::Lower)
        } else if primary.starts_with("Nn") {
            Some(Case::Title)
        } else if primary.starts_with('N') {
            Some(Case::Upper)
        } else {
            None
        };

        let mut pattern = None;
        let mut digits = None;
        if names.is_none() && "YMDdFWwXxHhmsf".contains(component) {
            let mut integer = match modifier {
                Some(modifier) => Pattern::parse(&format!("{primary};{modifier}"), meter)?,
                None => Pattern::parse(primary, meter)?,
            };
            if let (Some(found), Some(narrowest)) = (integer.digits_mut(), narrowest)
                && found.mandatory < narrowest
            {
                found.mandatory = narrowest;
            }
            if "YMD".contains(component) {
                digits = match (integer.digits_mut(), widest) {
                    (Some(found), Some(widest)) => {
                        found.mandatory = widest;
                        Some(widest)
                    }
                    (None, Some(widest)) => Some(widest),
                    (Some(found), None) => Some(found.mandatory + found.optional).filter(|digits| *digits >= 2.0),
                    (None, None) => None,
                };
                // This is how the reference says that there is no limit.
                digits = digits.filter(|digits| *digits != -1.0);
            }
            pattern = Some(integer);
        }
        if matches!(component, 'Z' | 'z') {
            pattern = Some(Pattern::parse(primary, meter)?);
        }
        Ok(Marker { component, names, pattern, bounded: width.is_some(), widest, digits, traditional })
    }
}

/// The least and the largest width, of `2`, `2-4`, `*-4` and the like.
fn widths(text: &str) -> (Option<f64>, Option<f64>) {
    let width = |text: &str| (text != "*").then(|| leading_integer(text));
    match text.split_once('-') {
        Some((least, largest)) => (width(least), width(largest)),
        None => (width(text), None),
    }
}

/// How a component is presented where nothing is said about it.
fn by_default(component: char) -> Option<&'static str> {
    Some(match component {
        'Y' | 'M' | 'D' | 'd' | 'W' | 'w' | 'X' | 'x' | 'H' | 'h' | 'f' => "1",
        'F' | 'P' | 'C' | 'E' => "n",
        'm' | 's' => "01",
        'Z' | 'z' => "01:01",
        _ => return None,
    })
}
