//! The variables that say where AWS's services are and who calls them: read once, so that a test can bring its own.

/// AWS's variables. [`Environment::default`] has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// `AWS_ENDPOINT_URL_LAMBDA`, else `AWS_ENDPOINT_URL`.
    pub lambda_endpoint: Option<String>,
    /// `AWS_ENDPOINT_URL_STS`.
    pub sts_endpoint: Option<String>,
    /// `AWS_ENDPOINT_URL`.
    pub endpoint: Option<String>,
    /// `AWS_REGION`, else `AWS_DEFAULT_REGION`.
    pub region: Option<String>,
    /// `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, where both are there.
    pub keys: Option<Keys>,
}

/// Credentials that the variables hold.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    /// `AWS_ACCESS_KEY_ID`
    pub id: String,
    /// `AWS_SECRET_ACCESS_KEY`
    pub secret: String,
    /// `AWS_SESSION_TOKEN`
    pub session: Option<String>,
}

impl Environment {
    /// The variables of this process.
    pub fn of_process() -> Environment {
        Environment::read(|name| std::env::var(name).ok())
    }

    /// The variables as `variable` gives them; an empty one counts as absent. `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` hides
    /// the endpoints, as in AWS's SDKs.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Environment {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let ignored =
            variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let url = |name: &str| variable(name).filter(|_| !ignored);
        let endpoint = url("AWS_ENDPOINT_URL");
        let keys = match (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY")) {
            (Some(id), Some(secret)) => Some(Keys { id, secret, session: variable("AWS_SESSION_TOKEN") }),
            (_, None) | (None, _) => None,
        };
        Environment {
            lambda_endpoint: url("AWS_ENDPOINT_URL_LAMBDA").or_else(|| endpoint.clone()),
            sts_endpoint: url("AWS_ENDPOINT_URL_STS"),
            endpoint,
            region: variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION")),
            keys,
        }
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("id", &self.id).finish_non_exhaustive()
    }
}
