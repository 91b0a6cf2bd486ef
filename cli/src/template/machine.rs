//! State machines of a template: their definitions, what is put into them, their names and types.

use std::collections::BTreeMap;
use std::path::PathBuf;

use stepwell_asl::{MachineType, Place as At};

use super::evaluate::Evaluator;
use super::fault::{Checked, Fault, Written};
use super::local::Files;
use super::node::{Kind, Member, Node};
use super::stack::Resource;
use super::{inline, naming, suggest};
use crate::definition::{Examined, examine, examine_file};
use crate::excerpt::Finding;
use crate::origin::Origin;
use crate::output;
use crate::refusal::Refusal;

/// The types of state machines.
pub const TYPES: [&str; 2] = ["AWS::Serverless::StateMachine", "AWS::StepFunctions::StateMachine"];

/// The properties that can hold a definition.
const DEFINITIONS: [&str; 4] = ["DefinitionUri", "DefinitionS3Location", "DefinitionString", "Definition"];

/// A state machine.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Its logical id.
    pub id: String,
    pub name: String,
    pub kind: MachineType,
    /// The names of its `Events`, which do not happen here.
    pub events: Vec<String>,
    source: Source,
    substitutions: BTreeMap<String, String>,
}

#[derive(Clone, Debug)]
enum Source {
    File(PathBuf),
    /// A text that came out of the template, and where it is written there if that can be told.
    Text {
        label: String,
        text: String,
        origin: Option<Origin>,
    },
}

/// What a template says of a state machine. Substitutions that `defines` stand for are not worked out.
pub fn machine(
    evaluator: &mut Evaluator<'_>,
    resource: &Resource<'_>,
    files: &Files,
    defines: &BTreeMap<String, String>,
) -> Checked<Machine> {
    let events = resource.property("Events").and_then(Node::members).unwrap_or_default();
    let name = naming::name(evaluator, resource)?;
    check_name(&name, resource)?;
    Ok(Machine {
        id: resource.id.to_owned(),
        kind: kind(evaluator, resource)?,
        events: events.iter().map(|event| event.name.clone()).collect(),
        source: source(evaluator, resource, files)?,
        substitutions: substitutions(evaluator, resource, defines)?,
        name,
    })
}

/// Names that can be part of an ARN.
pub fn check_name(name: &str, resource: &Resource<'_>) -> Checked<()> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    match (1..=80).contains(&name.len()) && name.chars().all(allowed) {
        true => Ok(()),
        false => {
            let message = format!("'{name}' is no name: 1 to 80 letters, digits, '-', '_' and '.' are");
            let named = [resource.property("StateMachineName"), resource.property("Name")];
            let place = named.into_iter().flatten().next().map_or(resource.place, |node| node.place);
            Err(Fault::new(place, message))
        }
    }
}

fn kind(evaluator: &mut Evaluator<'_>, resource: &Resource<'_>) -> Checked<MachineType> {
    let property = resource.property("StateMachineType").or(resource.property("Type"));
    match (evaluator.text_or_none(property)?.as_deref(), property) {
        (None | Some("STANDARD"), _) => Ok(MachineType::Standard),
        (Some("EXPRESS"), _) => Ok(MachineType::Express),
        (Some(other), property) => {
            let place = property.map_or(resource.place, |node| node.place);
            let fault = Fault::new(place, format!("'{other}' is no type of state machines: STANDARD and EXPRESS are"));
            Err(fault.maybe(suggest::among(other, ["STANDARD", "EXPRESS"])))
        }
    }
}

fn source(evaluator: &mut Evaluator<'_>, resource: &Resource<'_>, files: &Files) -> Checked<Source> {
    let members = resource.properties.and_then(Node::members).unwrap_or_default();
    let mut given = None;
    for member in members.iter().filter(|member| DEFINITIONS.contains(&member.name.as_str())) {
        let Some(value) = evaluator.value(&member.value)? else { continue };
        if given.replace((member, value)).is_some() {
            return Err(Fault::new(member.place, format!("{} has a second definition", resource.id)));
        }
    }
    let Some((member, value)) = given else {
        let fault = Fault::new(resource.place, format!("the state machine {} has no definition", resource.id));
        return Err(fault.help(format!("{} can have one", DEFINITIONS.join(", "))));
    };
    let written = evaluator.stack.written;
    let label = format!("the definition of {} in {}", resource.id, written.file);
    match (member.name.as_str(), &value.kind) {
        ("DefinitionUri" | "DefinitionS3Location", Kind::Text(path)) => of_path(path, member.value.place, files),
        ("DefinitionUri" | "DefinitionS3Location", Kind::Map(_)) => of_bucket(&value, member.value.place, files),
        ("DefinitionString", Kind::Text(text)) => {
            let origin = inline::of_text(written, text_place(&member.value), text);
            Ok(Source::Text { label, text: text.clone(), origin })
        }
        ("Definition", Kind::Map(_)) => {
            let (text, origin) = inline::of_map(written, &value);
            Ok(Source::Text { label, text, origin: Some(origin) })
        }
        (name, _) => {
            let needed = if name == "Definition" { "a map" } else { "a text" };
            let fault = Fault::new(member.value.place, format!("{name} is {needed}, not {}", value.kind_name()));
            Err(match name {
                "DefinitionString" => fault.help("Definition takes a map"),
                "Definition" => fault.help("DefinitionString takes a text, DefinitionUri a path"),
                _ => fault,
            })
        }
    }
}

/// Where the text of a `DefinitionString` begins: its own place, or that of what `Fn::Sub` takes.
fn text_place(node: &Node) -> At {
    let Some([Member { value, .. }]) = node.members() else { return node.place };
    value.items().and_then(<[Node]>::first).unwrap_or(value).place
}

fn of_path(path: &str, at: At, files: &Files) -> Checked<Source> {
    if path.starts_with("s3://") {
        return Err(in_bucket(path, at));
    }
    match files.find(path) {
        Some(found) if found.is_file() => Ok(Source::File(found)),
        Some(found) => Err(Fault::new(at, format!("{} is a directory: the definition is a file", found.display()))),
        None => Err(Fault::new(at, format!("there is no file {}", files.expected(path).display()))),
    }
}

fn of_bucket(location: &Node, at: At, files: &Files) -> Checked<Source> {
    let key = location.get("Key").and_then(Node::as_text).ok_or_else(|| Fault::new(at, "the location has no Key"))?;
    match files.asset(key).filter(|found| found.is_file()) {
        Some(found) => Ok(Source::File(found)),
        None => Err(in_bucket(key, at)),
    }
}

fn in_bucket(what: &str, at: At) -> Fault {
    let help = "use the template before it was packaged, or the one in cdk.out, beside which the file lies";
    Fault::new(at, format!("the definition {what} lies in S3, and is not here")).help(help)
}

fn substitutions(
    evaluator: &mut Evaluator<'_>,
    resource: &Resource<'_>,
    defines: &BTreeMap<String, String>,
) -> Checked<BTreeMap<String, String>> {
    let mut made = BTreeMap::new();
    let Some(node) = resource.property("DefinitionSubstitutions") else { return Ok(made) };
    // The whole may come out of Fn::If.
    let whole = match super::evaluate::call(node.members().unwrap_or_default())? {
        Some(_) => evaluator.value(node)?,
        None => Some(node.clone()),
    };
    let Some(whole) = whole else { return Ok(made) };
    let wrong = || Fault::new(node.place, format!("DefinitionSubstitutions is a map, not {}", whole.kind_name()));
    for Member { name, value, .. } in whole.members().ok_or_else(wrong)? {
        if !defines.contains_key(name)
            && let Some(text) = evaluator.text_or_none(Some(value))?
        {
            made.insert(name.clone(), text);
        }
    }
    Ok(made)
}

impl Machine {
    /// The file that the definition lies in, where it has one of its own.
    pub fn file(&self) -> Option<&PathBuf> {
        match &self.source {
            Source::File(path) => Some(path),
            Source::Text { .. } => None,
        }
    }

    /// Reads and validates the definition. `defines` win over the template's substitutions.
    pub fn examine(&self, defines: &BTreeMap<String, String>, limited: bool) -> Result<Examined, Refusal> {
        let mut all = self.substitutions.clone();
        all.extend(defines.iter().map(|(name, value)| (name.clone(), value.clone())));
        let mut examined = match &self.source {
            Source::File(path) => examine_file(path, &all, self.kind, limited)?,
            Source::Text { label, text, origin } => {
                let mut examined = examine(label.clone(), text.as_bytes(), &all, self.kind, limited);
                examined.origin.clone_from(origin);
                examined
            }
        };
        examined.unused_defines.retain(|name| defines.contains_key(name));
        Ok(examined)
    }

    /// Warns of what stands for something in the definition, and nothing does in the template.
    pub fn tell_unsubstituted(&self, examined: &Examined, defines: &BTreeMap<String, String>) {
        let Some(definition) = &examined.definition else { return };
        let known = |name: &str| self.substitutions.contains_key(name) || defines.contains_key(name);
        for (place, name) in placeholders(definition.written()).filter(|(_, name)| !known(name)) {
            let message =
                format!("${{{name}}} stays as it is: DefinitionSubstitutions of {} does not have it", self.id);
            let note = suggest::among(name, self.substitutions.keys().map(String::as_str));
            let finding = Finding { note: note.as_deref(), ..Finding::warning(&message, Some(place)) };
            output::tell(&(examined.show(&finding) + "\n"));
        }
    }
}

/// `${Name}` in a definition: at most a hundred of them, with their places.
fn placeholders(text: &str) -> impl Iterator<Item = (At, &str)> {
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
    let lines = text.split('\n').enumerate();
    let found = lines.flat_map(move |(index, line)| {
        line.match_indices("${").filter_map(move |(start, _)| {
            let (name, _) = line[start + 2..].split_once('}')?;
            let column = line[..start].chars().count() + 1;
            let place = At { line: index + 1, column, len: name.chars().count() + 3 };
            is_name(name).then_some((place, name))
        })
    });
    found.take(100)
}

/// What a definition is called that cannot be shown.
pub fn refuse(written: &Written, id: &str, fault: &Fault) -> Refusal {
    written.tell(fault);
    Refusal::new(format!("the state machine {id} in {} cannot be used", written.file))
}
