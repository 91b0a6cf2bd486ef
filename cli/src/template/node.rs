//! A template as a tree in which everything knows its place: what YAML and JSON have in common, and the short forms of
//! intrinsic functions (`!Sub`) written out (`Fn::Sub`). What it means is not known here.

use std::collections::HashMap;

use stepwell_asl::{Place, Value};

use super::fault::Fault;

/// How many containers may enclose a value.
pub const DEPTH_MAX: usize = 128;

/// How many values a template may have, those that aliases repeat included.
pub const NODES_MAX: usize = 500_000;

/// How many names that are there twice are told of.
const REPEATED_MAX: usize = 10;

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub place: Place,
    pub kind: Kind,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A text.
    Text(String),
    /// A number, a truth value or nothing, and how it was written: `012` as a text keeps its zero.
    Plain { value: Value, written: String },
    /// A list.
    List(Vec<Node>),
    /// Members, in the order of the template. Each name is there once.
    Map(Vec<Member>),
}

/// A member of a map.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    pub name: String,
    /// Where the name is.
    pub place: Place,
    pub value: Node,
}

impl Node {
    /// A text.
    pub fn text(place: Place, text: impl Into<String>) -> Node {
        Node { place, kind: Kind::Text(text.into()) }
    }

    /// A list.
    pub fn list(place: Place, items: Vec<Node>) -> Node {
        Node { place, kind: Kind::List(items) }
    }

    /// A map with one member whose name is where the value is: a short form, written out.
    pub fn call(place: Place, name: String, argument: Node) -> Node {
        Node { place, kind: Kind::Map(vec![Member { name, place, value: argument }]) }
    }

    /// The members, where it is a map.
    pub fn members(&self) -> Option<&[Member]> {
        match &self.kind {
            Kind::Map(members) => Some(members),
            Kind::Text(_) | Kind::Plain { .. } | Kind::List(_) => None,
        }
    }

    /// The items, where it is a list.
    pub fn items(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::List(items) => Some(items),
            Kind::Text(_) | Kind::Plain { .. } | Kind::Map(_) => None,
        }
    }

    /// The member of that name.
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.members()?.iter().find(|member| member.name == name)
    }

    /// The value of the member of that name.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.member(name).map(|member| &member.value)
    }

    /// The text of a text, or of a number or truth value as it was written.
    pub fn as_text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            Kind::Plain { value: Value::Null, .. } | Kind::List(_) | Kind::Map(_) => None,
            Kind::Plain { written, .. } => Some(written),
        }
    }

    /// What kind of value it is, for messages.
    pub fn kind_name(&self) -> &'static str {
        match &self.kind {
            Kind::Text(_) => "a text",
            Kind::Plain { value: Value::Null, .. } => "nothing",
            Kind::Plain { value: Value::Bool(_), .. } => "a truth value",
            Kind::Plain { .. } => "a number",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
        }
    }

    /// How many values it is made of.
    pub fn count(&self) -> usize {
        match &self.kind {
            Kind::Text(_) | Kind::Plain { .. } => 1,
            Kind::List(items) => 1 + items.iter().map(Node::count).sum::<usize>(),
            Kind::Map(members) => 1 + members.iter().map(|member| member.value.count()).sum::<usize>(),
        }
    }

    /// How many containers are within each other.
    pub fn depth(&self) -> usize {
        match &self.kind {
            Kind::Text(_) | Kind::Plain { .. } => 0,
            Kind::List(items) => 1 + items.iter().map(Node::depth).max().unwrap_or(0),
            Kind::Map(members) => 1 + members.iter().map(|member| member.value.depth()).max().unwrap_or(0),
        }
    }
}

/// A container that is being read. Both formats build with it, so that depth costs no stack.
pub struct Open {
    place: Place,
    content: Content,
}

enum Content {
    Items(Vec<Node>),
    Members {
        members: Vec<Member>,
        /// Which member has which name.
        names: HashMap<String, usize>,
        /// The name whose value comes next.
        name: Option<(String, Place)>,
    },
}

/// Builds a tree out of what a reader sees, within the limits.
#[derive(Default)]
pub struct Builder {
    open: Vec<Open>,
    root: Option<Node>,
    nodes: usize,
    repeated: Vec<Fault>,
}

/// A template that was read.
#[derive(Debug)]
pub struct Parsed {
    pub root: Node,
    /// Names that their maps already have.
    pub repeated: Vec<Fault>,
}

impl Builder {
    /// Whether a name has to come next.
    pub fn expects_name(&self) -> bool {
        matches!(self.open.last(), Some(Open { content: Content::Members { name: None, .. }, .. }))
    }

    /// How many containers are open.
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// Opens a list.
    pub fn open_list(&mut self, place: Place) -> Result<(), Fault> {
        self.open(place, Content::Items(Vec::new()))
    }

    /// Opens a map.
    pub fn open_map(&mut self, place: Place) -> Result<(), Fault> {
        self.open(place, Content::Members { members: Vec::new(), names: HashMap::new(), name: None })
    }

    fn open(&mut self, place: Place, content: Content) -> Result<(), Fault> {
        if self.open.len() >= DEPTH_MAX {
            return Err(too_deep(place));
        }
        self.open.push(Open { place, content });
        Ok(())
    }

    /// Takes the name of the next member.
    pub fn name(&mut self, text: String, place: Place) -> Result<(), Fault> {
        if let Some(Open { content: Content::Members { names, name, .. }, .. }) = self.open.last_mut() {
            if names.contains_key(&text) && self.repeated.len() < REPEATED_MAX {
                let message = format!("'{text}' is here for the second time, and this one counts");
                self.repeated.push(Fault::new(place, message));
            }
            *name = Some((text, place));
        }
        Ok(())
    }

    /// Takes the container that was opened last, whole.
    pub fn close(&mut self) -> Option<Node> {
        let Open { place, content } = self.open.pop()?;
        let kind = match content {
            Content::Items(items) => Kind::List(items),
            Content::Members { members, .. } => Kind::Map(members),
        };
        Some(Node { place, kind })
    }

    /// Puts a value into the container that is open.
    pub fn put(&mut self, node: Node) -> Result<(), Fault> {
        self.count(1, node.place)?;
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.root = Some(node),
            Some(Content::Items(items)) => items.push(node),
            Some(Content::Members { members, names, name }) => {
                if let Some((name, place)) = name.take() {
                    let index = *names.entry(name.clone()).or_insert(members.len());
                    let member = Member { name, place, value: node };
                    match members.get_mut(index) {
                        Some(there) => *there = member, // the last one counts, as for SAM
                        None => members.push(member),
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes account of values that are put as one.
    pub fn count(&mut self, nodes: usize, place: Place) -> Result<(), Fault> {
        self.nodes += nodes;
        match self.nodes > NODES_MAX {
            true => Err(Fault::new(place, format!("a template has at most {NODES_MAX} values"))),
            false => Ok(()),
        }
    }

    /// The whole tree.
    pub fn finish(self) -> Result<Parsed, Fault> {
        let start = Place { line: 1, column: 1, len: 1 };
        let root = self.root.ok_or_else(|| Fault::new(start, "the template is empty"))?;
        Ok(Parsed { root, repeated: self.repeated })
    }
}

/// Refuses what is nested too deeply.
pub fn too_deep(place: Place) -> Fault {
    Fault::new(place, format!("a template is nested at most {DEPTH_MAX} levels deep"))
}
