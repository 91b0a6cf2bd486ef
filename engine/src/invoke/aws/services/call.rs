//! One call of one operation: where it goes and as whom, the request, the answer within limits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_credential_types::Credentials;
use axum::http::{HeaderName, HeaderValue, Request as HttpRequest};
use bytes::Bytes;
use http_body_util::Full;
use stepwell_asl::Value;
use tokio::sync::{OnceCell, Semaphore};

use super::super::super::config::{Aws, Config, REGION_DEFAULT, is_region};
use super::super::super::function::{CallError, RESPONSE_BYTES_MAX, sources};
use super::super::super::http::{self, HttpClient};
use super::super::super::services::bind;
use super::super::super::services::model::{Operation, Service};
use super::super::super::services::protocol::{self, Fault, Naming, Request, Response};
use super::super::super::{body, lock, services::Bound};
use super::super::connect::Clients;
use super::super::reach::{Reach, Role};
use super::identity::Identities;
use super::{Called, Scope, call_name, sign};

/// What no call can outlast, if its task says nothing: Lambda's own limit of 15 minutes, and a little for the way.
const CALL_LIMIT: Duration = Duration::from_secs(15 * 60 + 10);

/// Answers of old APIs need more room as XML or JSON than what they say; beyond this nothing is read.
const READ_BYTES_MAX: usize = RESPONSE_BYTES_MAX;

/// Above this many places those that nobody calls just now are forgotten.
const PLACES_MAX: usize = 1024;

/// Why a call came to nothing.
#[derive(Debug)]
pub(super) enum Failure {
    /// The parameters make no call.
    Refused(Vec<String>),
    /// The call may not be made, or nobody can make it.
    Denied(CallError),
    /// Nobody answered, or what came back was no answer.
    NoConnection(String),
    /// The service answered with an error.
    Fault(Fault),
    /// The answer is larger than is read.
    TooLarge,
}

/// What all calls share.
pub(super) struct Caller {
    reach: Reach,
    identities: Identities,
    concurrency: usize,
    /// Bound the calls in flight at each place, so that one that hangs holds nobody up who calls elsewhere. Who waits for a
    /// job has no place between its calls.
    pools: Mutex<HashMap<String, Arc<Semaphore>>>,
    plain: OnceCell<HttpClient>,
    secure: OnceCell<HttpClient>,
}

/// Where a service is, and as whom it is called.
pub(super) struct Place {
    /// None: at AWS.
    pub base: Option<String>,
    /// The region.
    pub region: String,
    role: Option<Role>,
}

/// Where a call goes, and as whom.
struct Destination {
    /// `https://host:port`, without a slash at its end.
    base: String,
    /// The region to sign for.
    signing_region: String,
    region: String,
    /// Whether it is AWS itself, by its own name.
    of_aws: bool,
    role: Option<Role>,
}

impl Caller {
    pub async fn new(config: &Config) -> Caller {
        let mut reach = Reach::new(config.aws.clone());
        let clients = Clients::new(&mut reach).await;
        Caller {
            reach,
            identities: Identities::new(clients),
            concurrency: config.pool.concurrency,
            pools: Mutex::default(),
            plain: OnceCell::new(),
            secure: OnceCell::new(),
        }
    }

    /// Calls an operation with the parameters of a task.
    pub async fn call(
        &self,
        scope: &Scope,
        service: &Service,
        operation: &Operation,
        parameters: &Value,
        naming: Naming,
    ) -> Result<Called, Failure> {
        let request = request(service, operation, parameters)?;
        let destination = self.destination(scope, service).map_err(Failure::Denied)?;
        let response = self.exchange(service, operation, request, &destination).await?;
        if !(200..300).contains(&response.status) {
            return Err(Failure::Fault(protocol::fault(service, operation, &response)));
        }
        match protocol::result(service, operation, &response, naming) {
            Ok(result) => Ok((result, response)),
            Err(why) => Err(Failure::NoConnection(format!("{}: {why}", call_name(service, operation)))),
        }
    }

    fn destination(&self, scope: &Scope, service: &Service) -> Result<Destination, CallError> {
        let aws = &self.reach.aws;
        let endpoint = aws.service_endpoint(service.entry);
        self.reach.check(endpoint, || format!("The service '{}'", service.entry.name))?;
        let role = match scope.role_arn.as_deref() {
            Some(role) => Some(self.reach.role(role, endpoint)?),
            None => None,
        };
        let region = self.region(aws, scope);
        Ok(match endpoint {
            Some(url) => Destination {
                base: url.trim_end_matches('/').to_owned(),
                signing_region: region.clone(),
                region,
                of_aws: false,
                role,
            },
            None => {
                let (base, signing_region) = service.endpoint(&region);
                Destination { base, signing_region, region, of_aws: true, role }
            }
        })
    }

    fn region(&self, aws: &Aws, scope: &Scope) -> String {
        let candidates = [aws.region(), self.reach.profile_region.as_deref(), scope.execution_arn.split(':').nth(3)];
        candidates.into_iter().flatten().find(|region| is_region(region)).unwrap_or(REGION_DEFAULT).to_owned()
    }

    async fn exchange(
        &self,
        service: &Service,
        operation: &Operation,
        mut request: Request,
        destination: &Destination,
    ) -> Result<Response, Failure> {
        let name = || call_name(service, operation);
        let base = placed(service, operation, &mut request, destination);
        let url = format!("{base}{}{}", request.path, request.query_string());
        let credentials = match operation.unsigned {
            true => None,
            false => {
                let role = destination.role.as_ref();
                let found = self.identities.credentials(&destination.region, role).await;
                Some(found.map_err(|error| Failure::NoConnection(error.cause.unwrap_or_default()))?)
            }
        };
        let sent = http_request(service, operation, request, &url, &destination.signing_region, credentials.as_ref())
            .map_err(|why| Failure::Refused(vec![why]))?;
        self.send(&base, &name(), sent).await
    }

    /// Sends a request when there is a place at `base` for it. `what` is for messages.
    pub async fn send(&self, base: &str, what: &str, request: HttpRequest<Full<Bytes>>) -> Result<Response, Failure> {
        let client = self.client(base).await?;
        // The semaphore is never closed, so `ok` hides nothing.
        let _permit = self.pool(base).acquire_owned().await.ok();
        let exchange = async {
            let unreachable = |error: &(dyn std::error::Error + 'static)| {
                let mut texts: Vec<String> = sources(error).map(ToString::to_string).collect();
                texts.dedup();
                let why = texts.join(": ");
                Failure::NoConnection(format!("Unable to execute HTTP request: {what} at {base}: {why}"))
            };
            let response = client.request(request).await.map_err(|error| unreachable(&error))?;
            let (head, body) = response.into_parts();
            let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
            let headers = head.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
            let read = body::read(body, READ_BYTES_MAX).await.map_err(|error| unreachable(&error))?;
            let body = read.ok_or(Failure::TooLarge)?;
            Ok(Response { status: head.status.as_u16(), headers, body })
        };
        tokio::time::timeout(CALL_LIMIT, exchange).await.unwrap_or_else(|_| {
            let seconds = CALL_LIMIT.as_secs();
            Err(Failure::NoConnection(format!("{what} at {base}: no answer within {seconds} seconds")))
        })
    }

    /// Where a service is and as whom it is called, for calls that are none of its operations.
    pub fn place(&self, scope: &Scope, service: &Service) -> Result<Place, CallError> {
        let Destination { base, region, of_aws, role, .. } = self.destination(scope, service)?;
        Ok(Place { base: (!of_aws).then_some(base), region, role })
    }

    /// The credentials to call with.
    pub async fn credentials(&self, place: &Place) -> Result<Credentials, Failure> {
        let found = self.identities.credentials(&place.region, place.role.as_ref()).await;
        found.map_err(|error| Failure::NoConnection(error.cause.unwrap_or_default()))
    }

    fn pool(&self, base: &str) -> Arc<Semaphore> {
        let mut pools = lock(&self.pools);
        if let Some(pool) = pools.get(base) {
            return pool.clone();
        }
        // Regions are a finite lot, but definitions can make them up.
        if pools.len() >= PLACES_MAX {
            pools.retain(|_, pool| Arc::strong_count(pool) > 1);
        }
        pools.entry(base.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(self.concurrency))).clone()
    }

    async fn client(&self, url: &str) -> Result<&HttpClient, Failure> {
        let secure = url.starts_with("https://");
        let cell = if secure { &self.secure } else { &self.plain };
        let made = cell.get_or_try_init(|| async { http::client(secure) }).await;
        made.map_err(|error| Failure::NoConnection(error.cause.unwrap_or_default()))
    }
}

/// The request for parameters that fit the model.
fn request(service: &Service, operation: &Operation, parameters: &Value) -> Result<Request, Failure> {
    let refused = |why: String| Failure::Refused(vec![why]);
    let bound = match operation.input {
        Some(input) => bind(service, input, parameters).map_err(Failure::Refused)?,
        None => match parameters.as_object().and_then(|members| members.keys().next()) {
            Some(name) => return Err(refused(format!("The field '{name}' is not supported by Step Functions"))),
            None => Bound::Structure(Vec::new()),
        },
    };
    let mut request = protocol::request(service, operation, &bound).map_err(refused)?;
    sign::add_checksum(operation, &mut request).map_err(refused)?;
    match service.entry.id {
        // Else it answers with HAL, which no model describes.
        "API Gateway" => request.headers.push(("Accept".to_owned(), "application/json".to_owned())),
        "Glacier" => request.headers.push(("x-amz-glacier-version".to_owned(), service.api_version.to_string())),
        _ => {}
    }
    Ok(request)
}

/// The scheme and host that a request goes to. What AWS wants as a part of the host leaves the path.
fn placed(service: &Service, operation: &Operation, request: &mut Request, destination: &Destination) -> String {
    // Emulators have one host for everything, and nobody resolves `data-servicediscovery.127.0.0.1`.
    if !destination.of_aws {
        return destination.base.clone();
    }
    let Some((scheme, host)) = destination.base.split_once("://") else { return destination.base.clone() };
    if service.entry.id == "S3" && operation.uri.starts_with("/{Bucket}") {
        let path = request.path.trim_start_matches('/');
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        if is_host_label(bucket) {
            let base = format!("{scheme}://{bucket}.{host}");
            request.path = format!("/{key}");
            return base;
        }
    }
    format!("{scheme}://{}{host}", request.host_prefix)
}

/// Whether a bucket's name can stand in front of a host's without a dot of its own.
fn is_host_label(bucket: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (3..=63).contains(&bucket.len()) && bucket.bytes().all(allowed)
}

fn http_request(
    service: &Service,
    operation: &Operation,
    request: Request,
    url: &str,
    signing_region: &str,
    credentials: Option<&Credentials>,
) -> Result<HttpRequest<Full<Bytes>>, String> {
    let uri: axum::http::Uri = url.parse().map_err(|error| format!("The endpoint '{url}': {error}"))?;
    let host = uri.authority().map(|authority| authority.as_str()).unwrap_or_default();
    let signed = match credentials {
        Some(credentials) => {
            let scope = sign::Scope {
                service: &service.signing_name,
                region: signing_region,
                credentials,
                unsigned_payload: operation.unsigned_payload,
            };
            sign::headers(&scope, &request, url, host)?
        }
        None => Vec::new(),
    };
    let mut sent = HttpRequest::new(Full::new(request.body));
    *sent.method_mut() = request.method.parse().map_err(|_| format!("'{}' is no method", request.method))?;
    *sent.uri_mut() = uri;
    let agent = ("user-agent".to_owned(), concat!("stepwell/", env!("CARGO_PKG_VERSION")).to_owned());
    for (name, value) in request.headers.into_iter().chain(signed).chain([agent]) {
        let value = HeaderValue::from_str(&value)
            .or_else(|_| HeaderValue::from_bytes(value.as_bytes()))
            .map_err(|_| format!("The value for the header '{name}' has characters that a header cannot have"))?;
        let name: HeaderName = name.parse().map_err(|_| format!("'{name}' is no name of a header"))?;
        sent.headers_mut().insert(name, value);
    }
    Ok(sent)
}
