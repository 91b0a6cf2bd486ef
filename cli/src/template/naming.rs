//! What `Ref` and `Fn::GetAtt` give of a resource: the names, ARNs and URLs that AWS would give it, made of its logical
//! id, region and account. Nothing of it has to be there.

use stepwell_asl::Place as At;

use super::evaluate::Evaluator;
use super::fault::{Checked, Fault};
use super::naming_table::{self, Naming};
use super::stack::{Resource, Stack};
use super::{conditions, suggest};

/// What SAM adds to the names of a function's version and alias.
const VERSION: &str = "Version";
const ALIAS: &str = "Alias";

/// What `Ref` gives of the resource of that id; `None` where there is none.
pub fn reference(evaluator: &mut Evaluator<'_>, id: &str, at: At) -> Checked<Option<String>> {
    let stack = evaluator.stack;
    if let Some((function, part)) = generated(stack, id) {
        let arn = attribute(evaluator, function.id, "Arn", at)?;
        return match part {
            VERSION => Ok(Some(format!("{arn}:1"))),
            _ => match evaluator.text_or_none(function.property("AutoPublishAlias"))? {
                Some(alias) => Ok(Some(format!("{arn}:{alias}"))),
                None => Err(Fault::new(at, format!("the function {} has no AutoPublishAlias", function.id))),
            },
        };
    }
    let Some(resource) = stack.resources.get(id) else {
        return Ok(made_by_sam(stack, id).map(|naming| filled(stack, naming.reference, id)));
    };
    made(evaluator, resource, at)?;
    match resource.kind {
        "AWS::Lambda::Version" | "AWS::Lambda::Alias" => qualified(evaluator, resource).map(Some),
        "AWS::StepFunctions::StateMachineVersion" | "AWS::StepFunctions::StateMachineAlias" => {
            Ok(Some(of_machine(evaluator, resource)?))
        }
        kind => {
            let name = name(evaluator, resource)?;
            let form = naming_table::of(kind).map_or("{name}", |naming| naming.reference);
            Ok(Some(filled(stack, form, &name)))
        }
    }
}

/// What `Fn::GetAtt` gives.
pub fn attribute(evaluator: &mut Evaluator<'_>, id: &str, attribute: &str, at: At) -> Checked<String> {
    let stack = evaluator.stack;
    let Some(resource) = stack.resources.get(id) else {
        if let Some(naming) = made_by_sam(stack, id) {
            return known(naming, attribute, at, "").map(|form| filled(stack, form, id));
        }
        let fault = Fault::new(at, format!("the template has no resource '{id}'"));
        return Err(fault.maybe(suggest::among(id, stack.resources.keys().copied())));
    };
    made(evaluator, resource, at)?;
    match (resource.kind, attribute) {
        ("AWS::Lambda::Version", "FunctionArn") | ("AWS::Lambda::Alias", "AliasArn") => {
            return qualified(evaluator, resource);
        }
        ("AWS::Lambda::Version", "Version") => return Ok("1".to_owned()),
        ("AWS::StepFunctions::StateMachineVersion" | "AWS::StepFunctions::StateMachineAlias", "Arn") => {
            return of_machine(evaluator, resource);
        }
        _ => {}
    }
    let form = match naming_table::of(resource.kind) {
        Some(naming) => known(naming, attribute, at, resource.kind)?.to_owned(),
        None => guessed(resource, attribute, at)?,
    };
    if let Some(property) = form.strip_prefix('=') {
        let value = resource.property(property);
        return match evaluator.within(resource.id, at, |evaluator| evaluator.text_or_none(value))? {
            Some(value) => Ok(value),
            None => Err(Fault::new(at, format!("the resource {id} has no {property}"))),
        };
    }
    let name = name(evaluator, resource)?;
    Ok(filled(stack, &form, &name))
}

/// The name of a resource: the one that its properties give it, else its logical id.
pub fn name(evaluator: &mut Evaluator<'_>, resource: &Resource<'_>) -> Checked<String> {
    if let Some(name) = evaluator.names.get(resource.id) {
        return Ok(name.clone());
    }
    let stack = evaluator.stack;
    let Some((id, resource)) = stack.resources.get_key_value(resource.id) else { return Ok(resource.id.to_owned()) };
    let naming = naming_table::of(resource.kind);
    let property = naming.and_then(|naming| resource.property(naming.name));
    let given = match property {
        Some(property) => {
            let work = |evaluator: &mut Evaluator<'_>| evaluator.text_or_none(Some(property));
            evaluator.within(id, property.place, work)?
        }
        None => None,
    };
    let name = given.filter(|name| !name.is_empty()).unwrap_or_else(|| match resource.kind {
        // A bucket's name is part of a host's.
        "AWS::S3::Bucket" => id.to_lowercase(),
        _ => (*id).to_owned(),
    });
    let is_fifo = |property: &str| resource.property(property).and_then(|node| node.as_text()) == Some("true");
    let name = match resource.kind {
        "AWS::SQS::Queue" if is_fifo("FifoQueue") && !name.ends_with(".fifo") => name + ".fifo",
        "AWS::SNS::Topic" if is_fifo("FifoTopic") && !name.ends_with(".fifo") => name + ".fifo",
        _ => name,
    };
    evaluator.spend(resource.place, name.len())?;
    evaluator.names.insert(id, name.clone());
    Ok(name)
}

/// Whether this is the name of a version or an alias that SAM makes for a function.
pub fn is_generated(stack: &Stack<'_>, name: &str) -> bool {
    generated(stack, name).is_some()
}

fn generated<'s, 'a>(stack: &'s Stack<'a>, name: &str) -> Option<(&'s Resource<'a>, &'static str)> {
    let (function, part) = name.split_once('.')?;
    let part = [VERSION, ALIAS].into_iter().find(|known| *known == part)?;
    let function = stack.resources.get(function)?;
    (function.kind == "AWS::Serverless::Function").then_some((function, part))
}

/// Resources that SAM makes without being told their names: the roles of functions and state machines, the APIs of events.
fn made_by_sam(stack: &Stack<'_>, id: &str) -> Option<&'static Naming> {
    let of_serverless = |id: &str| stack.resources.get(id).is_some_and(|one| one.kind.starts_with("AWS::Serverless::"));
    match id {
        "ServerlessRestApi" => naming_table::of("AWS::ApiGateway::RestApi"),
        "ServerlessHttpApi" => naming_table::of("AWS::ApiGatewayV2::Api"),
        _ => id.strip_suffix("Role").filter(|id| of_serverless(id)).and_then(|_| naming_table::of("AWS::IAM::Role")),
    }
}

/// Refuses what is not made under these conditions.
fn made(evaluator: &mut Evaluator<'_>, resource: &Resource<'_>, at: At) -> Checked<()> {
    let Some(condition) = resource.condition.and_then(|node| node.as_text()) else { return Ok(()) };
    match conditions::outcome(evaluator, condition, at)? {
        true => Ok(()),
        false => {
            let id = resource.id;
            Err(Fault::new(at, format!("the resource {id} is not made: its condition {condition} does not hold")))
        }
    }
}

/// The form of an attribute of a type that is known.
fn known<'n>(naming: &'n Naming, attribute: &str, at: At, kind: &str) -> Checked<&'n str> {
    let found = naming.attributes.iter().find(|(name, _)| *name == attribute);
    found.map(|(_, form)| *form).ok_or_else(|| {
        let kind = if kind.is_empty() { "this resource" } else { kind };
        let fault = Fault::new(at, format!("{kind} has no attribute '{attribute}' that is known here"));
        fault.maybe(suggest::among(attribute, naming.attributes.iter().map(|(name, _)| *name)))
    })
}

/// The form of an attribute of any other type, where its name tells.
fn guessed(resource: &Resource<'_>, attribute: &str, at: At) -> Checked<String> {
    let kind = resource.kind;
    if kind.starts_with("Custom::") || kind == "AWS::CloudFormation::CustomResource" {
        return Err(Fault::new(at, "what a custom resource answers is not known here"));
    }
    match attribute {
        name if name.ends_with("Arn") => {
            let (service, what) =
                kind.strip_prefix("AWS::").and_then(|kind| kind.split_once("::")).unwrap_or((kind, ""));
            let (service, what) = (service.to_lowercase(), what.to_lowercase());
            Ok(format!("arn:aws:{service}:{{region}}:{{account}}:{what}/{{name}}"))
        }
        name if name.ends_with("Name") || name.ends_with("Id") => Ok("{name}".to_owned()),
        _ => Err(Fault::new(at, format!("the attribute '{attribute}' of {kind} is not known here"))),
    }
}

/// `arn:aws:lambda:...:function:name:1`, or with an alias
fn qualified(evaluator: &mut Evaluator<'_>, resource: &Resource<'_>) -> Checked<String> {
    let (id, at) = (resource.id, resource.place);
    let Some((id, resource)) = evaluator.stack.resources.get_key_value(id) else { return Ok(id.to_owned()) };
    let function = resource.property("FunctionName");
    let function = evaluator.within(id, at, |evaluator| evaluator.text_or_none(function))?;
    let Some(function) = function else { return Err(Fault::new(at, format!("{id} names no function"))) };
    let arn = match function.starts_with("arn:") {
        true => function,
        false => filled(evaluator.stack, naming_table::FUNCTION_ARN, &function),
    };
    let qualifier = match resource.kind {
        "AWS::Lambda::Version" => "1".to_owned(),
        _ => name(evaluator, resource)?,
    };
    Ok(format!("{arn}:{qualifier}"))
}

/// The ARN of a state machine's version or alias.
fn of_machine(evaluator: &mut Evaluator<'_>, resource: &Resource<'_>) -> Checked<String> {
    let (id, at) = (resource.id, resource.place);
    let Some((id, resource)) = evaluator.stack.resources.get_key_value(id) else { return Ok(id.to_owned()) };
    if resource.kind == "AWS::StepFunctions::StateMachineVersion" {
        let machine = resource.property("StateMachineArn");
        let machine = evaluator.within(id, at, |evaluator| evaluator.text_or_none(machine))?;
        let machine = machine.ok_or_else(|| Fault::new(at, format!("{id} names no state machine")))?;
        return Ok(format!("{machine}:1"));
    }
    // An alias leads to versions, and these have the state machine's ARN before theirs.
    let routes = resource.property("RoutingConfiguration").or_else(|| {
        resource.property("DeploymentPreference").and_then(|preference| preference.get("StateMachineVersionArn"))
    });
    let version = match routes {
        Some(node) => {
            let value = evaluator.within(id, at, |evaluator| evaluator.needed(node))?;
            let first = value.items().and_then(|routes| routes.first()?.get("StateMachineVersionArn")).cloned();
            first.unwrap_or(value).as_text().map(str::to_owned)
        }
        None => None,
    };
    let name = name(evaluator, resource)?;
    match version.as_deref().and_then(|version| version.rsplit_once(':')) {
        Some((machine, _)) => Ok(format!("{machine}:{name}")),
        None => Err(Fault::new(at, format!("{id} names no version of a state machine"))),
    }
}

fn filled(stack: &Stack<'_>, form: &str, name: &str) -> String {
    let form = form.replace("{region}", &stack.place.region).replace("{account}", &stack.place.account);
    form.replace("{name}", name)
}
