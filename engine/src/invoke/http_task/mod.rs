//! HTTP Tasks: `arn:aws:states:::http:invoke`, with the connections of `stepwell.toml` in the place of EventBridge's.
//!
//! | what happens | the task's error |
//! |---|---|
//! | a status other than 2xx, redirects included | `States.Http.StatusCode.` and the status; the cause is the status's text |
//! | no connection, a broken answer, none within 60 seconds | `States.Http.Socket` |
//! | a parameter that cannot be used, an answer that is not text | `States.Runtime` |
//! | more than 256 KiB | `States.DataLimitExceeded` |
//! | no such connection, or one that cannot be authorized | `Events.ConnectionResource.` and what AWS calls it |
//!
//! Names and shapes are AWS's. What a definition names may come from an execution's input, so a request reaches private
//! addresses only where the configuration says so: see `guard`.

mod client;
mod credentials;
mod encode;
mod guard;
mod parameters;
mod request;
mod response;

use std::sync::{Arc, OnceLock};

use tokio::sync::OnceCell;

use super::config::{Config, Http};
use super::{Answer, Task};
use client::Client;
use credentials::Credentials;
use guard::Guard;
use parameters::Parameters;
use request::Outgoing;

/// Whether a resource is that of HTTP Tasks.
pub(super) fn is_http_task(resource: &str) -> bool {
    matches!(resource.split(':').collect::<Vec<_>>()[..], ["arn", _, "states", _, _, "http", "invoke"])
}

/// Where a test of a task finds what went over the wire.
pub type Trace = Arc<OnceLock<Exchange>>;

/// A request and its response, as a test of a state shows them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// The request as it was sent.
    pub request: Request,
    /// The same without what the connection has added.
    pub request_without_secrets: Request,
    /// The response, where one came.
    pub response: Option<Response>,
}

/// A request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // the names are those of HTTP
pub struct Request {
    pub protocol: String,
    pub method: String,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<String>,
}

/// A response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // the names are those of HTTP
pub struct Response {
    pub protocol: String,
    pub status: u16,
    pub status_text: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// Why a task has no result.
pub(super) struct Refusal {
    error: &'static str,
    cause: String,
}

impl Refusal {
    fn runtime(cause: impl Into<String>) -> Refusal {
        Refusal { error: "States.Runtime", cause: cause.into() }
    }

    fn socket(cause: impl Into<String>) -> Refusal {
        Refusal { error: "States.Http.Socket", cause: cause.into() }
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Answer {
        Answer::failed(refusal.error, refusal.cause)
    }
}

/// Sends the requests of HTTP Tasks.
pub(super) struct HttpTasks {
    settings: Http,
    region: String,
    credentials: Credentials,
    /// Made by the first call: reading the machine's certificates takes time that not every run needs.
    client: OnceCell<Client>,
}

impl HttpTasks {
    pub fn new(config: &Config) -> HttpTasks {
        let Config { aws, http, connections, .. } = config;
        HttpTasks {
            settings: http.clone(),
            region: aws.local_region().to_owned(),
            credentials: Credentials::new(connections.clone()),
            client: OnceCell::new(),
        }
    }

    /// Sends the request of a task and waits for its answer.
    pub async fn invoke(&self, task: &Task) -> Answer {
        let seconds = self.settings.timeout.as_secs_f64();
        let exchange = tokio::time::timeout(self.settings.timeout, self.exchange(task));
        match exchange.await {
            Ok(answer) => answer.unwrap_or_else(Answer::from),
            Err(_) => Refusal::socket(format!("The HTTP request was not answered within {seconds} seconds")).into(),
        }
    }

    async fn exchange(&self, task: &Task) -> Result<Answer, Refusal> {
        let parameters = Parameters::read(task)?;
        let connection = self.credentials.find(&parameters.connection_arn)?;
        let client = self.client().await?;
        client.guard().check(&parameters.endpoint)?;
        let region = region(task).unwrap_or(&self.region);
        let mut added = self.credentials.added(connection, client).await?;
        let mut request = Outgoing::build(&parameters, Some(&added), region)?;
        let mut received = self.send(task, &parameters, &request, region, client).await?;
        if matches!(received.status, 401 | 407) && self.credentials.refused(connection, &added).await {
            added = self.credentials.added(connection, client).await?;
            request = Outgoing::build(&parameters, Some(&added), region)?;
            received = self.send(task, &parameters, &request, region, client).await?;
        }
        if let Some(trace) = &task.trace {
            let shown = Outgoing::build(&parameters, None, region)?;
            let exchange = Exchange {
                request: request.shown(),
                request_without_secrets: shown.shown(),
                response: Some(received.shown()),
            };
            let _ = trace.set(exchange); // each attempt has its own
        }
        received.answer(&parameters.method)
    }

    async fn send(
        &self,
        task: &Task,
        parameters: &Parameters,
        request: &Outgoing,
        region: &str,
        client: &Client,
    ) -> Result<response::Received, Refusal> {
        let sent = client.send(request).await;
        if let (Err(_), Some(trace)) = (&sent, &task.trace) {
            let shown = Outgoing::build(parameters, None, region)?;
            let request = request.shown();
            let _ = trace.set(Exchange { request, request_without_secrets: shown.shown(), response: None });
        }
        sent
    }

    async fn client(&self) -> Result<&Client, Refusal> {
        let guard = || Guard::new(self.settings.allow_private, self.settings.allow_hosts.clone());
        self.client.get_or_try_init(|| async { Client::new(guard()) }).await
    }
}

/// The region of the execution that calls.
fn region(task: &Task) -> Option<&str> {
    task.execution_arn.split(':').nth(3).filter(|region| !region.is_empty())
}
