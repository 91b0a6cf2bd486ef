//! Tasks on their way to functions and back: real child processes, real HTTP, all on this machine.
//!
//! `rig` writes the functions and the configuration, `task` and `invoke_task` make the two kinds of task, and `failed`
//! takes an error apart; nothing else here knows the API. Nothing sleeps: what must have happened is waited for.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::routing::post;
use serde_json::{Value as Json, json};
use stepwell_engine::invoke::{
    Answer, CallError, Config, Environment, Function, FunctionCall, FunctionResponse, InvocationType, Invoker, Router,
    Sink, Task,
};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Far more than any test needs: a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(60);

struct Rig {
    // Before the directory: processes end before what they run is removed.
    router: Router,
    printed: UnboundedReceiver<String>,
    _directory: TempDir,
}

fn rig(files: &[(&str, &str)], config: &str) -> Rig {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let path = directory.path().join("stepwell.toml");
    std::fs::write(&path, config).unwrap();
    let (lines, printed) = unbounded_channel();
    let sink: Sink = Arc::new(move |function, stream, line| {
        let _ = lines.send(format!("{function} {stream:?} {line}"));
    });
    let router = Router::with_output(Config::load(&path).unwrap(), sink);
    Rig { router, printed, _directory: directory }
}

fn python(code: &str, more: &str) -> Rig {
    let route = format!(
        "[[route]]\nmatch = \"*\"\ninvoker = \"process\"\nruntime = \"python3\"\nhandler = \"app.handler\"\n{more}\n"
    );
    rig(&[("app.py", code)], &route)
}

fn node(file: &str, code: &str) -> Rig {
    let route = "[[route]]\nmatch = \"*\"\ninvoker = \"process\"\nruntime = \"nodejs\"\nhandler = \"app.handler\"\ntimeout_s = 20\n";
    rig(&[(file, code)], route)
}

fn mocks(config: &str) -> Router {
    Router::new(Config::parse(config, "stepwell.toml").unwrap())
}

/// A task whose resource is the function's ARN.
fn task(function: &str, input: Json) -> Task {
    other_task(&format!("arn:aws:lambda:us-east-1:000000000000:function:{function}"), input)
}

/// A task whose resource is `lambda:invoke`.
fn invoke_task(parameters: Json) -> Task {
    other_task("arn:aws:states:::lambda:invoke", parameters)
}

fn other_task(resource: &str, input: Json) -> Task {
    Task {
        resource: resource.into(),
        input: input.into(),
        execution_arn: "arn:aws:states:us-east-1:000000000000:execution:machine:run".into(),
        state: "State".into(),
        ..Task::default()
    }
}

impl Rig {
    async fn call(&self, input: Json) -> Answer {
        self.invoke(&task("fn", input)).await
    }

    async fn invoke(&self, task: &Task) -> Answer {
        tokio::time::timeout(PATIENCE, self.router.invoke(task)).await.expect("an answer")
    }
}

fn succeeded(answer: Answer) -> Json {
    match answer {
        Answer::Succeeded(value) => value.to_json(),
        Answer::Failed { error, cause } => panic!("{error}: {}", cause.unwrap_or_default()),
        Answer::TooLarge => panic!("the answer is too large"),
    }
}

fn failed(answer: Answer) -> (String, String) {
    match answer {
        Answer::Succeeded(value) => panic!("succeeded with {value}"),
        Answer::Failed { error, cause } => (error, cause.unwrap_or_default()),
        Answer::TooLarge => panic!("the answer is too large"),
    }
}

/// The error's name and what the function, or Lambda in its place, said of it.
fn raised(answer: Answer) -> (String, Json) {
    let (error, cause) = failed(answer);
    let cause = serde_json::from_str(&cause).unwrap_or_else(|_| panic!("{error}: {cause}"));
    (error, cause)
}

// Python

#[tokio::test]
async fn a_python_function_answers() {
    let rig = python("def handler(event, context):\n    print('hello')\n    return {'got': event, 'ü': None}", "");
    assert_eq!(succeeded(rig.call(json!({"a": [1, "ü"]})).await), json!({"got": {"a": [1, "ü"]}, "ü": null}));
}

#[tokio::test]
async fn what_a_function_prints_comes_line_by_line_with_its_name() {
    let code =
        "import sys\nprint('loading')\ndef handler(event, context):\n    print('no end', end='', file=sys.stderr)\n";
    let mut rig = python(code, "");
    succeeded(rig.call(json!({})).await);
    // A line without an end comes when its process ends.
    rig.router = Router::new(Config::default());
    for expected in ["fn Stdout loading", "fn Stderr no end"] {
        let line = tokio::time::timeout(PATIENCE, rig.printed.recv()).await.expect("a line");
        assert_eq!(line.as_deref(), Some(expected));
    }
}

#[tokio::test]
async fn a_python_function_leaves_nothing_beside_its_code() {
    let check = async |more: &str, expected: bool| {
        let code = "import module\ndef handler(event, context):\n    return module.__file__";
        let route =
            "[[route]]\nmatch = \"*\"\ninvoker = \"process\"\nruntime = \"python3\"\nhandler = \"app.handler\"\n";
        let rig = rig(&[("app.py", code), ("module.py", "")], &format!("{route}{more}"));
        let file = succeeded(rig.call(json!({})).await);
        let cache = Path::new(file.as_str().unwrap()).with_file_name("__pycache__");
        assert_eq!(cache.exists(), expected, "{more}");
    };
    check("", false).await;
    check("environment = { PYTHONDONTWRITEBYTECODE = \"\" }", true).await;
}

#[tokio::test]
async fn a_python_exception_is_the_tasks_error() {
    let code = "class OutOfStock(Exception): pass\ndef handler(event, context):\n    raise OutOfStock('no more')\n";
    let rig = python(code, "");
    let (error, cause) = raised(rig.call(json!({})).await);
    assert_eq!(error, "OutOfStock");
    assert_eq!((&cause["errorType"], &cause["errorMessage"]), (&json!("OutOfStock"), &json!("no more")));
    assert_eq!(cause["requestId"].as_str().unwrap().len(), 36);
    let trace = cause["stackTrace"].as_array().unwrap();
    assert_eq!(trace.len(), 1, "{trace:?}");
    assert!(trace[0].as_str().unwrap().ends_with("line 3, in handler\n    raise OutOfStock('no more')\n"), "{trace:?}");
    let keys: Vec<&String> = cause.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["errorMessage", "errorType", "requestId", "stackTrace"]);
}

#[tokio::test]
async fn a_python_result_that_is_no_json_is_an_error() {
    let rig = python("def handler(event, context):\n    return {1, 2}", "");
    let (error, cause) = raised(rig.call(json!({})).await);
    assert_eq!(error, "Runtime.MarshalError");
    assert_eq!(cause["errorMessage"], "Unable to marshal response: Object of type set is not JSON serializable");
}

#[tokio::test]
async fn python_functions_that_cannot_start_say_why() {
    let check = async |files: &[(&str, &str)], handler: &str, error: &str, message: &str| {
        let route = format!(
            "[[route]]\nmatch = \"*\"\ninvoker = \"process\"\nruntime = \"python3\"\nhandler = \"{handler}\"\n"
        );
        let (name, cause) = raised(rig(files, &route).call(json!({})).await);
        assert_eq!(name, error);
        let said = cause["errorMessage"].as_str().unwrap();
        assert!(said.starts_with(message), "{said}");
    };
    let app = ("app.py", "x = 1");
    let missing = "Unable to import module 'gone': No module named 'gone'";
    check(&[], "gone.handler", "Runtime.ImportModuleError", missing).await;
    check(&[app], "app.handler", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'").await;
    let broken = ("app.py", "def handler(:");
    check(&[broken], "app.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app'").await;
    check(&[("app.py", "raise ValueError('at start')")], "app.handler", "ValueError", "at start").await;
}

#[tokio::test]
async fn a_handler_can_lie_in_a_directory_and_be_named_after_the_function() {
    let route = "[[route]]\nmatch = \"*\"\ninvoker = \"process\"\nruntime = \"python3\"\nhandler = \"{function}/app.handler\"\n\
                 directory = \"functions\"\n";
    let code = |name: &str| format!("def handler(event, context):\n    return '{name}'");
    let files = [("functions/one/app.py", code("1")), ("functions/two/app.py", code("2"))];
    let rig = rig(&files.each_ref().map(|(path, code)| (*path, code.as_str())), route);
    assert_eq!(succeeded(rig.invoke(&task("one", json!({}))).await), "1");
    assert_eq!(succeeded(rig.invoke(&task("two:live", json!({}))).await), "2");
    let (error, cause) = failed(rig.invoke(&invoke_task(json!({"FunctionName": "../one"}))).await);
    assert_eq!(error, "Lambda.AWSLambdaException");
    assert!(cause.starts_with("'../one' cannot be put in for {function}"), "{cause}");
}

#[tokio::test]
async fn the_context_and_the_environment_are_those_of_lambda() {
    let code = r#"
import os, sys
def handler(event, context):
    return {
        "name": context.function_name, "arn": context.invoked_function_arn, "memory": context.memory_limit_in_mb,
        "version": context.function_version, "id": len(context.aws_request_id), "custom": context.client_context.custom,
        "left": context.get_remaining_time_in_millis(), "root": os.environ["LAMBDA_TASK_ROOT"] == os.getcwd(),
        "trace": os.environ["_X_AMZN_TRACE_ID"].split("=")[0], "stdin": sys.stdin.read(),
        "environment": {name: os.environ.get(name) for name in
            ("TABLE", "AWS_REGION", "TZ", "AWS_ACCESS_KEY_ID", "CARGO_MANIFEST_DIR", "_HANDLER")},
    }
"#;
    let more = "timeout_s = 20\nmemory_mb = 256\nenvironment = { TABLE = \"orders\", TZ = \"CET\" }";
    let rig = python(code, more);
    let parameters = json!({"FunctionName": "fn", "Qualifier": "live", "ClientContext": "eyJjdXN0b20iOnsiYSI6MX19"});
    let mut got = succeeded(rig.invoke(&invoke_task(parameters)).await)["Payload"].take();
    let left = got["left"].take().as_i64().unwrap();
    assert!((5_000..=20_000).contains(&left), "{left}");
    assert_eq!(
        got,
        json!({
            "name": "fn", "arn": "arn:aws:lambda:us-east-1:000000000000:function:fn:live", "memory": "256",
            "version": "$LATEST", "id": 36, "custom": {"a": 1}, "left": null, "root": true, "trace": "Root", "stdin": "",
            "environment": {
                "TABLE": "orders", "AWS_REGION": "us-east-1", "TZ": "CET", "AWS_ACCESS_KEY_ID": "test",
                "CARGO_MANIFEST_DIR": null, "_HANDLER": "app.handler",
            },
        })
    );
}

#[tokio::test]
async fn region_and_endpoints_reach_a_function_as_they_count_for_stepwell() {
    let code = "import os\ndef handler(event, context):\n    return {k: v for k, v in os.environ.items() if k in \
                   ('AWS_REGION', 'AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_S3')}\n";
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("app.py"), code).unwrap();
    let route = "[[route]]\nmatch = \"*\"\ninvoker = \"process\"\nruntime = \"python3\"\nhandler = \"app.handler\"\n";
    let check = async |aws: &str, ignored: &str, expected: Json| {
        let mut config = Config::parse(&format!("{aws}\n{route}"), directory.path().join("stepwell.toml")).unwrap();
        let variables = [
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ENDPOINT_URL", "http://all.test"),
            ("AWS_ENDPOINT_URL_S3", "http://s3.test"),
            ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", ignored),
        ];
        config.aws.environment = Environment::read(variables.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(succeeded(Router::new(config).invoke(&task("fn", json!({}))).await), expected);
    };
    let (all, s3) = ("http://all.test", "http://s3.test");
    check("", "", json!({"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": all, "AWS_ENDPOINT_URL_S3": s3})).await;
    check("", "true", json!({"AWS_REGION": "eu-west-1"})).await;
    let own = "[aws]\nregion = \"us-east-1\"\nendpoint = \"http://own.test\"";
    check(own, "true", json!({"AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": "http://own.test"})).await;
}

#[tokio::test]
async fn a_process_serves_one_call_after_another_and_is_replaced_when_it_ends() {
    let code =
        "import os\ndef handler(event, context):\n    if event.get('exit'): os._exit(7)\n    return os.getpid()\n";
    let rig = python(code, "");
    let first = succeeded(rig.call(json!({})).await);
    assert_eq!(succeeded(rig.call(json!({})).await), first);
    let (error, cause) = raised(rig.call(json!({"exit": true})).await);
    assert_eq!(error, "Runtime.ExitError");
    let message = cause["errorMessage"].as_str().unwrap();
    assert!(message.starts_with("RequestId: "), "{message}");
    assert!(message.ends_with(" Error: Runtime exited with error: exit status 7"), "{message}");
    let second = succeeded(rig.call(json!({})).await);
    assert_ne!(second, first);
    assert_eq!(succeeded(rig.call(json!({})).await), second);
}

#[tokio::test]
async fn killed_by_a_signal() {
    let rig = python("import os\ndef handler(event, context):\n    os.kill(os.getpid(), 9)\n", "");
    let (error, cause) = raised(rig.call(json!({})).await);
    assert_eq!(error, "Runtime.ExitError");
    assert!(cause["errorMessage"].as_str().unwrap().ends_with("Runtime exited with error: signal: killed"));
}

/// Connects to the test, hands the connection on to a child process, and hangs.
const HANG: &str = "import socket, subprocess, time\ndef handler(event, context):\n    if not event: return 'fine'\n\
    \x20   s = socket.create_connection(('127.0.0.1', event['port']))\n\
    \x20   subprocess.Popen(['sleep', '600'], pass_fds=[s.fileno()])\n    s.sendall(b'.')\n    time.sleep(600)\n";

async fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

#[tokio::test]
async fn a_function_that_hangs_times_out_and_is_killed_with_all_that_it_started() {
    let rig = python(HANG, "timeout_s = 4");
    let (listener, port) = listener().await;
    let (error, cause) = raised(rig.call(json!({"port": port})).await);
    assert_eq!((error.as_str(), &cause["errorType"]), ("Sandbox.Timedout", &json!("Sandbox.Timedout")));
    let message = cause["errorMessage"].as_str().unwrap();
    assert!(message.ends_with(" Error: Task timed out after 4.00 seconds"), "{message}");
    // The connection ends only when the last process that holds it has.
    let (mut connection, _) = tokio::time::timeout(PATIENCE, listener.accept()).await.expect("a connection").unwrap();
    let mut sent = Vec::new();
    let _ = tokio::time::timeout(PATIENCE, connection.read_to_end(&mut sent)).await.expect("the processes to end");
    assert_eq!(sent, b".");
    assert_eq!(succeeded(rig.call(json!({})).await), "fine");
}

#[tokio::test]
async fn a_task_that_is_given_up_is_killed() {
    let rig = python(HANG, "");
    let (listener, port) = listener().await;
    let task = task("fn", json!({"port": port}));
    let mut connection = tokio::select! {
        connection = listener.accept() => connection.unwrap().0,
        answer = rig.invoke(&task) => panic!("{answer:?}"),
    };
    let mut sent = Vec::new();
    let _ = tokio::time::timeout(PATIENCE, connection.read_to_end(&mut sent)).await.expect("the processes to end");
    assert_eq!(succeeded(rig.call(json!({})).await), "fine");
}

#[tokio::test]
async fn a_tasks_deadline_bounds_every_invoker() {
    let rig = python(HANG, "");
    let (_listener, port) = listener().await;
    let task = Task { timeout: Some(Duration::from_millis(300)), ..task("fn", json!({"port": port})) };
    assert_eq!(rig.invoke(&task).await, Answer::Failed { error: "States.Timeout".to_owned(), cause: None });
}

#[tokio::test]
async fn as_many_processes_as_the_route_allows_run_at_once() {
    let code = "import os, socket\ndef handler(event, context):\n    s = socket.create_connection(('127.0.0.1', event['port']))\n\
                \x20   s.recv(1)\n    return os.getpid()\n";
    let rig = python(code, "concurrency = 2");
    let (listener, port) = listener().await;
    let call = async || succeeded(rig.call(json!({"port": port})).await).as_i64().unwrap();
    let release = async {
        for _ in 0..3 {
            // Two run at once, or this waits in vain; a third at once would be a third process.
            let (mut one, _) = listener.accept().await.unwrap();
            let (mut two, _) = listener.accept().await.unwrap();
            one.write_all(b"1").await.unwrap();
            two.write_all(b"2").await.unwrap();
        }
    };
    let calls = async { tokio::join!(call(), call(), call(), call(), call(), call()) };
    let both = async { tokio::join!(calls, release) };
    let ((a, b, c, d, e, f), ()) = tokio::time::timeout(PATIENCE, both).await.expect("two at once");
    assert_eq!(BTreeSet::from([a, b, c, d, e, f]).len(), 2);
}

#[tokio::test]
async fn answers_have_lambdas_limit() {
    let rig = python("def handler(event, context):\n    return 'x' * event", "");
    assert_eq!(succeeded(rig.call(json!(300 * 1024)).await).as_str().unwrap().len(), 300 * 1024);
    let (error, cause) = raised(rig.call(json!(7 * 1024 * 1024)).await);
    assert_eq!(error, "Function.ResponseSizeTooLarge");
    assert_eq!(cause["errorMessage"], "Response payload size exceeded maximum allowed payload size (6291556 bytes).");
    assert_eq!(succeeded(rig.call(json!(3)).await), "xxx");
}

// Any command

/// A runtime of its own, which posts what the payload says.
const OWN_RUNTIME: &str = r#"
import json, os, sys, urllib.request
api = "http://%s/2018-06-01/runtime/" % os.environ["AWS_LAMBDA_RUNTIME_API"]
print("garbage \x00\xff on stdout")
while True:
    with urllib.request.urlopen(api + "invocation/next") as response:
        event = json.load(response)
        request = response.headers["Lambda-Runtime-Aws-Request-Id"]
    if event.get("exit"):
        sys.exit(0)
    if event.get("skip"):
        continue
    path = api + "invocation/%s/%s" % (request, event.get("to", "response"))
    headers = {"Lambda-Runtime-Function-Error-Type": event.get("type", "")}
    urllib.request.urlopen(urllib.request.Request(path, event["text"].encode("latin-1"), headers)).close()
    if event.get("last"):
        sys.exit(1)
"#;

fn own_runtime() -> Rig {
    let route = "[[route]]\nmatch = \"*\"\ninvoker = \"process\"\ncommand = [\"python3\", \"runtime.py\"]\n";
    rig(&[("runtime.py", OWN_RUNTIME)], route)
}

#[tokio::test]
async fn a_command_can_bring_its_own_runtime() {
    let rig = own_runtime();
    assert_eq!(succeeded(rig.call(json!({"text": "{\"a\": 1}"})).await), json!({"a": 1}));
    assert_eq!(succeeded(rig.call(json!({"text": ""})).await), json!(null));
}

#[tokio::test]
async fn an_answer_that_is_no_json_fails_the_task() {
    let rig = own_runtime();
    for text in ["oops", "{\"a\": ", "\u{ff}\u{fe}"] {
        let (error, cause) = failed(rig.call(json!({"text": text})).await);
        assert_eq!(error, "Lambda.Unknown");
        assert!(cause.starts_with("The function did not return JSON: "), "{cause}");
    }
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let (error, cause) = failed(rig.call(json!({"text": deep})).await);
    assert_eq!(error, "Lambda.Unknown");
    assert!(cause.starts_with("The function returned JSON that is nested too deeply: "), "{cause}");
    assert_eq!(succeeded(rig.call(json!({"text": "1"})).await), 1);
}

#[tokio::test]
async fn an_error_without_a_type_is_unknown() {
    let rig = own_runtime();
    let unknown = "The cause could not be determined because Lambda did not return an error type. Returned payload: ";
    for text in ["{\"errorMessage\":\"m\"}", "no object", "{\"errorType\":1}"] {
        let answer = rig.call(json!({"to": "error", "text": text})).await;
        assert_eq!(failed(answer), ("Lambda.Unknown".to_owned(), format!("{unknown}{text}")));
    }
    let answer = rig.call(json!({"to": "error", "text": "", "type": "Custom.Reason"})).await;
    assert_eq!(raised(answer).0, "Custom.Reason");
    let cause = r#"{ "errorType": "E", "errorMessage": "spaces stay" }"#;
    let answer = rig.call(json!({"to": "error", "text": cause})).await;
    assert_eq!(failed(answer), ("E".to_owned(), cause.to_owned()));
}

#[tokio::test]
async fn a_runtime_that_does_not_answer_is_found_out() {
    let rig = own_runtime();
    assert_eq!(raised(rig.call(json!({"skip": true})).await).0, "Runtime.InvalidStateTransition");
    let (error, cause) = raised(rig.call(json!({"exit": true})).await);
    assert_eq!(error, "Runtime.ExitError");
    assert!(cause["errorMessage"].as_str().unwrap().ends_with("Error: Runtime exited without providing a reason"));
}

#[tokio::test]
async fn a_process_that_ends_between_two_calls_costs_none_of_them() {
    let rig = own_runtime();
    for n in 0..10 {
        // It may end before the next call finds it, or only when the call already waits for it.
        assert_eq!(succeeded(rig.call(json!({"text": n.to_string(), "last": true})).await), n);
    }
}

/// Set in the process that is to be killed: where its functions are.
#[cfg(unix)]
const TO_BE_KILLED: &str = "STEPWELL_TEST_TO_BE_KILLED";

/// The test starts itself once more, as the process that runs a function and is killed.
#[cfg(unix)]
#[tokio::test]
async fn functions_end_with_a_stepwell_that_is_killed() {
    if let Some(directory) = std::env::var_os(TO_BE_KILLED) {
        let router = Router::new(Config::load(Path::new(&directory).join("stepwell.toml")).unwrap());
        panic!("{:?}", router.invoke(&task("fn", json!({}))).await);
    }
    let (listener, port) = listener().await;
    let code = format!(
        "import socket, subprocess\ns = socket.create_connection(('127.0.0.1', {port}))\n\
         subprocess.Popen(['sleep', '600'], pass_fds=[s.fileno()])\ns.sendall(b'.')\nwhile True: pass\n"
    );
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("runtime.py"), code).unwrap();
    let route = "[[route]]\nmatch = \"*\"\ninvoker = \"process\"\ncommand = [\"python3\", \"runtime.py\"]\n";
    std::fs::write(directory.path().join("stepwell.toml"), route).unwrap();
    let mut stepwell = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "functions_end_with_a_stepwell_that_is_killed"])
        .env(TO_BE_KILLED, directory.path())
        .stdout(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let (mut connection, _) = tokio::time::timeout(PATIENCE, listener.accept()).await.expect("a connection").unwrap();
    assert_eq!(connection.read_u8().await.unwrap(), b'.');
    stepwell.kill().await.unwrap();
    // The connection ends only when the last process that holds it has.
    let rest = tokio::time::timeout(PATIENCE, connection.read_to_end(&mut Vec::new())).await;
    let _ = rest.expect("the processes to end");
}

#[tokio::test]
async fn a_command_that_cannot_be_started_or_ends_at_once() {
    let check = async |command: &str, error: &str, message: &str| {
        let route = format!("[[route]]\nmatch = \"*\"\ninvoker = \"process\"\ncommand = {command}\n");
        let (name, cause) = raised(rig(&[], &route).call(json!({})).await);
        assert_eq!(name, error);
        let said = cause["errorMessage"].as_str().unwrap();
        assert!(said.contains(message), "{said}");
    };
    check("[\"./no-such-program\"]", "Runtime.InvalidEntrypoint", "cannot start './no-such-program' in '/").await;
    let status = "Error: Runtime exited with error: exit status 4";
    check("[\"python3\", \"-c\", \"import sys; sys.exit(4)\"]", "Runtime.ExitError", status).await;
}

// Node

#[tokio::test]
async fn node_handlers_answer_by_promise_callback_context_or_not_at_all() {
    let check = async |file: &str, code: &str, expected: Json| {
        let answer = node(file, code).call(json!({"n": 1})).await;
        assert_eq!(succeeded(answer), expected, "{code}");
    };
    check("app.mjs", "export const handler = async (event) => ({ got: event })", json!({"got": {"n": 1}})).await;
    check("app.js", "exports.handler = (event, context, done) => done(null, event.n + 1)", json!(2)).await;
    check("app.cjs", "exports.handler = (event, context) => context.succeed('ü')", json!("ü")).await;
    check("app.js", "exports.handler = async () => undefined", json!(null)).await;
    check("app.js", "exports.handler = () => {}", json!(null)).await;
}

#[tokio::test]
async fn the_context_of_a_node_handler() {
    let code = "export const handler = async (event, context) => [context.functionName, context.invokedFunctionArn, \
                context.memoryLimitInMB, context.getRemainingTimeInMillis() > 5000, context.awsRequestId.length, \
                process.env.LAMBDA_TASK_ROOT === process.cwd(), process.pid > 0]";
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:fn";
    let answer = node("app.mjs", code).call(json!({})).await;
    assert_eq!(succeeded(answer), json!(["fn", arn, "128", true, 36, true, true]));
}

#[tokio::test]
async fn node_errors_are_the_tasks_errors() {
    let check = async |code: &str, error: &str, message: &str| {
        let (name, cause) = raised(node("app.mjs", code).call(json!({})).await);
        assert_eq!(name, error, "{code}");
        assert_eq!(cause["errorType"], error);
        let said = cause["errorMessage"].as_str().unwrap();
        assert!(said.starts_with(message), "{said}");
        cause["trace"].as_array().unwrap().clone()
    };
    let custom = "class OutOfStock extends Error { name = 'OutOfStock' }\n";
    let throws = format!("{custom}export const handler = async () => {{ throw new OutOfStock('no more') }}");
    let trace = check(&throws, "OutOfStock", "no more").await;
    assert!(trace[1].as_str().unwrap().contains("app.mjs:2"), "{trace:?}");
    check("export const handler = () => { throw new TypeError('sync') }", "TypeError", "sync").await;
    check("export const handler = (e, c, done) => done('text')", "string", "text").await;
    check("export const handler = async () => 1n", "Runtime.MarshalError", "Unable to stringify response body").await;
    check("export const other = 1", "Runtime.HandlerNotFound", "app.handler is undefined or not exported").await;
    check("export const handler = (", "Runtime.UserCodeSyntaxError", "").await;
    check("import 'gone'", "Runtime.ImportModuleError", "Error: Cannot find package 'gone'").await;
    let later =
        "export const handler = () => new Promise(() => setTimeout(() => { throw new RangeError('later') }, 1))";
    check(later, "RangeError", "later").await;
    let unhandled = "export const handler = () => new Promise(() => { Promise.reject(new Error('lost')) })";
    check(unhandled, "Runtime.UnhandledPromiseRejection", "Error: lost").await;
}

#[tokio::test]
async fn a_node_process_is_reused_and_replaced() {
    let code = "export const handler = async (event) => { if (event.exit) process.exit(5); return process.pid }";
    let rig = node("app.mjs", code);
    let first = succeeded(rig.call(json!({})).await);
    assert_eq!(succeeded(rig.call(json!({})).await), first);
    let (error, cause) = raised(rig.call(json!({"exit": true})).await);
    assert_eq!(error, "Runtime.ExitError");
    assert!(cause["errorMessage"].as_str().unwrap().ends_with("exit status 5"));
    assert_ne!(succeeded(rig.call(json!({})).await), first);
}

#[tokio::test]
async fn a_large_answer_of_a_node_function() {
    let rig = node("app.mjs", "export const handler = async (n) => 'x'.repeat(n)");
    assert_eq!(succeeded(rig.call(json!(300 * 1024)).await).as_str().unwrap().len(), 300 * 1024);
    assert_eq!(raised(rig.call(json!(7 * 1024 * 1024)).await).0, "Function.ResponseSizeTooLarge");
    assert_eq!(succeeded(rig.call(json!(2)).await), "xx");
}

// lambda:invoke

#[tokio::test]
async fn lambda_invoke_gives_the_whole_response() {
    let router = mocks("[[route]]\nmatch = \"fn\"\ninvoker = \"mock\"\nresult = \"HelloWorld!\"\n");
    let mut result = succeeded(router.invoke(&invoke_task(json!({"FunctionName": "fn", "Payload": {}}))).await);
    let id = result["SdkResponseMetadata"]["RequestId"].clone();
    let metadata = &mut result["SdkHttpMetadata"];
    let (date, trace) = (metadata["HttpHeaders"]["Date"].clone(), metadata["HttpHeaders"]["X-Amzn-Trace-Id"].clone());
    assert!(date.as_str().unwrap().ends_with(" GMT") && trace.as_str().unwrap().starts_with("root=1-"), "{metadata}");
    let expected = json!({
        "ExecutedVersion": "$LATEST",
        "Payload": "HelloWorld!",
        "SdkHttpMetadata": {
            "AllHttpHeaders": {
                "X-Amz-Executed-Version": ["$LATEST"], "x-amzn-Remapped-Content-Length": ["0"],
                "Connection": ["keep-alive"], "x-amzn-RequestId": [id], "Content-Length": ["13"], "Date": [date],
                "X-Amzn-Trace-Id": [trace], "Content-Type": ["application/json"],
            },
            "HttpHeaders": {
                "Connection": "keep-alive", "Content-Length": "13", "Content-Type": "application/json", "Date": date,
                "X-Amz-Executed-Version": "$LATEST", "x-amzn-Remapped-Content-Length": "0", "x-amzn-RequestId": id,
                "X-Amzn-Trace-Id": trace,
            },
            "HttpStatusCode": 200,
        },
        "SdkResponseMetadata": {"RequestId": id},
        "StatusCode": 200,
    });
    assert_eq!(result.to_string(), expected.to_string());
}

#[tokio::test]
async fn lambda_invoke_without_a_payload_sends_an_empty_object() {
    let rig = python("def handler(event, context):\n    return event", "");
    let payload = async |parameters| succeeded(rig.invoke(&invoke_task(parameters)).await)["Payload"].take();
    assert_eq!(payload(json!({"FunctionName": "fn"})).await, json!({}));
    assert_eq!(payload(json!({"FunctionName": "fn", "Payload": "text"})).await, json!("text"));
    assert_eq!(payload(json!({"FunctionName": "fn", "Payload": null})).await, json!({}));
}

#[tokio::test]
async fn parameters_that_make_no_call_fail_the_task() {
    let router = Router::new(Config::default());
    let check = async |parameters: Json, error: &str, cause: &str| {
        let (name, said) = failed(router.invoke(&invoke_task(parameters)).await);
        assert_eq!(name, error);
        assert!(said.starts_with(cause), "{said}");
    };
    let missing = "An error occurred while executing the state 'State'. The Parameters '{}' could not be used to start the \
                   Task: [The field 'FunctionName' is required but was missing]";
    check(json!({}), "States.Runtime", missing).await;
    check(json!({"FunctionName": 1}), "States.Runtime", "An error occurred while executing the state 'State'.").await;
    let wrong = "1 validation error detected: Value 'Now' at 'invocationType' failed to satisfy constraint";
    check(json!({"FunctionName": "f", "InvocationType": "Now"}), "Lambda.AWSLambdaException", wrong).await;
}

#[tokio::test]
async fn an_event_is_accepted_at_once_and_runs_by_itself() {
    let code =
        "import socket\ndef handler(event, context):\n    socket.create_connection(('127.0.0.1', event['port']))\n";
    let rig = python(code, "");
    let (listener, port) = listener().await;
    let call = |kind| json!({"FunctionName": "fn", "InvocationType": kind, "Payload": {"port": port}});
    let result = succeeded(rig.invoke(&invoke_task(call("Event"))).await);
    assert_eq!((&result["StatusCode"], result.get("Payload")), (&json!(202), None));
    tokio::time::timeout(PATIENCE, listener.accept()).await.expect("the function to run").unwrap();
    let result = succeeded(rig.invoke(&invoke_task(call("DryRun"))).await);
    assert_eq!(result["StatusCode"], 204);
}

// HTTP

async fn server() -> u16 {
    let app = axum::Router::new()
        .route(
            "/fn/{function}",
            post(async |headers: axum::http::HeaderMap, body: String| {
                let body: Json = serde_json::from_str(&body).unwrap();
                json!({"got": body, "key": headers["x-key"].to_str().unwrap()}).to_string()
            }),
        )
        .route(
            "/status/{status}",
            post(async |path: axum::extract::Path<u16>, body: String| {
                let text: Json = serde_json::from_str(&body).unwrap();
                (StatusCode::from_u16(path.0).unwrap(), text.as_str().unwrap_or_default().to_owned())
            }),
        )
        .route("/raise", post(async || ([("X-Amz-Function-Error", "Unhandled")], r#"{"errorType":"Oops"}"#)))
        .route("/big", post(async |body: String| "x".repeat(body.parse().unwrap())))
        .route("/hang", post(async || std::future::pending::<()>().await));
    let (listener, port) = listener().await;
    tokio::spawn(async move { axum::serve(listener, app).await });
    port
}

fn http(port: u16, path: &str, more: &str) -> Router {
    mocks(&format!("[[route]]\nmatch = \"*\"\ninvoker = \"http\"\nurl = \"http://127.0.0.1:{port}{path}\"\n{more}\n"))
}

#[tokio::test]
async fn an_http_endpoint_takes_the_payload_and_gives_the_result() {
    let port = server().await;
    let router = http(port, "/fn/{function}", "headers = { X-Key = \"k\" }");
    assert_eq!(succeeded(router.invoke(&task("f-1", json!([1]))).await), json!({"got": [1], "key": "k"}));
    let other = other_task("arn:aws:states:::sqs:sendMessage", json!({"QueueUrl": "q"}));
    assert_eq!(succeeded(router.invoke(&other).await), json!({"got": {"QueueUrl": "q"}, "key": "k"}));
    let result = succeeded(router.invoke(&invoke_task(json!({"FunctionName": "f", "Payload": 2}))).await);
    assert_eq!((&result["Payload"]["got"], &result["StatusCode"]), (&json!(2), &json!(200)));
    let names: Vec<&String> = result["SdkHttpMetadata"]["HttpHeaders"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["Connection", "Content-Length", "Content-Type", "Date"]);
}

#[tokio::test]
async fn http_failures_have_lambdas_names() {
    let port = server().await;
    let check = async |path: &str, input: Json, error: &str, cause: &str| {
        let (name, said) = failed(http(port, path, "").invoke(&task("f", input)).await);
        assert_eq!(name, error, "{path}");
        assert!(said.starts_with(cause), "{said}");
    };
    check("/raise", json!(0), "Oops", r#"{"errorType":"Oops"}"#).await;
    check("/status/500", json!(r#"{"errorType":"E"}"#), "E", r#"{"errorType":"E"}"#).await;
    let service = "overloaded (Service: AWSLambda; Status Code: 503; Error Code: ServiceException; Request ID: ";
    check("/status/503", json!("overloaded"), "Lambda.ServiceException", service).await;
    check("/status/429", json!("slow down"), "Lambda.TooManyRequestsException", "slow down (Service").await;
    check("/status/404", json!("none"), "Lambda.ResourceNotFoundException", "none (Service").await;
    check("/status/418", json!("tea"), "States.Http.StatusCode.418", "tea").await;
    check("/status/200", json!("no json"), "Lambda.Unknown", "The function did not return JSON").await;
    check("/big", json!(7 * 1024 * 1024), "Function.ResponseSizeTooLarge", "{").await;
    let (error, cause) = failed(http(port, "/hang", "timeout_s = 0.2").invoke(&task("f", json!(0))).await);
    assert_eq!(error, "Lambda.SdkClientException");
    assert!(cause.ends_with("no answer within 0.2 seconds"), "{cause}");
    let tls = mocks(&format!("[[route]]\nmatch = \"*\"\ninvoker = \"http\"\nurl = \"https://127.0.0.1:{port}/\"\n"));
    assert_eq!(failed(tls.invoke(&task("f", json!(0))).await).0, "Lambda.SdkClientException");
    let (closed, port) = listener().await;
    drop(closed);
    let (error, cause) = failed(http(port, "/", "").invoke(&task("f", json!(0))).await);
    assert_eq!(error, "Lambda.SdkClientException");
    assert!(cause.to_lowercase().contains("refused"), "{cause}");
}

// Mocks and routes

#[tokio::test]
async fn a_mocks_sequence_ends_with_its_last_answer_and_can_begin_again() {
    let router = mocks(
        "[[route]]\nmatch = \"fn\"\ninvoker = \"mock\"\nsequence = [\n  { error = { name = \"E\", cause = \"c\" } },\n  \
         { error = { name = \"F\" } },\n  { result = { b = 1, a = [1.5, true, \"x\", 2026-01-02] } },\n]\n",
    );
    let call = async || router.invoke(&task("fn", json!({}))).await;
    for _ in 0..2 {
        assert_eq!(call().await, Answer::failed("E", "c"));
        assert_eq!(call().await, Answer::Failed { error: "F".to_owned(), cause: None });
        for _ in 0..2 {
            assert_eq!(succeeded(call().await).to_string(), r#"{"b":1,"a":[1.5,true,"x","2026-01-02"]}"#);
        }
        router.restart_mocks();
    }
}

#[tokio::test]
async fn the_first_route_that_matches_wins() {
    let route = |pattern: &str, result: &str| {
        format!("[[route]]\nmatch = \"{pattern}\"\ninvoker = \"mock\"\nresult = \"{result}\"\n")
    };
    let router = mocks(
        &[
            route("order-create", "name"),
            route("order-*", "star"),
            route("pay:live", "alias"),
            route("123456789012:function:pay", "account"),
            route("arn:aws:lambda:eu-*:*:function:*", "region"),
            route("arn:aws:states:::sqs:sendMessage", "sqs"),
            route("arn:aws:states:::lambda:invoke*", "service"),
        ]
        .concat(),
    );
    let answer = async |task: Task| succeeded(router.invoke(&task).await);
    assert_eq!(answer(task("order-create", json!({}))).await, "name");
    assert_eq!(answer(task("order-create:7", json!({}))).await, "name");
    assert_eq!(answer(task("order-pay", json!({}))).await, "star");
    assert_eq!(answer(task("pay:live", json!({}))).await, "alias");
    let named = |name: &str| invoke_task(json!({"FunctionName": name}));
    let arn = |region: &str, account: &str| format!("arn:aws:lambda:{region}:{account}:function:pay");
    assert_eq!(answer(named("order-x")).await["Payload"], "star");
    assert_eq!(answer(invoke_task(json!({"FunctionName": "pay", "Qualifier": "live"}))).await["Payload"], "alias");
    assert_eq!(answer(named(&arn("us-east-1", "123456789012"))).await["Payload"], "account");
    assert_eq!(answer(named(&arn("eu-west-1", "000000000000"))).await["Payload"], "region");
    assert_eq!(answer(named("anything")).await["Payload"], "service");
    assert_eq!(answer(other_task("arn:aws:states:::sqs:sendMessage", json!({}))).await, "sqs");
}

#[tokio::test]
async fn a_task_without_a_route_says_what_to_add() {
    let router = Router::new(Config::default());
    let (error, cause) = failed(router.invoke(&task("order-create", json!({}))).await);
    assert_eq!(error, "States.Runtime");
    assert!(cause.starts_with("No route leads to the function 'order-create'."), "{cause}");
    let snippet = &cause[cause.find("[[route]]").unwrap()..];
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("functions")).unwrap();
    Config::parse(snippet, directory.path().join("stepwell.toml")).unwrap();
    let resource = "arn:aws:states:::sqs:sendMessage";
    let (error, cause) = failed(router.invoke(&other_task(resource, json!({}))).await);
    assert_eq!(error, "States.Runtime");
    let router = mocks(&cause[cause.find("[[route]]").unwrap()..]);
    assert_eq!(succeeded(router.invoke(&other_task(resource, json!({}))).await), json!({}));
}

#[tokio::test]
async fn a_task_without_a_route_says_who_else_could_answer_it() {
    let check = async |resource: &str, input: Json, beginning: &str| {
        let (_, cause) = failed(Router::new(Config::default()).invoke(&other_task(resource, input)).await);
        assert!(cause.starts_with(beginning), "{cause}");
        assert!(cause.contains("add to stepwell.toml:\n\n[[route]]\n"), "{cause}");
        cause.contains("--api")
    };
    let activity = "arn:aws:states:us-east-1:000000000000:activity:approve";
    let worker = format!(
        "No route leads to the activity '{activity}'. A worker can take it when the run is started with --api ADDR. To give it"
    );
    assert!(check(activity, json!({}), &worker).await);
    let token = "When a route has handed its task token on, somebody can answer the token through --api ADDR";
    let sqs = "arn:aws:states:::sqs:sendMessage";
    let waiting = format!("{sqs}.waitForTaskToken");
    assert!(check(&waiting, json!({}), &format!("No route leads to the resource '{waiting}'. {token}")).await);
    let function = json!({"FunctionName": "ask"});
    let waiting = "arn:aws:states:::lambda:invoke.waitForTaskToken";
    assert!(check(waiting, function, &format!("No route leads to the function 'ask'. {token}")).await);
    assert!(
        !check(sqs, json!({}), &format!("No route leads to the resource '{sqs}'. Its service can be called where"))
            .await
    );
}

#[tokio::test]
async fn mocks_answer_for_callbacks() {
    let router = mocks(
        "[[route]]\nmatch = \"fn\"\ninvoker = \"mock\"\nresult = 1\n[[route]]\nmatch = \"h\"\n\
                        invoker = \"http\"\nurl = \"http://127.0.0.1:1\"\n",
    );
    let waiting =
        |name: &str| other_task("arn:aws:states:::lambda:invoke.waitForTaskToken", json!({"FunctionName": name}));
    assert!(router.answers_for_callback(&waiting("fn")));
    assert_eq!(succeeded(router.invoke(&waiting("fn")).await), 1);
    assert!(!router.answers_for_callback(&waiting("h")));
    assert!(Router::mock_all().answers_for_callback(&waiting("h")));
}

#[tokio::test]
async fn everything_can_be_mocked() {
    let router = Router::mock_all();
    let answer = async |resource: &str, input: Json| succeeded(router.invoke(&other_task(resource, input)).await);
    let service = async |name: &str, input: Json| answer(&format!("arn:aws:states:::{name}"), input).await;
    assert_eq!(succeeded(router.invoke(&task("f", json!({}))).await), json!({}));
    let invoked = service("lambda:invoke", json!({"FunctionName": "f"})).await;
    assert_eq!((&invoked["Payload"], &invoked["StatusCode"]), (&json!({}), &json!(200)));
    assert_eq!(invoked, service("lambda:invoke", json!({"FunctionName": "f"})).await);
    assert_eq!(service("dynamodb:getItem", json!({})).await["Item"], json!({}));
    assert_eq!(service("dynamodb:putItem", json!({})).await["SdkHttpMetadata"]["HttpStatusCode"], 200);
    assert!(service("sqs:sendMessage", json!({})).await["MessageId"].is_string());
    assert_eq!(service("sqs:sendMessage.waitForTaskToken", json!({})).await, json!({}));
    let machine = json!({"StateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:m", "Input": {"a": 1}});
    let started = service("states:startExecution", machine.clone()).await;
    assert!(started["ExecutionArn"].as_str().unwrap().contains(":execution:m:"), "{started}");
    let ended = service("states:startExecution.sync", machine.clone()).await;
    assert_eq!(
        (&ended["Output"], &ended["Input"], &ended["Status"]),
        (&json!("{}"), &json!("{\"a\":1}"), &json!("SUCCEEDED"))
    );
    assert_eq!(service("states:startExecution.sync:2", machine).await["Input"], json!({"a": 1}));
    assert_eq!(service("ecs:runTask.sync", json!({})).await["LastStatus"], "STOPPED");
    assert_eq!(service("glue:startJobRun.sync", json!({"JobName": "j"})).await["JobName"], "j");
    assert_eq!(service("sagemaker:createTrainingJob.sync", json!({})).await["TrainingJobStatus"], "Completed");
    assert_eq!(service("aws-sdk:s3:getObject", json!({})).await["Body"], "{}");
    assert_eq!(
        service("emr-serverless:startJobRun", json!({})).await["JobRunId"],
        "00000000-0000-0000-0000-000000000000"
    );
    assert_eq!(service("databrew:startJobRun.sync", json!({})).await["State"], "SUCCEEDED");
    assert_eq!(service("mediaconvert:createJob.sync", json!({})).await["Job"]["Status"], "COMPLETE");
    let unknown = router.invoke(&other_task("arn:aws:states:::aws-sdk:s3:getObjects", json!({}))).await;
    assert!(matches!(&unknown, Answer::Failed { error, .. } if error == "States.Runtime"), "{unknown:?}");
    assert_eq!(answer("arn:aws:states:us-east-1:000000000000:activity:a", json!({})).await, json!({}));
    // Mocks of the configuration come first; other routes are never called.
    let config = "[[route]]\nmatch = \"f\"\ninvoker = \"process\"\ncommand = [\"false\"]\n[[route]]\nmatch = \"g\"\n\
                  invoker = \"mock\"\nresult = 2\n";
    let router = mocks(config).mocking_all();
    assert_eq!(succeeded(router.invoke(&task("f", json!({}))).await), json!({}));
    assert_eq!(succeeded(router.invoke(&task("g", json!({}))).await), json!(2));
}

/// Stands for AWS Lambda: answers with what it was asked.
struct Recorder;

#[async_trait::async_trait]
impl Function for Recorder {
    async fn call(&self, call: &FunctionCall) -> Result<FunctionResponse, CallError> {
        if &*call.function == "missing" {
            return Err(CallError::function_not_found(
                "arn:aws:lambda:us-east-1:000000000000:function:missing:$LATEST",
                "id",
            ));
        }
        let payload = json!({
            "function": &*call.function, "qualifier": call.qualifier.as_deref(), "endpoint": call.endpoint.as_deref(),
            "region": call.region.as_deref(), "role": call.role_arn.as_deref(),
            "event": call.invocation_type == InvocationType::Event,
        });
        Ok(FunctionResponse::local(200, "id".to_owned(), payload.to_string().into()))
    }
}

#[tokio::test]
async fn lambda_is_called_only_where_the_configuration_lets_it_be() {
    let router = |config: &str| mocks(config).with_lambda(Arc::new(Recorder));
    let call = async |router: Router, function: &str| router.invoke(&task(function, json!({}))).await;
    let refused = failed(call(router(""), "f").await);
    assert!(refused.1.starts_with("No route leads to"), "{}", refused.1);
    let route = "[[route]]\nmatch = \"*\"\ninvoker = \"lambda\"\n";
    let refused = failed(call(router(route), "f").await);
    assert_eq!(refused.0, "States.Runtime");
    assert!(refused.1.contains("real AWS is off"), "{}", refused.1);
    let without_hook = failed(call(mocks(route), "f").await);
    assert_eq!(without_hook, refused, "there is no hook where nothing is allowed, and that is not what is wrong");
    let elsewhere = format!("{route}endpoint = \"http://127.0.0.1:1\"\nregion = \"eu-west-1\"\nrole = \"r\"\n");
    let called = succeeded(call(router(&elsewhere), "f").await);
    assert_eq!(called["endpoint"], "http://127.0.0.1:1");
    assert_eq!((&called["region"], &called["role"]), (&json!("eu-west-1"), &json!("r")));
    let function = "arn:aws:lambda:us-east-1:000000000000:function:f";
    assert_eq!(succeeded(call(router("aws.real = true"), "f").await)["function"], function);
    assert_eq!(succeeded(call(router("aws.endpoint = \"http://127.0.0.1:1\""), "f").await)["function"], function);
    let real = format!("{route}endpoint = \"https://lambda.eu-west-1.amazonaws.com:443/\"\n");
    assert!(failed(call(router(&real), "f").await).1.contains("real AWS is off"));
    let parameters = json!({"FunctionName": "missing", "InvocationType": "Event"});
    let answer = router("aws.real = true").invoke(&invoke_task(parameters)).await;
    let cause = "Function not found: arn:aws:lambda:us-east-1:000000000000:function:missing:$LATEST (Service: AWSLambda; \
                 Status Code: 404; Error Code: ResourceNotFoundException; Request ID: id; Proxy: null)";
    assert_eq!(failed(answer), ("Lambda.ResourceNotFoundException".to_owned(), cause.to_owned()));
}

#[tokio::test]
async fn ten_thousand_calls_at_once_share_the_pool() {
    let port = server().await;
    let router = Arc::new(mocks(&format!(
        "pool.concurrency = 16\n[[route]]\nmatch = \"*\"\ninvoker = \"http\"\nurl = \"http://127.0.0.1:{port}/status/200\"\n"
    )));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..10_000 {
        let router = router.clone();
        calls.spawn(async move { router.invoke(&task("f", json!("1"))).await });
    }
    while let Some(answer) = tokio::time::timeout(PATIENCE, calls.join_next()).await.expect("an answer") {
        assert_eq!(succeeded(answer.unwrap()), 1);
    }
}

// Configuration

#[tokio::test]
async fn a_directory_that_is_missing_is_reported_by_the_task_that_needs_it() {
    let routes = "[[route]]\nmatch = \"f\"\ninvoker = \"process\"\ncommand = [\"sh\"]\ndirectory = \"gone\"\n\
                  [[route]]\nmatch = \"*\"\ninvoker = \"mock\"\nresult = 1\n";
    let rig = rig(&[], routes);
    assert_eq!(succeeded(rig.invoke(&task("g", json!({}))).await), 1);
    let (error, cause) = raised(rig.invoke(&task("f", json!({}))).await);
    assert_eq!(error, "Runtime.InvalidEntrypoint");
    let message = cause["errorMessage"].as_str().unwrap();
    assert!(message.contains(" Error: there is no directory '/"), "{message}");
    assert!(message.ends_with("/gone': see `directory` in stepwell.toml"), "{message}");
}

#[test]
fn mistakes_in_the_configuration_are_named_with_their_place() {
    let check = |text: &str, expected: &str| {
        let error = Config::parse(text, Path::new("stepwell.toml")).expect_err(text).to_string();
        assert!(error.starts_with(&format!("stepwell.toml:{expected}")), "{error}");
    };
    let route = |rest: &str| format!("[[route]]\nmatch = \"f\"\n{rest}");
    check("[aws]\nreal = true\nreel = 1", "3:1: unknown field `reel`, expected one of `real`, `region`, `endpoint`");
    check("routes = []", "1:1: unknown field `routes`");
    check("[aws\n", "1:5: ");
    check("[[route]]\ninvoker = \"mock\"\nresult = 1", "1:1: missing field `match`");
    check(&route("invoker = \"lamda\""), "3:11: unknown variant `lamda`, expected one of `process`");
    check(&route("invoker = \"http\""), "3:11: a route with invoker \"http\" needs a `url`");
    check(&route("invoker = \"http\"\nurl = \"127.0.0.1\""), "4:7: `127.0.0.1` does not start with http://");
    let foreign = "4:11: `handler` is no key of a route with invoker \"mock\", only of \"process\"";
    check(&route("invoker = \"mock\"\nhandler = \"a.b\"\nresult = 1"), foreign);
    check(&route("invoker = \"mock\""), "3:11: a mock needs just one of `result`, `error` and a `sequence`");
    check(&route("invoker = \"mock\"\nresult = 1\nsequence = [{ result = 1 }]"), "3:11: a mock needs just one of");
    check(&route("invoker = \"mock\"\nsequence = [{}]"), "4:12: each step of a `sequence` has either");
    check(&route("invoker = \"process\""), "3:11: a process needs `runtime = \"python3\"` or");
    check(&route("invoker = \"process\"\nruntime = \"nodejs\""), "3:11: a process with this runtime needs a `handler`");
    check(&route("invoker = \"process\"\nruntime = \"ruby\""), "4:11: unknown variant `ruby`");
    let command = |rest: &str| route(&format!("invoker = \"process\"\ncommand = [\"x\"]\n{rest}"));
    for seconds in ["0", "-1", "nan", "\"1\"", "86401"] {
        let expected = "5:13: `timeout_s` is a number above 0 and at most 86400";
        check(&command(&format!("timeout_s = {seconds}")), expected);
    }
    for number in ["0", "-1", "1.5", "\"2\"", "100001"] {
        let expected = ":15: `concurrency` is a whole number from 1 to 100000";
        check(&command(&format!("concurrency = {number}")), &format!("5{expected}"));
        check(&format!("[pool]\nconcurrency = {number}"), &format!("2{expected}"));
    }
    check(&command("memory_mb = -1"), "5:13: `memory_mb` is a whole number from 1 to 1000000");
    check("[[route]]\nmatch = \"\"\ninvoker = \"mock\"\nresult = 1", "2:9: `match` is empty");
    for handler in ["", "app", ".handler", "app.", "a.b/app"] {
        let text = route(&format!("invoker = \"process\"\nruntime = \"python3\"\nhandler = \"{handler}\""));
        check(&text, &format!("5:11: `{handler}` is no handler: it names a file and a function"));
    }
    let headers = |headers: &str| route(&format!("invoker = \"http\"\nurl = \"http://h\"\nheaders = {{ {headers} }}"));
    check(&headers("A = \"a\", \"b c\" = \"\""), "5:22: `b c` is no name of a header");
    check(&headers("A = \"a\\nb\""), "5:17: the value of header `A` has characters");
    check(&headers("A = 1"), "5:17: invalid type: integer `1`, expected a string");
    check(&route("invoker = \"mock\"\nresult = { a = [nan] }"), "4:10: `result` has NaN, which is no number in JSON");
    check(&route("invoker = \"mock\"\nresult = -inf"), "4:10: `result` has -inf");
    let not_a_number = "4:24: `result` has NaN, which is no number in JSON";
    check(&route("invoker = \"mock\"\nsequence = [{ result = nan }]"), not_a_number);
    check("[route]\nmatch = \"f\"", "1:1: routes are an array: write `[[route]]`");
    check("aws = 1", "1:7: invalid type: integer `1`, expected the table [aws]");
    check("route = [1]", "1:10: invalid type: integer `1`, expected a table [[route]]");
    check(&route("invoker = \"mock\"\nerror = \"E\""), "4:9: invalid type: string \"E\", expected a table such as");
    check(&route("invoker = \"process\"\ncommand = \"x\""), "4:11: invalid type: string \"x\", expected an array");
    check(&command("environment = []"), "5:15: invalid type: array, expected a table");
    check(&route("invoker = \"process\"\ncommand = {}"), "4:11: invalid type: table, expected an array");
    check(&route("invoker = 1"), "3:11: expected a string");
    check("[aws]\nregion = \"Frankfurt\"", "2:10: `Frankfurt` is no region such as \"eu-west-1\"");
    check(&route("invoker = \"lambda\"\nregion = \"\""), "4:10: `` is no region");
    let missing = Config::load("/no/such/stepwell.toml").unwrap_err().to_string();
    assert!(missing.starts_with("/no/such/stepwell.toml: cannot be read: "), "{missing}");
}

#[test]
fn the_examples_of_the_documentation_are_valid() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("functions")).unwrap();
    let documentation = include_str!("../../docs/stepwell-toml.md");
    let examples: Vec<&str> =
        documentation.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(examples.len() >= 2);
    for example in examples {
        let config = Config::parse(example, directory.path().join("stepwell.toml"));
        assert_ne!(config.unwrap(), Config::default());
    }
}

#[test]
fn an_empty_configuration_has_the_defaults() {
    let config = Config::parse("", Path::new("stepwell.toml")).unwrap();
    assert_eq!(config, Config::default());
    assert_eq!((config.aws.real, config.aws.region(), config.pool.concurrency), (false, None, 64));
}
