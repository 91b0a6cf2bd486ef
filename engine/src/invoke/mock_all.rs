//! Generated answers, in the shape that each integration has: for trying out a workflow without anything behind it.
//!
//! The answers are the same in every run: ids and dates are zeros.

use serde_json::{Value as Json, json};
use stepwell_asl::Value;
use stepwell_asl::resource::Pattern;

use super::function::FunctionResponse;
use super::lambda_task;
use super::services::integration::{self, Form, Integration};
use super::services::optimised::{self, Action, Job};
use super::services::sample;
use super::{Answer, Task};

const ID: &str = "00000000-0000-0000-0000-000000000000";
const ACCOUNT: &str = "000000000000";

/// The answer to any task.
pub(super) fn answer(task: &Task) -> Answer {
    if task.waits_for_token() {
        return Answer::Succeeded(Value::empty_object());
    }
    match lambda_task::form(&task.resource) {
        Some(form) => match lambda_task::call(task, form) {
            Ok(_) => lambda_task::answer(form, Ok(function_response())),
            Err(refused) => refused,
        },
        None => service_answer(task),
    }
}

fn function_response() -> FunctionResponse {
    let mut response = FunctionResponse::local(200, ID.to_owned(), "{}".into());
    for (name, value) in &mut response.headers {
        match name.as_str() {
            "Date" => "Thu, 01 Jan 1970 00:00:00 GMT".clone_into(value),
            "X-Amzn-Trace-Id" => "root=1-00000000-000000000000000000000000;sampled=0".clone_into(value),
            _ => {}
        }
    }
    response
}

/// The answer of a service, in the shape that its model has; an activity's is an empty object. A resource that AWS does not
/// know fails, as it would there.
fn service_answer(task: &Task) -> Answer {
    if let Some(shape) = optimised_answer(task) {
        return Answer::Succeeded(shape.into());
    }
    if !integration::is_service(&task.resource) {
        return Answer::Succeeded(Value::empty_object());
    }
    match integration::resolve(&task.resource) {
        Ok(integration) => {
            if let (Pattern::Sync, Form::Optimised(_, Action { job: Some(job), .. })) =
                (integration.pattern, integration.form)
            {
                return Answer::Succeeded(ended(&integration, job));
            }
            let output = integration.operation().output;
            let naming = integration.form.naming();
            let value = output.map(|output| sample::value(&integration.service, output, naming));
            Answer::Succeeded(value.unwrap_or_else(Value::empty_object))
        }
        Err(cause) => Answer::failed("States.Runtime", cause),
    }
}

/// A job that is done, as its service would describe it.
fn ended(integration: &Integration, job: &Job) -> Value {
    let described =
        integration::of_sdk(&integration.service.entry.name, job.describe).ok().and_then(|(service, place)| {
            let output = service.operations()[place].output?;
            optimised::at(&sample::value(&service, output, integration.form.naming()), job.at)
        });
    job.wrapped(described.unwrap_or_else(Value::empty_object))
}

/// The answers of optimised integrations that say more than the models do: what belongs to the parameters, and jobs that
/// are done. With the metadata that AWS adds to the answers of most.
fn optimised_answer(task: &Task) -> Option<Json> {
    let parts: Vec<&str> = task.resource.split(':').collect();
    let (service, action) = match parts[..] {
        ["arn", _, "states", _, _, "aws-sdk", ..] => return None,
        ["arn", _, "states", _, _, service, action] => (service, action.to_owned()),
        ["arn", _, "states", _, _, service, action, version] => (service, format!("{action}:{version}")),
        _ => return None,
    };
    let text = |name: &str| task.input.get(name).and_then(Value::as_str);
    let job_name = |otherwise| text("JobName").unwrap_or(otherwise);
    let (shape, has_metadata) = match (service, action.as_str()) {
        ("sqs", "sendMessage") => {
            (json!({"MD5OfMessageBody": "00000000000000000000000000000000", "MessageId": ID}), true)
        }
        ("sns", "publish") => (json!({"MessageId": ID}), true),
        ("dynamodb", "getItem") => (json!({"Item": {}}), true),
        ("dynamodb", _) => (json!({}), true),
        ("events", "putEvents") => (json!({"Entries": [{"EventId": ID}], "FailedEntryCount": 0}), true),
        ("states", "startExecution") => (json!({"ExecutionArn": execution_arn(task), "StartDate": 0}), true),
        ("states", "startExecution.sync") => (execution(task, json!("{}")), false),
        ("states", "startExecution.sync:2") => (execution(task, json!({})), false),
        ("ecs", "runTask") => (json!({"Failures": [], "Tasks": [ecs_task("PENDING")]}), true),
        ("ecs", "runTask.sync") => (ecs_task("STOPPED"), false),
        ("glue", "startJobRun") => (json!({"JobRunId": "jr_0"}), true),
        ("glue", "startJobRun.sync") => {
            (json!({"Id": "jr_0", "JobName": job_name("job"), "JobRunState": "SUCCEEDED", "Attempt": 0}), false)
        }
        ("batch", "submitJob") => (batch_job(job_name("job")), true),
        ("batch", "submitJob.sync") => {
            let mut job = batch_job(job_name("job"));
            job["Status"] = json!("SUCCEEDED");
            job["Container"] = json!({"ExitCode": 0});
            (job, false)
        }
        ("athena", "startQueryExecution") => (json!({"QueryExecutionId": ID}), true),
        ("athena", "startQueryExecution.sync" | "getQueryExecution") => {
            (json!({"QueryExecution": {"QueryExecutionId": ID, "Status": {"State": "SUCCEEDED"}}}), true)
        }
        ("athena", "getQueryResults") => {
            (json!({"ResultSet": {"ResultSetMetadata": {"ColumnInfo": []}, "Rows": []}, "UpdateCount": 0}), true)
        }
        ("codebuild", _) => {
            let status = if action.ends_with(".sync") { "SUCCEEDED" } else { "IN_PROGRESS" };
            let arn =
                format!("arn:aws:codebuild:us-east-1:{ACCOUNT}:build/{}:0", text("ProjectName").unwrap_or("project"));
            (json!({"Build": {"Arn": arn, "BuildStatus": status, "Id": "project:0"}}), true)
        }
        ("elasticmapreduce", "createCluster" | "createCluster.sync") => (json!({"ClusterId": "j-0"}), true),
        ("elasticmapreduce", "addStep") => (json!({"StepId": "s-0"}), true),
        ("elasticmapreduce", "addStep.sync") => {
            (json!({"Step": {"Id": "s-0", "Status": {"State": "COMPLETED"}}}), false)
        }
        ("sagemaker", _) => (sagemaker(task, &action), !action.ends_with(".sync")),
        ("bedrock", "invokeModel") => (json!({"Body": {}, "ContentType": "application/json"}), false),
        ("http" | "apigateway", "invoke") => {
            (json!({"Headers": {}, "ResponseBody": {}, "StatusCode": 200, "StatusText": "OK"}), false)
        }
        ("eks", "call") => (json!({"ResponseBody": {}, "StatusCode": 200}), false),
        _ => return None,
    };
    Some(if has_metadata { with_metadata(shape) } else { shape })
}

fn with_metadata(mut shape: Json) -> Json {
    shape["SdkHttpMetadata"] = json!({
        "AllHttpHeaders": {"x-amzn-RequestId": [ID]},
        "HttpHeaders": {"x-amzn-RequestId": ID},
        "HttpStatusCode": 200,
    });
    shape["SdkResponseMetadata"] = json!({"RequestId": ID});
    shape
}

fn execution_arn(task: &Task) -> String {
    let machine = task.input.get("StateMachineArn").and_then(Value::as_str).unwrap_or("machine");
    let name = task.input.get("Name").and_then(Value::as_str).unwrap_or(ID);
    format!("{}:{name}", machine.replacen(":stateMachine:", ":execution:", 1))
}

fn execution(task: &Task, output: Json) -> Json {
    let input = task.input.get("Input").cloned().unwrap_or_else(Value::empty_object);
    // `.sync` has texts, `.sync:2` has values: the input is given as the output is.
    let input = match (&output, input) {
        (Json::String(_), Value::String(text)) => json!(&*text),
        (Json::String(_), input) => json!(input.to_string()),
        (_, input) => input.to_json(),
    };
    json!({
        "ExecutionArn": execution_arn(task),
        "Input": input,
        "InputDetails": {"Included": true},
        "Name": task.input.get("Name").and_then(Value::as_str).unwrap_or(ID),
        "Output": output,
        "OutputDetails": {"Included": true},
        "StartDate": 0,
        "StateMachineArn": task.input.get("StateMachineArn").and_then(Value::as_str).unwrap_or("machine"),
        "Status": "SUCCEEDED",
        "StopDate": 0,
    })
}

fn ecs_task(status: &str) -> Json {
    let cluster = format!("arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/default");
    json!({
        "ClusterArn": cluster,
        "Containers": [{"ExitCode": 0, "LastStatus": status, "Name": "container"}],
        "DesiredStatus": status,
        "LastStatus": status,
        "TaskArn": format!("arn:aws:ecs:us-east-1:{ACCOUNT}:task/default/0"),
    })
}

fn batch_job(name: &str) -> Json {
    json!({"JobArn": format!("arn:aws:batch:us-east-1:{ACCOUNT}:job/{ID}"), "JobId": ID, "JobName": name})
}

/// `createTrainingJob` makes a `TrainingJob` that has an ARN, a name and, once it is done, a status.
fn sagemaker(task: &Task, action: &str) -> Json {
    let (made, done) = match action.strip_suffix(".sync") {
        Some(action) => (action, true),
        None => (action, false),
    };
    let made = made.strip_prefix("create").unwrap_or(made);
    let name = task.input.get(&format!("{made}Name")).and_then(Value::as_str).unwrap_or("name");
    let arn = format!("arn:aws:sagemaker:us-east-1:{ACCOUNT}:{}/{name}", made.to_lowercase());
    let mut shape = json!({ format!("{made}Arn"): arn });
    if done {
        shape[format!("{made}Name")] = json!(name);
        shape[format!("{made}Status")] = json!("Completed");
    }
    shape
}
