//! Where something is: in the document (a pointer), in AWS's notation (`/States/X/Retry[0]`), and in the text (a place).

use std::fmt::Write;

/// Where something is in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// How many characters of that line it covers; at least 1.
    pub len: usize,
}

/// One step from a container to what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// A member of an object.
    Key(String),
    /// An item of an array, from 0.
    Index(usize),
}

/// The way from the root of a document to a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pointer(pub Vec<Segment>);

impl Pointer {
    /// Reads a JSON pointer (RFC 6901): `/States/X/Choices/0`. The empty text and `/` are the root.
    ///
    /// A number is read as an index; where the document has an object there, it is taken as a key.
    pub fn parse(text: &str) -> Pointer {
        let segments = text.trim_start_matches('/').split('/').filter(|_| text.len() > 1);
        Pointer(segments.map(|part| Segment::parse(&part.replace("~1", "/").replace("~0", "~"))).collect())
    }

    /// AWS's notation: `/` for the root, `/States/X/Retry[0]/ErrorEquals[0]` for the rest. Names are not escaped.
    pub fn location(&self) -> String {
        let mut text = String::new();
        for segment in &self.0 {
            // Writing to a String cannot fail.
            let _ = match segment {
                Segment::Key(key) => write!(text, "/{key}"),
                Segment::Index(index) => write!(text, "[{index}]"),
            };
        }
        if text.is_empty() { "/".to_owned() } else { text }
    }
}

impl Pointer {
    /// About how much memory it takes: names may be long, and many places may lie below one.
    pub(crate) fn bytes(&self) -> usize {
        let segment = |segment: &Segment| match segment {
            Segment::Key(key) => key.len() + size_of::<Segment>(),
            Segment::Index(_) => size_of::<Segment>(),
        };
        self.0.iter().map(segment).sum()
    }
}

impl Segment {
    fn parse(text: &str) -> Segment {
        let canonical = text == "0" || (!text.starts_with(['0', '+']) && !text.is_empty());
        match text.parse() {
            Ok(index) if canonical => Segment::Index(index),
            _ => Segment::Key(text.to_owned()),
        }
    }
}

/// The way to a value while walking down to it: a chain on the stack, turned into a [`Pointer`] only when needed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At<'a> {
    step: Step<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Root,
    Key(&'a At<'a>, &'a str),
    Index(&'a At<'a>, usize),
}

impl<'a> At<'a> {
    /// The root of the document.
    pub const ROOT: At<'static> = At { step: Step::Root };

    /// The member of this object.
    pub fn key(&'a self, key: &'a str) -> At<'a> {
        At { step: Step::Key(self, key) }
    }

    /// The item of this array.
    pub fn index(&'a self, index: usize) -> At<'a> {
        At { step: Step::Index(self, index) }
    }

    /// The whole way.
    pub fn pointer(&self) -> Pointer {
        let (mut segments, mut at) = (Vec::new(), *self);
        loop {
            at = match at.step {
                Step::Root => break,
                Step::Key(up, key) => {
                    segments.push(Segment::Key(key.to_owned()));
                    *up
                }
                Step::Index(up, index) => {
                    segments.push(Segment::Index(index));
                    *up
                }
            };
        }
        segments.reverse();
        Pointer(segments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_are_shown_as_aws_shows_them() {
        for (pointer, location) in [
            ("", "/"),
            ("/", "/"),
            ("/States/X", "/States/X"),
            ("/States/a~1b/Retry/0/ErrorEquals/12", "/States/a/b/Retry[0]/ErrorEquals[12]"),
            ("/States/01", "/States/01"),
        ] {
            assert_eq!(Pointer::parse(pointer).location(), location, "{pointer}");
        }
    }

    #[test]
    fn a_walk_gives_the_pointer() {
        let (states, root) = ("States", At::ROOT);
        let (a, b);
        let c = {
            a = root.key(states);
            b = a.key("X");
            b.index(3)
        };
        assert_eq!(c.pointer().location(), "/States/X[3]");
    }
}
