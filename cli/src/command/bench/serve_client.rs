//! A cheap client of the Step Functions API: one connection that stays open, no retries. What it takes of the machine is
//! taken from the server that is measured.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use serde_json::Value as Json;
use tokio::net::TcpStream;

use crate::refusal::Refusal;

/// What a signature looks like. Endpoints that do not check it take the region and the service from it.
const UNSIGNED: &str = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/states/aws4_request, \
                        SignedHeaders=host;x-amz-target, \
                        Signature=0000000000000000000000000000000000000000000000000000000000000000";

/// Where the server is, and whether calls are signed.
#[derive(Clone)]
pub struct Target {
    authority: String,
    signed: Option<stepwell_conformance::endpoint::Endpoint>,
}

/// Calls the API.
pub struct Client {
    target: Target,
    connection: Option<SendRequest<Full<Bytes>>>,
}

impl Target {
    /// The server at a URL. Errors: it is not plain HTTP.
    pub async fn at(url: &str, sign: bool) -> Result<Target, Refusal> {
        let wrong = |why: &str| Refusal::with_help(format!("{url}: {why}"), "--endpoint http://HOST:PORT");
        let uri: Uri = url.parse().map_err(|_| wrong("that is no URL"))?;
        let host = uri.host().filter(|_| uri.scheme_str() == Some("http"));
        let host = host.ok_or_else(|| wrong("only endpoints over plain HTTP are measured"))?;
        let authority = format!("{host}:{}", uri.port_u16().unwrap_or(80));
        let signed = match sign {
            true => {
                Some(stepwell_conformance::endpoint::Endpoint::at(url).await.map_err(|why| wrong(&why.to_string()))?)
            }
            false => None,
        };
        Ok(Target { authority, signed })
    }

    /// A client with a connection of its own.
    pub fn client(&self) -> Client {
        Client { target: self.clone(), connection: None }
    }
}

impl Client {
    /// Calls an operation, which must succeed: nothing else is worth measuring.
    pub async fn call(&mut self, operation: &str, body: impl Into<Bytes>) -> Result<Bytes, Refusal> {
        let failed = |why: String| Refusal::new(format!("{operation}: {why}"));
        let body = body.into();
        if let Some(endpoint) = &self.target.signed {
            let body = String::from_utf8_lossy(&body).into_owned();
            let answer = endpoint.send(operation, body).await.map_err(|why| failed(why.to_string()))?;
            return if answer.is_good() { Ok(answer.text.into()) } else { Err(failed(answer.text)) };
        }
        let request = self.request(operation, body).map_err(|why| failed(why.to_string()))?;
        let connection = self.connection().await?;
        let answer = connection.send_request(request).await.map_err(|why| failed(why.to_string()))?;
        let status = answer.status();
        let body = answer.into_body().collect().await.map_err(|why| failed(why.to_string()))?.to_bytes();
        match status.is_success() {
            true => Ok(body),
            false => Err(failed(format!("{status} {}", String::from_utf8_lossy(&body)))),
        }
    }

    /// The answer as JSON.
    pub async fn ask(&mut self, operation: &str, request: &Json) -> Result<Json, Refusal> {
        let answer = self.call(operation, request.to_string()).await?;
        serde_json::from_slice(&answer).map_err(|why| Refusal::new(format!("{operation} answers no JSON: {why}")))
    }

    /// A string in the answer.
    pub async fn text(&mut self, operation: &str, request: &Json, member: &str) -> Result<String, Refusal> {
        let answer = self.ask(operation, request).await?;
        let found = answer.get(member).and_then(Json::as_str);
        found.map(str::to_owned).ok_or_else(|| Refusal::new(format!("{operation} answers without {member}: {answer}")))
    }

    fn request(&self, operation: &str, body: Bytes) -> hyper::http::Result<Request<Full<Bytes>>> {
        Request::post("/")
            .header(HOST, &self.target.authority)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.0"))
            .header("x-amz-target", format!("AWSStepFunctions.{operation}"))
            .header(AUTHORIZATION, HeaderValue::from_static(UNSIGNED))
            .body(Full::new(body))
    }

    /// The connection, made anew where the server has closed it.
    async fn connection(&mut self) -> Result<&mut SendRequest<Full<Bytes>>, Refusal> {
        let ready = match &mut self.connection {
            Some(connection) => connection.ready().await.is_ok(),
            None => false,
        };
        if !ready {
            let authority = &self.target.authority;
            let unreachable = |why: String| Refusal::new(format!("{authority} cannot be reached: {why}"));
            let stream = TcpStream::connect(authority).await.map_err(|why| unreachable(why.to_string()))?;
            let _ = stream.set_nodelay(true); // slower without it, not wrong
            let (sender, connection) =
                handshake(TokioIo::new(stream)).await.map_err(|why| unreachable(why.to_string()))?;
            tokio::spawn(connection);
            self.connection = Some(sender);
        }
        Ok(self.connection.as_mut().expect("it was made"))
    }
}
