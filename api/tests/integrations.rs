//! Test cases, HTTP Tasks under test and events of changed status, as the API's clients see them.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use stepwell_api::{Api, Options};
use stepwell_engine::invoke::Router;
use stepwell_engine::{Config, Engine, invoke, store};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const ROLE: &str = "arn:aws:iam::123456789012:role/any";

async fn api(config: &str, mock_config: Option<&Path>) -> Api {
    let router = Router::new(invoke::Config::parse(config, "stepwell.toml").expect("a configuration"));
    let engine = Engine::open(Config::new(store::Options::memory(), Arc::new(router))).await.expect("the engine opens");
    Api::new(engine, Options { mock_config: mock_config.map(Path::to_owned), ..Options::default() })
}

async fn call(api: &Api, operation: &str, body: Value) -> Result<Value, (String, String)> {
    let target = format!("AWSStepFunctions.{operation}");
    let answer = api.call(Some(&target), body.to_string().as_bytes()).await;
    answer.map_err(|error| {
        let body: Value = serde_json::from_str(&error.body()).expect("JSON");
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        (text("__type").rsplit('#').next().unwrap_or_default().to_owned(), text("message"))
    })
}

async fn create(api: &Api, name: &str, kind: &str) -> String {
    let task = json!({ "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": { "FunctionName": "f" }, "End": true });
    let definition = json!({ "StartAt": "Call", "States": { "Call": task } }).to_string();
    let body = json!({ "name": name, "definition": definition, "roleArn": ROLE, "type": kind });
    let created = call(api, "CreateStateMachine", body).await.expect("it is created");
    created["stateMachineArn"].as_str().expect("an ARN").to_owned()
}

fn mocks(of: &[(&str, Value)]) -> Value {
    let machines: serde_json::Map<String, Value> = ["m", "x"]
        .into_iter()
        .map(|name| (name.to_owned(), json!({ "TestCases": { "Good": { "Call": "Good" }, "Bad": { "Call": "Bad" } } })))
        .collect();
    let responses: serde_json::Map<String, Value> =
        of.iter().map(|(name, answer)| ((*name).to_owned(), json!({ "0": answer }))).collect();
    json!({ "StateMachines": machines, "MockedResponses": responses })
}

#[tokio::test]
async fn a_test_case_is_chosen_behind_the_arn() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("mocks.json");
    let text = mocks(&[
        ("Good", json!({ "Return": { "Payload": 1 } })),
        ("Bad", json!({ "Throw": { "Error": "E", "Cause": "C" } })),
    ]);
    std::fs::write(&file, text.to_string()).expect("it is written");
    let api = api("", Some(&file)).await;
    let (standard, express) = (create(&api, "m", "STANDARD").await, create(&api, "x", "EXPRESS").await);
    for (case, expected) in [("Good", json!("SUCCEEDED")), ("Bad", json!("FAILED"))] {
        let start = json!({ "stateMachineArn": format!("{standard}#{case}"), "name": case });
        let started = call(&api, "StartExecution", start.clone()).await.expect("it starts");
        let arn = started["executionArn"].as_str().expect("an ARN").to_owned();
        let ended = api.engine().wait(&arn).await.expect("it ends");
        let described = call(&api, "DescribeExecution", json!({ "executionArn": arn })).await.expect("it is there");
        assert_eq!((&described["status"], &described["stateMachineArn"]), (&expected, &json!(standard)), "{ended:?}");
        let sync = json!({ "stateMachineArn": format!("{express}#{case}") });
        let ran = call(&api, "StartSyncExecution", sync).await.expect("it runs");
        assert_eq!(ran["status"], expected);
    }
    let again = json!({ "stateMachineArn": format!("{standard}#Other") });
    let (code, message) = call(&api, "StartExecution", again).await.expect_err("there is none");
    assert_eq!(code, "ValidationException");
    assert!(message.ends_with("mocks.json has no test case 'Other' of 'm': there is Good, Bad"), "{message}");
    // The file counts as it is now.
    std::fs::write(&file, mocks(&[("Good", json!({ "Return": 2 }))]).to_string()).expect("it is written");
    let sync = json!({ "stateMachineArn": format!("{express}#Good") });
    assert_eq!(call(&api, "StartSyncExecution", sync.clone()).await.expect("it runs")["output"], "2");
    std::fs::write(&file, "{").expect("it is written");
    assert_eq!(call(&api, "StartSyncExecution", sync).await.expect_err("it is broken").0, "ValidationException");
}

#[tokio::test]
async fn without_mocks_a_test_case_is_a_name_that_is_not_there() {
    let api = api("", None).await;
    let arn = create(&api, "m", "STANDARD").await;
    let (code, _) =
        call(&api, "StartExecution", json!({ "stateMachineArn": format!("{arn}#Good") })).await.expect_err("none");
    assert_eq!(code, "StateMachineDoesNotExist");
}

#[tokio::test]
async fn a_test_tells_the_request_and_the_response_of_an_http_task() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let _ = connection.read(&mut [0; 4096]).await;
            let answer =
                b"HTTP/1.1 201 Created\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi";
            let _ = connection.write_all(answer).await;
        }
    });
    let config =
        "[http]\nallow_hosts = [\"127.0.0.1\"]\n[connections.c]\napi_key = { name = \"Key\", value = \"k\" }\n";
    let api = api(config, None).await;
    let definition = json!({ "Type": "Task", "Resource": "arn:aws:states:::http:invoke", "End": true, "Parameters": {
        "ApiEndpoint": format!("http://{address}/a"), "Method": "PUT", "RequestBody": { "b": 1 },
        "Authentication": { "ConnectionArn": "arn:aws:events:us-east-1:123456789012:connection/c/1" } } });
    let test = async |level: &str, reveal: bool| {
        let body = json!({ "definition": definition.to_string(), "roleArn": ROLE, "inspectionLevel": level,
            "revealSecrets": reveal });
        call(&api, "TestState", body).await.expect("it is tested")
    };
    let tested = test("TRACE", true).await;
    assert_eq!(tested["status"], "SUCCEEDED", "{tested}");
    let agent = "User-Agent: Amazon|StepFunctions|HttpInvoke|us-east-1, Range: bytes=0-262144";
    let mut request = json!({
        "protocol": "http",
        "method": "PUT",
        "url": format!("http://{address}/a"),
        "headers": format!("[Key: k, {agent}]"),
        "body": r#"{"b":1}"#,
    });
    assert_eq!(tested["inspectionData"]["request"], request);
    let response = json!({
        "protocol": "http",
        "statusCode": "201",
        "statusMessage": "Created",
        "headers": "[content-type: text/plain, content-length: 2, connection: close]",
        "body": "hi",
    });
    assert_eq!(tested["inspectionData"]["response"], response);
    request["headers"] = json!(format!("[{agent}]"));
    assert_eq!(test("TRACE", false).await["inspectionData"]["request"], request);
    assert_eq!(test("DEBUG", true).await["inspectionData"].get("request"), None);
}
