//! Functions on AWS Lambda: calls over AWS's SDK to a stub of the Lambda and STS APIs on the loopback.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Response, StatusCode};
use axum::{Router as Service, serve};
use serde_json::json;
use stepwell_engine::invoke::aws::{self, LambdaInvoker};
use stepwell_engine::invoke::config::Config;
use stepwell_engine::invoke::function::RESPONSE_BYTES_MAX;
use stepwell_engine::invoke::{
    Answer, CallError, Environment, Function, FunctionCall, FunctionResponse, InvocationType, Invoker, LogType, Router,
    Task,
};
use tokio::net::TcpListener;

const REQUEST_ID: &str = "3f7c2a41-0000-4000-8000-000000000001";
const ROLE: &str = "arn:aws:iam::123456789012:role/caller";

/// One request as the stub got it.
#[derive(Clone, Debug)]
struct Received {
    target: String,
    headers: HeaderMap,
    body: String,
}

impl Received {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// A Lambda and STS endpoint. The bare name of a function says how it behaves.
#[derive(Clone)]
struct Stub {
    address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Stub {
    async fn start() -> Stub {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let stub = Stub { address: listener.local_addr().expect("an address"), received: Arc::default() };
        let received = stub.received.clone();
        let service = Service::new().fallback(move |request: Request| answer(request, received.clone()));
        tokio::spawn(async move { serve(listener, service).await });
        stub
    }

    fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    fn received(&self) -> Vec<Received> {
        self.received.lock().expect("not poisoned").clone()
    }

    /// The invoker that finds this stub in `AWS_ENDPOINT_URL`.
    async fn invoker(&self) -> LambdaInvoker {
        invoker(&[("AWS_ENDPOINT_URL", &self.endpoint())]).await
    }
}

async fn answer(request: Request, received: Arc<Mutex<Vec<Received>>>) -> Response<Body> {
    let target = request.uri().to_string();
    let headers = request.headers().clone();
    let body = to_bytes(request.into_body(), usize::MAX).await.expect("a body");
    let body = String::from_utf8(body.to_vec()).expect("text");
    received.lock().expect("not poisoned").push(Received { target: target.clone(), headers, body: body.clone() });
    if body.contains("Action=AssumeRole") {
        return sts_answer(&body);
    }
    let path = target.split('?').next().unwrap_or_default().replace("%3A", ":");
    let name = path.trim_start_matches("/2015-03-31/functions/").trim_end_matches("/invocations");
    let exception = |status: u16, code: &str, body: serde_json::Value| {
        let response = Response::builder().status(status).header("x-amzn-ErrorType", code);
        response.header("x-amzn-RequestId", REQUEST_ID).body(Body::from(body.to_string())).expect("a response")
    };
    let result = |status: StatusCode, headers: &[(&str, &str)], body: Body| {
        let mut response = Response::builder()
            .status(status)
            .header("Content-Type", "application/json")
            .header("x-amzn-RequestId", REQUEST_ID)
            .header("X-Amz-Executed-Version", "$LATEST");
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        response.body(body).expect("a response")
    };
    match name.rsplit(":function:").next().unwrap_or_default() {
        "echo" => result(StatusCode::OK, &[("X-Amz-Log-Result", "TE9H")], Body::from(body)),
        "event" => result(StatusCode::ACCEPTED, &[], Body::empty()),
        "dry" => result(StatusCode::NO_CONTENT, &[], Body::empty()),
        "failing" => {
            let error = json!({"errorType": "ValueError", "errorMessage": "no"}).to_string();
            result(StatusCode::OK, &[("X-Amz-Function-Error", "Unhandled")], Body::from(error))
        }
        "large" => result(StatusCode::OK, &[], Body::from(vec![b'x'; RESPONSE_BYTES_MAX + 1])),
        "silent" => std::future::pending().await,
        "busy" => exception(429, "TooManyRequestsException", json!({"Type": "User", "message": "Rate Exceeded."})),
        "broken" => exception(500, "ServiceException", json!({"Type": "Service", "Message": "Sorry."})),
        "denied" => exception(403, "AccessDeniedException", json!({"Message": "User: u is not authorized"})),
        "invalid" => exception(400, "ValidationException", json!({"message": "1 validation error detected"})),
        "gateway" => Response::builder().status(502).body(Body::from("Bad Gateway")).expect("a response"),
        name => {
            let message = format!("Function not found: arn:aws:lambda:us-east-1:000000000000:function:{name}:$LATEST");
            exception(404, "ResourceNotFoundException", json!({"Type": "User", "Message": message}))
        }
    }
}

fn sts_answer(body: &str) -> Response<Body> {
    if body.contains("forbidden") {
        let error =
            "<ErrorResponse><Error><Code>AccessDenied</Code><Message>may not assume</Message></Error></ErrorResponse>";
        return Response::builder().status(403).body(Body::from(error)).expect("a response");
    }
    let credentials = "<Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
        <SessionToken>of-the-role</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>";
    let user = format!("<AssumedRoleUser><AssumedRoleId>AROA:s</AssumedRoleId><Arn>{ROLE}</Arn></AssumedRoleUser>");
    let text = format!(
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>{credentials}{user}\
         </AssumeRoleResult></AssumeRoleResponse>"
    );
    Response::builder().header("Content-Type", "text/xml").body(Body::from(text)).expect("a response")
}

fn config(text: &str, variables: &[(&str, &str)]) -> Config {
    let mut config = Config::parse(text, "stepwell.toml").expect("a configuration");
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    config.aws.environment = Environment::read(variables);
    config
}

async fn invoker(variables: &[(&str, &str)]) -> LambdaInvoker {
    LambdaInvoker::new(&config("", variables)).await.expect("a permitted endpoint")
}

fn to(function: &str) -> FunctionCall {
    FunctionCall { function: function.into(), payload: "{\"n\":1}".into(), ..FunctionCall::default() }
}

async fn call(call: FunctionCall) -> (Result<FunctionResponse, CallError>, Received) {
    let stub = Stub::start().await;
    let outcome = stub.invoker().await.call(&call).await;
    let received = stub.received();
    assert_eq!(received.len(), 1, "nothing is called twice: {received:?}");
    (outcome, received[0].clone())
}

async fn check_error(function: &str, error: &str, cause: &str) {
    let (outcome, _) = call(to(function)).await;
    assert_eq!(outcome.expect_err("an error"), CallError::new(error, cause.replace("<id>", REQUEST_ID)), "{function}");
}

#[tokio::test]
async fn a_function_answers() {
    let (outcome, received) = call(to("echo")).await;
    let response = outcome.expect("a response");
    assert_eq!((response.status, &*response.payload), (200, &b"{\"n\":1}"[..]));
    assert_eq!(response.executed_version.as_deref(), Some("$LATEST"));
    assert_eq!(response.log_result.as_deref(), Some("TE9H"));
    assert_eq!((response.function_error, response.request_id.as_str()), (None, REQUEST_ID));
    for (name, value) in
        [("x-amz-executed-version", "$LATEST"), ("content-length", "7"), ("x-amzn-requestid", REQUEST_ID)]
    {
        assert!(response.headers.contains(&(name.to_owned(), value.to_owned())), "{name}: {:?}", response.headers);
    }

    assert_eq!(received.target, "/2015-03-31/functions/echo/invocations");
    assert_eq!(received.body, "{\"n\":1}");
    assert_eq!(received.header("x-amz-invocation-type"), "RequestResponse");
    assert_eq!(received.header("x-amz-log-type"), "None");
    let signed = received.header("authorization");
    assert!(signed.contains("Credential=test/") && signed.contains("/us-east-1/lambda/"), "{signed}");
}

#[tokio::test]
async fn every_parameter_of_invoke_arrives() {
    let arn = "arn:aws:lambda:eu-central-1:123456789012:function:echo";
    let (outcome, received) = call(FunctionCall {
        qualifier: Some("prod".into()),
        client_context: Some("e30=".into()),
        log_type: LogType::Tail,
        ..to(arn)
    })
    .await;
    assert_eq!(outcome.expect("a response").status, 200);
    let path = format!("/2015-03-31/functions/{}/invocations?Qualifier=prod", arn.replace(':', "%3A"));
    assert_eq!(received.target, path);
    assert_eq!((received.header("x-amz-client-context"), received.header("x-amz-log-type")), ("e30=", "Tail"));
    assert!(received.header("authorization").contains("/eu-central-1/lambda/"), "the ARN's region is the last resort");
}

#[tokio::test]
async fn events_and_dry_runs_bring_no_payload() {
    for (function, invocation_type, status) in
        [("event", InvocationType::Event, 202), ("dry", InvocationType::DryRun, 204)]
    {
        let (outcome, received) = call(FunctionCall { invocation_type, ..to(function) }).await;
        let response = outcome.expect("a response");
        assert_eq!((response.status, response.payload.len()), (status, 0));
        assert_eq!(received.header("x-amz-invocation-type"), format!("{invocation_type:?}"));
    }
}

#[tokio::test]
async fn an_error_of_the_function_is_a_response() {
    let response = call(to("failing")).await.0.expect("a response");
    assert_eq!((response.status, response.function_error.as_deref()), (200, Some("Unhandled")));
    assert_eq!(&*response.payload, b"{\"errorType\":\"ValueError\",\"errorMessage\":\"no\"}");
}

#[tokio::test]
async fn errors_of_lambda_have_the_names_and_texts_of_step_functions() {
    check_error(
        "nobody",
        "Lambda.ResourceNotFoundException",
        "Function not found: arn:aws:lambda:us-east-1:000000000000:function:nobody:$LATEST (Service: AWSLambda; \
         Status Code: 404; Error Code: ResourceNotFoundException; Request ID: <id>; Proxy: null)",
    )
    .await;
    check_error(
        "busy",
        "Lambda.TooManyRequestsException",
        "Rate Exceeded. (Service: AWSLambda; Status Code: 429; Error Code: TooManyRequestsException; \
         Request ID: <id>; Proxy: null)",
    )
    .await;
    check_error(
        "broken",
        "Lambda.ServiceException",
        "Sorry. (Service: AWSLambda; Status Code: 500; Error Code: ServiceException; Request ID: <id>; Proxy: null)",
    )
    .await;
    check_error(
        "denied",
        "Lambda.AWSLambdaException",
        "User: u is not authorized (Service: AWSLambda; Status Code: 403; Error Code: AccessDeniedException; \
         Request ID: <id>; Proxy: null)",
    )
    .await;
}

#[tokio::test]
async fn an_answer_that_is_not_lambdas_is_told_as_it_came() {
    let error = call(to("gateway")).await.0.expect_err("an error");
    assert_eq!(error.error, "Lambda.ServiceException");
    let cause = error.cause.unwrap_or_default();
    assert!(cause.starts_with("Bad Gateway (Service: AWSLambda; Status Code: 502; "), "{cause}");
}

#[tokio::test]
async fn a_response_beyond_lambdas_limit_is_not_read() {
    let response = call(to("large")).await.0.expect("a response");
    assert_eq!(response, FunctionResponse { headers: response.headers.clone(), ..too_large() });
}

fn too_large() -> FunctionResponse {
    FunctionResponse::too_large(REQUEST_ID.to_owned())
}

#[tokio::test]
async fn nobody_at_the_endpoint_is_a_client_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let error = invoker(&[("AWS_ENDPOINT_URL_LAMBDA", &endpoint)]).await.call(&to("f")).await.expect_err("an error");
    assert_eq!(error.error, "Lambda.SdkClientException");
    let cause = error.cause.unwrap_or_default();
    assert!(cause.starts_with(&format!("Lambda at {endpoint}: ")) && cause.contains("refused"), "{cause}");
}

#[tokio::test]
async fn a_call_ends_at_the_tasks_deadline() {
    let timeout = Some(Duration::from_millis(50));
    let stub = Stub::start().await;
    let error = stub.invoker().await.call(&FunctionCall { timeout, ..to("silent") }).await.expect_err("an error");
    assert_eq!(error, CallError { error: "States.Timeout".to_owned(), cause: None });
}

#[tokio::test]
async fn a_role_is_assumed_once() {
    let stub = Stub::start().await;
    let endpoint = stub.endpoint();
    let keys = [
        ("AWS_ENDPOINT_URL", endpoint.as_str()),
        ("AWS_ACCESS_KEY_ID", "AKIAOWN"),
        ("AWS_SECRET_ACCESS_KEY", "s"),
        ("AWS_SESSION_TOKEN", "own"),
    ];
    let invoker = invoker(&keys).await;
    let with_role = FunctionCall { role_arn: Some(ROLE.into()), ..to("echo") };
    for call in [&with_role, &with_role, &to("echo")] {
        assert_eq!(invoker.call(call).await.expect("a response").status, 200);
    }
    let received = stub.received();
    let keys_of = |index: usize| {
        let signed = received[index].header("authorization");
        let (_, key) = signed.split_once("Credential=").expect("signed");
        (key.split('/').next().unwrap_or_default(), received[index].header("x-amz-security-token"))
    };
    assert_eq!(received.len(), 4);
    assert!(received[0].body.contains("role%2Fcaller") && received[0].body.contains("RoleSessionName=stepwell"));
    assert_eq!(keys_of(0), ("AKIAOWN", "own"));
    assert_eq!(keys_of(1), ("ASIAROLE", "of-the-role"));
    assert_eq!(keys_of(2), ("ASIAROLE", "of-the-role"));
    assert_eq!(keys_of(3), ("AKIAOWN", "own"));
}

#[tokio::test]
async fn a_role_that_may_not_be_assumed_is_a_client_error() {
    let (outcome, _) =
        call(FunctionCall { role_arn: Some("arn:aws:iam::123456789012:role/forbidden".into()), ..to("echo") }).await;
    let error = outcome.expect_err("an error");
    assert_eq!(error.error, "Lambda.SdkClientException");
    assert!(error.cause.as_deref().is_some_and(|cause| cause.contains("may not assume")), "{error:?}");
}

#[tokio::test]
async fn without_permission_there_is_no_invoker() {
    let keys = [("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_REGION", "us-east-1")];
    let exists =
        async |text: &str, variables: &[(&str, &str)]| LambdaInvoker::new(&config(text, variables)).await.is_some();
    let route = "[[route]]\nmatch = \"*\"\ninvoker = \"lambda\"\n";
    let at_endpoint = format!("{route}endpoint = \"http://127.0.0.1:1\"\n");
    assert!(!exists("", &keys).await);
    assert!(!exists(route, &keys).await);
    assert!(!exists("", &[("AWS_ENDPOINT_URL", "https://lambda.us-east-1.amazonaws.com")]).await);
    assert!(exists(&at_endpoint, &[]).await);
    assert!(exists("[aws]\nendpoint = \"http://127.0.0.1:1\"\n", &[]).await);
    assert!(exists("", &[("AWS_ENDPOINT_URL_LAMBDA", "http://127.0.0.1:1")]).await);
    assert!(exists("[aws]\nreal = true\n", &[]).await);

    let invoker = LambdaInvoker::new(&config(&at_endpoint, &keys)).await.expect("for the route");
    let error = invoker.call(&to("f")).await.expect_err("not the route's call");
    assert_eq!(error.error, "States.Runtime");
}

async fn router(config: Config) -> Router {
    let lambda = aws::lambda(&config).await.expect("a permitted endpoint");
    Router::new(config).with_lambda(lambda)
}

fn invoke_task(parameters: serde_json::Value) -> Task {
    let resource = "arn:aws:states:::lambda:invoke".into();
    Task { resource, input: parameters.into(), ..Task::default() }
}

#[tokio::test]
async fn router_and_invoker_go_by_the_same_variables() {
    let stub = Stub::start().await;
    let endpoint = stub.endpoint();
    let elsewhere = ("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    let variables = [elsewhere, ("AWS_ENDPOINT_URL_LAMBDA", &endpoint), ("AWS_REGION", "eu-west-1")];
    let echo = invoke_task(json!({"FunctionName": "echo"}));
    assert!(matches!(router(config("", &variables)).await.invoke(&echo).await, Answer::Succeeded(_)));
    assert!(stub.received()[0].header("authorization").contains("/eu-west-1/lambda/"));

    let mut ignored = variables.to_vec();
    ignored.push(("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"));
    let ignored = config("", &ignored);
    assert!(aws::lambda(&ignored).await.is_none());
    let Answer::Failed { cause, .. } = Router::new(ignored).invoke(&echo).await else { panic!("succeeded") };
    assert!(cause.is_some_and(|cause| cause.starts_with("No route leads to the function 'echo'")));
    assert_eq!(stub.received().len(), 1);
}

#[tokio::test]
async fn an_impossible_parameter_has_one_error_whoever_finds_it() {
    let stub = Stub::start().await;
    let router = router(config("", &[("AWS_ENDPOINT_URL", &stub.endpoint())])).await;
    let error = async |parameters| match router.invoke(&invoke_task(parameters)).await {
        Answer::Failed { error, .. } => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(error(json!({"FunctionName": "invalid"})).await, "Lambda.AWSLambdaException");
    assert_eq!(stub.received().len(), 1);
    let wrong = json!({"FunctionName": "echo", "InvocationType": "Now"});
    assert_eq!(error(wrong).await, "Lambda.AWSLambdaException");
    assert_eq!(stub.received().len(), 1);
}

#[tokio::test]
async fn a_route_leads_here() {
    let stub = Stub::start().await;
    let route = format!(
        "[[route]]\nmatch = \"echo\"\ninvoker = \"lambda\"\nendpoint = \"{}\"\nregion = \"eu-west-3\"\n",
        stub.endpoint()
    );
    let router = router(config(&route, &[])).await;
    let task = invoke_task(json!({"FunctionName": "echo", "Payload": {"n": 1}}));
    let Answer::Succeeded(result) = router.invoke(&task).await else { panic!("failed") };
    let result: serde_json::Value = serde_json::from_str(&result.to_string()).expect("JSON");
    assert_eq!(result["Payload"], json!({"n": 1}));
    assert_eq!(result["SdkHttpMetadata"]["AllHttpHeaders"]["X-Amz-Executed-Version"], json!(["$LATEST"]));
    assert_eq!(result["SdkHttpMetadata"]["HttpHeaders"]["x-amzn-RequestId"], json!(REQUEST_ID));
    assert!(stub.received()[0].header("authorization").contains("/eu-west-3/lambda/"));
}
