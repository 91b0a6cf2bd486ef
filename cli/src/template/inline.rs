//! Definitions that stand in the template itself, with the way back from their text to the template's.

use stepwell_asl::{Place, Value};

use super::fault::Written;
use super::node::{Kind, Node};
use crate::origin::Origin;

/// The text of a `Definition`, a map in the template, as JSON.
pub fn of_map(written: &Written, definition: &Node) -> (String, Origin) {
    let mut writer =
        Writer { text: String::new(), line: 1, column: 1, origin: Origin::new(&written.file, written.text.clone()) };
    writer.value(definition, 0);
    (writer.text, writer.origin)
}

/// The text of a `DefinitionString`. `at` is where the template has it. The lines of a block (`|`) are found again in the
/// template; a text that is written otherwise is shown as it came out.
pub fn of_text(written: &Written, at: Place, text: &str) -> Option<Origin> {
    let is_header = |line: &str| line.trim_end().ends_with(['|', '-', '+']) && line.contains('|');
    let line = |line: usize| written.starting_at(line)?.split('\n').next();
    // A block begins after the line with its sign; what its place is depends on whether it is empty.
    let first = [at.line + 1, at.line].into_iter().find(|first| line(first - 1).is_some_and(is_header))?;
    let mut sources = written.starting_at(first)?.split('\n');
    let mut origin = Origin::new(&written.file, written.text.clone());
    let indent = indent(line(first)?);
    for (index, line) in text.lines().enumerate() {
        let source = sources.next()?;
        let own = source.get(indent..).unwrap_or_default().trim_end_matches('\r');
        let place = Place { line: first + index, column: indent + 1, len: own.chars().count().max(1) };
        match own == line {
            true => origin.mark_verbatim((index + 1, 1), place),
            // Something was put in for `${Name}`. Anything else is another text.
            false if own.split_once("${").is_some_and(|(before, _)| line.starts_with(before)) => {
                origin.mark((index + 1, 1), place);
            }
            false => return None,
        }
    }
    Some(origin)
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Writes JSON, and down where everything comes from.
struct Writer {
    text: String,
    line: usize,
    column: usize,
    origin: Origin,
}

impl Writer {
    fn write(&mut self, text: &str) {
        self.text.push_str(text);
        self.column += text.chars().count();
    }

    fn break_line(&mut self, depth: usize) {
        self.text.push('\n');
        (self.line, self.column) = (self.line + 1, 1);
        self.write(&"  ".repeat(depth));
    }

    fn mark(&mut self, place: Place) {
        self.origin.mark((self.line, self.column), place);
    }

    fn string(&mut self, text: &str) {
        let quoted = Value::from(text).to_string();
        self.write(&quoted);
    }

    fn value(&mut self, node: &Node, depth: usize) {
        self.mark(node.place);
        match &node.kind {
            Kind::Text(text) => self.string(text),
            Kind::Plain { value, .. } => self.write(&value.to_string()),
            Kind::List(items) if items.is_empty() => self.write("[]"),
            Kind::Map(members) if members.is_empty() => self.write("{}"),
            Kind::List(items) => {
                self.write("[");
                for (index, item) in items.iter().enumerate() {
                    self.write(if index > 0 { "," } else { "" });
                    self.break_line(depth + 1);
                    self.value(item, depth + 1);
                }
                self.break_line(depth);
                self.write("]");
            }
            Kind::Map(members) => {
                self.write("{");
                for (index, member) in members.iter().enumerate() {
                    self.write(if index > 0 { "," } else { "" });
                    self.break_line(depth + 1);
                    self.mark(member.place);
                    self.string(&member.name);
                    self.write(": ");
                    self.value(&member.value, depth + 1);
                }
                self.break_line(depth);
                self.write("}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::yaml;

    #[test]
    fn a_map_is_written_as_json_and_found_again() {
        let text = "A: {b: [1, 'x']}\nC: yes\nD: []\n";
        let written = Written::new("t".to_owned(), text);
        let node = yaml::parse(text).unwrap().root;
        let (json, origin) = of_map(&written, &node);
        let expected =
            "{\n  \"A\": {\n    \"b\": [\n      1,\n      \"x\"\n    ]\n  },\n  \"C\": \"yes\",\n  \"D\": []\n}";
        assert_eq!(json, expected);
        let at = |line, column| origin.place(Place { line, column, len: 1 }).map(|place| (place.line, place.column));
        assert_eq!(at(2, 3), Some((1, 1)), "A");
        assert_eq!(at(4, 7), Some((1, 9)), "1");
        assert_eq!(at(5, 8), Some((1, 12)), "within x");
        assert_eq!(at(8, 8), Some((2, 4)), "yes");
    }

    #[test]
    fn the_lines_of_a_block_are_found_again() {
        let text = "D: !Sub |\n    {\n      \"a\": \"${X}\"\n    }\nE: 1\n";
        let written = Written::new("t".to_owned(), text);
        let at = |resolved: &str, line, column| {
            let origin = of_text(&written, Place { line: 1, column: 9, len: 1 }, resolved)?;
            origin.place(Place { line, column, len: 1 }).map(|place| (place.line, place.column))
        };
        let resolved = "{\n  \"a\": \"arn\"\n}\n";
        assert_eq!(at(resolved, 1, 1), Some((2, 5)));
        assert_eq!(at(resolved, 2, 9), Some((3, 5)), "something was put in");
        assert_eq!(at(resolved, 3, 1), Some((4, 5)));
        assert_eq!(at("{\n\"b\"}", 1, 1), None, "another text");
    }
}
