//! Says what the caller of AWS's services does with what it reads: one JSON object a line, one line of answer each. For
//! comparisons with other clients (`engine/tests/services`).
//!
//! | line | answer |
//! |---|---|
//! | `{"request": "dynamodb:putItem", "input": {...}}` | the request, before it has a host: method, path, query, headers, body in Base64 |
//! | `{"call": "arn:aws:states:::aws-sdk:sqs:sendMessage", "input": {...}}` | `{"result": ...}` or `{"error": ..., "cause": ...}` |
//! | `{"result": "dynamodb:getItem", "status": 200, "headers": {...}, "body": "..."}` | the result of such an answer |
//! | `{"services": true}` | the names of all services, by botocore's |
//!
//! Calls go where the environment says: `AWS_ENDPOINT_URL`.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value as Json, json};
use stepwell_engine::invoke::services::integration::of_sdk;
use stepwell_engine::invoke::services::protocol::{self, Naming, Response};
use stepwell_engine::invoke::services::{bind, model};
use stepwell_engine::invoke::{Answer, Config, Invoker, Router, Task, aws};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let config = Config::default().with_environment();
    let mut router = Router::new(config.clone());
    if let Some(services) = aws::services(&config).await {
        router = router.with_services(services);
    }
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let answer = match line.map_err(|error| error.to_string()).and_then(|line| parsed(&line)) {
            Ok(line) => answer(&router, &line).await,
            Err(error) => json!({ "error": error }),
        };
        if writeln!(out, "{answer}").and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}

fn parsed(line: &str) -> Result<Json, String> {
    serde_json::from_str(line).map_err(|error| error.to_string())
}

async fn answer(router: &Router, line: &Json) -> Json {
    let input = || line["input"].clone().into();
    if let Some(name) = line["request"].as_str() {
        return request(name, &input()).unwrap_or_else(|error| json!({ "error": error }));
    }
    if let Some(name) = line["result"].as_str() {
        return result(name, line).unwrap_or_else(|error| json!({ "error": error }));
    }
    if let Some(resource) = line["call"].as_str() {
        let task = Task { resource: resource.into(), input: input(), state: "State".into(), ..Task::default() };
        return match router.invoke(&task).await {
            Answer::Succeeded(result) => json!({ "result": result.to_json() }),
            Answer::Failed { error, cause } => json!({ "error": error, "cause": cause }),
            Answer::TooLarge => json!({ "error": "States.DataLimitExceeded" }),
        };
    }
    let names: BTreeMap<&str, &str> = model::entries().iter().map(|entry| (entry.botocore, &*entry.name)).collect();
    json!({ "services": names, "botocore": model::botocore_version() })
}

fn request(name: &str, input: &stepwell_asl::Value) -> Result<Json, String> {
    let (service, action) = name.split_once(':').ok_or("no action")?;
    let (service, place) = of_sdk(service, action)?;
    let operation = &service.operations()[place];
    let bound = match operation.input {
        Some(place) => bind(&service, place, input).map_err(|faults| faults.join("; "))?,
        None => stepwell_engine::invoke::services::Bound::Structure(Vec::new()),
    };
    let request = protocol::request(&service, operation, &bound)?;
    Ok(json!({
        "protocol": format!("{:?}", service.protocol),
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "headers": request.headers,
        "body": BASE64.encode(&request.body),
        "host_prefix": request.host_prefix,
    }))
}

fn result(name: &str, line: &Json) -> Result<Json, String> {
    let (service, action) = name.split_once(':').ok_or("no action")?;
    let (service, place) = of_sdk(service, action)?;
    let headers = line["headers"].as_object().into_iter().flatten();
    let response = Response {
        status: line["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(200),
        headers: headers.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect(),
        body: line["body"].as_str().unwrap_or_default().to_owned().into(),
    };
    let result = protocol::result(&service, &service.operations()[place], &response, Naming::Sdk)?;
    Ok(json!({ "value": result.to_json() }))
}
