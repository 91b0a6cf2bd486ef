//! The places of everything in a document: a tree in one vector, so that depth costs no stack.

use indexmap::IndexMap;
use indexmap::map::Entry;

use super::{Duplicate, Substitutions};
use crate::diagnostic::BYTES_MAX;
use crate::location::{At, Place, Pointer, Segment};

/// The index of a node.
pub(crate) type NodeId = usize;

/// Where every key and value of a document is. The first node is the root.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    nodes: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    key: Option<Place>,
    value: Place,
    children: Children,
}

#[derive(Debug)]
enum Children {
    None,
    Members(IndexMap<String, Member>),
    Items(Vec<NodeId>),
}

/// What a search has found, and how much more it may find.
struct Search {
    found: Vec<Duplicate>,
    bytes_left: usize,
}

impl Search {
    fn note(&mut self, at: At<'_>, place: Place) -> Option<()> {
        let pointer = at.pointer();
        self.bytes_left = self.bytes_left.checked_sub(pointer.bytes())?;
        self.found.push(Duplicate { pointer, place });
        Some(())
    }
}

/// The members of one name: the last counts, the others are lost.
#[derive(Debug)]
struct Member {
    last: NodeId,
    lost: Vec<NodeId>,
}

impl Outline {
    /// Adds a scalar, or whatever has no parts of its own.
    pub fn leaf(&mut self, key: Option<Place>, value: Place) -> NodeId {
        self.push(key, value, Children::None)
    }

    /// Adds an empty object.
    pub fn object(&mut self, key: Option<Place>, value: Place) -> NodeId {
        self.push(key, value, Children::Members(IndexMap::new()))
    }

    /// Adds an empty array.
    pub fn array(&mut self, key: Option<Place>, value: Place) -> NodeId {
        self.push(key, value, Children::Items(Vec::new()))
    }

    /// Puts a node into a container.
    pub fn attach(&mut self, container: NodeId, name: Option<String>, child: NodeId) {
        match (self.nodes.get_mut(container).map(|node| &mut node.children), name) {
            (Some(Children::Members(members)), Some(name)) => match members.entry(name) {
                Entry::Occupied(mut entry) => {
                    let member = entry.get_mut();
                    member.lost.push(std::mem::replace(&mut member.last, child));
                }
                Entry::Vacant(entry) => {
                    entry.insert(Member { last: child, lost: Vec::new() });
                }
            },
            (Some(Children::Items(items)), _) => items.push(child),
            (Some(Children::Members(_)), None) | (Some(Children::None) | None, _) => {}
        }
    }

    /// Where the value is; for a container its key, which is what a reader looks for.
    pub fn place(&self, pointer: &Pointer) -> Option<Place> {
        let node = self.find(pointer)?;
        match (&node.children, node.key) {
            (Children::Members(_) | Children::Items(_), Some(key)) => Some(key),
            (Children::None | Children::Members(_) | Children::Items(_), _) => Some(node.value),
        }
    }

    /// Where the key is, or the value where it has no key.
    pub fn key_place(&self, pointer: &Pointer) -> Option<Place> {
        let node = self.find(pointer)?;
        Some(node.key.unwrap_or(node.value))
    }

    /// Puts everything where it is in the text as written.
    pub fn moved_to_written(mut self, substitutions: &Substitutions) -> Outline {
        if !substitutions.is_empty() {
            for node in &mut self.nodes {
                node.key = node.key.map(|place| substitutions.place_as_written(place));
                node.value = substitutions.place_as_written(node.value);
            }
        }
        self
    }

    /// The members that their objects already have, in the order of the text, and whether that is all of them.
    pub fn duplicates(&self) -> (Vec<Duplicate>, bool) {
        let mut search = Search { found: Vec::new(), bytes_left: BYTES_MAX };
        let all = self.search(0, At::ROOT, &mut search).is_some();
        search.found.sort_by_key(|duplicate| duplicate.place);
        (search.found, all)
    }

    /// Goes as deep as containers are nested, which reading the document has bounded.
    fn search(&self, id: NodeId, at: At<'_>, search: &mut Search) -> Option<()> {
        match &self.nodes.get(id)?.children {
            Children::None => {}
            Children::Items(items) => {
                for (index, child) in items.iter().enumerate() {
                    self.search(*child, at.index(index), search)?;
                }
            }
            Children::Members(members) => {
                for (name, member) in members {
                    let at = at.key(name);
                    for child in member.lost.iter().chain([&member.last]).skip(1) {
                        search.note(at, self.nodes[*child].key.unwrap_or(self.nodes[*child].value))?;
                    }
                    self.search(member.last, at, search)?;
                }
            }
        }
        Some(())
    }

    fn push(&mut self, key: Option<Place>, value: Place, children: Children) -> NodeId {
        self.nodes.push(Node { key, value, children });
        self.nodes.len() - 1
    }

    fn find(&self, pointer: &Pointer) -> Option<&Node> {
        let mut node = self.nodes.first()?;
        for segment in &pointer.0 {
            let child = match (&node.children, segment) {
                (Children::Items(items), Segment::Index(index)) => items.get(*index).copied(),
                (Children::Members(members), Segment::Key(key)) => members.get(key).map(|member| member.last),
                (Children::Members(members), Segment::Index(index)) => {
                    members.get(&index.to_string()).map(|member| member.last)
                }
                (Children::Items(_), Segment::Key(_)) | (Children::None, _) => None,
            };
            node = self.nodes.get(child?)?;
        }
        Some(node)
    }
}
