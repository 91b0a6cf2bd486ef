//! Finds the parts of a picture in a text. Longest first where there is a choice, as a regular expression would, but in
//! time that only grows with the lengths of both.

use std::ops::Range;
use std::rc::Rc;

use crate::jsonata::error::Error;
use crate::jsonata::functions::picture::{SEPARATORS, WORDS};
use crate::jsonata::meter::Meter;

/// What may come next in a text.
#[derive(Debug)]
pub enum Atom {
    /// This text, in any case.
    Literal(String),
    /// So many of these characters.
    Run { of: fn(char) -> bool, least: usize, most: usize },
    /// `st`, `nd`, `rd` or `th`
    Ordinal,
    /// Words of numbers, one or more, and what joins them.
    Words,
}

/// Stands for a place from which there is no way to the end.
const NOWHERE: u32 = u32::MAX;

/// Where groups of atoms are in a text, in bytes. All of the text has to be in one of them.
pub fn find(groups: &[Vec<Atom>], text: &str, meter: &Rc<Meter>) -> Result<Option<Vec<Range<usize>>>, Error> {
    let count: usize = groups.iter().map(Vec::len).sum();
    meter.work(text.len())?;
    meter.room_for(text.len().saturating_mul(16).saturating_add(text.len().saturating_mul(count).saturating_mul(4)))?;
    let symbols: Vec<char> = text.chars().collect();
    let end = symbols.len();

    // For every atom, the last one first: where it ends when it begins at a place, so that the rest fits too.
    let mut rows: Vec<Vec<u32>> = Vec::with_capacity(count);
    let mut fits: Vec<bool> = (0..=end).map(|place| place == end).collect();
    for atom in groups.iter().flatten().rev() {
        meter.work(1 + end / 4)?;
        let row = ends(atom, &symbols, &fits, meter)?;
        fits = row.iter().map(|end| *end != NOWHERE).collect();
        rows.push(row);
    }

    let bytes: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let mut rows = rows.iter().rev();
    let mut place = 0;
    let mut found = Vec::with_capacity(groups.len());
    if !fits[0] {
        return Ok(None);
    }
    for group in groups {
        let start = place;
        for row in rows.by_ref().take(group.len()) {
            place = row[place] as usize;
        }
        found.push(bytes[start]..bytes[place]);
    }
    Ok(Some(found))
}

/// Where an atom ends for every place that it may begin at, given the places from which the rest fits.
fn ends(atom: &Atom, text: &[char], fits: &[bool], meter: &Rc<Meter>) -> Result<Vec<u32>, Error> {
    let places = 0..=text.len();
    let allowed = |end: usize| if fits.get(end) == Some(&true) { end as u32 } else { NOWHERE };
    Ok(match atom {
        Atom::Literal(literal) => {
            let literal: Vec<char> = literal.chars().map(folded).collect();
            let mut row = Vec::with_capacity(text.len() + 1);
            for place in places {
                // Where the rest does not fit there is nothing to compare.
                let end = allowed(place.saturating_add(literal.len()));
                if end == NOWHERE {
                    row.push(NOWHERE);
                    continue;
                }
                meter.work(literal.len() / 16)?;
                let same = text[place..].iter().zip(&literal).all(|(symbol, wanted)| folded(*symbol) == *wanted);
                row.push(if same { end } else { NOWHERE });
            }
            row
        }
        Atom::Run { of, least, most } => {
            // The last place up to each from which the rest fits.
            let mut last = NOWHERE;
            let latest: Vec<u32> = places
                .clone()
                .map(|place| {
                    if fits[place] {
                        last = place as u32;
                    }
                    last
                })
                .collect();
            let mut row = vec![NOWHERE; text.len() + 1];
            let mut length = 0;
            for place in places.rev() {
                length = if text.get(place).is_some_and(|symbol| of(*symbol)) { length + 1 } else { 0 };
                let end = latest[place + length.min(*most)];
                if end != NOWHERE && end as usize >= place.saturating_add(*least) {
                    row[place] = end;
                }
            }
            row
        }
        Atom::Ordinal => places
            .map(|place| match text.get(place..place + 2) {
                Some([first, second])
                    if matches!(
                        (first.to_ascii_lowercase(), second.to_ascii_lowercase()),
                        ('s', 't') | ('n', 'd') | ('r', 'd') | ('t', 'h')
                    ) =>
                {
                    allowed(place + 2)
                }
                _ => NOWHERE,
            })
            .collect(),
        Atom::Words => {
            meter.work(text.len().saturating_mul(4))?;
            let words = || WORDS.iter().map(|(word, _)| word.as_str()).chain(["and"]);
            // Behind a word: where the words end that begin here, or this place if none do.
            let mut behind = vec![NOWHERE; text.len() + 1];
            let mut row = vec![NOWHERE; text.len() + 1];
            for place in places.rev() {
                // The words are ASCII, as long in bytes as in characters.
                let here = |word: &&str| {
                    text.get(place..place + word.len()).is_some_and(|found| {
                        found.iter().zip(word.chars()).all(|(symbol, wanted)| symbol.to_ascii_lowercase() == wanted)
                    })
                };
                let lengths = words().filter(here).map(str::len);
                let joined = text.get(place).filter(|symbol| SEPARATORS.contains(symbol)).map(|_| 1);
                row[place] = lengths
                    .chain(joined)
                    .map(|length| behind[place + length])
                    .find(|end| *end != NOWHERE)
                    .unwrap_or(NOWHERE);
                behind[place] = if row[place] == NOWHERE { allowed(place) } else { row[place] };
            }
            row
        }
    })
}

/// A character without its case: its capital, where that is one character and of the same kind.
fn folded(symbol: char) -> char {
    let mut capital = symbol.to_uppercase();
    match (capital.next(), capital.next()) {
        (Some(capital), None) if (symbol.is_ascii() || !capital.is_ascii()) && symbol <= '\u{ffff}' => capital,
        _ => symbol,
    }
}
