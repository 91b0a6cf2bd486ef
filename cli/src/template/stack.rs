//! A template taken apart: its parameters, mappings, conditions and resources, and the stack it would become here.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use stepwell_asl::Place as At;
use stepwell_engine::arn::Place;

use super::fault::{Checked, Fault, Written};
use super::node::{Member, Node};
use super::suggest;

/// How many resources and parameters a template may have: far more than CloudFormation allows.
const ENTRIES_MAX: usize = 10_000;

/// The parameter that names the stack.
pub const STACK_NAME: &str = "AWS::StackName";

/// A template and where it is to be.
pub struct Stack<'a> {
    pub written: &'a Written,
    /// Region and account.
    pub place: &'a Place,
    /// `AWS::StackName`
    pub name: String,
    pub parameters: IndexMap<&'a str, Parameter<'a>>,
    pub mappings: Option<&'a Node>,
    pub conditions: IndexMap<&'a str, &'a Node>,
    pub resources: IndexMap<&'a str, Resource<'a>>,
    /// `Globals.Function` of SAM.
    pub globals: Option<&'a Node>,
}

/// A parameter and what was given for it.
pub struct Parameter<'a> {
    /// Where its name is.
    pub place: At,
    pub declared: &'a Node,
    pub given: Option<&'a str>,
}

/// A resource as the template has it.
pub struct Resource<'a> {
    /// The logical id.
    pub id: &'a str,
    /// Where the logical id is.
    pub place: At,
    /// `Type`
    pub kind: &'a str,
    /// `Properties`
    pub properties: Option<&'a Node>,
    /// `Metadata`
    pub metadata: Option<&'a Node>,
    /// `Condition`: the name of the condition under which it is made.
    pub condition: Option<&'a Node>,
}

impl<'a> Resource<'a> {
    /// A property as it is written.
    pub fn property(&self, name: &str) -> Option<&'a Node> {
        self.properties?.get(name)
    }
}

impl<'a> Stack<'a> {
    /// Takes a template apart. `given` is what stands for parameters.
    pub fn new(
        root: &'a Node,
        written: &'a Written,
        place: &'a Place,
        name: String,
        given: &'a BTreeMap<String, String>,
    ) -> Checked<Stack<'a>> {
        if root.members().is_none() {
            return Err(Fault::new(root.place, format!("a template is a map, not {}", root.kind_name())));
        }
        let Some(resources) = root.member("Resources") else {
            let fault = Fault::new(root.place, "the template has no Resources");
            return Err(match root.get("StartAt").is_some() && root.get("States").is_some() {
                true => fault.help("this is a definition of a state machine: run it with `stepwell run FILE`"),
                false => fault,
            });
        };
        let mut stack = Stack {
            written,
            place,
            name: given.get(STACK_NAME).cloned().unwrap_or(name),
            parameters: parameters(root, given)?,
            mappings: root.get("Mappings"),
            conditions: section(root, "Conditions")?.map(|member| (member.name.as_str(), &member.value)).collect(),
            resources: IndexMap::new(),
            globals: root.get("Globals").and_then(|globals| globals.get("Function")),
        };
        for member in section(root, "Resources")? {
            if stack.resources.len() >= ENTRIES_MAX {
                return Err(Fault::new(resources.place, format!("a template has at most {ENTRIES_MAX} resources")));
            }
            stack.resources.insert(&member.name, resource(member)?);
        }
        Ok(stack)
    }

    /// Everything that `Ref` can name, for suggestions.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.parameters.keys().chain(self.resources.keys()).copied()
    }
}

/// The members of a part of the template; none where it is left out.
fn section<'a>(root: &'a Node, name: &str) -> Checked<impl Iterator<Item = &'a Member>> {
    let members = match root.get(name) {
        None => &[],
        Some(node) => node
            .members()
            .ok_or_else(|| Fault::new(node.place, format!("{name} is a map, not {}", node.kind_name())))?,
    };
    Ok(members.iter())
}

fn parameters<'a>(root: &'a Node, given: &'a BTreeMap<String, String>) -> Checked<IndexMap<&'a str, Parameter<'a>>> {
    let mut parameters = IndexMap::new();
    for member in section(root, "Parameters")? {
        let given = given.get(&member.name).map(String::as_str);
        let parameter = Parameter { place: member.place, declared: &member.value, given };
        parameters.insert(member.name.as_str(), parameter);
        if parameters.len() > ENTRIES_MAX {
            return Err(Fault::new(member.place, format!("a template has at most {ENTRIES_MAX} parameters")));
        }
    }
    let known = |name: &str| name == STACK_NAME || parameters.contains_key(name);
    match given.keys().find(|name| !known(name)) {
        None => Ok(parameters),
        Some(name) => {
            let place = root.member("Parameters").map_or(root.place, |member| member.place);
            let fault = Fault::new(place, format!("--parameter {name}: the template has no such parameter"));
            Err(fault.maybe(suggest::among(name, parameters.keys().copied())))
        }
    }
}

fn resource(member: &Member) -> Checked<Resource<'_>> {
    let Member { name, place, value } = member;
    if name.starts_with("Fn::ForEach") {
        return Err(Fault::new(*place, "Fn::ForEach is not supported: write its resources out"));
    }
    if name.starts_with("Fn::") {
        return Err(Fault::new(*place, format!("{name} cannot make resources here")));
    }
    let kind = value.member("Type").ok_or_else(|| Fault::new(*place, format!("the resource {name} has no Type")))?;
    let text = kind.value.as_text();
    let kind = text.ok_or_else(|| Fault::new(kind.value.place, "the Type of a resource is a text"))?;
    Ok(Resource {
        id: name,
        place: *place,
        kind,
        properties: value.get("Properties"),
        metadata: value.get("Metadata"),
        condition: value.get("Condition"),
    })
}
