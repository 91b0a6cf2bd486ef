//! What `stepwell.toml` says of requests to others: `[http]` and `[connections]` for HTTP Tasks, `[events]` for changes of
//! executions' status.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// `[http]`: where HTTP Tasks may go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http {
    /// Whether private, loopback and link-local addresses may be reached, and any host without TLS.
    pub allow_private: bool,
    /// Hosts that may be reached whatever their address, without TLS too: a name, an address, or `*.` and an ending.
    pub allow_hosts: Vec<String>,
    /// How long a request may take, with the token that it may need. AWS: 60 seconds.
    pub timeout: Duration,
}

impl Default for Http {
    fn default() -> Http {
        Http { allow_private: false, allow_hosts: Vec::new(), timeout: Duration::from_secs(60) }
    }
}

/// `[connections.NAME]`: what an EventBridge connection is on AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// How requests are authorized.
    pub authorization: Authorization,
    /// What is added to every request.
    pub extra: Extra,
}

/// How requests are authorized.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorization {
    /// A header with a key.
    ApiKey {
        /// The header's name.
        name: String,
        /// The key.
        value: Setting,
    },
    /// HTTP's Basic authorization.
    Basic {
        /// The user.
        username: Setting,
        /// The password.
        password: Setting,
    },
    /// A token of OAuth, for client credentials.
    OAuth(OAuth),
}

/// Where tokens come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuth {
    /// The URL that gives tokens.
    pub endpoint: String,
    /// `GET`, `POST` or `PUT`.
    pub method: String,
    /// The client.
    pub client_id: Setting,
    /// Its secret.
    pub client_secret: Setting,
    /// Whether id and secret are sent in the `Authorization` header, and not in the form.
    pub in_header: bool,
    /// What is added to the request for a token.
    pub extra: Extra,
}

/// Parameters that are added to a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extra {
    /// Headers.
    pub headers: BTreeMap<String, Setting>,
    /// Parameters of the query.
    pub query: BTreeMap<String, Setting>,
    /// Members of the body.
    pub body: BTreeMap<String, Setting>,
}

/// A value that may be a secret. It is not shown.
#[derive(Clone, PartialEq, Eq)]
pub enum Setting {
    /// As it is written.
    Plain(String),
    /// That of a variable of the environment, read when it is needed.
    Variable(String),
}

impl Setting {
    /// The value. The error is the variable that is not set.
    pub(in crate::invoke) fn read(&self) -> Result<String, &str> {
        match self {
            Setting::Plain(text) => Ok(text.clone()),
            Setting::Variable(name) => std::env::var(name).map_err(|_| name.as_str()),
        }
    }
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Setting::Plain(_) => f.write_str("Plain(..)"),
            Setting::Variable(name) => f.debug_tuple("Variable").field(name).finish(),
        }
    }
}

/// `[events]`: who hears of changes of executions' status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Events {
    /// `url`: each event is POSTed there.
    Url(String),
    /// `eventbridge`: an endpoint that takes `PutEvents`.
    EventBridge(String),
}
