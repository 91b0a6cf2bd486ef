//! HTTP Tasks against servers on the loopback, kind and hostile ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::any;
use serde_json::{Value as Json, json};
use stepwell_asl::Value;
use stepwell_engine::invoke::http_task::Trace;
use stepwell_engine::invoke::{Answer, Config, Invoker, Router, Task};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const CONNECTION: &str = "arn:aws:events:us-east-1:123456789012:connection/c/81210c42-8af1-456b-9c4a-6ff02fc664ac";

/// Connections of every kind. `PORT` is the server's.
const CONFIG: &str = r#"
[http]
allow_hosts = ["127.0.0.1"]
timeout_s = 5

[connections.c]
api_key = { name = "X-Api-Key", value = "the key" }

[connections.basic]
basic = { username = "user", password = "pass" }

[connections.full]
api_key = { name = "ApiKey", value = "key_value" }
headers = { Header-Param = "connection_header" }
query = { QueryParam = "connection query" }
body = { BodyParam = "connection_body" }

[connections.oauth]
oauth = { endpoint = "http://127.0.0.1:PORT/token?a=1", client_id = "id", client_secret = "s&t", body = { scope = "read" }, headers = { X-Tenant = "t" } }

[connections.oauth-get]
oauth = { endpoint = "http://127.0.0.1:PORT/token", method = "GET", client_id = "id", client_secret = "secret", credentials_in = "header" }

[connections.oauth-refused]
oauth = { endpoint = "http://127.0.0.1:PORT/no-token", client_id = "id", client_secret = "secret" }

[connections.unset]
api_key = { name = "X", value = { env = "STEPWELL_TEST_NO_SUCH_VARIABLE" } }
"#;

struct World {
    router: Router,
    port: u16,
    tokens: Arc<AtomicUsize>,
}

impl World {
    async fn new() -> World {
        let tokens = Arc::new(AtomicUsize::new(0));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (counted, app) = (tokens.clone(), axum::Router::new());
        let app = app.fallback(any(async move |request: Request| answer(request, &counted).await));
        tokio::spawn(async move { axum::serve(listener, app).await });
        World { router: router(&CONFIG.replace("PORT", &port.to_string())), port, tokens }
    }

    /// A task that calls a path with some more parameters.
    fn task(&self, path: &str, more: Json) -> Task {
        task(&format!("http://127.0.0.1:{}{path}", self.port), more)
    }

    async fn call(&self, path: &str, more: Json) -> Answer {
        self.router.invoke(&self.task(path, more)).await
    }

    /// What the server has seen of a request to `/echo`.
    async fn echo(&self, path: &str, more: Json) -> Json {
        match self.call(&format!("/echo{path}"), more).await {
            Answer::Succeeded(result) => result.to_json()["ResponseBody"].clone(),
            other => panic!("{other:?}"),
        }
    }
}

fn router(config: &str) -> Router {
    Router::new(Config::parse(config, "stepwell.toml").expect("a configuration"))
}

fn task(endpoint: &str, more: Json) -> Task {
    let mut input =
        json!({ "ApiEndpoint": endpoint, "Method": "POST", "Authentication": { "ConnectionArn": CONNECTION } });
    let members = more.as_object().expect("an object");
    input.as_object_mut().expect("an object").extend(members.clone());
    Task {
        resource: "arn:aws:states:::http:invoke".into(),
        input: Value::from(input),
        execution_arn: "arn:aws:states:eu-west-1:123456789012:execution:m:e".into(),
        state: "Call".into(),
        ..Task::default()
    }
}

fn by(connection: &str) -> Json {
    json!({ "Authentication": { "ConnectionArn": format!("arn:aws:events:us-east-1:123456789012:connection/{connection}/1") } })
}

async fn answer(request: Request, tokens: &AtomicUsize) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
    match head.uri.path() {
        "/echo" => axum_json(echo(&head.method, &head.uri, &head.headers, &body)),
        "/token" => {
            let count = tokens.fetch_add(1, Ordering::SeqCst) + 1;
            let seen = echo(&head.method, &head.uri, &head.headers, &body);
            let token = format!("token{count}");
            axum_json(json!({ "access_token": token, "expires_in": 3600, "seen": seen }))
        }
        "/no-token" => (StatusCode::UNAUTHORIZED, r#"{"error":"invalid_client"}"#).into_response(),
        // Takes the second token only.
        "/second" => match head.headers["authorization"].to_str() {
            Ok("Bearer token2") => axum_json(json!("welcome")),
            _ => StatusCode::UNAUTHORIZED.into_response(),
        },
        "/hang" => std::future::pending().await,
        "/redirect" => (StatusCode::FOUND, [("Location", "/echo")]).into_response(),
        "/html" => ([("Content-Type", "text/html")], "<p>{}</p>").into_response(),
        "/broken-json" => ([("Content-Type", "application/json")], "<html>").into_response(),
        "/problem" => ([("Content-Type", "application/problem+json; charset=utf-8")], r#"{"a":[1]}"#).into_response(),
        "/image" => ([("Content-Type", "image/png")], "PNG").into_response(),
        "/binary" => ([("Content-Type", "text/plain")], Bytes::from_static(b"\xff\xfe")).into_response(),
        "/headers" => {
            let headers = [("Set-Cookie", "a=1"), ("X-Other", "é"), ("Set-Cookie", "b=2")];
            (AppendHeaders(headers), "").into_response()
        }
        "/large" => ([("Content-Type", "text/plain")], "x".repeat(50 << 20)).into_response(),
        "/limit" => ([("Content-Type", "text/plain")], "x".repeat(256 * 1024)).into_response(),
        path => match path.strip_prefix("/status/").and_then(|status| status.parse().ok()) {
            Some(status) => (StatusCode::from_u16(status).expect("a status"), "the body is lost").into_response(),
            None => panic!("nobody asks for {path}"),
        },
    }
}

fn echo(method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Json {
    let text = |value: &axum::http::HeaderValue| value.to_str().expect("a text").to_owned();
    let headers: serde_json::Map<String, Json> = headers
        .iter()
        .filter(|(name, _)| *name != "host")
        .map(|(name, value)| (name.to_string(), text(value).into()))
        .collect();
    json!({ "method": method.as_str(), "uri": uri.to_string(), "headers": headers, "body": String::from_utf8_lossy(body) })
}

fn axum_json(value: Json) -> Response {
    ([("Content-Type", "application/json")], value.to_string()).into_response()
}

fn failed(answer: Answer) -> (String, String) {
    match answer {
        Answer::Failed { error, cause } => (error, cause.unwrap_or_default()),
        other => panic!("it should fail: {other:?}"),
    }
}

// ---- the configuration ----

#[test]
fn mistakes_in_the_configuration_are_named_with_their_place() {
    let check = |text: &str, expected: &str| {
        let error = Config::parse(text, "stepwell.toml").expect_err(text).to_string();
        assert!(error.starts_with(&format!("stepwell.toml:{expected}")), "{error}");
    };
    check(
        "[http]\nallow = true",
        "2:1: unknown field `allow`, expected one of `allow_private`, `allow_hosts`, `timeout_s`",
    );
    check("[http]\nallow_hosts = [\"a\", \"http://b\"]", "2:21: `http://b` is no host");
    check("[http]\nallow_hosts = [\"127.0.0.1:80\"]", "2:16: `127.0.0.1:80` is no host");
    check("[http]\ntimeout_s = 0", "2:13: `timeout_s` is a number above 0");
    let connection = |of: &str| format!("[connections.c]\n{of}");
    let one_of = "a connection needs just one of `api_key`, `basic` and `oauth`";
    check(&connection("query = { a = \"1\" }"), &format!("1:1: {one_of}"));
    check(&connection("api_key = { name = \"a b\", value = \"\" }"), "2:20: `a b` is no name of a header");
    check(&connection("basic = { username = \"u\" }"), "2:9: missing field `password`");
    check(&connection("basic = { username = 1, password = \"p\" }"), "2:22: a string, or { env = \"VARIABLE\" }");
    let oauth = |of: &str| connection(&format!("oauth = {{ client_id = \"i\", client_secret = \"s\", {of} }}"));
    check(&oauth("endpoint = \"auth\""), "2:60: `auth` does not start with http:// or https://");
    check(&oauth("endpoint = \"http://a\", method = \"PATCH\""), "2:81: `method` is \"GET\", \"POST\" or \"PUT\"");
    check(&oauth("endpoint = \"http://a\", credentials_in = \"query\""), "2:89: `credentials_in` is");
    check("[events]\nurl = \"a\"", "2:7: `a` does not start with http://");
    check("[events]\n", "1:1: [events] needs just one of `url` and `eventbridge`");
}

#[test]
fn secrets_are_not_shown() {
    let config = Config::parse(CONFIG, "stepwell.toml").expect("a configuration");
    let shown = format!("{config:?}");
    assert!(shown.contains("X-Api-Key") && !shown.contains("the key") && !shown.contains("s&t"), "{shown}");
}

// ---- requests ----

#[tokio::test]
async fn a_request_is_aws_s() {
    let world = World::new().await;
    let seen = world
        .echo(
            "",
            json!({ "Headers": { "Request-Id": "r", "X-Two": ["a", "b"], "Range": "bytes=1-2" },
        "RequestBody": { "a": [1, "ü"] }, "QueryParameters": { "q": "a b&c", "n": 1, "l": ["x", "y"] } }),
        )
        .await;
    assert_eq!(
        seen,
        json!({
            "method": "POST",
            "uri": "/echo?q=a%20b%26c&n=1&l=x&l=y",
            "headers": {
                "request-id": "r",
                "x-two": "b",
                "x-api-key": "the key",
                "user-agent": "Amazon|StepFunctions|HttpInvoke|eu-west-1",
                "range": "bytes=0-262144",
                "content-type": "application/json; charset=UTF-8",
                "content-length": "14",
            },
            "body": r#"{"a":[1,"ü"]}"#,
        })
    );
    let seen = world.echo("?x=1", json!({ "Method": "GET", "QueryParameters": { "y": 2 } })).await;
    assert_eq!((&seen["method"], &seen["uri"], &seen["body"]), (&json!("GET"), &json!("/echo?x=1&y=2"), &json!("")));
    assert_eq!(seen["headers"].get("content-type"), None);
    let seen = world.echo("", json!({ "RequestBody": "<xml/>", "Headers": { "content-type": "text/xml" } })).await;
    assert_eq!((&seen["body"], &seen["headers"]["content-type"]), (&json!("<xml/>"), &json!("text/xml")));
}

#[tokio::test]
async fn a_body_can_be_a_form() {
    let world = World::new().await;
    let form = |format: &str| {
        json!({ "Headers": { "Content-Type": "application/x-www-form-urlencoded" }, "RequestBody": { "array": ["a", "b"] },
            "Transform": { "RequestBodyEncoding": "URL_ENCODED", "RequestEncodingOptions": { "ArrayFormat": format } } })
    };
    for (format, expected) in [
        ("INDICES", "array%5B0%5D=a&array%5B1%5D=b"),
        ("REPEAT", "array=a&array=b"),
        ("COMMAS", "array=a%2Cb"),
        ("BRACKETS", "array%5B%5D=a&array%5B%5D=b"),
    ] {
        let seen = world.echo("", form(format)).await;
        assert_eq!(seen["body"], expected, "{format}");
        assert_eq!(seen["headers"]["content-type"], "application/x-www-form-urlencoded");
    }
}

#[tokio::test]
async fn what_a_connection_says_wins() {
    let world = World::new().await;
    let mut more = by("full");
    more.as_object_mut().expect("an object").extend(
        json!({ "Headers": { "Request-Id": "r", "header-param": "mine" }, "QueryParameters": { "QueryParam": "mine" },
            "RequestBody": { "Job": 1, "BodyParam": "mine" } })
        .as_object()
        .expect("an object")
        .clone(),
    );
    let seen = world.echo("", more).await;
    assert_eq!(seen["uri"], "/echo?QueryParam=connection%20query");
    assert_eq!(seen["body"], r#"{"Job":1,"BodyParam":"connection_body"}"#);
    assert_eq!(seen["headers"]["apikey"], "key_value");
    assert_eq!(seen["headers"]["header-param"], "connection_header");
    let mut text = by("full");
    text["RequestBody"] = json!("a text");
    let cause = "cannot merge connection body authorization parameters with request body";
    assert_eq!(failed(world.call("/echo", text).await), ("States.Runtime".to_owned(), cause.to_owned()));
    let seen = world.echo("", by("basic")).await;
    assert_eq!(seen["headers"]["authorization"], "Basic dXNlcjpwYXNz");
}

// ---- OAuth ----

#[tokio::test]
async fn a_token_is_fetched_once_and_again_where_it_is_refused() {
    let world = World::new().await;
    let both = tokio::join!(world.echo("", by("oauth")), world.echo("", by("oauth")));
    assert_eq!(both.0["headers"]["authorization"], "Bearer token1");
    assert_eq!(both.1["headers"]["authorization"], "Bearer token1");
    assert_eq!(world.tokens.load(Ordering::SeqCst), 1);
    let Answer::Succeeded(result) = world.call("/second", by("oauth")).await else { panic!("it should succeed") };
    assert_eq!(result.to_json()["ResponseBody"], "welcome");
    // A refusal that a new token does not help against is the task's error.
    let (error, _) = failed(world.call("/status/401", by("oauth")).await);
    assert_eq!((error.as_str(), world.tokens.load(Ordering::SeqCst)), ("States.Http.StatusCode.401", 3));
    assert_eq!(failed(world.call("/status/401", json!({})).await).0, "States.Http.StatusCode.401");
}

#[tokio::test]
async fn a_token_is_asked_for_as_the_connection_says() {
    let world = World::new().await;
    for (connection, uri, body, authorization) in [
        (
            "oauth",
            "/token?a=1",
            "grant_type=client_credentials&client_id=id&client_secret=s%26t&scope=read",
            Json::Null,
        ),
        ("oauth-get", "/token?grant_type=client_credentials", "", json!("Basic aWQ6c2VjcmV0")),
    ] {
        // The token's own request is told by the server that gives it.
        let (listener, app) = (TcpListener::bind("127.0.0.1:0").await.expect("a port"), axum::Router::new());
        let port = listener.local_addr().expect("an address").port();
        let (seen, mut sees) = tokio::sync::mpsc::unbounded_channel();
        let app = app.fallback(any(async move |request: Request| {
            let (head, body) = request.into_parts();
            let body = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
            let _ = seen.send(echo(&head.method, &head.uri, &head.headers, &body));
            axum_json(json!({ "access_token": "t", "expires_in": "60" }))
        }));
        tokio::spawn(async move { axum::serve(listener, app).await });
        let router = router(&CONFIG.replace("PORT", &port.to_string()));
        let mut task = task(&format!("http://127.0.0.1:{}/echo", world.port), by(connection));
        task.state = "Call".into();
        assert!(matches!(router.invoke(&task).await, Answer::Succeeded(_)));
        let seen = sees.recv().await.expect("a request");
        assert_eq!((&seen["uri"], &seen["body"]), (&json!(uri), &json!(body)));
        assert_eq!(seen["headers"].get("authorization").cloned().unwrap_or_default(), authorization);
    }
}

#[tokio::test]
async fn a_connection_that_cannot_be_used_is_aws_s_error() {
    let world = World::new().await;
    let invalid = "Events.ConnectionResource.InvalidConnectionState";
    let check = async |connection: &str, error: &str, cause: &str| {
        let (found, why) = failed(world.call("/echo", by(connection)).await);
        assert_eq!(found, error, "{why}");
        assert!(why.contains(cause), "{why}");
    };
    check("other", "Events.ConnectionResource.ResourceNotFound", "[connections.\"other\"]").await;
    check("unset", invalid, "the variable STEPWELL_TEST_NO_SUCH_VARIABLE is not set").await;
    check("oauth-refused", invalid, "answered 401: {\"error\":\"invalid_client\"}").await;
    let (error, cause) = failed(world.call("/echo", json!({ "Authentication": { "ConnectionArn": "c" } })).await);
    assert_eq!((error.as_str(), cause.as_str()), ("States.Runtime", "'c' is no ARN of a connection of EventBridge"));
}

// ---- responses ----

#[tokio::test]
async fn a_result_has_aws_s_shape() {
    let world = World::new().await;
    let result = async |path: &str, more: Json| match world.call(path, more).await {
        Answer::Succeeded(result) => {
            let mut result = result.to_json();
            result["Headers"].as_object_mut().expect("headers").retain(|name, _| name != "date");
            result
        }
        other => panic!("{path}: {other:?}"),
    };
    assert_eq!(
        result("/problem", json!({})).await,
        json!({
            "Headers": { "content-type": ["application/problem+json; charset=utf-8"], "content-length": ["9"] },
            "ResponseBody": { "a": [1] },
            "StatusCode": 200,
            "StatusText": "OK",
        })
    );
    assert_eq!(result("/html", json!({})).await["ResponseBody"], "<p>{}</p>");
    assert_eq!(result("/broken-json", json!({})).await["ResponseBody"], "<html>");
    assert_eq!(
        result("/headers", json!({})).await,
        json!({
            "Headers": {
                "content-type": ["text/plain; charset=utf-8"], "set-cookie": ["a=1", "b=2"], "x-other": ["é"],
                "content-length": ["0"],
            },
            "StatusCode": 200,
            "StatusText": "OK",
        })
    );
    let head = result("/html", json!({ "Method": "HEAD" })).await;
    assert_eq!((head.get("ResponseBody"), &head["StatusCode"]), (None, &json!(200)));
    assert_eq!(result("/status/204", json!({})).await.get("ResponseBody"), None);
    assert_eq!(result("/status/206", json!({})).await["StatusText"], "Partial Content");
    let limit = result("/limit", json!({})).await;
    assert_eq!(limit["ResponseBody"].as_str().map(str::len), Some(256 * 1024));
}

#[tokio::test]
async fn a_status_that_is_no_success_is_the_error() {
    let world = World::new().await;
    for (path, error, cause) in [
        ("/status/400", "400", "Bad Request"),
        ("/status/404", "404", "Not Found"),
        ("/status/429", "429", "Too Many Requests"),
        ("/status/500", "500", "Internal Server Error"),
        ("/status/503", "503", "Service Unavailable"),
        ("/status/799", "799", "799"),
        ("/redirect", "302", "Found"),
    ] {
        let expected = (format!("States.Http.StatusCode.{error}"), cause.to_owned());
        assert_eq!(failed(world.call(path, json!({})).await), expected, "{path}");
    }
}

#[tokio::test]
async fn what_cannot_be_a_result_is_refused() {
    let world = World::new().await;
    let (error, cause) = failed(world.call("/image", json!({})).await);
    let told = "Unsupported response content-type 'image/png'. Please see documentation for list of unsupported content-types.";
    assert_eq!((error.as_str(), cause.as_str()), ("States.Runtime", told));
    assert_eq!(failed(world.call("/binary", json!({})).await).0, "States.Runtime");
    assert_eq!(world.call("/large", json!({})).await, Answer::TooLarge);
}

// ---- hostile peers ----

/// A server that does this with every connection.
async fn peer<F>(with: impl Fn(tokio::net::TcpStream) -> F + Send + Sync + 'static) -> u16
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(with(connection));
        }
    });
    port
}

async fn socket_error(port: u16, timeout_s: &str) -> String {
    let router = router(&CONFIG.replace("timeout_s = 5", &format!("timeout_s = {timeout_s}")));
    let (error, cause) = failed(router.invoke(&task(&format!("http://127.0.0.1:{port}/a?secret=1"), json!({}))).await);
    assert_eq!(error, "States.Http.Socket", "{cause}");
    assert!(!cause.contains("secret"), "{cause}");
    cause
}

#[tokio::test]
async fn a_peer_that_hangs_cuts_or_babbles_is_a_socket_error() {
    let hang = peer(async |connection| {
        let _connection = connection;
        std::future::pending().await
    })
    .await;
    assert_eq!(socket_error(hang, "0.2").await, "The HTTP request was not answered within 0.2 seconds");
    let cut = peer(async |mut connection| {
        let _ = connection.read(&mut [0; 1024]).await;
    })
    .await;
    socket_error(cut, "5").await;
    let babble = peer(async |mut connection| {
        let _ = connection.write_all(b"220 mail.example ESMTP\r\n").await;
        let _ = connection.read(&mut [0; 1024]).await;
    })
    .await;
    socket_error(babble, "5").await;
    let half = peer(async |mut connection| {
        let _ = connection.read(&mut [0; 1024]).await;
        let _ = connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf").await;
    })
    .await;
    socket_error(half, "5").await;
    let drip = peer(async |mut connection| {
        let _ = connection.read(&mut [0; 1024]).await;
        let _ = connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n").await;
        std::future::pending().await
    })
    .await;
    socket_error(drip, "0.2").await;
    // Nobody listens.
    let gone = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address").port();
    socket_error(gone, "5").await;
}

#[tokio::test]
async fn a_task_that_is_given_up_ends_its_request() {
    let world = World::new().await;
    let task = Task { timeout: Some(Duration::from_millis(100)), ..world.task("/hang", json!({})) };
    assert_eq!(failed(world.router.invoke(&task).await).0, "States.Timeout");
}

// ---- where requests may go ----

#[tokio::test]
async fn private_targets_are_refused_unless_they_are_allowed() {
    let world = World::new().await;
    let strict = router(&CONFIG.replace(r#"allow_hosts = ["127.0.0.1"]"#, ""));
    let refused = async |router: &Router, endpoint: &str, cause: &str| {
        let (error, why) = failed(router.invoke(&task(endpoint, json!({}))).await);
        assert_eq!(error, "States.Runtime", "{endpoint}: {why}");
        assert!(why.contains(cause), "{endpoint}: {why}");
    };
    let private = "leads to a private, loopback or link-local address";
    for endpoint in ["https://127.0.0.1/", "https://localhost/", "https://[::1]:1/", "https://169.254.169.254/latest/"]
    {
        refused(&strict, endpoint, private).await;
    }
    // However the resolver reads it: it is the address that counts.
    for endpoint in ["https://127.1/", "https://0x7f000001/", "https://2130706433/", "https://localhost./"] {
        let (error, cause) = failed(strict.invoke(&task(endpoint, json!({}))).await);
        assert!(
            error == "States.Runtime" && cause.contains(private) || error == "States.Http.Socket",
            "{endpoint}: {cause}"
        );
    }
    refused(&strict, "http://example.com/", "is not HTTPS").await;
    refused(&world.router, &format!("http://localhost:{}/echo", world.port), "is not HTTPS").await;
    let everything =
        router("[http]\nallow_private = true\n[connections.c]\napi_key = { name = \"X\", value = \"k\" }\n");
    let allowed = everything.invoke(&task(&format!("http://localhost:{}/echo", world.port), json!({}))).await;
    assert!(matches!(allowed, Answer::Succeeded(_)), "{allowed:?}");
}

#[tokio::test]
async fn parameters_that_cannot_be_used_are_told() {
    let world = World::new().await;
    let check = async |more: Json, reason: &str| {
        let (error, cause) = failed(world.call("/echo", more).await);
        assert_eq!(error, "States.Runtime");
        let end = format!("could not be used to start the Task: [{reason}]");
        assert!(
            cause.starts_with("An error occurred while executing the state 'Call'.") && cause.ends_with(&end),
            "{cause}"
        );
    };
    check(
        json!({ "Method": "TRACE" }),
        "The value 'TRACE' for the field 'Method' must be one of [GET, POST, PUT, DELETE, PATCH, OPTIONS, HEAD]",
    )
    .await;
    check(json!({ "Method": null }), "The field 'Method' is required but was missing").await;
    check(json!({ "ApiEndpoint": 1 }), "The value for the field 'ApiEndpoint' must be a STRING").await;
    check(
        json!({ "ApiEndpoint": "ftp://a" }),
        "The value 'ftp://a' for the field 'ApiEndpoint' is not a valid URL: it must begin with https://",
    )
    .await;
    check(
        json!({ "ApiEndpoint": "https://u:p@a/" }),
        "The value 'https://u:p@a/' for the field 'ApiEndpoint' is not a valid URL: it must not have a user",
    )
    .await;
    check(json!({ "Authentication": null }), "The field 'Authentication' is required but was missing").await;
    check(
        json!({ "InvocationConfig": {} }),
        "Only one of the fields 'Authentication' and 'InvocationConfig' can be there",
    )
    .await;
    check(json!({ "Body": 1 }), "The field 'Body' is not supported by Step Functions").await;
    for header in ["Authorization", "HOST", "X-Amz-Date", "x-forwarded-for", "Warning", "if-match"] {
        check(
            json!({ "Headers": { header: "1" } }),
            &format!("The Headers field contains an unsupported header: {header}"),
        )
        .await;
    }
    check(json!({ "Headers": { "a b": "1" } }), "'a b' is no name of a header").await;
    check(json!({ "Headers": { "a": "1\n2" } }), "The header 'a' has characters that no header has").await;
    check(json!({ "Headers": { "a": {} } }), "The header 'a' must be a text or an array of texts").await;
    check(json!({ "QueryParameters": "a=1" }), "The value for the field 'QueryParameters' must be an object").await;
    check(
        json!({ "Transform": { "RequestBodyEncoding": "GZIP" } }),
        "The value 'GZIP' for the field 'Transform.RequestBodyEncoding' must be one of [NONE, URL_ENCODED]",
    )
    .await;
}

// ---- tests of states ----

#[tokio::test]
async fn a_test_sees_what_went_over_the_wire() {
    let world = World::new().await;
    let trace = Trace::default();
    let mut more = by("full");
    more["QueryParameters"] = json!({ "q": 1 });
    more["Headers"] = json!({ "Mine": "m" });
    let task = Task { trace: Some(trace.clone()), ..world.task("/problem", more) };
    assert!(matches!(world.router.invoke(&task).await, Answer::Succeeded(_)));
    let exchange = trace.get().expect("an exchange");
    let host = format!("http://127.0.0.1:{}", world.port);
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let agent = header("User-Agent", "Amazon|StepFunctions|HttpInvoke|eu-west-1");
    let range = header("Range", "bytes=0-262144");
    assert_eq!(exchange.request.url, format!("{host}/problem?q=1&QueryParam=connection%20query"));
    let secrets = [header("ApiKey", "key_value"), header("Header-Param", "connection_header")];
    let [key, extra] = secrets;
    assert_eq!(exchange.request.headers, [header("Mine", "m"), key, extra, agent.clone(), range.clone()]);
    assert_eq!(exchange.request.body.as_deref(), Some(r#"{"BodyParam":"connection_body"}"#));
    let shown = &exchange.request_without_secrets;
    assert_eq!((shown.url.as_str(), &shown.body), (format!("{host}/problem?q=1").as_str(), &None));
    assert_eq!(shown.headers, [header("Mine", "m"), agent, range]);
    let response = exchange.response.as_ref().expect("a response");
    assert_eq!((response.status, response.status_text.as_str(), response.body.as_str()), (200, "OK", r#"{"a":[1]}"#));
}
