//! Connections: which one a task names, and what it adds to a request. A token of OAuth is kept until it expires or a
//! server refuses it; who needs one meanwhile waits for the one that is being fetched.

use std::collections::BTreeMap;

use axum::http::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};
use axum::http::{HeaderMap, Method, Uri};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use stepwell_asl::{Map, Timestamp, Value};
use tokio::sync::Mutex;

use super::super::config::{Authorization, Connection, Extra, OAuth, Setting};
use super::Refusal;
use super::client::Client;
use super::encode::{self, ArrayFormat};
use crate::clock::Clock;

/// How long before it expires a token is not used any more.
const TOKEN_SPARE_MS: u64 = 30_000;

/// The longest text of an answer that is shown, in characters.
const SHOWN_CHARS_MAX: usize = 500;

/// What a connection adds to a request.
#[derive(Debug, Default)]
pub(super) struct Added {
    /// With the names as they were written.
    pub headers: Vec<(HeaderName, HeaderValue, String)>,
    pub query: Map,
    pub body: Map,
    token: Option<String>,
}

/// The connections.
pub(super) struct Credentials {
    connections: BTreeMap<String, Known>,
    clock: Clock,
}

/// A connection, with its newest token.
pub(super) struct Known {
    name: String,
    connection: Connection,
    token: Mutex<Option<Token>>,
}

struct Token {
    text: String,
    /// `None`: it is used until it is refused.
    until: Option<Timestamp>,
}

impl Credentials {
    pub fn new(connections: BTreeMap<String, Connection>) -> Credentials {
        let known = |(name, connection): (String, Connection)| {
            (name.clone(), Known { name, connection, token: Mutex::default() })
        };
        Credentials { connections: connections.into_iter().map(known).collect(), clock: Clock::real() }
    }

    /// The connection that an ARN names: `arn:aws:events:us-east-1:123456789012:connection/NAME/ID`.
    pub fn find(&self, arn: &str) -> Result<&Known, Refusal> {
        let resource = match arn.splitn(6, ':').collect::<Vec<_>>()[..] {
            ["arn", _, "events", _, _, resource] => resource.strip_prefix("connection/"),
            _ => None,
        };
        let name = resource.and_then(|rest| rest.split('/').next()).filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| Refusal::runtime(format!("'{arn}' is no ARN of a connection of EventBridge")))?;
        self.connections.get(name).ok_or_else(|| Refusal {
            error: "Events.ConnectionResource.ResourceNotFound",
            cause: format!(
                "stepwell.toml has no connection '{name}'. To call with an API key, add to it:\n\n[connections.\"{name}\"]\n\
                 api_key = {{ name = \"Authorization\", value = {{ env = \"API_KEY\" }} }}\n"
            ),
        })
    }

    /// What a connection adds. May fetch a token.
    pub async fn added(&self, known: &Known, client: &Client) -> Result<Added, Refusal> {
        let mut added = Added::default();
        match &known.connection.authorization {
            Authorization::ApiKey { name, value } => added.header(known, name, &known.read(value)?)?,
            Authorization::Basic { username, password } => {
                let pair = STANDARD.encode(format!("{}:{}", known.read(username)?, known.read(password)?));
                added.header(known, "Authorization", &format!("Basic {pair}"))?;
            }
            Authorization::OAuth(oauth) => {
                let token = self.token(known, oauth, client).await?;
                added.header(known, "Authorization", &format!("Bearer {token}"))?;
                added.token = Some(token);
            }
        }
        added.extra(known, &known.connection.extra)?;
        Ok(added)
    }

    /// A server has refused what a connection added. Tells whether something else can be tried: a new token.
    pub async fn refused(&self, known: &Known, added: &Added) -> bool {
        let mut token = known.token.lock().await;
        if token.as_ref().is_some_and(|token| Some(&token.text) == added.token.as_ref()) {
            *token = None;
        }
        added.token.is_some()
    }

    async fn token(&self, known: &Known, oauth: &OAuth, client: &Client) -> Result<String, Refusal> {
        let mut token = known.token.lock().await;
        match &*token {
            Some(token) if token.until.is_none_or(|until| self.clock.now() < until) => Ok(token.text.clone()),
            Some(_) | None => {
                let fetched = self.fetch(known, oauth, client).await?;
                Ok(token.insert(fetched).text.clone())
            }
        }
    }

    async fn fetch(&self, known: &Known, oauth: &OAuth, client: &Client) -> Result<Token, Refusal> {
        let mut added = Added::default();
        added.extra(known, &oauth.extra)?;
        let (id, secret) = (known.read(&oauth.client_id)?, known.read(&oauth.client_secret)?);
        let mut form = Map::default();
        form.insert("grant_type".into(), "client_credentials".into());
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if oauth.in_header {
            let pair = STANDARD.encode(format!("{id}:{secret}"));
            added.header(known, "Authorization", &format!("Basic {pair}"))?;
        } else {
            form.insert("client_id".into(), id.into());
            form.insert("client_secret".into(), secret.into());
        }
        for (name, value) in &added.body {
            form.insert(name.clone(), value.clone());
        }
        headers.extend(added.headers.iter().map(|(name, value, _)| (name.clone(), value.clone())));
        let method = Method::from_bytes(oauth.method.as_bytes()).unwrap_or(Method::POST); // the configuration was checked
        // GET has no body: everything is in the query.
        let (mut query, mut body) = (added.query.clone(), String::new());
        if method == Method::GET {
            query.extend(form);
        } else {
            body = encode::form(&Value::from(form), ArrayFormat::Repeat);
            headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/x-www-form-urlencoded"));
        }
        let query = encode::form(&Value::from(query), ArrayFormat::Repeat);
        let separator = match (query.is_empty(), oauth.endpoint.contains('?')) {
            (true, _) => "",
            (false, true) => "&",
            (false, false) => "?",
        };
        let url = format!("{}{separator}{query}", oauth.endpoint);
        let url: Uri = url.parse().map_err(|error| known.invalid(format!("its endpoint is no URL: {error}")))?;
        client.guard().check(&url)?;
        let received = client.exchange(&method, &url, &headers, body).await?;
        let text = received.shown().body;
        let answer = Value::parse(&text).unwrap_or_default();
        match answer.get("access_token").and_then(Value::as_str).filter(|_| (200..300).contains(&received.status)) {
            Some(token) => Ok(Token { text: token.to_owned(), until: self.until(&answer) }),
            None => {
                let shown: String = text.chars().take(SHOWN_CHARS_MAX).collect();
                let shown = if (200..300).contains(&received.status) { "no access_token in JSON" } else { &shown };
                Err(known.invalid(format!("{} answered {}: {shown}", oauth.endpoint, received.status)))
            }
        }
    }

    /// Until when a token may be used. Some servers write the seconds as a text.
    fn until(&self, answer: &Value) -> Option<Timestamp> {
        let seconds = match answer.get("expires_in")? {
            Value::String(text) => text.parse().ok(),
            value => value.as_number().and_then(|number| number.as_f64()).map(|seconds| seconds.max(0.0) as u64),
        }?;
        Some(self.clock.now().plus_ms(seconds.saturating_mul(1000).saturating_sub(TOKEN_SPARE_MS)))
    }
}

impl Known {
    fn read(&self, setting: &Setting) -> Result<String, Refusal> {
        setting.read().map_err(|variable| self.invalid(format!("the variable {variable} is not set")))
    }

    fn invalid(&self, why: String) -> Refusal {
        Refusal {
            error: "Events.ConnectionResource.InvalidConnectionState",
            cause: format!("The connection '{}' cannot be authorized: {why}", self.name),
        }
    }
}

impl Added {
    fn header(&mut self, known: &Known, name: &str, value: &str) -> Result<(), Refusal> {
        let parsed: HeaderName = name.parse().map_err(|_| known.invalid(format!("'{name}' is no name of a header")))?;
        let unusable = |_| known.invalid(format!("the value of the header '{name}' has characters that no header has"));
        let mut value: HeaderValue = value.parse().map_err(unusable)?;
        value.set_sensitive(true);
        self.headers.retain(|(of, ..)| *of != parsed);
        self.headers.push((parsed, value, name.to_owned()));
        Ok(())
    }

    /// The credentials win over what is written beside them.
    fn extra(&mut self, known: &Known, extra: &Extra) -> Result<(), Refusal> {
        for (name, value) in &extra.headers {
            if !self.headers.iter().any(|(of, ..)| of.as_str().eq_ignore_ascii_case(name)) {
                self.header(known, name, &known.read(value)?)?;
            }
        }
        let read = |settings: &BTreeMap<String, Setting>| -> Result<Map, Refusal> {
            settings.iter().map(|(name, value)| Ok((name.as_str().into(), known.read(value)?.into()))).collect()
        };
        self.query.extend(read(&extra.query)?);
        self.body.extend(read(&extra.body)?);
        Ok(())
    }
}
