//! Where a call may go: endpoint, region and role, decided before anything is sent. No IO.

use super::super::config::Aws;
use super::super::function::{CallError, FunctionCall};
use super::super::function_name::FunctionName;
use super::Environment;

/// What configuration and environment say for all calls.
#[derive(Clone, Debug)]
pub(super) struct Reach {
    /// Whether calls and credentials may reach AWS.
    pub real: bool,
    /// The region of calls that have none of their own.
    pub region: Option<String>,
    /// Where Lambda is, if not at AWS.
    endpoint: Option<String>,
    /// Where STS is, if not at AWS.
    sts_endpoint: Option<String>,
}

/// Where one call goes, and as whom. Calls with the same destination share a client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Destination {
    pub region: String,
    /// None: AWS.
    pub endpoint: Option<String>,
    pub role: Option<Role>,
}

/// A role to assume, and where.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Role {
    pub arn: String,
    /// None: AWS.
    pub sts_endpoint: Option<String>,
}

impl Reach {
    pub fn new(aws: &Aws, environment: &Environment) -> Reach {
        let own = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        // The default of the file is no wish: the environment goes before it.
        let region = Some(&aws.region).filter(|region| **region != Aws::default().region && is_region(region));
        Reach {
            real: aws.real,
            region: region.or(environment.region.as_ref()).cloned(),
            endpoint: own(&aws.endpoint).or_else(|| environment.lambda_endpoint.clone()),
            sts_endpoint: (environment.sts_endpoint.clone())
                .or_else(|| own(&aws.endpoint))
                .or_else(|| environment.endpoint.clone()),
        }
    }

    /// Whether a call with this endpoint of its own may be made.
    pub fn permits(&self, endpoint: Option<&str>) -> bool {
        self.real || endpoint.or(self.endpoint.as_deref()).is_some_and(|endpoint| !is_of_aws(endpoint))
    }

    /// Where a call goes, or why it may not.
    pub fn destination(&self, call: &FunctionCall) -> Result<Destination, CallError> {
        let endpoint = call.endpoint.as_deref().or(self.endpoint.as_deref());
        self.check(endpoint, || format!("The function '{}'", call.function))?;
        let role = match call.role_arn.as_deref() {
            Some(role) => Some(self.role(role, endpoint)?),
            None => None,
        };
        Ok(Destination { region: self.region(call), endpoint: endpoint.map(str::to_owned), role })
    }

    fn role(&self, arn: &str, endpoint: Option<&str>) -> Result<Role, CallError> {
        // An emulator serves all services at one place; AWS does not.
        let otherwise = endpoint.filter(|_| !self.real);
        let sts_endpoint = self.sts_endpoint.as_deref().or(otherwise);
        self.check(sts_endpoint, || format!("The role '{arn}'"))?;
        Ok(Role { arn: arn.to_owned(), sts_endpoint: sts_endpoint.map(str::to_owned) })
    }

    fn check(&self, endpoint: Option<&str>, what: impl Fn() -> String) -> Result<(), CallError> {
        match endpoint {
            _ if !self.permits(endpoint) => Err(refused(&what(), endpoint)),
            Some(url) if !url.starts_with("http://") && !url.starts_with("https://") => {
                let cause = format!("{}: the endpoint '{url}' does not start with http:// or https://", what());
                Err(CallError::new("States.Runtime", cause))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn region(&self, call: &FunctionCall) -> String {
        let of_function = FunctionName::parse(&call.function).region;
        let of_execution = call.execution_arn.split(':').nth(3);
        let candidates = [call.region.as_deref(), self.region.as_deref(), of_function.as_deref(), of_execution];
        candidates.into_iter().flatten().find(|region| is_region(region)).unwrap_or("us-east-1").to_owned()
    }
}

impl Destination {
    /// For messages.
    pub fn place(&self) -> String {
        match &self.endpoint {
            Some(endpoint) => format!("Lambda at {endpoint}"),
            None => format!("AWS Lambda in {}", self.region),
        }
    }
}

/// Whether a text can be a region. It becomes a part of a host's name, so an ARN that somebody made up must not lead
/// elsewhere.
fn is_region(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=32).contains(&text.len()) && text.bytes().all(allowed)
}

/// Whether an endpoint is one of AWS's own.
fn is_of_aws(endpoint: &str) -> bool {
    let rest = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default().split(':').next().unwrap_or_default();
    let host = format!(".{}.", host.trim_end_matches('.').to_ascii_lowercase());
    host.contains(".amazonaws.") || host.ends_with(".api.aws.")
}

/// `States.Runtime`, since no `Catch` for all errors may hide it.
fn refused(what: &str, endpoint: Option<&str>) -> CallError {
    let place = endpoint.map_or_else(|| "AWS".to_owned(), |endpoint| format!("AWS ({endpoint})"));
    let cause = format!(
        "{what} is at {place}, and real AWS is off. Set real = true in the table [aws] of stepwell.toml, or say where \
         else to call: endpoint in [aws] or in a route with invoker = \"lambda\", or the variable \
         AWS_ENDPOINT_URL_LAMBDA or AWS_ENDPOINT_URL"
    );
    CallError::new("States.Runtime", cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMULATOR: &str = "http://127.0.0.1:4566";

    fn reach(aws: Aws, variables: &[(&str, &str)]) -> Reach {
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_string());
        Reach::new(&aws, &Environment::read(find))
    }

    fn call(function: &str) -> FunctionCall {
        FunctionCall { function: function.into(), ..FunctionCall::default() }
    }

    #[test]
    fn nothing_leads_to_aws_by_itself() {
        let keys = [("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_REGION", "eu-west-1")];
        let error = reach(Aws::default(), &keys).destination(&call("f")).expect_err("refused");
        assert_eq!(error.error, "States.Runtime");
        let cause = error.cause.unwrap_or_default();
        assert!(cause.starts_with("The function 'f' is at AWS, and real AWS is off. Set real = true"), "{cause}");

        let real = reach(Aws { real: true, ..Aws::default() }, &keys).destination(&call("f")).expect("allowed");
        assert_eq!((real.region.as_str(), real.endpoint), ("eu-west-1", None));
    }

    #[test]
    fn an_endpoint_of_aws_needs_the_permission_too() {
        for endpoint in [
            "https://lambda.us-east-1.amazonaws.com",
            "https://LAMBDA.cn-north-1.amazonaws.com.cn:443/x",
            "https://vpce-1.lambda.eu-west-1.vpce.amazonaws.com.",
            "https://lambda.us-east-1.api.aws",
            "https://user@lambda.eusc-de-east-1.amazonaws.eu",
        ] {
            assert!(!reach(Aws::default(), &[("AWS_ENDPOINT_URL", endpoint)]).permits(None), "{endpoint}");
            assert!(!reach(Aws::default(), &[]).permits(Some(endpoint)), "{endpoint}");
        }
        for endpoint in [EMULATOR, "http://my-amazonaws.test", "https://moto/amazonaws.com"] {
            assert!(reach(Aws::default(), &[]).permits(Some(endpoint)), "{endpoint}");
        }
        let sts = [("AWS_ENDPOINT_URL", EMULATOR), ("AWS_ENDPOINT_URL_STS", "https://sts.amazonaws.com")];
        let with_role = FunctionCall { role_arn: Some("arn:aws:iam::1:role/r".into()), ..call("f") };
        let error = reach(Aws::default(), &sts).destination(&with_role).expect_err("refused");
        assert!(error.cause.unwrap_or_default().starts_with("The role 'arn:aws:iam::1:role/r' is at AWS (https://sts"));
    }

    #[test]
    fn the_nearest_endpoint_wins() {
        let variables = [("AWS_ENDPOINT_URL_LAMBDA", "http://lambda.test"), ("AWS_ENDPOINT_URL", "http://all.test")];
        let endpoint = |reach: Reach, call: FunctionCall| reach.destination(&call).expect("allowed").endpoint;
        assert_eq!(endpoint(reach(Aws::default(), &variables), call("f")).as_deref(), Some("http://lambda.test"));
        assert_eq!(endpoint(reach(Aws::default(), &variables[1..]), call("f")).as_deref(), Some("http://all.test"));
        let file = Aws { endpoint: Some("http://file.test".to_owned()), ..Aws::default() };
        assert_eq!(endpoint(reach(file.clone(), &variables), call("f")).as_deref(), Some("http://file.test"));
        let of_route = FunctionCall { endpoint: Some(EMULATOR.into()), ..call("f") };
        assert_eq!(endpoint(reach(file, &variables), of_route).as_deref(), Some(EMULATOR));

        let odd = reach(Aws::default(), &[("AWS_ENDPOINT_URL", "localhost:4566")]);
        assert_eq!(odd.destination(&call("f")).expect_err("refused").error, "States.Runtime");

        let ignored = [("AWS_ENDPOINT_URL", EMULATOR), ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")];
        assert!(!reach(Aws::default(), &ignored).permits(None));
    }

    #[test]
    fn sts_is_where_the_other_services_are() {
        let role = |reach: Reach, endpoint: Option<&str>| {
            let call = FunctionCall { role_arn: Some("r".into()), endpoint: endpoint.map(Into::into), ..call("f") };
            reach.destination(&call).expect("allowed").role.expect("a role").sts_endpoint
        };
        let own = [("AWS_ENDPOINT_URL_STS", "http://sts.test"), ("AWS_ENDPOINT_URL", "http://all.test")];
        assert_eq!(role(reach(Aws::default(), &own), None).as_deref(), Some("http://sts.test"));
        assert_eq!(role(reach(Aws::default(), &own[1..]), Some(EMULATOR)).as_deref(), Some("http://all.test"));
        assert_eq!(role(reach(Aws::default(), &[]), Some(EMULATOR)).as_deref(), Some(EMULATOR));
        assert_eq!(role(reach(Aws { real: true, ..Aws::default() }, &[]), Some(EMULATOR)), None);
    }

    #[test]
    fn the_nearest_region_wins() {
        let file = |region: &str| Aws { region: region.to_owned(), real: true, ..Aws::default() };
        let region = |aws: Aws, variables: &[(&str, &str)], call: &FunctionCall| reach(aws, variables).region(call);
        let mut call = call("arn:aws:lambda:ap-south-1:1:function:f");
        call.execution_arn = "arn:aws:states:sa-east-1:1:execution:m:e".into();
        let variables = [("AWS_DEFAULT_REGION", "eu-west-2"), ("AWS_REGION", "eu-west-1")];
        assert_eq!(region(file("us-west-2"), &variables, &call), "us-west-2");
        assert_eq!(region(Aws::default(), &variables, &call), "eu-west-1");
        assert_eq!(region(Aws::default(), &variables[..1], &call), "eu-west-2");
        assert_eq!(region(Aws::default(), &[], &call), "ap-south-1");
        call.function = "arn:aws:lambda:evil.test/:1:function:f".into();
        assert_eq!(region(Aws::default(), &[], &call), "sa-east-1");
        call.execution_arn = "odd".into();
        assert_eq!(region(Aws::default(), &[], &call), "us-east-1");
        call.region = Some("ca-central-1".into());
        assert_eq!(region(file("us-west-2"), &variables, &call), "ca-central-1");
    }
}
