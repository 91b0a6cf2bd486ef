//! XML: the bodies of REST with XML, and the answers of AWS Query and Amazon EC2.

use roxmltree::{Document, Node, ParsingOptions};
use stepwell_asl::{Map, Value};

use super::super::bind::Bound;
use super::super::model::{Member, Reference, Service, Shape};
use super::form::text;
use super::{DEPTH_MAX, Reading, wire_name};

/// More elements than any answer of permitted size needs, so that memory stays within a small multiple of it.
const NODES_MAX: u32 = 2_000_000;

/// The element of a value, and what is in it.
pub(super) fn body(service: &Service, name: &str, value: &Bound<'_>, place: Reference) -> String {
    let mut writer = Writer { service, text: String::with_capacity(256) };
    writer.element(name, value, place);
    writer.text
}

/// The element of some members of a structure.
pub(super) fn body_of_members(
    service: &Service,
    name: &str,
    members: &[&(&Member, Bound<'_>)],
    place: Reference,
) -> String {
    let mut writer = Writer { service, text: String::with_capacity(256) };
    writer.structure(name, members, place);
    writer.text
}

struct Writer<'m> {
    service: &'m Service,
    text: String,
}

impl Writer<'_> {
    fn open(&mut self, name: &str, place: Reference, attributes: &[(&str, String)]) {
        let traits = self.service.traits(place);
        self.text.push('<');
        self.text.push_str(name);
        if !traits.xml_space.is_empty() {
            let prefix = &traits.xml_prefix;
            let attribute = if prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{prefix}") };
            self.attribute(&attribute, &traits.xml_space);
        }
        for (name, value) in attributes {
            self.attribute(name, value);
        }
        self.text.push('>');
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.text.push(' ');
        self.text.push_str(name);
        self.text.push_str("=\"");
        self.escaped(value);
        self.text.push('"');
    }

    fn close(&mut self, name: &str) {
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push('>');
    }

    fn escaped(&mut self, text: &str) {
        for letter in text.chars() {
            match letter {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '"' => self.text.push_str("&quot;"),
                '\r' => self.text.push_str("&#13;"),
                '\n' => self.text.push_str("&#10;"),
                letter => self.text.push(letter),
            }
        }
    }

    fn element(&mut self, name: &str, value: &Bound<'_>, place: Reference) {
        match value {
            Bound::Structure(members) => {
                let members: Vec<_> = members.iter().collect();
                self.structure(name, &members, place);
            }
            Bound::List(item, items) => self.list(name, *item, items, place),
            Bound::Map(key, of, members) => self.map(name, (*key, *of), members, place),
            scalar => {
                let text = text(self.service, scalar, place);
                self.open(name, place, &[]);
                self.escaped(&text);
                self.close(name);
            }
        }
    }

    fn structure(&mut self, name: &str, members: &[&(&Member, Bound<'_>)], place: Reference) {
        let service = self.service;
        let is_attribute = |member: &Member| service.traits(member.place).xml_attribute;
        let attributes: Vec<(&str, String)> = members
            .iter()
            .filter(|(member, _)| is_attribute(member))
            .map(|(member, value)| (wire_name(service, member), text(service, value, member.place)))
            .collect();
        self.open(name, place, &attributes);
        for (member, value) in members.iter().filter(|(member, _)| !is_attribute(member)) {
            self.element(wire_name(service, member), value, member.place);
        }
        self.close(name);
    }

    fn list(&mut self, name: &str, item: Reference, items: &[Bound<'_>], place: Reference) {
        if self.service.traits(place).flattened {
            for value in items {
                self.element(name, value, item);
            }
            return;
        }
        let item_name = own_name(self.service, item, "member");
        self.open(name, place, &[]);
        for value in items {
            self.element(&item_name, value, item);
        }
        self.close(name);
    }

    fn map(
        &mut self,
        name: &str,
        (key, of): (Reference, Reference),
        members: &[(stepwell_asl::Text, Bound<'_>)],
        place: Reference,
    ) {
        let flattened = self.service.traits(place).flattened;
        let (key_name, value_name) = (own_name(self.service, key, "key"), own_name(self.service, of, "value"));
        let entry = if flattened { name } else { "entry" };
        if !flattened {
            self.open(name, place, &[]);
        }
        for (member, value) in members {
            self.text.push_str(&format!("<{entry}>"));
            self.element(&key_name, &Bound::String(member.clone()), key);
            self.element(&value_name, value, of);
            self.close(entry);
        }
        if !flattened {
            self.close(name);
        }
    }
}

fn own_name(service: &Service, place: Reference, otherwise: &str) -> String {
    let name = &*service.traits(place).location_name;
    if name.is_empty() { otherwise } else { name }.to_owned()
}

/// The result of an operation of AWS Query or Amazon EC2.
pub(super) fn read_result(reading: Reading<'_>, output: Reference, body: &[u8]) -> Result<Value, String> {
    with_root(body, |root| {
        let wrapper = &*reading.service.traits(output).result_wrapper;
        let element = match wrapper {
            "" => Some(root),
            wrapper => children(root, wrapper).next(),
        };
        let mut result = Map::default();
        if let Some(element) = element {
            members(reading, reading.service.members(output), element, 0, &mut result);
        }
        result.into()
    })
}

/// Reads the outermost element of a text. No text is an element without anything.
pub(super) fn with_root<T>(body: &[u8], read: impl FnOnce(Node<'_, '_>) -> T) -> Result<T, String> {
    let text = std::str::from_utf8(body).map_err(|error| format!("the answer is not XML: {error}"))?;
    let text = if text.trim().is_empty() { "<empty/>" } else { text.trim_start() };
    let options = ParsingOptions { nodes_limit: NODES_MAX, ..ParsingOptions::default() };
    let document =
        Document::parse_with_options(text, options).map_err(|error| format!("the answer is not XML: {error}"))?;
    Ok(read(document.root_element()))
}

pub(super) fn children<'a, 'i, 'n>(
    element: Node<'a, 'i>,
    name: &'n str,
) -> impl Iterator<Item = Node<'a, 'i>> + use<'a, 'i, 'n> {
    element.children().filter(move |child| child.is_element() && child.tag_name().name() == name)
}

/// All the text that is directly in an element.
pub(super) fn content(element: Node<'_, '_>) -> String {
    element.children().filter_map(|child| if child.is_text() { child.text() } else { None }).collect()
}

/// The members of a structure that an element has.
pub(super) fn members(reading: Reading<'_>, members: &[Member], element: Node<'_, '_>, depth: usize, result: &mut Map) {
    let service = reading.service;
    for member in members {
        let traits = service.traits(member.place);
        if traits.location != super::super::model::Location::Body {
            continue;
        }
        let name = reading.name(member);
        let read = if traits.xml_attribute {
            attribute(element, &traits.location_name).and_then(|text| reading.scalar(member.place, text, &name))
        } else {
            let wire = match service.shape(member.place) {
                // A flattened list is known by its items' name, if they have one.
                Shape::List(item) if traits.flattened && !service.traits(*item).location_name.is_empty() => {
                    &*service.traits(*item).location_name
                }
                _ => wire_name(service, member),
            };
            let found: Vec<Node<'_, '_>> = children(element, wire).collect();
            value(reading, member.place, &found, &name, depth + 1)
        };
        if let Some(read) = read {
            result.insert(name, read);
        }
    }
}

/// An attribute, whatever prefix stands for its namespace: `xsi:type` is `type` here.
fn attribute<'a>(element: Node<'a, '_>, name: &str) -> Option<&'a str> {
    let local = name.rsplit(':').next().unwrap_or(name);
    element.attributes().find(|attribute| attribute.name() == local).map(|attribute| attribute.value())
}

/// What the elements of one member say; more than one only of flattened lists and maps.
fn value(reading: Reading<'_>, place: Reference, elements: &[Node<'_, '_>], name: &str, depth: usize) -> Option<Value> {
    let first = *elements.first()?;
    if depth > DEPTH_MAX {
        return None;
    }
    let flattened = reading.service.traits(place).flattened;
    match reading.service.shape(place) {
        Shape::Structure(structure) => {
            let mut result = Map::default();
            members(reading, &structure.members, first, depth, &mut result);
            Some(result.into())
        }
        Shape::List(item) => {
            let item_name = own_name(reading.service, *item, "member");
            let items: Vec<Node<'_, '_>> = match flattened {
                true => elements.to_vec(),
                false => children(first, &item_name).collect(),
            };
            let read = items.iter().filter_map(|element| value(reading, *item, &[*element], name, depth + 1));
            Some(read.collect::<Vec<Value>>().into())
        }
        Shape::Map(key, of) => {
            let entries: Vec<Node<'_, '_>> = match flattened {
                true => elements.to_vec(),
                false => children(first, "entry").collect(),
            };
            let (key_name, value_name) =
                (own_name(reading.service, *key, "key"), own_name(reading.service, *of, "value"));
            let read = entries.iter().filter_map(|entry| {
                let key = content(children(*entry, &key_name).next()?);
                let found: Vec<Node<'_, '_>> = children(*entry, &value_name).collect();
                Some((key, value(reading, *of, &found, name, depth + 1)?))
            });
            Some(read.collect())
        }
        _ => reading.scalar(place, &content(first), name),
    }
}
