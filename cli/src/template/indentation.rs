//! Lines within brackets and quotes that are indented less than YAML wants. SAM and CloudFormation take them, so they are
//! moved to the right before they are read, and what is found in them is moved back.

use std::collections::BTreeMap;

use stepwell_asl::Place;

/// How many bytes are read again at most, for lines that were moved.
const REREAD_BYTES_MAX: usize = 16 << 20;

/// A text, and how far its lines were moved.
pub struct Indented<'a> {
    written: &'a str,
    moved: BTreeMap<usize, usize>,
    reread: usize,
}

impl<'a> Indented<'a> {
    /// Nothing is moved yet.
    pub fn new(written: &'a str) -> Indented<'a> {
        Indented { written, moved: BTreeMap::new(), reread: 0 }
    }

    /// The text to read.
    pub fn text(&self) -> String {
        let lines = self.written.split('\n').enumerate();
        let moved = |line: usize| " ".repeat(self.moved.get(&(line + 1)).copied().unwrap_or(0));
        lines.map(|(line, text)| moved(line) + text).collect::<Vec<_>>().join("\n")
    }

    /// Moves the line that is to blame for this message at this line. False: it is about something else, or there is no end
    /// of such lines.
    pub fn move_line(&mut self, message: &str, line: usize) -> bool {
        self.reread = self.reread.saturating_add(self.written.len());
        if !message.starts_with("invalid indentation") || self.reread > REREAD_BYTES_MAX {
            return false;
        }
        let lines: Vec<&str> = self.written.split('\n').collect();
        let indent = |index: usize| {
            let text = lines.get(index).filter(|text| !text.trim().is_empty())?;
            let written = text.len() - text.trim_start_matches(' ').len();
            Some(written + self.moved.get(&(index + 1)).copied().unwrap_or(0))
        };
        let Some(first) = line.checked_sub(1) else { return false };
        let (to_blame, enough) = match message.contains("quoted") {
            // What is blamed is where the quotes begin: the line is one of those that follow.
            true => {
                let Some(enough) = indent(first).map(|indent| indent + 1) else { return false };
                let short = (first + 1..lines.len()).find(|index| indent(*index).is_some_and(|indent| indent < enough));
                (short, enough)
            }
            false => {
                // As far as the line before, which may be the one that opens the brackets: then one more.
                let before = (0..first).rev().find_map(indent).unwrap_or(0);
                (Some(first), indent(first).map_or(before, |indent| before.max(indent + 1)))
            }
        };
        match to_blame.and_then(|index| Some((index, indent(index)?))) {
            Some((index, indent)) if indent < enough => {
                *self.moved.entry(index + 1).or_default() += enough - indent;
                true
            }
            Some(_) | None => false,
        }
    }

    /// Where a place of the text that is read is written.
    pub fn place(&self, place: Place) -> Place {
        let moved = self.moved.get(&place.line).copied().unwrap_or(0);
        Place { column: place.column.saturating_sub(moved).max(1), ..place }
    }
}

#[cfg(test)]
mod tests {
    use crate::template::evaluate::json;
    use crate::template::yaml;

    /// What a text says, and where its member `z` is.
    fn check(text: &str, expected: &str, line: usize, column: usize) {
        let root = yaml::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault:?}")).root;
        assert_eq!(json(&root).to_string(), expected, "{text}");
        let place = root.member("z").unwrap().value.place;
        assert_eq!((place.line, place.column), (line, column), "{text}");
    }

    #[test]
    fn lines_within_brackets_and_quotes_may_be_anywhere() {
        check("a:\n  b:\n    {\n  \"c\": [1,\n2\n]\n}\nz: 1\n", r#"{"a":{"b":{"c":[1,2]}},"z":1}"#, 8, 4);
        check("a:\n  b: \"x\n  y\n\n z\"\nz: 1\n", r#"{"a":{"b":"x y\nz"},"z":1}"#, 6, 4);
        check("a:\n  b: 'x\ny'\nz: {q:\n1}\n", r#"{"a":{"b":"x y"},"z":{"q":1}}"#, 4, 4);
    }

    #[test]
    fn places_in_lines_that_were_moved_are_as_written() {
        let root = yaml::parse("a:\n  b:\n    {\n \"c\": 1\n}\n").unwrap().root;
        let found = root.get("a").and_then(|a| a.get("b")?.get("c")).unwrap().place;
        assert_eq!((found.line, found.column), (4, 7));
    }

    #[test]
    fn other_lines_have_to_be_where_they_belong() {
        for text in ["a:\n  b: 1\n c: 2\n", "a: [1,\n", "a: 'x\n"] {
            assert!(yaml::parse(text).is_err(), "{text}");
        }
    }
}
