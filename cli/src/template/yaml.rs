//! Templates in YAML, with CloudFormation's tags: `!Sub x` is read as `Fn::Sub: x`, `!Ref x` as `Ref: x`.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};
use stepwell_asl::{Number, Place, Value};

use super::fault::{Checked, Fault};
use super::indentation::Indented;
use super::node::{Builder, DEPTH_MAX, Kind, Node, Parsed, too_deep};

/// The tags whose long form is not `Fn::` and the tag.
const WITHOUT_PREFIX: [&str; 2] = ["Ref", "Condition"];

/// Reads the only document of a YAML text.
pub fn parse(text: &str) -> Checked<Parsed> {
    shallow(text)?;
    let mut indented = Indented::new(text);
    let mut read = read(text, &indented);
    while let Err(Refused::Syntax(message, place)) = &read
        && indented.move_line(message, place.line)
    {
        read = self::read(&indented.text(), &indented);
    }
    read.map_err(|refused| match refused {
        Refused::Syntax(message, place) => Fault::new(place, format!("the template is not YAML: {message}")),
        Refused::Fault(fault) => fault,
    })
}

/// Why a text cannot be read.
enum Refused {
    /// What the parser says, and where.
    Syntax(String, Place),
    Fault(Fault),
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Refused {
        Refused::Fault(fault)
    }
}

fn read(text: &str, indented: &Indented<'_>) -> Result<Parsed, Refused> {
    let mut reader = Reader { indented, builder: Builder::default(), open: Vec::new(), anchors: HashMap::new() };
    let mut documents = 0;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let marker = error.marker();
            let place = Place { line: marker.line().max(1), column: marker.col() + 1, len: 1 };
            Refused::Syntax(error.info().to_owned(), indented.place(place))
        })?;
        if matches!(event, Event::DocumentStart(_)) {
            documents += 1;
            if documents > 1 {
                return Err(Fault::new(reader.place(span), "there is more than one document").into());
            }
        }
        reader.accept(event, span)?;
    }
    Ok(reader.builder.finish()?)
}

/// Refuses what would open more brackets than any template may nest, before the scanner keeps a state for each.
fn shallow(text: &str) -> Checked<()> {
    let (mut run, mut line, mut column) = (0, 1, 1);
    for letter in text.chars() {
        match letter {
            '[' | '{' => run += 1,
            ' ' | '\t' | '\r' | '\n' | ',' => {}
            '-' | '?' | ':' if run > 0 => run += 1,
            _ => run = 0,
        }
        if run > DEPTH_MAX {
            return Err(too_deep(Place { line, column, len: 1 }));
        }
        (line, column) = if letter == '\n' { (line + 1, 1) } else { (line, column + 1) };
    }
    Ok(())
}

struct Reader<'a> {
    indented: &'a Indented<'a>,
    builder: Builder,
    /// What was said of the containers that are open.
    open: Vec<Said>,
    anchors: HashMap<usize, Node>,
}

/// What stands before a value: its anchor and its long form.
struct Said {
    anchor: usize,
    call: Option<String>,
}

impl Reader<'_> {
    fn place(&self, span: Span) -> Place {
        self.indented.place(place(span))
    }

    fn accept(&mut self, event: Event<'_>, span: Span) -> Checked<()> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {
                Ok(())
            }
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::Scalar(text, style, anchor, tag) => self.scalar(&text, style, anchor, tag.as_deref(), span),
            Event::SequenceStart(anchor, tag) => {
                self.open(anchor, tag.as_deref(), span)?;
                self.builder.open_list(self.place(span))
            }
            Event::MappingStart(anchor, tag) => {
                self.open(anchor, tag.as_deref(), span)?;
                self.builder.open_map(self.place(span))
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some((node, said)) = self.builder.close().zip(self.open.pop()) else { return Ok(()) };
                self.put(node, said)
            }
        }
    }

    fn open(&mut self, anchor: usize, tag: Option<&Tag>, span: Span) -> Checked<()> {
        if self.builder.expects_name() {
            return Err(Fault::new(self.place(span), "a name must be a text"));
        }
        self.open.push(Said { anchor, call: call(tag) });
        Ok(())
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Checked<()> {
        if self.builder.expects_name() {
            return Err(Fault::new(self.place(span), "a name must be a text"));
        }
        let Some(node) = self.anchors.get(&anchor) else { return Err(Fault::new(self.place(span), "unknown alias")) };
        if self.builder.depth() + node.depth() > DEPTH_MAX {
            return Err(too_deep(self.place(span)));
        }
        // Before it is copied: aliases of aliases grow without end.
        self.builder.count(node.count(), self.place(span))?;
        self.builder.put(node.clone())
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, anchor: usize, tag: Option<&Tag>, span: Span) -> Checked<()> {
        let place = self.place(span);
        if self.builder.expects_name() {
            if text == "<<" && style == ScalarStyle::Plain {
                return Err(Fault::new(place, "merge keys ('<<') are not supported, here as in CloudFormation"));
            }
            return self.builder.name(text.to_owned(), place);
        }
        let call = call(tag);
        let is_text = call.is_some() || style != ScalarStyle::Plain || tag.is_some_and(|tag| tag.suffix == "str");
        let plain = if is_text { None } else { plain(text) };
        let kind = match plain {
            Some(value) => Kind::Plain { value, written: text.to_owned() },
            None => Kind::Text(text.to_owned()),
        };
        self.put(Node { place, kind }, Said { anchor, call })
    }

    fn put(&mut self, node: Node, said: Said) -> Checked<()> {
        let node = match said.call {
            Some(name) => Node::call(node.place, name, node),
            None => node,
        };
        if said.anchor > 0 {
            self.anchors.insert(said.anchor, node.clone());
        }
        self.builder.put(node)
    }
}

/// The long form of a tag, where it is one of CloudFormation's.
fn call(tag: Option<&Tag>) -> Option<String> {
    let tag = tag.filter(|tag| tag.handle == "!" && !tag.suffix.is_empty())?;
    let prefix = if WITHOUT_PREFIX.contains(&tag.suffix.as_str()) { "" } else { "Fn::" };
    Some(format!("{prefix}{}", tag.suffix))
}

/// What an unquoted text means by itself, where that is not the text.
fn plain(text: &str) -> Option<Value> {
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => {
            let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
            if !digits.starts_with(|letter: char| letter.is_ascii_digit() || letter == '.') {
                return None;
            }
            let number = text.parse::<i64>().map(Number::from).ok().or_else(|| {
                let is_number = digits.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
                text.parse::<f64>().ok().filter(|_| is_number).and_then(Number::from_f64)
            });
            Value::Number(number?)
        }
    })
}

fn place(span: Span) -> Place {
    let (start, end) = (span.start, span.end);
    let len = if start.line() == end.line() { end.col().saturating_sub(start.col()) } else { 1 };
    Place { line: start.line().max(1), column: start.col() + 1, len: len.max(1) }
}
