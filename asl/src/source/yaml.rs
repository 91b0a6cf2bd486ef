//! YAML text: the core schema of YAML 1.2, restricted to what JSON can say. Anchors are shared, not copied.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};

use super::outline::{NodeId, Outline};
use super::{DEPTH_MAX, Duplicate, SyntaxError, Wrong};
use crate::location::{Place, Pointer};
use crate::value::{Map, Number, Value};

/// How many bytes of JSON all aliases together may stand for.
const EXPANSION_BYTES_MAX: usize = 4 << 20;

/// The key that merges a mapping into another in YAML 1.1. YAML 1.2 has it no more, but those who write it mean it.
const MERGE: &str = "<<";

/// A document, with the places of what it holds.
pub(crate) struct Document {
    pub value: Value,
    pub outline: Outline,
    /// The members that their objects already have, and whether that is all of them.
    pub duplicates: (Vec<Duplicate>, bool),
}

/// Reads the only document of a YAML text.
pub(crate) fn parse(text: &str) -> Result<Document, SyntaxError> {
    shallow(text)?;
    let mut builder = Builder::default();
    let mut documents = 0;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| scan_error(&error))?;
        if matches!(event, Event::DocumentStart(_)) {
            documents += 1;
            if documents > 1 {
                return Err(wrong(span, "There is more than one document"));
            }
        }
        builder.accept(event, span)?;
    }
    let duplicates = if builder.repeated { builder.outline.duplicates() } else { (Vec::new(), true) };
    Ok(Document { value: builder.root.unwrap_or_default(), outline: builder.outline, duplicates })
}

/// Refuses what would open more brackets than any document may nest, before the scanner keeps a state for each.
fn shallow(text: &str) -> Result<(), SyntaxError> {
    let mut run = 0;
    for (offset, byte) in text.bytes().enumerate() {
        match byte {
            b'[' | b'{' => run += 1,
            b' ' | b'\t' | b'\r' | b'\n' | b',' => {}
            b'-' | b'?' | b':' if run > 0 => run += 1,
            _ => run = 0,
        }
        if run > DEPTH_MAX {
            return Err(too_deep(super::place_of(text, offset)));
        }
    }
    Ok(())
}

#[derive(Default)]
struct Builder {
    outline: Outline,
    open: Vec<Open>,
    anchors: HashMap<usize, Value>,
    expanded: usize,
    repeated: bool,
    root: Option<Value>,
}

struct Open {
    node: NodeId,
    anchor: usize,
    content: Content,
}

enum Content {
    Items(Vec<Value>),
    Members { members: Map, name: Option<(String, Place)> },
}

impl Builder {
    fn accept(&mut self, event: Event<'_>, span: Span) -> Result<(), SyntaxError> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {
                Ok(())
            }
            Event::Alias(anchor) => {
                let value = self.anchors.get(&anchor).cloned().ok_or_else(|| wrong(span, "Unknown alias"))?;
                self.expanded = self.expanded.saturating_add(value.json_bytes());
                if self.expanded > EXPANSION_BYTES_MAX {
                    return Err(wrong(span, "Aliases expand to more than 4 MiB"));
                }
                if self.open.len() + value.depth() > DEPTH_MAX {
                    return Err(too_deep(place(span)));
                }
                self.scalar(value, span)
            }
            Event::Scalar(text, style, anchor, tag) => {
                if self.expects_name() {
                    if text == MERGE && style == ScalarStyle::Plain {
                        let message = "Merge keys ('<<') are not supported: an alias can only be a whole value";
                        return Err(wrong(span, message));
                    }
                    return self.name(text.into_owned(), span);
                }
                let value = scalar(&text, style, tag.as_deref()).map_err(|message| wrong(span, &message))?;
                if anchor > 0 {
                    self.anchors.insert(anchor, value.clone());
                }
                self.scalar(value, span)
            }
            Event::SequenceStart(anchor, _) => self.open(anchor, span, Content::Items(Vec::new())),
            Event::MappingStart(anchor, _) => {
                self.open(anchor, span, Content::Members { members: Map::default(), name: None })
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.close();
                Ok(())
            }
        }
    }

    fn expects_name(&self) -> bool {
        matches!(self.open.last(), Some(Open { content: Content::Members { name: None, .. }, .. }))
    }

    fn name(&mut self, text: String, span: Span) -> Result<(), SyntaxError> {
        if let Some(Open { content: Content::Members { members, name }, .. }) = self.open.last_mut() {
            self.repeated |= members.contains_key(text.as_str());
            *name = Some((text, place(span)));
        }
        Ok(())
    }

    fn scalar(&mut self, value: Value, span: Span) -> Result<(), SyntaxError> {
        if self.expects_name() {
            return Err(wrong(span, "A key must be a scalar"));
        }
        let key = self.key();
        let node = self.outline.leaf(key, place(span));
        self.attach(node);
        self.put(value);
        Ok(())
    }

    fn open(&mut self, anchor: usize, span: Span, content: Content) -> Result<(), SyntaxError> {
        if self.expects_name() {
            return Err(wrong(span, "A key must be a scalar"));
        }
        if self.open.len() >= DEPTH_MAX {
            return Err(too_deep(place(span)));
        }
        let key = self.key();
        let node = match content {
            Content::Items(_) => self.outline.array(key, place(span)),
            Content::Members { .. } => self.outline.object(key, place(span)),
        };
        self.attach(node);
        self.open.push(Open { node, anchor, content });
        Ok(())
    }

    fn close(&mut self) {
        let Some(Open { anchor, content, .. }) = self.open.pop() else { return };
        let value: Value = match content {
            Content::Items(items) => items.into(),
            Content::Members { members, .. } => members.into(),
        };
        if anchor > 0 {
            self.anchors.insert(anchor, value.clone());
        }
        self.put(value);
    }

    fn key(&self) -> Option<Place> {
        match self.open.last() {
            Some(Open { content: Content::Members { name: Some((_, place)), .. }, .. }) => Some(*place),
            _ => None,
        }
    }

    fn attach(&mut self, node: NodeId) {
        if let Some(open) = self.open.last() {
            let name = match &open.content {
                Content::Members { name: Some((name, _)), .. } => Some(name.clone()),
                Content::Members { name: None, .. } | Content::Items(_) => None,
            };
            self.outline.attach(open.node, name, node);
        }
    }

    fn put(&mut self, value: Value) {
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.root = Some(value),
            Some(Content::Items(items)) => items.push(value),
            Some(Content::Members { members, name }) => {
                if let Some((name, _)) = name.take() {
                    members.insert(name.into(), value);
                }
            }
        }
    }
}

/// A scalar by the core schema. A tag that is not the core schema's, such as `!Sub`, is ignored.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, String> {
    let tag = tag.filter(|tag| tag.is_yaml_core_schema()).map(|tag| tag.suffix.as_str());
    match (tag, style) {
        (Some("str"), _) => Ok(text.into()),
        (Some(_), _) | (None, ScalarStyle::Plain) => plain(text),
        (None, _) => Ok(text.into()),
    }
}

fn plain(text: &str) -> Result<Value, String> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => match number(text) {
            Some(Ok(number)) => Value::Number(number),
            Some(Err(message)) => return Err(message),
            None => text.into(),
        },
    })
}

/// The number, where the text is one: decimal, `0o17`, `0x1f`, or a float; not those that JSON has no words for.
fn number(text: &str) -> Option<Result<Number, String>> {
    if let Some(digits) = text.strip_prefix("0o") {
        return u64::from_str_radix(digits, 8).ok().map(|value| Ok(value.into()));
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return u64::from_str_radix(digits, 16).ok().map(|value| Ok(value.into()));
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Some(Err(format!("'{text}' is not a number that JSON has")));
    }
    let mantissa = unsigned.split(['e', 'E']).next().unwrap_or(unsigned);
    let plausible = unsigned.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte))
        && mantissa.bytes().any(|byte| byte.is_ascii_digit());
    if !plausible {
        return None;
    }
    if let Ok(value) = text.parse::<i64>() {
        return Some(Ok(value.into()));
    }
    if let Ok(value) = text.parse::<u64>() {
        return Some(Ok(value.into()));
    }
    let value = text.parse::<f64>().ok()?;
    Some(Number::from_f64(value).ok_or_else(|| format!("Number out of range: '{text}'")))
}

fn place(span: Span) -> Place {
    let (start, end) = (span.start, span.end);
    let len = if start.line() == end.line() { end.col().saturating_sub(start.col()) } else { 1 };
    Place { line: start.line(), column: start.col() + 1, len: len.max(1) }
}

fn wrong(span: Span, message: &str) -> SyntaxError {
    SyntaxError { kind: Wrong::Syntax, message: message.to_owned(), place: place(span) }
}

fn too_deep(place: Place) -> SyntaxError {
    SyntaxError { kind: Wrong::Depth, message: format!("Definition is nested deeper than {DEPTH_MAX} levels"), place }
}

fn scan_error(error: &ScanError) -> SyntaxError {
    let marker = error.marker();
    let mut message = error.info().to_owned();
    if let Some(first) = message.get(..1).map(str::to_uppercase) {
        message.replace_range(..1, &first);
    }
    let place = Place { line: marker.line().max(1), column: marker.col() + 1, len: 1 };
    SyntaxError { kind: Wrong::Syntax, message, place }
}

impl Duplicate {
    /// The repeated name.
    pub fn name(&self) -> &str {
        match self.pointer.0.last() {
            Some(crate::location::Segment::Key(name)) => name,
            _ => "",
        }
    }

    /// The object that has it twice.
    pub fn holder(&self) -> Pointer {
        let mut pointer = self.pointer.clone();
        pointer.0.pop();
        pointer
    }
}
