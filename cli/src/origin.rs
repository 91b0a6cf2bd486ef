//! Where the text of a definition was written that has no file of its own: within a template.

use std::sync::Arc;

use stepwell_asl::Place;

/// A text in which a definition stands, and what of it is where.
#[derive(Clone, Debug)]
pub struct Origin {
    /// How the file is called in messages.
    pub file: String,
    /// Its text.
    pub text: Arc<str>,
    /// In the order of the definition's text.
    marks: Vec<Mark>,
}

#[derive(Clone, Debug)]
struct Mark {
    /// Line and column in the definition's text, from 1.
    at: (usize, usize),
    /// Where that is written.
    place: Place,
    /// What follows in the line is written as it is.
    verbatim: bool,
}

impl Origin {
    /// Nothing is marked yet.
    pub fn new(file: &str, text: Arc<str>) -> Origin {
        Origin { file: file.to_owned(), text, marks: Vec::new() }
    }

    /// Says where a part of the definition is written; parts come in the order of the text.
    pub fn mark(&mut self, at: (usize, usize), place: Place) {
        self.marks.push(Mark { at, place, verbatim: false });
    }

    /// Says where a line of the definition is written as it is.
    pub fn mark_verbatim(&mut self, at: (usize, usize), place: Place) {
        self.marks.push(Mark { at, place, verbatim: true });
    }

    /// Where a place of the definition is written.
    pub fn place(&self, place: Place) -> Option<Place> {
        let count = self.marks.partition_point(|mark| mark.at <= (place.line, place.column));
        let Mark { at, place: written, verbatim } = self.marks.get(count.checked_sub(1)?)?;
        match verbatim {
            true if at.0 == place.line => {
                let column = written.column + (place.column - at.1);
                Some(Place { line: written.line, column, len: place.len })
            }
            true => None,
            false => Some(*written),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_between_two_marks_is_at_the_first() {
        let mut origin = Origin::new("t", "".into());
        let place = |line, column| Place { line, column, len: 1 };
        origin.mark((1, 5), place(10, 1));
        origin.mark((2, 1), place(20, 3));
        origin.mark_verbatim((3, 1), place(30, 9));
        let check = |at: (usize, usize), expected: Option<Place>| {
            assert_eq!(origin.place(place(at.0, at.1)), expected, "{at:?}");
        };
        check((1, 1), None);
        check((1, 5), Some(place(10, 1)));
        check((1, 99), Some(place(10, 1)));
        check((2, 7), Some(place(20, 3)));
        check((3, 4), Some(place(30, 12)));
        check((4, 1), None);
    }
}
