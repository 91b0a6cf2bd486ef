//! Tasks that call AWS's services: SDK integrations of every service, and the optimised ones, whose jobs are watched until
//! they end (`.sync`). The same rule holds as for Lambda: nothing reaches AWS by itself.
//!
//! A service is where the configuration says: its line in `[aws.endpoints]`, `aws.endpoint`, its variable
//! (`AWS_ENDPOINT_URL_DYNAMODB`) or `AWS_ENDPOINT_URL`; else at AWS, if `aws.real` allows it. There are no retries here:
//! `Retry` of the state decides.

mod call;
mod gateway;
mod identity;
mod job;
mod sign;

use std::sync::Arc;

use async_trait::async_trait;
use stepwell_asl::resource::Pattern;
use stepwell_asl::{Map, Text, Value};

use self::call::{Caller, Failure};
use super::super::config::Config;
use super::super::services::integration::{self, Form, Integration, refused};
use super::super::services::model::{Operation, Service};
use super::super::services::optimised::{Parameter, Source, at};
use super::super::services::protocol::Response;
use super::super::{Answer, Invoker, Task};

/// The services of AWS, or of what speaks their APIs at endpoints.
pub struct ServiceInvoker {
    caller: Arc<Caller>,
}

/// The invoker for a configuration, or none where every call would be refused.
pub async fn services(config: &Config) -> Option<Arc<dyn Invoker>> {
    let aws = &config.aws;
    let anywhere = aws.real || aws.endpoint().is_some() || !aws.endpoints.is_empty();
    if !anywhere && aws.environment.endpoints().is_empty() {
        return None;
    }
    Some(Arc::new(ServiceInvoker::new(config).await))
}

impl ServiceInvoker {
    /// Reads the AWS profile if `aws.real` is true; connects to nothing.
    pub async fn new(config: &Config) -> ServiceInvoker {
        ServiceInvoker { caller: Arc::new(Caller::new(config).await) }
    }

    async fn answer(&self, task: &Task) -> Answer {
        if integration::is_gateway(&task.resource) {
            return gateway::invoke(&self.caller, &Scope::of(task), task).await;
        }
        let integration = match integration::resolve(&task.resource) {
            Ok(integration) => integration,
            Err(cause) => return Answer::failed("States.Runtime", cause),
        };
        let scope = Scope::of(task);
        let parameters = match parameters(&integration, task) {
            Ok(parameters) => parameters,
            Err(refused) => return refused,
        };
        let (service, operation) = (&integration.service, integration.operation());
        let called = self.caller.call(&scope, service, operation, &parameters, integration.form.naming()).await;
        let (result, response) = match called {
            Ok(called) => called,
            Err(failure) => return self.failed(&integration, task, failure),
        };
        let result = match finished(&integration, result) {
            Ok(result) => result,
            Err(failed) => return failed,
        };
        match (&integration.form, integration.pattern) {
            (Form::Optimised(_, action), Pattern::Sync) => match &action.job {
                Some(job) => job::watch(&self.caller, &scope, &integration, job, &task.input, result).await,
                None => Answer::failed("States.Runtime", format!("'{}' has no .sync", action.name)),
            },
            (form, _) => Answer::Succeeded(form.result(result, &response)),
        }
    }

    fn failed(&self, integration: &Integration, task: &Task, failure: Failure) -> Answer {
        match failure {
            Failure::Refused(faults) => refused(&task.state, &task.input, &faults),
            failure => answer_of(&integration.form, &integration.service, failure),
        }
    }
}

/// The task's answer to a call that came to nothing.
fn answer_of(form: &Form, service: &Service, failure: Failure) -> Answer {
    match failure {
        Failure::Refused(faults) => Answer::failed("States.Runtime", integration::shortened(&faults.join(", "))),
        Failure::Denied(error) => Answer::Failed { error: error.error, cause: error.cause },
        Failure::NoConnection(cause) => form.no_connection(service, &cause),
        Failure::Fault(fault) => form.fault(service, &fault),
        Failure::TooLarge => Answer::TooLarge,
    }
}

/// What a call has of its task.
#[derive(Clone, Debug)]
struct Scope {
    execution_arn: Text,
    role_arn: Option<Text>,
}

impl Scope {
    fn of(task: &Task) -> Scope {
        Scope { execution_arn: task.execution_arn.clone(), role_arn: task.role_arn.clone() }
    }
}

/// The operation's parameters, made of the task's.
fn parameters(integration: &Integration, task: &Task) -> Result<Value, Answer> {
    let refuse = |why: &str| Err(refused(&task.state, &task.input, &[why.to_owned()]));
    let given = match &task.input {
        Value::Object(_) => task.input.clone(),
        _ => return refuse("The parameters must be an OBJECT"),
    };
    let Form::Optimised(optimised, action) = &integration.form else { return Ok(given) };
    match &action.shape {
        Some(shape) if !shape.parameters.is_empty() => Ok(filled(shape.parameters, &given, &Value::Null)),
        Some(_) | None if optimised.name == "events" => Ok(with_execution(&given, task)),
        Some(_) | None => Ok(given),
    }
}

/// Parameters from those of a task and from a result. What is not there is left out.
fn filled(parameters: &[Parameter], input: &Value, output: &Value) -> Value {
    let value = |parameter: &Parameter| match parameter.from {
        Source::Input(path) => at(input, path),
        Source::Output(path) => at(output, path),
        Source::Text(text) => Some(text.into()),
    };
    let named = |parameter: &Parameter| {
        let value = value(parameter)?;
        Some((parameter.name, if parameter.in_list { vec![value].into() } else { value }))
    };
    parameters.iter().filter_map(named).collect()
}

/// EventBridge's entries name the execution and its state machine among their resources, as AWS adds them.
fn with_execution(given: &Value, task: &Task) -> Value {
    let Some(entries) = given.get("Entries").and_then(Value::as_array) else { return given.clone() };
    let extended = |entry: &Value| {
        let Value::Object(members) = entry else { return entry.clone() };
        let mut members = Map::clone(members);
        let own = members.get("Resources").and_then(Value::as_array);
        let mut resources: Vec<Value> = own.map(|own| own.to_vec()).unwrap_or_default();
        resources.extend([task.execution_arn.clone(), task.state_machine_arn.clone()].map(Value::from));
        members.insert("Resources".into(), resources.into());
        members.into()
    };
    let entries: Vec<Value> = entries.iter().map(extended).collect();
    let Value::Object(members) = given else { return given.clone() };
    let mut members = Map::clone(members);
    members.insert("Entries".into(), entries.into());
    members.into()
}

/// The result as the integration has it, or the failure that a result tells.
fn finished(integration: &Integration, result: Value) -> Result<Value, Answer> {
    let Form::Optimised(optimised, action) = &integration.form else { return Ok(result) };
    let count = |name: &str| result.get(name).and_then(Value::as_number).and_then(stepwell_asl::Number::as_u64);
    if optimised.name == "events" && count("FailedEntryCount").is_some_and(|count| count > 0) {
        return Err(Answer::failed("EventBridge.FailedEntry", integration::shortened(&result.to_string())));
    }
    let has_items = |name: &str| result.get(name).and_then(Value::as_array).is_some_and(|items| !items.is_empty());
    if optimised.name == "ecs" && has_items("Failures") && !has_items("Tasks") {
        return Err(Answer::failed("ECS.AmazonECSException", integration::shortened(&result.to_string())));
    }
    if optimised.name == "bedrock"
        && let (Value::Object(members), Some(Value::String(body))) = (&result, result.get("Body"))
        && let Ok(body) = Value::parse(body)
    {
        let mut members = Map::clone(members);
        members.insert("Body".into(), body);
        return Ok(members.into());
    }
    match &action.shape {
        Some(shape) if !shape.result.is_empty() => {
            Ok(shape.result.iter().filter_map(|(name, path)| Some((*name, at(&result, path)?))).collect())
        }
        Some(_) | None => Ok(result),
    }
}

#[async_trait]
impl Invoker for ServiceInvoker {
    async fn invoke(&self, task: &Task) -> Answer {
        self.answer(task).await
    }
}

/// What came back from one call.
type Called = (Value, Response);

/// For messages: `DynamoDB PutItem`.
fn call_name(service: &Service, operation: &Operation) -> String {
    format!("{} {}", service.entry.id, operation.name)
}
