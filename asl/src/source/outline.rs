//! The places of everything in a document: a tree in one vector, so that depth costs no stack.

use indexmap::IndexMap;
use indexmap::map::Entry;

use super::Substitutions;
use crate::location::{Place, Pointer, Segment};

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

    /// Every member that its object already has, in the order of the text.
    pub fn duplicates(&self) -> Vec<super::Duplicate> {
        let mut found = Vec::new();
        let mut pending = vec![(0, Vec::new())];
        while let Some((id, path)) = pending.pop() {
            let Some(node) = self.nodes.get(id) else { continue };
            let mut follow = |segment: Segment, child: NodeId| {
                let mut path = path.clone();
                path.push(segment);
                pending.push((child, path));
            };
            match &node.children {
                Children::None => {}
                Children::Items(items) => {
                    items.iter().enumerate().for_each(|(index, child)| follow(Segment::Index(index), *child));
                }
                Children::Members(members) => {
                    for (name, member) in members {
                        follow(Segment::Key(name.clone()), member.last);
                        for child in member.lost.iter().skip(1).chain((!member.lost.is_empty()).then_some(&member.last))
                        {
                            let mut pointer = path.clone();
                            pointer.push(Segment::Key(name.clone()));
                            let place = self.nodes[*child].key.unwrap_or(self.nodes[*child].value);
                            found.push(super::Duplicate { pointer: Pointer(pointer), place });
                        }
                    }
                }
            }
        }
        found.sort_by_key(|duplicate| duplicate.place);
        found
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
