//! `stepwell.toml`: which invoker takes a task to its function.
//!
//! Every table and key is optional but `match` and `invoker` of a route. An unknown key is an error that names its line.
//!
//! ```toml
//! [aws]
//! real = false                          # only true lets calls, and credentials, reach real AWS
//! region = "eu-west-1"                  # of calls, executions and functions; else AWS_REGION, AWS_DEFAULT_REGION, ...
//! endpoint = "http://127.0.0.1:4566"    # where Lambda and the other services are instead
//!
//! [aws.endpoints]                       # where single services are
//! dynamodb = "http://127.0.0.1:8000"    # by the name that `aws-sdk:` resources have
//! sqs = "aws"                           # AWS itself, whatever `endpoint` says; needs real = true
//!
//! [pool]
//! concurrency = 64                      # calls in flight at once, over all routes
//!
//! [[route]]
//! match = "order-*"                     # a function's name or any ARN; * stands for any characters
//! invoker = "process"                   # process | lambda | http | mock
//! ```
//!
//! # Routes
//!
//! Routes are tried in the order of the file; the first whose `match` fits takes the task. A function fits by its bare
//! name, `account:function:name` or its ARN, each alone or with `:qualifier`, and by the task's resource. Every other
//! task fits by its resource: `arn:aws:states:::sqs:sendMessage`. `match` alone decides, not how the definition
//! happens to write the name.
//!
//! A task that no route takes goes to its service at AWS if `aws.real` is true, or where `[aws.endpoints]`, `aws.endpoint`,
//! `AWS_ENDPOINT_URL_<SERVICE>` or `AWS_ENDPOINT_URL` says the service is. Otherwise it fails with `States.Runtime`, which `States.ALL` does not catch, and
//! a cause that says what to add to the file.
//!
//! Keys of every route but mocks: `concurrency` (calls in flight per function; 4 for processes, otherwise only the
//! pool's bound) and `timeout_s` (default 30, since Lambda's own 3 is short for a laptop; 960 for `lambda`).
//!
//! ## `invoker = "process"`
//!
//! Runs the function in local processes that speak the Lambda Runtime API. A process is kept for the next call, and is
//! replaced when it exits or times out.
//!
//! | key | |
//! |---|---|
//! | `runtime` | `python3`, `nodejs`, or `provided` (the default where there is a `command`) |
//! | `handler` | `app.handler` is `handler` in `app.py` (or `app.js`, `app.mjs`, `app.cjs`); `dir/app.handler` lies in `dir` |
//! | `command` | what to start: `["./bootstrap"]`, `["python3", "-m", "awslambdaric", "app.handler"]`; with `python3` or `nodejs`, the interpreter and its arguments |
//! | `directory` | where the function lies, relative to the file; its working directory and `LAMBDA_TASK_ROOT` |
//! | `environment` | variables of the function; they win over everything but the Runtime API's own |
//! | `memory_mb` | what the function is told in `AWS_LAMBDA_FUNCTION_MEMORY_SIZE` (default 128); nothing is enforced |
//!
//! `{function}` in `handler`, `command` and `directory` stands for the function's bare name, so one route can serve a
//! directory of functions. It is only put in for names of letters, digits, `-` and `_`.
//!
//! A function sees a small environment: `PATH`, `HOME`, `USER`, `LANG`, `LC_ALL`, `LC_CTYPE`, `TMPDIR`, `VIRTUAL_ENV`,
//! `NODE_PATH`, `PYTHONPATH`, `SSL_CERT_FILE` and `SSL_CERT_DIR` as they are here; `TZ=:UTC`; Lambda's own variables;
//! and `AWS_ENDPOINT_URL` and its kin unless `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` is true. AWS credentials are handed on only if `aws.real` is true; otherwise a function
//! gets the placeholder `test` and no credential files, so that an SDK works against an endpoint and not against AWS.
//!
//! ## `invoker = "http"`
//!
//! POSTs the payload and takes the response's body as the function's answer.
//!
//! | key | |
//! |---|---|
//! | `url` | `http://` or `https://`; `{function}` stands for the bare name |
//! | `headers` | sent with every call |
//!
//! The endpoint of the Lambda Runtime Interface Emulator has this form:
//! `http://127.0.0.1:9000/2015-03-31/functions/function/invocations`.
//!
//! ## `invoker = "lambda"`
//!
//! Invokes the function through the Lambda API. `endpoint`, `region` and `role` override `[aws]`. Without an endpoint the
//! call is for real AWS, and refused unless `aws.real` is true.
//!
//! ## `invoker = "mock"`
//!
//! Answers by itself. Just one of:
//!
//! | key | |
//! |---|---|
//! | `result` | any value: what the function, or the service, answers |
//! | `error` | `{ name = "Lambda.TooManyRequestsException", cause = "..." }` |
//! | `sequence` | `[{ error = {...} }, { result = ... }]`, one per call; the last one repeats |
//!
//! A mock also answers in place of a callback (`.waitForTaskToken`) or a job (`.sync`): its result is then the token's or
//! the job's.
//!
//! # HTTP Tasks and events
//!
//! ```toml
//! [connections.stripe]                  # what the EventBridge connection of this name is on AWS
//! basic = { username = { env = "STRIPE_KEY" }, password = "" }      # or api_key, or oauth
//!
//! [http]
//! allow_hosts = ["127.0.0.1"]           # hosts that HTTP Tasks may reach at private addresses, and without TLS
//!
//! [events]
//! url = "http://127.0.0.1:9000/"        # who hears of changes of executions' status; or eventbridge, an endpoint
//! ```

mod outgoing;
mod outgoing_table;
mod table;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use stepwell_asl::Value;

pub use self::outgoing::{Authorization, Connection, Events, Extra, Http, OAuth, Setting};
use super::environment::Environment;
pub use super::pattern::Pattern;
use super::real_aws;
use super::services::model::Entry;

/// The region where nothing names one.
pub const REGION_DEFAULT: &str = "us-east-1";

/// Everything that `stepwell.toml` says. [`Config::default`] is the empty file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// `[aws]`
    pub aws: Aws,
    /// `[pool]`
    pub pool: Pool,
    /// `[[route]]`, in the order of the file.
    pub routes: Vec<Route>,
    /// `[http]`
    pub http: Http,
    /// `[connections]`, by name.
    pub connections: BTreeMap<String, Connection>,
    /// `[events]`, where it is there.
    pub events: Option<Events>,
}

/// `[aws]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aws {
    /// Whether calls and credentials may reach real AWS.
    pub real: bool,
    /// `region`, where it is given.
    pub region: Option<String>,
    /// `endpoint`: where AWS's services are instead.
    pub endpoint: Option<String>,
    /// `[aws.endpoints]`: where single services are, by their names in resources.
    pub endpoints: BTreeMap<String, ServiceEndpoint>,
    /// What the environment says where the file does not.
    pub environment: Environment,
}

impl Aws {
    /// The region that the file names, else the environment.
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref().or(self.environment.region.as_deref())
    }

    /// The region of the executions and functions that run here.
    pub fn local_region(&self) -> &str {
        self.region().unwrap_or(REGION_DEFAULT)
    }

    /// Where AWS's services are instead, if anywhere.
    pub fn endpoint(&self) -> Option<&str> {
        self.endpoint.as_deref().or(self.environment.endpoint())
    }

    /// Where Lambda is instead, if anywhere.
    pub fn lambda_endpoint(&self) -> Option<&str> {
        match self.endpoints.get("lambda") {
            Some(endpoint) => endpoint.url(),
            None => self.endpoint.as_deref().or(self.environment.lambda_endpoint()),
        }
    }

    /// Where STS is instead, if anywhere.
    pub fn sts_endpoint(&self) -> Option<&str> {
        match self.endpoints.get("sts") {
            Some(endpoint) => endpoint.url(),
            None => self.environment.sts_endpoint().or(self.endpoint()),
        }
    }

    /// Where a service is instead, if anywhere: by its own line in the file, by the file's `endpoint`, by its own variable
    /// (`AWS_ENDPOINT_URL_CLOUDWATCH_LOGS`), by `AWS_ENDPOINT_URL`.
    pub fn service_endpoint(&self, service: &Entry) -> Option<&str> {
        match self.endpoints.get(&service.name) {
            Some(endpoint) => endpoint.url(),
            None => self.endpoint.as_deref().or_else(|| self.environment.service_endpoint(service.id)),
        }
    }

    /// Whether a call to this endpoint, or to AWS itself where there is none, is allowed: real AWS, by whatever name,
    /// only where `real` says so.
    pub fn allows(&self, endpoint: Option<&str>) -> bool {
        self.real || endpoint.is_some_and(|endpoint| !real_aws::is_aws(endpoint))
    }
}

/// Where a single service is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceEndpoint {
    /// At AWS.
    Aws,
    /// At this URL.
    Url(String),
}

impl ServiceEndpoint {
    fn url(&self) -> Option<&str> {
        match self {
            ServiceEndpoint::Aws => None,
            ServiceEndpoint::Url(url) => Some(url),
        }
    }
}

/// Whether a text can be a region. It becomes a part of a host's name, so an ARN that somebody made up must not lead
/// elsewhere.
pub(super) fn is_region(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=32).contains(&text.len()) && text.bytes().all(allowed)
}

/// `[pool]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Calls in flight at once, over all routes.
    pub concurrency: usize,
}

/// `[[route]]`
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// `match`
    pub pattern: Pattern,
    /// Calls in flight per function. None: only the pool bounds them.
    pub concurrency: Option<usize>,
    /// What takes the task.
    pub target: Target,
}

/// The invoker of a route, with its own keys.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// Local processes.
    Process(ProcessTarget),
    /// The Lambda API.
    Lambda(LambdaTarget),
    /// An HTTP endpoint.
    Http(HttpTarget),
    /// Canned answers: one per call, the last one repeats. Never empty.
    Mock(Vec<MockAnswer>),
}

/// How a function is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessTarget {
    /// What brings the Runtime API client.
    pub runtime: Runtime,
    /// `module.function`; empty only where a command needs none.
    pub handler: String,
    /// The program and its arguments. Empty: the runtime's usual interpreter.
    pub command: Vec<String>,
    /// Absolute, or relative to where Stepwell runs.
    pub directory: PathBuf,
    /// How long one call may take.
    pub timeout: Duration,
    /// Variables of the function.
    pub environment: BTreeMap<String, String>,
    /// What the function is told, in MiB.
    pub memory_mb: u32,
}

/// Who speaks the Runtime API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Runtime {
    /// Our bootstrap, in Python.
    Python3,
    /// Our bootstrap, in Node.js.
    Nodejs,
    /// The command itself.
    Provided,
}

/// Where Lambda is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LambdaTarget {
    /// Instead of `aws.endpoint`.
    pub endpoint: Option<String>,
    /// Instead of `aws.region`.
    pub region: Option<String>,
    /// The role to call with.
    pub role: Option<String>,
    /// How long one call may take.
    pub timeout: Duration,
}

/// An endpoint that takes a payload and answers with a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpTarget {
    /// With `{function}` not yet put in.
    pub url: String,
    /// Sent with every call.
    pub headers: BTreeMap<String, String>,
    /// How long one call may take.
    pub timeout: Duration,
}

/// One answer of a mock.
#[derive(Clone, Debug, PartialEq)]
pub enum MockAnswer {
    /// What the function or the service answers.
    Result(Value),
    /// The task's error.
    Error {
        /// Its name.
        name: String,
        /// Its cause.
        cause: Option<String>,
    },
}

/// A file that cannot be used. Shows as `path:line:column: what is wrong`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The file.
    pub path: PathBuf,
    /// Line and column, from 1. None where the file could not be read.
    pub place: Option<(usize, usize)>,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl Config {
    /// Reads a file. Directories in it are taken relative to the file's own. Whether they are there is seen by the
    /// call that needs them: a run may never use their route.
    pub fn load(path: impl AsRef<Path>) -> Result<Config, ConfigError> {
        let path = path.as_ref();
        let fail = |message: String| ConfigError { path: path.to_owned(), place: None, message };
        let text = std::fs::read_to_string(path).map_err(|error| fail(format!("cannot be read: {error}")))?;
        // Functions run in other directories, so nothing relative may be left.
        let file = std::path::absolute(path).map_err(|error| fail(error.to_string()))?;
        table::read(&text, path, file.parent().unwrap_or(Path::new("/")))
    }

    /// Adds the endpoints, the region and the keys that this process's environment names. Without this call none of them
    /// counts.
    pub fn with_environment(mut self) -> Config {
        self.aws.environment = Environment::of_process();
        self
    }

    /// Reads a file's text. `path` is for messages, and its directory is what directories in the text are relative to.
    pub fn parse(text: &str, path: impl AsRef<Path>) -> Result<Config, ConfigError> {
        let path = path.as_ref();
        table::read(text, path, path.parent().unwrap_or(Path::new("")))
    }
}

impl Default for Pool {
    fn default() -> Pool {
        Pool { concurrency: 64 }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.path.display())?;
        if let Some((line, column)) = self.place {
            write!(f, "{line}:{column}:")?;
        }
        write!(f, " {}", self.message)
    }
}

impl std::error::Error for ConfigError {}
