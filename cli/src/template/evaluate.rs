//! What a value of a template is once its intrinsic functions are worked out. Only what is asked for is worked out, so
//! that a function which is not known here is no hindrance where nobody needs it.

use std::collections::BTreeMap;

use stepwell_asl::Place as At;
use stepwell_asl::Value;

use super::fault::{Checked, Fault};
use super::node::{Kind, Member, Node};
use super::stack::{Parameter, STACK_NAME, Stack};
use super::{conditions, intrinsics, naming, suggest};

/// How deep values may be worked out within each other, and how many of them by reference. The stack has room for both.
const DEPTH_MAX: usize = 300;
const REFERENCES_MAX: usize = 50;

/// How many bytes of text a template may be worked out to, and how many values: names that repeat names grow fast.
const BYTES_MAX: usize = 16 << 20;
const VALUES_MAX: usize = 5_000_000;

/// What may be looked up only by AWS.
const DYNAMIC: &str = "{{resolve:";

/// The pseudo parameters.
const PSEUDO: [&str; 8] = [
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    STACK_NAME,
    "AWS::URLSuffix",
];

/// Works out values of one stack.
pub struct Evaluator<'a> {
    pub stack: &'a Stack<'a>,
    /// What is being worked out right now: logical ids and names of conditions.
    open: Vec<&'a str>,
    /// The names of resources and the outcomes of conditions that are known already.
    pub(super) names: BTreeMap<&'a str, String>,
    pub(super) outcomes: BTreeMap<&'a str, bool>,
    depth: usize,
    bytes: usize,
    values: usize,
}

impl<'a> Evaluator<'a> {
    /// Nothing is worked out yet.
    pub fn new(stack: &'a Stack<'a>) -> Evaluator<'a> {
        let (names, outcomes) = (BTreeMap::new(), BTreeMap::new());
        Evaluator { stack, open: Vec::new(), names, outcomes, depth: 0, bytes: 0, values: 0 }
    }

    /// What a value is. `None`: it is to be left out (`AWS::NoValue`).
    pub fn value(&mut self, node: &Node) -> Checked<Option<Node>> {
        self.deeper(node.place, |evaluator| evaluator.value_within(node))
    }

    /// Works something out one level deeper: the stack is not endless.
    pub fn deeper<T>(&mut self, at: At, work: impl FnOnce(&mut Self) -> Checked<T>) -> Checked<T> {
        self.spend(at, 1)?;
        if self.depth >= DEPTH_MAX {
            return Err(Fault::new(at, format!("this is worked out more than {DEPTH_MAX} levels deep")));
        }
        self.depth += 1;
        let made = work(self);
        self.depth -= 1;
        made
    }

    fn value_within(&mut self, node: &Node) -> Checked<Option<Node>> {
        match &node.kind {
            Kind::Plain { .. } => Ok(Some(node.clone())),
            Kind::Text(text) => {
                self.spend(node.place, text.len())?;
                match text.contains(DYNAMIC) {
                    true => {
                        let place = self.stack.written.find(node.place, DYNAMIC);
                        Err(Fault::new(place, "a dynamic reference is looked up by AWS alone"))
                    }
                    false => Ok(Some(node.clone())),
                }
            }
            Kind::List(items) => {
                let items = items.iter().map(|item| self.value(item)).filter_map(Result::transpose);
                Ok(Some(Node::list(node.place, items.collect::<Checked<_>>()?)))
            }
            Kind::Map(members) => match call(members)? {
                Some(member) => self.call(node.place, member),
                None => {
                    let mut made = Vec::with_capacity(members.len());
                    for Member { name, place, value } in members {
                        if let Some(value) = self.value(value)? {
                            made.push(Member { name: name.clone(), place: *place, value });
                        }
                    }
                    Ok(Some(Node { place: node.place, kind: Kind::Map(made) }))
                }
            },
        }
    }

    /// A value that has to be there.
    pub fn needed(&mut self, node: &Node) -> Checked<Node> {
        self.value(node)?
            .ok_or_else(|| Fault::new(node.place, "AWS::NoValue leaves nothing here, and a value is needed"))
    }

    /// A value as a text: numbers and truth values become one.
    pub fn text(&mut self, node: &Node) -> Checked<String> {
        let value = self.needed(node)?;
        match value.as_text() {
            Some(text) => Ok(text.to_owned()),
            None => Err(Fault::new(node.place, format!("a text is needed here, not {}", value.kind_name()))),
        }
    }

    /// A value as a text that may be left out.
    pub fn text_or_none(&mut self, node: Option<&Node>) -> Checked<Option<String>> {
        let Some(node) = node else { return Ok(None) };
        match self.value(node)? {
            None => Ok(None),
            Some(value) => self.text(&value).map(Some),
        }
    }

    /// Works out one of the things that others refer to. That it refers to itself is an error.
    pub fn within<T>(&mut self, id: &'a str, at: At, work: impl FnOnce(&mut Self) -> Checked<T>) -> Checked<T> {
        if let Some(first) = self.open.iter().position(|open| *open == id) {
            let circle: Vec<&str> = self.open[first..].iter().copied().chain([id]).collect();
            return Err(Fault::new(at, format!("this goes round in a circle: {}", circle.join(" -> "))));
        }
        if self.open.len() >= REFERENCES_MAX {
            return Err(Fault::new(at, format!("this refers to others more than {REFERENCES_MAX} levels deep")));
        }
        self.open.push(id);
        let made = work(self);
        self.open.pop();
        made
    }

    /// Takes account of what is made.
    pub fn spend(&mut self, at: At, bytes: usize) -> Checked<()> {
        self.values += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        match self.values > VALUES_MAX || self.bytes > BYTES_MAX {
            true => Err(Fault::new(at, format!("the template comes to more than {} MiB of text", BYTES_MAX >> 20))),
            false => Ok(()),
        }
    }

    fn call(&mut self, at: At, member: &Member) -> Checked<Option<Node>> {
        match member.name.as_str() {
            "Ref" => {
                let name = literal(&member.value, "Ref")?;
                self.reference(name, member.value.place)
            }
            "Fn::If" => conditions::choose(self, &member.value),
            _ => intrinsics::call(self, at, member).map(Some),
        }
    }

    /// What `Ref` gives.
    pub fn reference(&mut self, name: &str, at: At) -> Checked<Option<Node>> {
        if name == "AWS::NoValue" {
            return Ok(None);
        }
        if name == "AWS::NotificationARNs" {
            return Ok(Some(Node::list(at, Vec::new())));
        }
        if let Some(text) = self.pseudo(name) {
            return Ok(Some(Node::text(at, text)));
        }
        let stack = self.stack;
        if let Some(parameter) = stack.parameters.get(name) {
            return self.parameter(name, parameter, at).map(Some);
        }
        if let Some(text) = naming::reference(self, name, at)? {
            self.spend(at, text.len())?;
            return Ok(Some(Node::text(at, text)));
        }
        let fault = Fault::new(at, format!("the template has neither a parameter nor a resource '{name}'"));
        Err(fault.maybe(suggest::among(name, stack.names().chain(PSEUDO))))
    }

    fn pseudo(&self, name: &str) -> Option<String> {
        let Stack { place, name: stack, .. } = self.stack;
        Some(match name {
            "AWS::AccountId" => place.account.clone(),
            "AWS::Partition" => "aws".to_owned(),
            "AWS::Region" => place.region.clone(),
            "AWS::StackId" => format!(
                "arn:aws:cloudformation:{}:{}:stack/{stack}/00000000-0000-0000-0000-000000000000",
                place.region, place.account
            ),
            STACK_NAME => stack.clone(),
            "AWS::URLSuffix" => "amazonaws.com".to_owned(),
            _ => return None,
        })
    }

    fn parameter(&mut self, name: &str, parameter: &Parameter<'_>, at: At) -> Checked<Node> {
        let Parameter { place, declared, given } = parameter;
        let kind = declared.get("Type").and_then(Node::as_text).unwrap_or("String");
        let value = match (given, declared.get("Default")) {
            (Some(given), _) => (*given).to_owned(),
            (None, Some(_)) if kind.starts_with("AWS::SSM::Parameter::Value") => {
                let message = format!("the parameter {name} is looked up in the Parameter Store by AWS alone");
                return Err(Fault::new(at, message).help(format!("--parameter {name}=VALUE gives it a value")));
            }
            (None, Some(default)) => {
                let text = default.as_text().map(str::to_owned);
                text.ok_or_else(|| Fault::new(default.place, "the default of a parameter is a text or a number"))?
            }
            (None, None) => {
                let message = format!("the parameter {name} has no default");
                return Err(Fault::new(*place, message).help(format!("--parameter {name}=VALUE gives it a value")));
            }
        };
        allowed(name, &value, kind, parameter)?;
        self.spend(at, value.len())?;
        let is_list = kind == "CommaDelimitedList" || kind.contains("List<");
        Ok(match is_list {
            true => Node::list(at, value.split(',').map(|part| Node::text(at, part.trim())).collect()),
            false => Node::text(at, value),
        })
    }
}

fn allowed(name: &str, value: &str, kind: &str, parameter: &Parameter<'_>) -> Checked<()> {
    if kind == "Number" && value.parse::<f64>().is_err() {
        return Err(Fault::new(parameter.place, format!("the parameter {name} is a number, and '{value}' is none")));
    }
    let Some(allowed) = parameter.declared.get("AllowedValues").and_then(Node::items) else { return Ok(()) };
    let allowed: Vec<&str> = allowed.iter().filter_map(Node::as_text).collect();
    match allowed.contains(&value) {
        true => Ok(()),
        false => Err(Fault::new(
            parameter.place,
            format!("the parameter {name} cannot be '{value}': {} are allowed", allowed.join(", ")),
        )),
    }
}

/// The intrinsic function that a map stands for, if it is one.
pub fn call(members: &[Member]) -> Checked<Option<&Member>> {
    let is_call = |member: &&Member| member.name.starts_with("Fn::") || (member.name == "Ref" && members.len() == 1);
    match (members.iter().find(is_call), members) {
        (None, _) => Ok(None),
        (Some(member), [_]) => Ok(Some(member)),
        (Some(member), _) => {
            Err(Fault::new(member.place, format!("{} stands alone: a map with it has nothing else", member.name)))
        }
    }
}

/// A name that has to be written as it is.
pub fn literal<'n>(node: &'n Node, of: &str) -> Checked<&'n str> {
    match node.as_text() {
        Some(text) => Ok(text),
        None => Err(Fault::new(node.place, format!("{of} takes a name, not {}", node.kind_name()))),
    }
}

/// A value as JSON has it.
pub fn json(node: &Node) -> Value {
    match &node.kind {
        Kind::Text(text) => text.as_str().into(),
        Kind::Plain { value, .. } => value.clone(),
        Kind::List(items) => items.iter().map(json).collect(),
        Kind::Map(members) => members.iter().map(|member| (member.name.as_str(), json(&member.value))).collect(),
    }
}
