//! What a resource names: an operation of a service, through AWS's SDK (`aws-sdk:`) or through an optimised integration,
//! and the words in which each of the two tells results and errors.

use std::sync::Arc;

use serde_json::json;
use stepwell_asl::resource::{Pattern, Resource, ResourceKind};
use stepwell_asl::{Map, Value};

use super::super::Answer;
use super::model::{self, Entry, Operation, Service, error_name, nearest};
use super::optimised::{self, Action, Optimised};
use super::protocol::{self, Fault, Naming, Response};

/// The longest cause of an error, in characters: the limit of the Step Functions API.
const CAUSE_CHARS_MAX: usize = 32_768;

/// Headers that optimised integrations show, in their order and with their capitals.
const HEADER_ORDER: [&str; 8] = [
    "Server",
    "Connection",
    "x-amzn-RequestId",
    "x-amz-crc32",
    "Content-Length",
    "Date",
    "Content-Type",
    "X-Amzn-Trace-Id",
];

/// How a task calls an operation.
#[derive(Clone, Debug)]
pub struct Integration {
    /// The service.
    pub service: Arc<Service>,
    operation: usize,
    /// Which words are used.
    pub form: Form,
    /// What the task waits for.
    pub pattern: Pattern,
}

/// Which of the two ways a resource goes.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// `arn:aws:states:::aws-sdk:dynamodb:putItem`
    Sdk,
    /// `arn:aws:states:::dynamodb:putItem`
    Optimised(&'static Optimised, &'static Action),
}

/// The service that a resource leads to, if it leads to one; nothing is unpacked.
pub fn entry(resource: &str) -> Option<&'static Entry> {
    let ResourceKind::Service { service, action, .. } = Resource::parse(resource).kind else { return None };
    let name = match service.strip_prefix("aws-sdk:") {
        Some(name) => name.to_owned(),
        None if is_gateway(resource) => "apigateway".to_owned(),
        None => optimised::find(&service, bare_action(&action))?.1.service.to_owned(),
    };
    model::entry(&name)
}

/// Whether some service takes this resource: `aws-sdk:` and every optimised integration that is called as a service.
pub fn is_service(resource: &str) -> bool {
    match Resource::parse(resource).kind {
        ResourceKind::Service { service, .. } => {
            service.starts_with("aws-sdk:") || optimised::service(&service).is_some() || is_gateway(resource)
        }
        ResourceKind::Function | ResourceKind::Activity => false,
    }
}

/// Whether a resource calls an API behind API Gateway, which no model describes.
pub fn is_gateway(resource: &str) -> bool {
    match Resource::parse(resource).kind {
        ResourceKind::Service { service, action, .. } => &*service == "apigateway" && bare_action(&action) == "invoke",
        ResourceKind::Function | ResourceKind::Activity => false,
    }
}

/// What a resource names. The error says what it does not, and what was perhaps meant.
pub fn resolve(resource: &str) -> Result<Integration, String> {
    let parsed = Resource::parse(resource);
    let ResourceKind::Service { service, action, pattern } = parsed.kind else {
        return Err(format!("The resource '{resource}' is no service"));
    };
    let refuse = |why: String| Err(format!("The resource '{resource}' is not recognized: {why}"));
    let action = bare_action(&action);
    if let Some(name) = service.strip_prefix("aws-sdk:") {
        if pattern == Pattern::Sync {
            return refuse("SDK integrations do not wait for jobs (.sync)".to_owned());
        }
        return match of_sdk(name, action) {
            Ok((service, operation)) => Ok(Integration { service, operation, form: Form::Sdk, pattern }),
            Err(why) => refuse(why),
        };
    }
    let Some((optimised, of_action)) = optimised::find(&service, action) else {
        return refuse(optimised::unknown(&service, action));
    };
    if pattern == Pattern::Sync && of_action.job.is_none() {
        return refuse(format!("'{action}' has no .sync"));
    }
    let (service, operation) = of_sdk(of_action.service, of_action.operation)?;
    Ok(Integration { service, operation, form: Form::Optimised(optimised, of_action), pattern })
}

/// An operation by the names that SDK integrations have.
pub fn of_sdk(name: &str, action: &str) -> Result<(Arc<Service>, usize), String> {
    let Some(service) = model::service(name) else {
        let of_botocore = model::entries().iter().find(|entry| entry.botocore == name).map(|entry| &*entry.name);
        let names = || model::entries().iter().map(|entry| &*entry.name);
        let meant = of_botocore.or_else(|| nearest(name, names()));
        return Err(format!("there is no service '{name}'{}", did_you_mean(meant)));
    };
    let Some(operation) = service.action_place(action) else {
        let names = service.operations().iter().map(|operation| &*operation.action);
        let meant = nearest(action, names);
        return Err(format!("the service '{name}' has no action '{action}'{}", did_you_mean(meant)));
    };
    if !protocol::is_callable(&service, &service.operations()[operation]) {
        return Err(format!("the action '{action}' of '{name}' has streams of events, which tasks cannot use"));
    }
    Ok((service, operation))
}

fn did_you_mean(meant: Option<&str>) -> String {
    meant.map(|meant| format!(". Did you mean '{meant}'?")).unwrap_or_default()
}

/// `runTask.sync` is `runTask`.
fn bare_action(action: &str) -> &str {
    action.split('.').next().unwrap_or(action)
}

/// What is wrong with the names of a task's parameters, before they have values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParameterFault {
    /// There is no such parameter.
    Unknown {
        /// Its name.
        name: String,
        /// What was perhaps meant.
        meant: Option<String>,
    },
    /// A parameter that must be given is not.
    Missing(String),
}

impl Integration {
    /// The operation.
    pub fn operation(&self) -> &Operation {
        &self.service.operations()[self.operation]
    }

    /// Checks the names of a task's parameters, for whoever validates a definition. A `.$` behind a name is the caller's to
    /// take away.
    pub fn parameter_faults(&self, given: &[&str]) -> Vec<ParameterFault> {
        let known = self.parameters();
        let is_known = |name: &str| known.iter().any(|parameter| parameter.names.contains(&name));
        let unknown = given.iter().filter(|name| !is_known(name)).map(|name| ParameterFault::Unknown {
            name: (*name).to_owned(),
            meant: nearest(name, known.iter().map(|parameter| parameter.names[0])).map(str::to_owned),
        });
        let is_missing =
            |parameter: &&Known<'_>| parameter.required && !given.iter().any(|name| parameter.names.contains(name));
        let missing =
            known.iter().filter(is_missing).map(|parameter| ParameterFault::Missing(parameter.names[0].into()));
        unknown.chain(missing).collect()
    }

    /// The parameters that a task may give, under the integration's own name first.
    fn parameters(&self) -> Vec<Known<'_>> {
        if let Form::Optimised(_, Action { shape: Some(shape), .. }) = &self.form
            && !shape.parameters.is_empty()
        {
            let name = |parameter: &optimised::Parameter| match parameter.from {
                optimised::Source::Input(name) => Some(Known { names: [name, name], required: false }),
                optimised::Source::Output(_) | optimised::Source::Text(_) => None,
            };
            return shape.parameters.iter().filter_map(name).collect();
        }
        let Some(input) = self.operation().input else { return Vec::new() };
        let service = &self.service;
        let members = service.members(input).iter();
        let named = members.map(|member| Known {
            names: match self.form {
                Form::Sdk => [&*member.sdk_name, &*member.plain_name],
                Form::Optimised(_, _) => [&*member.plain_name, &*member.sdk_name],
            },
            required: member.required && !service.traits(member.place).idempotency_token,
        });
        named.collect()
    }
}

/// A parameter under its two names.
struct Known<'m> {
    names: [&'m str; 2],
    required: bool,
}

impl Form {
    /// How results name their members.
    pub fn naming(&self) -> Naming {
        match self {
            Form::Sdk => Naming::Sdk,
            Form::Optimised(_, _) => Naming::Plain,
        }
    }

    /// An error of the service, in this integration's words.
    pub fn fault(&self, service: &Service, fault: &Fault) -> Answer {
        let message = fault.message.as_deref().unwrap_or("null");
        let id = fault.request_id.as_deref().unwrap_or("null");
        let code = fault.code.as_deref().unwrap_or_default();
        let known = service.error(code);
        match self {
            Form::Sdk => {
                let class = &service.entry.class;
                let name = match known {
                    Some(shape) => error_name(shape),
                    None => format!("{class}Exception"),
                };
                let extended = fault.extended_request_id.as_ref();
                let extended = extended.map(|id| format!(", Extended Request ID: {id}")).unwrap_or_default();
                let cause = format!(
                    "{message} (Service: {class}, Status Code: {}, Request ID: {id}{extended}) (SDK Attempt Count: 1)",
                    fault.status
                );
                Answer::failed(format!("{class}.{name}"), shortened(&cause))
            }
            Form::Optimised(of, _) => {
                let name = known.map_or_else(|| of.exception.to_owned(), |shape| error_name_plain(shape));
                let code = if code.is_empty() { "null" } else { code };
                let cause = format!(
                    "{message} (Service: {}; Status Code: {}; Error Code: {code}; Request ID: {id}; Proxy: null)",
                    of.client, fault.status
                );
                Answer::failed(format!("{}.{name}", of.prefix), shortened(&cause))
            }
        }
    }

    /// The call did not get through, or what came back was no answer.
    pub fn no_connection(&self, service: &Service, cause: &str) -> Answer {
        Answer::failed(format!("{}.SdkClientException", self.prefix(service)), shortened(cause))
    }

    fn prefix<'a>(&self, service: &'a Service) -> &'a str {
        match self {
            Form::Sdk => &service.entry.class,
            Form::Optimised(of, _) => of.prefix,
        }
    }

    /// A result as this integration gives it.
    pub fn result(&self, result: Value, response: &Response) -> Value {
        match self {
            Form::Optimised(of, _) if of.metadata => with_metadata(result, response),
            Form::Sdk | Form::Optimised(_, _) => result,
        }
    }
}

/// The name of an error as AWS's first SDK for Java has it: the shape's, with `Exception` behind it.
fn error_name_plain(shape: &str) -> String {
    let front = shape.strip_suffix("Fault").or_else(|| shape.strip_suffix("Exception")).unwrap_or(shape);
    format!("{front}Exception")
}

/// Parameters that make no call.
pub fn refused(state: &str, input: &Value, faults: &[String]) -> Answer {
    let cause = format!(
        "An error occurred while executing the state '{state}'. The Parameters '{input}' could not be used to start the \
         Task: [{}]",
        faults.join(", ")
    );
    Answer::failed("States.Runtime", shortened(&cause))
}

pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(CAUSE_CHARS_MAX) {
        Some((end, _)) => text[..end].to_owned(),
        None => text.to_owned(),
    }
}

/// The result with what optimised integrations tell of the HTTP response.
fn with_metadata(result: Value, response: &Response) -> Value {
    let mut members: Map = match &result {
        Value::Object(object) => Map::clone(object),
        _ => return result,
    };
    let mut shown: Vec<(String, &str)> = Vec::new();
    for known in HEADER_ORDER {
        match response.header(known) {
            Some(value) => shown.push((known.to_owned(), value)),
            // HTTP/1.1 need not say it.
            None if known == "Connection" => shown.push((known.to_owned(), "keep-alive")),
            None => {}
        }
    }
    let is_known = |name: &str| HEADER_ORDER.iter().any(|known| known.eq_ignore_ascii_case(name));
    let others = response.headers.iter().filter(|(name, _)| name.starts_with("x-amz") && !is_known(name));
    shown.extend(others.map(|(name, value)| (name.clone(), value.as_str())));
    let all: Value =
        shown.iter().map(|(name, value)| (name.as_str(), Value::from(vec![Value::from(*value)]))).collect();
    let single: Value = shown.iter().map(|(name, value)| (name.as_str(), Value::from(*value))).collect();
    let http: Value =
        [("AllHttpHeaders", all), ("HttpHeaders", single), ("HttpStatusCode", u64::from(response.status).into())]
            .into_iter()
            .collect();
    members.insert("SdkHttpMetadata".into(), http);
    let id = protocol::request_id(response).unwrap_or_else(super::super::function::request_id);
    members.insert("SdkResponseMetadata".into(), json!({ "RequestId": id }).into());
    members.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(resource: &str, given: &[&str], expected: &str) {
        let resource = format!("arn:aws:states:::{resource}");
        let told = match resolve(&resource) {
            Ok(integration) => {
                let fault = |fault: ParameterFault| match fault {
                    ParameterFault::Unknown { name, meant } => format!("{name}? {}", meant.unwrap_or_default()),
                    ParameterFault::Missing(name) => format!("+{name}"),
                };
                integration.parameter_faults(given).into_iter().map(fault).collect::<Vec<_>>().join(", ")
            }
            Err(why) => why.replace(&resource, "RESOURCE"),
        };
        assert_eq!(told, expected, "{resource}");
    }

    #[test]
    fn names_are_checked_without_values() {
        check("aws-sdk:rds:describeDBInstances", &["DbInstanceIdentifier", "DBInstanceIdentifier"], "");
        check(
            "aws-sdk:rds:deleteDBInstance",
            &["DbInstanceIdentifer"],
            "DbInstanceIdentifer? DbInstanceIdentifier, +DbInstanceIdentifier",
        );
        check(
            "sqs:sendMessage.waitForTaskToken",
            &["QueueUrl", "Messagebody"],
            "Messagebody? MessageBody, +MessageBody",
        );
        check("elasticmapreduce:addStep.sync", &["ClusterId", "Step", "Nonsense"], "Nonsense? ");
        check("aws-sdk:fis:startExperiment", &["ExperimentTemplateId"], "");
    }

    #[test]
    fn resources_that_lead_nowhere_say_so() {
        let unknown = "The resource 'RESOURCE' is not recognized: ";
        let check = |resource: &str, why: &str| check(resource, &[], &format!("{unknown}{why}"));
        check(
            "aws-sdk:secretsmanager:GetSecretValue",
            "the service 'secretsmanager' has no action 'GetSecretValue'. Did you mean 'getSecretValue'?",
        );
        check("aws-sdk:stepfunctions:startExecution", "there is no service 'stepfunctions'. Did you mean 'sfn'?");
        check("aws-sdk:nonsense:call", "there is no service 'nonsense'");
        check("dynamodb:query", "the optimised integration 'dynamodb' has no action 'query'");
        check("dynamo:getItem", "there is no optimised integration 'dynamo'. Did you mean 'dynamodb'?");
        check("sqs:sendMessage.sync", "'sendMessage' has no .sync");
        check("aws-sdk:sqs:sendMessage.sync", "SDK integrations do not wait for jobs (.sync)");
        check(
            "aws-sdk:bedrockruntime:invokeModelWithResponseStream",
            "the action 'invokeModelWithResponseStream' of 'bedrockruntime' has streams of events, which tasks cannot use",
        );
    }
}
