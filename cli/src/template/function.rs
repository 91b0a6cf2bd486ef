//! Functions of a template: how each is started as a local process.

use std::collections::BTreeMap;
use std::time::Duration;

use stepwell_asl::Place as At;
use stepwell_engine::invoke::FunctionName;
use stepwell_engine::invoke::config::{ProcessTarget, Runtime};

use super::code::{self, Scratch};
use super::evaluate::{Evaluator, call};
use super::fault::{Checked, Fault};
use super::local::Files;
use super::naming;
use super::node::{Member, Node};
use super::stack::Resource;

/// The types of functions.
pub const TYPES: [&str; 2] = ["AWS::Serverless::Function", "AWS::Lambda::Function"];

/// Lambda's own default is three seconds, which is short for a laptop.
const TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);
const TIMEOUT_S_MAX: u32 = 86_400;
const MEMORY_MB_DEFAULT: u32 = 128;
const MEMORY_MB_MAX: u32 = 1_000_000;
const CONCURRENCY_DEFAULT: usize = 4;
const CONCURRENCY_MAX: u32 = 100_000;

/// A function that can be started.
#[derive(Clone, Debug)]
pub struct Function {
    pub name: String,
    /// `Runtime`
    pub runtime: String,
    pub target: ProcessTarget,
    /// Its code stands in the template.
    pub is_inline: bool,
    /// How many processes there may be at once.
    pub concurrency: usize,
}

/// A function's properties, and what SAM's `Globals` say of all functions.
pub struct Properties<'a> {
    pub resource: &'a Resource<'a>,
    globals: Option<&'a Node>,
}

impl<'a> Properties<'a> {
    /// Of this function.
    pub fn of(resource: &'a Resource<'a>, globals: Option<&'a Node>) -> Properties<'a> {
        let globals = globals.filter(|_| resource.kind == TYPES[0]);
        Properties { resource, globals }
    }

    /// The property as it is written: the function's own, else that of all functions.
    pub fn get(&self, name: &str) -> Option<&'a Node> {
        self.resource.property(name).or_else(|| self.globals?.get(name))
    }

    /// Both, that of all functions first.
    fn both(&self, name: &str) -> impl Iterator<Item = &'a Node> {
        [self.globals.and_then(|globals| globals.get(name)), self.resource.property(name)].into_iter().flatten()
    }
}

/// How a function is started.
pub fn function(
    evaluator: &mut Evaluator<'_>,
    properties: &Properties<'_>,
    files: &Files,
    scratch: &mut Scratch,
) -> Checked<Function> {
    let resource = properties.resource;
    let name = naming::name(evaluator, resource)?;
    if !FunctionName::parse(&name).is_plain() {
        let place = resource.property("FunctionName").map_or(resource.place, |node| node.place);
        let message = format!("'{name}' is no name of a function: letters, digits, '-' and '_' are");
        return Err(Fault::new(place, message));
    }
    if evaluator.text_or_none(properties.get("PackageType"))?.as_deref() == Some("Image") {
        return Err(Fault::new(resource.place, format!("the function {} is a container image", resource.id)));
    }
    let (runtime_at, written) = needed(evaluator, properties, "Runtime")?;
    let Some(runtime) = runtime(&written) else {
        let message = format!("the runtime {written} cannot be started here: python3, nodejs and provided can");
        return Err(Fault::new(runtime_at, message));
    };
    let handler = match properties.get("Handler") {
        None if runtime == Runtime::Provided => String::new(),
        _ => needed(evaluator, properties, "Handler")?.1,
    };
    let handler_at = properties.get("Handler").map_or(resource.place, |node| node.place);
    if runtime != Runtime::Provided && !is_handler(&handler) {
        let message = format!("'{handler}' is no handler: it names a file and a function, such as app.handler");
        return Err(Fault::new(handler_at, message));
    }
    let directory = code::directory(evaluator, properties, runtime, files, scratch)?;
    code::check(&directory, runtime, &handler, handler_at)?;
    let whole = |evaluator: &mut Evaluator<'_>, name, max| whole(evaluator, properties.get(name), name, max);
    let timeout_s = whole(evaluator, "Timeout", TIMEOUT_S_MAX)?;
    let memory_mb = whole(evaluator, "MemorySize", MEMORY_MB_MAX)?;
    let reserved = whole(evaluator, "ReservedConcurrentExecutions", CONCURRENCY_MAX)?;
    Ok(Function {
        name,
        is_inline: scratch.holds(&directory),
        runtime: written,
        target: ProcessTarget {
            runtime,
            handler,
            command: if runtime == Runtime::Provided { vec!["./bootstrap".to_owned()] } else { Vec::new() },
            directory,
            timeout: timeout_s.map_or(TIMEOUT_DEFAULT, |seconds| Duration::from_secs(seconds.into())),
            environment: environment(evaluator, properties)?,
            memory_mb: memory_mb.unwrap_or(MEMORY_MB_DEFAULT),
        },
        concurrency: reserved.map_or(CONCURRENCY_DEFAULT, |reserved| reserved as usize),
    })
}

/// What brings the Runtime API client, by AWS's names of runtimes.
fn runtime(written: &str) -> Option<Runtime> {
    if written.starts_with("python3") {
        Some(Runtime::Python3)
    } else if written.starts_with("nodejs") {
        Some(Runtime::Nodejs)
    } else if written.starts_with("provided") {
        Some(Runtime::Provided)
    } else {
        None
    }
}

/// Whether the last part of the path has a dot with something on both sides.
fn is_handler(text: &str) -> bool {
    let file = text.rsplit('/').next().unwrap_or(text);
    file.split_once('.').is_some_and(|(module, name)| !module.is_empty() && !name.is_empty() && !name.ends_with('.'))
}

fn needed(evaluator: &mut Evaluator<'_>, properties: &Properties<'_>, name: &str) -> Checked<(At, String)> {
    let Properties { resource, .. } = properties;
    let node = properties.get(name);
    match (evaluator.text_or_none(node)?, node) {
        (Some(text), Some(node)) => Ok((node.place, text)),
        _ => Err(Fault::new(resource.place, format!("the function {} has no {name}", resource.id))),
    }
}

/// A whole number from 1 on. 0 is as if it were left out: a function that may never run would be no use here.
fn whole(evaluator: &mut Evaluator<'_>, node: Option<&Node>, name: &str, max: u32) -> Checked<Option<u32>> {
    let (Some(text), Some(node)) = (evaluator.text_or_none(node)?, node) else { return Ok(None) };
    match text.parse::<u32>() {
        Ok(0) => Ok(None),
        Ok(number) if number <= max => Ok(Some(number)),
        Ok(_) | Err(_) => Err(Fault::new(node.place, format!("{name} is a whole number up to {max}, not '{text}'"))),
    }
}

/// `Environment.Variables`: those of all functions, and the function's own.
fn environment(evaluator: &mut Evaluator<'_>, properties: &Properties<'_>) -> Checked<BTreeMap<String, String>> {
    let mut made = BTreeMap::new();
    for node in properties.both("Environment") {
        let Some(node) = plain_map(evaluator, node)? else { continue };
        let Some(variables) = node.get("Variables") else { continue };
        let Some(variables) = plain_map(evaluator, variables)? else { continue };
        for Member { name, value, place } in variables.members().unwrap_or_default() {
            if name.is_empty() || name.contains(['=', '\0']) {
                return Err(Fault::new(*place, format!("'{name}' cannot be the name of a variable")));
            }
            if let Some(text) = evaluator.text_or_none(Some(value))? {
                if text.contains('\0') {
                    return Err(Fault::new(value.place, "a variable has no null characters"));
                }
                made.insert(name.clone(), text);
            }
        }
    }
    Ok(made)
}

/// A map whose members are not worked out yet; only the whole may come out of a function.
fn plain_map(evaluator: &mut Evaluator<'_>, node: &Node) -> Checked<Option<Node>> {
    let whole = match call(node.members().unwrap_or_default())? {
        Some(_) => evaluator.value(node)?,
        None => Some(node.clone()),
    };
    match whole {
        Some(whole) if whole.members().is_none() => {
            Err(Fault::new(node.place, format!("a map is needed here, not {}", whole.kind_name())))
        }
        whole => Ok(whole),
    }
}
