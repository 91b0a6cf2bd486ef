//! Tasks that call AWS's services, with a stub of them on the loopback: what is sent and as whom, what jobs do, and
//! endpoints that answer in every wrong way.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Response, StatusCode};
use axum::{Router as Service, serve};
use expect_test::{Expect, expect};
use serde_json::{Value as Json, json};
use stepwell_engine::invoke::{Answer, Config, Environment, Invoker, Router, Task, aws};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// One request as the stub got it.
#[derive(Clone, Debug)]
struct Received {
    headers: HeaderMap,
    body: String,
}

impl Received {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// `GetJobRun`
    fn operation(&self) -> &str {
        let target = self.header("x-amz-target");
        if target.is_empty() { "AssumeRole" } else { target.rsplit('.').next().unwrap_or_default() }
    }
}

/// Answers one after the other; the last one again and again.
struct Stub {
    address: SocketAddr,
    received: UnboundedReceiver<Received>,
}

type Answers = Arc<Mutex<Vec<(u16, String)>>>;

impl Stub {
    async fn start(answers: &[(u16, &str)]) -> Stub {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (sender, received) = unbounded_channel();
        let answers = answers.iter().map(|(status, body)| (*status, (*body).to_owned())).collect();
        let answers: Answers = Arc::new(Mutex::new(answers));
        let service = Service::new().fallback(move |request| answer(request, answers.clone(), sender.clone()));
        tokio::spawn(async move { serve(listener, service).await });
        Stub { address, received }
    }

    fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    async fn router(&self) -> Router {
        router("", &[("AWS_ENDPOINT_URL", &self.endpoint())]).await
    }

    async fn next(&mut self) -> Received {
        self.received.recv().await.expect("a request")
    }
}

async fn answer(request: Request, answers: Answers, sender: UnboundedSender<Received>) -> Response<Body> {
    let headers = request.headers().clone();
    let body = to_bytes(request.into_body(), usize::MAX).await.expect("a body");
    let received = Received { headers, body: String::from_utf8_lossy(&body).into_owned() };
    let (status, body) = {
        let mut answers = answers.lock().expect("not poisoned");
        if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() }
    };
    // The test may have heard enough.
    let _ = sender.send(received);
    let status = StatusCode::from_u16(status).expect("a status");
    Response::builder().status(status).header("x-amzn-requestid", "id-1").body(Body::from(body)).expect("a response")
}

async fn router(file: &str, variables: &[(&str, &str)]) -> Router {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let mut config = Config::parse(file, "stepwell.toml").expect("a configuration");
    config.aws.environment = Environment::read(variables);
    let services = aws::services(&config).await;
    let router = Router::new(config);
    match services {
        Some(services) => router.with_services(services),
        None => router,
    }
}

fn task(resource: &str, input: Json) -> Task {
    Task {
        resource: format!("arn:aws:states:::{resource}").into(),
        input: input.into(),
        state: "Call".into(),
        execution_arn: "arn:aws:states:eu-north-1:123456789012:execution:m:e".into(),
        state_machine_arn: "arn:aws:states:eu-north-1:123456789012:stateMachine:m".into(),
        ..Task::default()
    }
}

fn shown(answer: &Answer) -> String {
    match answer {
        Answer::Succeeded(result) => format!("{result}\n"),
        Answer::Failed { error, cause } => format!("{error}: {}\n", cause.as_deref().unwrap_or("-")),
        Answer::TooLarge => "too large\n".to_owned(),
    }
}

/// What a task makes of an answer.
async fn check(resource: &str, input: Json, status: u16, body: &str, expected: Expect) {
    let stub = Stub::start(&[(status, body)]).await;
    let endpoint = stub.endpoint();
    let answer = stub.router().await.invoke(&task(resource, input)).await;
    expected.assert_eq(&shown(&answer).replace(&endpoint, "http://stub"));
}

fn message() -> Json {
    json!({"QueueUrl": "http://q/1/q", "MessageBody": {"a": 1}})
}

#[tokio::test]
async fn requests_are_signed_for_service_and_region() {
    let mut stub = Stub::start(&[(200, "{\"MessageId\":\"1\"}")]).await;
    let router = stub.router().await;
    router.invoke(&task("aws-sdk:sqs:sendMessage", message())).await;
    let received = stub.next().await;
    assert_eq!(received.header("x-amz-target"), "AmazonSQS.SendMessage");
    assert_eq!(received.header("content-type"), "application/x-amz-json-1.0");
    assert_eq!(received.body, r#"{"QueueUrl":"http://q/1/q","MessageBody":"{\"a\":1}"}"#);
    let authorization = received.header("authorization");
    assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=test/"), "{authorization}");
    assert!(authorization.contains("/eu-north-1/sqs/aws4_request"), "{authorization}");
}

#[tokio::test]
async fn a_role_is_assumed_once() {
    let sts = "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
               <AccessKeyId>AKIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
               <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";
    let mut stub = Stub::start(&[(200, sts), (200, "{}")]).await;
    let router = stub.router().await;
    let task = Task {
        role_arn: Some("arn:aws:iam::123456789012:role/caller".into()),
        ..task("aws-sdk:sqs:sendMessage", message())
    };
    router.invoke(&task).await;
    router.invoke(&task).await;
    assert_eq!(stub.next().await.operation(), "AssumeRole");
    for _ in 0..2 {
        let received = stub.next().await;
        assert_eq!(received.operation(), "SendMessage");
        assert!(received.header("authorization").contains("Credential=AKIAROLE/"));
        assert_eq!(received.header("x-amz-security-token"), "t");
    }
}

#[tokio::test]
async fn every_service_is_where_its_line_says() {
    let mut all = Stub::start(&[(200, "{}")]).await;
    let mut own = Stub::start(&[(200, "{}")]).await;
    let file = format!(
        "[aws]\nendpoint = \"{}\"\n[aws.endpoints]\ndynamodb = \"{}\"\nevents = \"aws\"\n",
        all.endpoint(),
        own.endpoint()
    );
    let router = router(&file, &[("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:1")]).await;
    router.invoke(&task("aws-sdk:sqs:listQueues", json!({}))).await;
    assert_eq!(all.next().await.operation(), "ListQueues");
    router.invoke(&task("dynamodb:getItem", json!({"TableName": "t", "Key": {}}))).await;
    assert_eq!(own.next().await.operation(), "GetItem");
    // AWS itself needs a permission that nobody gave.
    let refused = router.invoke(&task("events:putEvents", json!({"Entries": []}))).await;
    assert!(shown(&refused).starts_with("States.Runtime: No route leads to the resource"), "{}", shown(&refused));
}

#[tokio::test]
async fn a_service_that_does_not_exist_is_an_error_of_the_file() {
    let error = Config::parse("[aws.endpoints]\ndynamo = \"http://x\"\n", "f");
    expect!["f:2:1: `dynamo` is no service of AWS; did you mean `dynamodb`?"]
        .assert_eq(&error.expect_err("refused").to_string());
    let error = Config::parse("[aws.endpoints]\n\"my queue\" = \"http://x\"\n", "f");
    expect!["f:2:1: `my queue` is no service of AWS"].assert_eq(&error.expect_err("refused").to_string());
}

#[tokio::test]
async fn results_and_errors_have_each_integrations_words() {
    let item = json!({"TableName": "t", "Key": {"id": {"S": "1"}}});
    let found = r#"{"Item":{"b":{"BOOL":true},"n":{"NULL":true}}}"#;
    check(
        "aws-sdk:dynamodb:getItem",
        item.clone(),
        200,
        found,
        expect![[r#"
        {"Item":{"b":{"Bool":true},"n":{"Nul":true}}}
    "#]],
    )
    .await;
    let failed = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"no table"}"#;
    check("aws-sdk:dynamodb:getItem", item.clone(), 400, failed, expect![[r#"
        DynamoDb.ResourceNotFoundException: no table (Service: DynamoDb, Status Code: 400, Request ID: id-1) (SDK Attempt Count: 1)
    "#]])
    .await;
    check("dynamodb:getItem", item.clone(), 400, failed, expect![[r#"
        DynamoDB.ResourceNotFoundException: no table (Service: AmazonDynamoDBv2; Status Code: 400; Error Code: ResourceNotFoundException; Request ID: id-1; Proxy: null)
    "#]])
    .await;
    let general = r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"bad key"}"#;
    check("aws-sdk:dynamodb:getItem", item.clone(), 400, general, expect![[r#"
        DynamoDb.DynamoDbException: bad key (Service: DynamoDb, Status Code: 400, Request ID: id-1) (SDK Attempt Count: 1)
    "#]])
    .await;
    check("dynamodb:getItem", item, 400, general, expect![[r#"
        DynamoDB.AmazonDynamoDBException: bad key (Service: AmazonDynamoDBv2; Status Code: 400; Error Code: ValidationException; Request ID: id-1; Proxy: null)
    "#]])
    .await;
}

#[tokio::test]
async fn events_name_their_execution_and_fail_one_by_one() {
    let entries = json!({"Entries": [{"Source": "s", "Detail": {"a": 1}, "Resources": ["r"]}]});
    let mut stub = Stub::start(&[(200, r#"{"FailedEntryCount":1,"Entries":[{"ErrorCode":"E"}]}"#)]).await;
    let answer = stub.router().await.invoke(&task("events:putEvents", entries)).await;
    expect![[r#"
        EventBridge.FailedEntry: {"FailedEntryCount":1,"Entries":[{"ErrorCode":"E"}]}
    "#]]
    .assert_eq(&shown(&answer));
    let sent: Json = serde_json::from_str(&stub.next().await.body).expect("JSON");
    let arn = |kind: &str| format!("arn:aws:states:eu-north-1:123456789012:{kind}");
    assert_eq!(sent["Entries"][0]["Resources"], json!(["r", arn("execution:m:e"), arn("stateMachine:m")]));
    assert_eq!(sent["Entries"][0]["Detail"], json!("{\"a\":1}"));
}

const JOB: &str = "glue:startJobRun.sync";

fn job_run(state: &str) -> String {
    json!({"JobRun": {"Id": "jr_1", "JobRunState": state, "StartedOn": 1.5}}).to_string()
}

#[tokio::test]
async fn a_job_is_watched_until_it_ends() {
    for (state, expected) in [
        ("SUCCEEDED", "{\"Id\":\"jr_1\",\"StartedOn\":1500,\"JobRunState\":\"SUCCEEDED\"}\n"),
        ("TIMEOUT", "States.TaskFailed: {\"Id\":\"jr_1\",\"StartedOn\":1500,\"JobRunState\":\"TIMEOUT\"}\n"),
    ] {
        let (running, ended) = (job_run("RUNNING"), job_run(state));
        let throttled = r#"{"__type":"ThrottlingException","message":"slow down"}"#;
        let answers = [(200, "{\"JobRunId\":\"jr_1\"}"), (200, &running), (400, throttled), (200, &ended)];
        let mut stub = Stub::start(&answers).await;
        let answer = stub.router().await.invoke(&task(JOB, json!({"JobName": "j"}))).await;
        assert_eq!(shown(&answer), expected);
        assert_eq!(stub.next().await.operation(), "StartJobRun");
        for _ in 0..3 {
            let asked = stub.next().await;
            assert_eq!((asked.operation(), asked.body.as_str()), ("GetJobRun", r#"{"JobName":"j","RunId":"jr_1"}"#));
        }
    }
}

#[tokio::test]
async fn a_job_that_nobody_waits_for_is_stopped() {
    let running = job_run("RUNNING");
    let mut stub = Stub::start(&[(200, "{\"JobRunId\":\"jr_1\"}"), (200, &running)]).await;
    let router = stub.router().await;
    let waiting = tokio::spawn(async move { router.invoke(&task(JOB, json!({"JobName": "j"}))).await });
    assert_eq!(stub.next().await.operation(), "StartJobRun");
    assert_eq!(stub.next().await.operation(), "GetJobRun");
    waiting.abort();
    let stop = loop {
        let received = stub.next().await;
        if received.operation() != "GetJobRun" {
            break received;
        }
    };
    assert_eq!(stop.operation(), "BatchStopJobRun");
    assert_eq!(stop.body, r#"{"JobName":"j","JobRunIds":["jr_1"]}"#);
}

#[tokio::test]
async fn answers_that_are_none_are_errors_by_name() {
    let html = "<html><body>Bad Gateway</body></html>";
    check(
        "aws-sdk:sqs:sendMessage",
        message(),
        200,
        html,
        expect![[r#"
        Sqs.SdkClientException: SQS SendMessage: the answer is not JSON: expected value at line 1 column 1
    "#]],
    )
    .await;
    check("aws-sdk:sqs:sendMessage", message(), 502, html, expect![[r#"
        Sqs.SqsException: <html><body>Bad Gateway</body></html> (Service: Sqs, Status Code: 502, Request ID: id-1) (SDK Attempt Count: 1)
    "#]])
    .await;
    check("sqs:sendMessage", message(), 429, "", expect![[r#"
        SQS.AmazonSQSException: null (Service: AmazonSQS; Status Code: 429; Error Code: null; Request ID: id-1; Proxy: null)
    "#]])
    .await;
    check(
        "aws-sdk:sns:listTopics",
        json!({}),
        200,
        "{}",
        expect![[r#"
        Sns.SdkClientException: SNS ListTopics: the answer is not XML: unknown token at 1:1
    "#]],
    )
    .await;
    let large = format!("{{\"MessageId\":\"{}\"}}", "x".repeat(50 << 20));
    check(
        "aws-sdk:sqs:sendMessage",
        message(),
        200,
        &large,
        expect![[r#"
        too large
    "#]],
    )
    .await;
}

#[tokio::test]
async fn parameters_that_do_not_fit_make_no_call() {
    check("aws-sdk:sqs:sendMessage", json!({"QueueUrl": 5, "Body": ""}), 500, "", expect![[r#"
        States.Runtime: An error occurred while executing the state 'Call'. The Parameters '{"QueueUrl":5,"Body":""}' could not be used to start the Task: [The value for the field 'QueueUrl' must be a STRING, The field 'MessageBody' is required but was missing, The field 'Body' is not supported by Step Functions]
    "#]])
    .await;
    check("aws-sdk:sqs:sendMessages", json!({}), 500, "", expect![[r#"
        States.Runtime: The resource 'arn:aws:states:::aws-sdk:sqs:sendMessages' is not recognized: the service 'sqs' has no action 'sendMessages'. Did you mean 'sendMessage'?
    "#]])
    .await;
    check("aws-sdk:logs:createLogGroup", json!({}), 500, "", expect![[r#"
        States.Runtime: The resource 'arn:aws:states:::aws-sdk:logs:createLogGroup' is not recognized: there is no service 'logs'. Did you mean 'cloudwatchlogs'?
    "#]])
    .await;
    check("aws-sdk:s3:getObject", json!({"Bucket": "b", "Key": "k", "Range": "a\nb"}), 500, "", expect![[r#"
        States.Runtime: An error occurred while executing the state 'Call'. The Parameters '{"Bucket":"b","Key":"k","Range":"a\nb"}' could not be used to start the Task: [The value for the header 'Range' has characters that a header cannot have]
    "#]])
    .await;
}

#[tokio::test]
async fn a_place_that_hangs_or_hangs_up_holds_up_nobody_else() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let hanging = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            kept.push(connection);
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let cutting = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            // Once the request has begun, so that it is not simply sent again.
            let _ = connection.read(&mut [0; 16]).await;
        }
    });
    let good = Stub::start(&[(200, "{\"MessageId\":\"1\"}")]).await;
    let file = format!(
        "[aws.endpoints]\nsns = \"{hanging}\"\nkms = \"{cutting}\"\nsqs = \"{}\"\nsfn = \"http://127.0.0.1:1\"\n",
        good.endpoint()
    );
    let router = Arc::new(router(&file, &[]).await);
    let mut waiting = Vec::new();
    for _ in 0..200 {
        let router = router.clone();
        let topics = task("aws-sdk:sns:listTopics", json!({}));
        let topics = Task { timeout: Some(Duration::from_millis(500)), ..topics };
        waiting.push(tokio::spawn(async move { router.invoke(&topics).await }));
    }
    for _ in 0..100 {
        let answer = router.invoke(&task("aws-sdk:sqs:sendMessage", message())).await;
        assert_eq!(shown(&answer), "{\"MessageId\":\"1\"}\n");
    }
    for waiting in waiting {
        assert_eq!(shown(&waiting.await.expect("no panic")), "States.Timeout: -\n");
    }
    let cut = shown(&router.invoke(&task("aws-sdk:kms:listKeys", json!({}))).await);
    assert!(cut.starts_with("Kms.SdkClientException: Unable to execute HTTP request: KMS ListKeys at"), "{cut}");
    let nobody = shown(&router.invoke(&task("aws-sdk:sfn:listActivities", json!({}))).await);
    assert!(
        nobody.starts_with("Sfn.SdkClientException: Unable to execute HTTP request: SFN ListActivities"),
        "{nobody}"
    );
}

#[tokio::test]
async fn an_api_is_asked_under_its_own_name() {
    let asked = json!({"ApiEndpoint": "abc.execute-api.eu-north-1.amazonaws.com", "Method": "POST", "Stage": "prod",
        "Path": "/orders", "QueryParameters": {"a": ["1", "x y"]}, "Headers": {"X-One": ["1"]}, "RequestBody": {"b": 2},
        "AuthType": "IAM_ROLE"});
    let mut stub = Stub::start(&[(200, "{\"ok\":true}"), (404, "{\"message\":\"none\"}")]).await;
    let router = stub.router().await;
    let task = task("apigateway:invoke", asked);
    let Answer::Succeeded(result) = router.invoke(&task).await else { panic!("a result") };
    assert_eq!(result.get("ResponseBody").map(ToString::to_string).as_deref(), Some("{\"ok\":true}"));
    let received = stub.next().await;
    assert_eq!((received.header("host"), received.header("x-one")), ("abc.execute-api.eu-north-1.amazonaws.com", "1"));
    assert!(received.header("authorization").contains("/eu-north-1/execute-api/aws4_request"));
    assert_eq!(received.body, "{\"b\":2}");
    assert_eq!(shown(&router.invoke(&task).await), "ApiGateway.404: {\"message\":\"none\"}\n");
    check(
        "apigateway:invoke",
        json!({"ApiEndpoint": "http://127.0.0.1/", "Method": "GET"}),
        200,
        "",
        expect![[r#"
        States.Runtime: An error occurred while executing the state 'Call'. The Parameters '{"ApiEndpoint":"http://127.0.0.1/","Method":"GET"}' could not be used to start the Task: [The value for the field 'ApiEndpoint' must be a host without scheme and path]
    "#]],
    )
    .await;
}
