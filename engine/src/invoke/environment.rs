//! The variables that say where AWS's services are and who calls them. Nothing else of Stepwell reads them, so whoever
//! asks gets the same answer, and a test can bring its own.

use std::collections::BTreeMap;
use std::ffi::OsString;

use super::config::is_region;

const ENDPOINT: &str = "AWS_ENDPOINT_URL";

/// AWS's variables. [`Environment::default`] has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// `AWS_REGION`, else `AWS_DEFAULT_REGION`.
    pub region: Option<String>,
    /// `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, where both are there.
    pub keys: Option<Keys>,
    endpoints: BTreeMap<String, String>,
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
        // What is no text is no address, no region and no key.
        let text = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
        Environment::read(std::env::vars_os().filter_map(text))
    }

    /// These variables; an empty one counts as absent, and so does a region that cannot be one.
    /// `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` hides the endpoints, as in AWS's SDKs.
    pub fn read(variables: impl IntoIterator<Item = (String, String)>) -> Environment {
        let wanted = |(name, value): &(String, String)| name.starts_with("AWS_") && !value.is_empty();
        let mut variables: BTreeMap<String, String> = variables.into_iter().filter(wanted).collect();
        let ignored =
            variables.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").is_some_and(|text| text.eq_ignore_ascii_case("true"));
        let mut take = |name: &str| variables.remove(name);
        let mut region = |name: &str| take(name).filter(|region| is_region(region));
        let region = region("AWS_REGION").or_else(|| region("AWS_DEFAULT_REGION"));
        let keys = match (take("AWS_ACCESS_KEY_ID"), take("AWS_SECRET_ACCESS_KEY")) {
            (Some(id), Some(secret)) => Some(Keys { id, secret, session: take("AWS_SESSION_TOKEN") }),
            (_, None) | (None, _) => None,
        };
        variables.retain(|name, _| !ignored && name.starts_with(ENDPOINT));
        Environment { region, keys, endpoints: variables }
    }

    /// `AWS_ENDPOINT_URL`
    pub fn endpoint(&self) -> Option<&str> {
        self.endpoints.get(ENDPOINT).map(String::as_str)
    }

    /// `AWS_ENDPOINT_URL_LAMBDA`, else `AWS_ENDPOINT_URL`.
    pub fn lambda_endpoint(&self) -> Option<&str> {
        self.endpoints.get("AWS_ENDPOINT_URL_LAMBDA").map(String::as_str).or(self.endpoint())
    }

    /// `AWS_ENDPOINT_URL_STS`
    pub fn sts_endpoint(&self) -> Option<&str> {
        self.endpoints.get("AWS_ENDPOINT_URL_STS").map(String::as_str)
    }

    /// The variable of a service, by its `serviceId`, else `AWS_ENDPOINT_URL`.
    pub fn service_endpoint(&self, id: &str) -> Option<&str> {
        let name = format!("{ENDPOINT}_{}", id.to_ascii_uppercase().replace([' ', '-'], "_"));
        self.endpoints.get(&name).map(String::as_str).or(self.endpoint())
    }

    /// `AWS_ENDPOINT_URL` and its kin for single services, by name.
    pub fn endpoints(&self) -> &BTreeMap<String, String> {
        &self.endpoints
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Environment {
        Environment::read(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn empty_and_impossible_variables_count_as_absent() {
        let odd = [("AWS_REGION", "evil.test/"), ("AWS_DEFAULT_REGION", "eu-west-2"), ("AWS_ENDPOINT_URL", "")];
        let environment = read(&odd);
        assert_eq!((environment.region.as_deref(), environment.endpoint()), (Some("eu-west-2"), None));
        assert_eq!(read(&[("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "")]), Environment::default());
        assert_eq!(read(&[("HOME", "/"), ("AWS_PROFILE", "p")]), Environment::default());
    }

    #[test]
    fn endpoints_are_kept_by_name_unless_they_are_to_be_ignored() {
        let variables = [
            ("AWS_ENDPOINT_URL", "http://all.test"),
            ("AWS_ENDPOINT_URL_STS", "http://sts.test"),
            ("AWS_ENDPOINT_URL_S3", "http://s3.test"),
            ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "True"),
        ];
        let environment = read(&variables[..3]);
        assert_eq!(environment.lambda_endpoint(), Some("http://all.test"));
        assert_eq!(environment.sts_endpoint(), Some("http://sts.test"));
        assert_eq!(environment.endpoints().len(), 3);
        assert_eq!(read(&variables), Environment::default());
    }

    #[test]
    fn secrets_are_not_shown() {
        let keys = [("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "hush"), ("AWS_SESSION_TOKEN", "hush")];
        let shown = format!("{:?}", read(&keys));
        assert!(shown.contains("AKIA") && !shown.contains("hush"), "{shown}");
    }
}
