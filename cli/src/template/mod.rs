//! Templates of SAM and CloudFormation, and those that `cdk synth` writes: their state machines, functions and activities,
//! without a stack on AWS. What the template says of everything else (roles, events, alarms) is not looked at.

mod code;
mod conditions;
mod evaluate;
mod fault;
mod function;
mod indentation;
mod inline;
mod intrinsics;
mod json;
mod local;
mod machine;
mod naming;
mod naming_table;
mod node;
mod stack;
mod suggest;
mod yaml;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use stepwell_asl::Place as At;
use stepwell_engine::arn::Place;
use stepwell_engine::invoke::Config;
use stepwell_engine::invoke::config::{MockAnswer, Pattern, Route, Target};

pub use function::Function;
pub use machine::Machine;

use crate::files;
use crate::refusal::Refusal;
use code::Scratch;
use evaluate::Evaluator;
use fault::{Checked, Fault, Written};
use function::Properties;
use local::Files;
use node::Parsed;
use stack::{Resource, Stack};

/// The type of activities.
const ACTIVITY: &str = "AWS::StepFunctions::Activity";

/// A template's file, and what is given with it.
#[derive(Clone, Debug)]
pub struct Given {
    pub path: PathBuf,
    /// Values of parameters.
    pub parameters: BTreeMap<String, String>,
    /// What stands for names in definitions, whatever the template says of them.
    pub defines: BTreeMap<String, String>,
    /// Region and account.
    pub place: Place,
}

/// What a template makes.
#[derive(Debug)]
pub struct Template {
    written: Written,
    /// Names that their maps already have.
    repeated: Vec<Fault>,
    machines: Vec<Made<Machine>>,
    functions: Vec<Made<Function>>,
    activities: Vec<Made<String>>,
    /// Holds the code that stands in the template.
    _scratch: Scratch,
}

/// What came of a resource.
#[derive(Debug)]
pub struct Made<T> {
    /// The logical id.
    id: String,
    /// Its name, where that can be told.
    name: Option<String>,
    /// What CDK's program calls it: `Orders` where the logical id is `OrdersA9B65338`.
    construct: Option<String>,
    made: Checked<T>,
}

impl Given {
    /// Reads the template. Errors: it is no template. What is wrong with one of its resources is an error of that one.
    pub fn load(&self) -> Result<Template, Refusal> {
        let file = files::shown(&self.path);
        let text = files::template(&self.path)?;
        let written = Written::new(file, text.strip_prefix('\u{feff}').unwrap_or(&text));
        let Parsed { root, repeated } = parse(&written.text).map_err(|fault| written.refuse(&fault))?;
        let stack = Stack::new(&root, &written, &self.place, stack_name(&self.path), &self.parameters);
        let stack = stack.map_err(|fault| written.refuse(&fault))?;
        let mut reading = Reading { evaluator: Evaluator::new(&stack), files: Files::of(&self.path), given: self };
        let (mut machines, mut functions, mut activities) = (Vec::new(), Vec::new(), Vec::new());
        let mut scratch = Scratch::default();
        for resource in stack.resources.values() {
            if machine::TYPES.contains(&resource.kind) {
                machines.extend(reading.made(resource, Reading::machine));
            } else if function::TYPES.contains(&resource.kind) {
                functions.extend(reading.made(resource, |reading, resource| reading.function(resource, &mut scratch)));
            } else if resource.kind == ACTIVITY {
                activities.extend(reading.made(resource, Reading::activity));
            }
        }
        refuse_twins(&mut machines, &stack);
        refuse_twins(&mut functions, &stack);
        Ok(Template { repeated, machines, functions, activities, _scratch: scratch, written })
    }
}

/// A template that is being read.
struct Reading<'a> {
    evaluator: Evaluator<'a>,
    files: Files,
    given: &'a Given,
}

impl<'a> Reading<'a> {
    /// What comes of a resource; `None` where its condition does not hold.
    fn made<T>(
        &mut self,
        resource: &'a Resource<'a>,
        make: impl FnOnce(&mut Self, &'a Resource<'a>) -> Checked<T>,
    ) -> Option<Made<T>> {
        let is_made = match resource.condition {
            None => Ok(true),
            Some(node) => evaluate::literal(node, "Condition")
                .and_then(|name| conditions::outcome(&mut self.evaluator, name, node.place)),
        };
        let made = match is_made {
            Ok(false) => return None,
            Ok(true) => make(self, resource),
            Err(fault) => Err(fault),
        };
        let name = naming::name(&mut self.evaluator, resource).ok();
        Some(Made { id: resource.id.to_owned(), name, construct: construct(resource), made })
    }

    fn machine(&mut self, resource: &'a Resource<'a>) -> Checked<Machine> {
        machine::machine(&mut self.evaluator, resource, &self.files, &self.given.defines)
    }

    fn function(&mut self, resource: &'a Resource<'a>, scratch: &mut Scratch) -> Checked<Function> {
        let properties = Properties::of(resource, self.evaluator.stack.globals);
        function::function(&mut self.evaluator, &properties, &self.files, scratch)
    }

    fn activity(&mut self, resource: &'a Resource<'a>) -> Checked<String> {
        let name = naming::name(&mut self.evaluator, resource)?;
        machine::check_name(&name, resource).map(|()| name)
    }
}

/// The path of a resource of CDK, without the stack before it and without what stands for the resource itself.
fn construct(resource: &Resource<'_>) -> Option<String> {
    let path = resource.metadata?.get("aws:cdk:path")?.as_text()?;
    let (_, construct) = path.strip_suffix("/Resource").unwrap_or(path).split_once('/')?;
    Some(construct.to_owned())
}

/// Two of one name would be one: the second is refused.
fn refuse_twins<T>(all: &mut [Made<T>], stack: &Stack<'_>) {
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for one in all.iter_mut().filter(|one| one.made.is_ok()) {
        let Some(name) = &one.name else { continue };
        if let Some(first) = names.get(name) {
            let place = stack.resources.get(one.id.as_str()).map_or(START, |resource| resource.place);
            one.made = Err(Fault::new(place, format!("{} has the name of {first}: {name}", one.id)));
        } else {
            names.insert(name.clone(), one.id.clone());
        }
    }
}

const START: At = At { line: 1, column: 1, len: 1 };

fn parse(text: &str) -> Checked<Parsed> {
    match text.trim_start().starts_with('{') {
        true => json::parse(text).or_else(|fault| {
            // A YAML flow mapping begins like this too.
            yaml::parse(text).map_err(|_| fault)
        }),
        false => yaml::parse(text),
    }
}

/// `Orders.template.json` is of the stack Orders; else the directory's name stands for the stack's.
fn stack_name(path: &Path) -> String {
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let directory = std::path::absolute(path)
        .ok()
        .and_then(|path| path.parent()?.file_name().map(|name| name.to_string_lossy().into_owned()));
    let name = file.strip_suffix(".template.json").map(str::to_owned).or(directory).unwrap_or_default();
    let kept: String = name.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-').collect();
    if kept.starts_with(|letter: char| letter.is_ascii_alphabetic()) { kept } else { format!("stack-{kept}") }
}

impl Template {
    /// How the template is called in messages.
    pub fn file(&self) -> &str {
        &self.written.file
    }

    /// Warns of what is there twice.
    pub fn tell_repeated(&self) {
        self.repeated.iter().for_each(|fault| self.written.warn(fault));
    }

    /// The state machine of that logical id, name or path in CDK's program; the only one where none is named.
    pub fn machine(&self, named: Option<&str>) -> Result<&Machine, Refusal> {
        let file = &self.written.file;
        let all: Vec<&str> = self.machines.iter().map(|machine| machine.id.as_str()).collect();
        let found = match named {
            Some(name) => {
                let by = |is: fn(&Made<Machine>) -> Option<&str>| {
                    self.machines.iter().find(move |one| is(one) == Some(name))
                };
                by(|one| Some(&one.id))
                    .or_else(|| by(|one| one.name.as_deref()))
                    .or_else(|| by(|one| one.construct.as_deref()))
            }
            None if self.machines.len() == 1 => self.machines.first(),
            None if self.machines.is_empty() => None,
            None => {
                let message = format!("{file} has {} state machines: --state-machine NAME chooses one", all.len());
                return Err(Refusal::with_help(message, format!("its state machines: {}", all.join(", "))));
            }
        };
        match (found, named) {
            (Some(Made { made: Ok(machine), .. }), _) => Ok(machine),
            (Some(Made { id, made: Err(fault), .. }), _) => Err(machine::refuse(&self.written, id, fault)),
            (None, Some(name)) if !all.is_empty() => {
                let names = self.machines.iter().filter_map(|machine| machine.name.as_deref());
                let help = suggest::among(name, all.iter().copied().chain(names));
                let help = help.unwrap_or_else(|| format!("its state machines: {}", all.join(", ")));
                Err(Refusal::with_help(format!("{file} has no state machine '{name}'"), help))
            }
            (None, _) => Err(Refusal::new(format!("{file} has no state machines"))),
        }
    }

    /// The state machines with which nothing is wrong as far as the template goes.
    pub fn sound_machines(&self) -> impl Iterator<Item = &Machine> {
        self.machines.iter().filter_map(|machine| machine.made.as_ref().ok())
    }

    /// All state machines. Errors: what is wrong with some of them was shown.
    pub fn machines(&self) -> Result<Vec<&Machine>, Refusal> {
        self.all(&self.machines, "state machines")
    }

    /// The files that definitions lie in.
    pub fn definition_files(&self) -> impl Iterator<Item = &PathBuf> {
        self.machines.iter().filter_map(|machine| machine.made.as_ref().ok()?.file())
    }

    /// The names of all activities. Errors: what is wrong with some of them was shown.
    pub fn activities(&self) -> Result<Vec<&String>, Refusal> {
        self.all(&self.activities, "activities")
    }

    fn all<'t, T>(&self, all: &'t [Made<T>], what: &str) -> Result<Vec<&'t T>, Refusal> {
        let faults: Vec<&Fault> = all.iter().filter_map(|one| one.made.as_ref().err()).collect();
        faults.iter().for_each(|fault| self.written.tell(fault));
        match faults.len() {
            0 => Ok(all.iter().filter_map(|one| one.made.as_ref().ok()).collect()),
            wrong => Err(Refusal::new(format!("{wrong} of {} {what} in {} cannot be used", all.len(), self.file()))),
        }
    }

    /// The functions that can be started.
    pub fn functions(&self) -> impl Iterator<Item = &Function> {
        self.functions.iter().filter_map(|function| function.made.as_ref().ok())
    }

    /// The functions that cannot, with the reason and its place.
    pub fn left_out(&self) -> impl Iterator<Item = (&str, String)> {
        self.functions.iter().filter_map(|function| {
            let fault = function.made.as_ref().err()?;
            Some((function.name.as_deref().unwrap_or(&function.id), self.written.line(fault)))
        })
    }

    /// Adds the functions to the routes of tasks, after those of `stepwell.toml`. A function that cannot be started
    /// fails with the reason, unless another endpoint, or a mock of everything, would take it.
    pub fn add_routes(&self, config: &mut Config, mock_all: bool) {
        let process = |function: &Function| Route {
            pattern: Pattern::new(function.name.as_str()),
            concurrency: Some(function.concurrency),
            target: Target::Process(function.target.clone()),
        };
        config.routes.extend(self.functions().map(process));
        if mock_all || config.aws.allows(config.aws.lambda_endpoint()) {
            return;
        }
        let refused = |(name, reason): (&str, String)| {
            let cause = format!("The function {name} is left out. {reason}. A route in stepwell.toml can take it.");
            let error = MockAnswer::Error { name: "States.Runtime".to_owned(), cause: Some(cause) };
            Route { pattern: Pattern::new(name), concurrency: None, target: Target::Mock(vec![error]) }
        };
        // In a route's pattern a star stands for more than itself.
        let nameable = self.left_out().filter(|(name, _)| !name.contains('*'));
        config.routes.extend(nameable.map(refused));
    }
}

#[cfg(test)]
mod tests;
