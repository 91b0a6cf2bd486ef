//! Where a call may go: endpoint, region and role, decided before anything is sent. No IO.

use super::super::config::{Aws, REGION_DEFAULT, is_region};
use super::super::function::{CallError, FunctionCall};
use super::super::function_name::FunctionName;
use super::super::real_aws;

/// What holds for all calls.
#[derive(Clone, Debug)]
pub(super) struct Reach {
    pub aws: Aws,
    /// The region that the AWS profile names; read only with `aws.real`.
    pub profile_region: Option<String>,
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
    pub fn new(aws: Aws) -> Reach {
        Reach { aws, profile_region: None }
    }

    /// Where a call goes, or why it may not.
    pub fn destination(&self, call: &FunctionCall) -> Result<Destination, CallError> {
        let endpoint = call.endpoint.as_deref().or(self.aws.lambda_endpoint());
        self.check(endpoint, || format!("The function '{}'", call.function))?;
        let role = match call.role_arn.as_deref() {
            Some(role) => Some(self.role(role, endpoint)?),
            None => None,
        };
        Ok(Destination { region: self.region(call), endpoint: endpoint.map(str::to_owned), role })
    }

    /// The role to assume for a call to an endpoint, or why it may not be.
    pub fn role(&self, arn: &str, endpoint: Option<&str>) -> Result<Role, CallError> {
        // An emulator serves all services at one place; AWS does not.
        let otherwise = endpoint.filter(|_| !self.aws.real);
        let sts_endpoint = self.aws.sts_endpoint().or(otherwise);
        self.check(sts_endpoint, || format!("The role '{arn}'"))?;
        Ok(Role { arn: arn.to_owned(), sts_endpoint: sts_endpoint.map(str::to_owned) })
    }

    /// Refuses an endpoint that may not be called, or that cannot be one.
    pub fn check(&self, endpoint: Option<&str>, what: impl Fn() -> String) -> Result<(), CallError> {
        real_aws::check(&self.aws, endpoint, &what)?;
        match endpoint {
            Some(url) if !url.starts_with("http://") && !url.starts_with("https://") => {
                let cause = format!("{}: the endpoint '{url}' does not start with http:// or https://", what());
                Err(CallError::new("States.Runtime", cause))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The region of a call: the first that is there, in the order that [`LambdaInvoker`](super::LambdaInvoker) names.
    pub fn region(&self, call: &FunctionCall) -> String {
        let of_function = FunctionName::parse(&call.function).region;
        let candidates = [
            call.region.as_deref(),
            self.aws.region.as_deref(),
            self.aws.environment.region.as_deref(),
            self.profile_region.as_deref(),
            of_function.as_deref(),
            call.execution_arn.split(':').nth(3),
        ];
        candidates.into_iter().flatten().find(|region| is_region(region)).unwrap_or(REGION_DEFAULT).to_owned()
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

#[cfg(test)]
mod tests {
    use super::super::super::environment::Environment;
    use super::*;

    const EMULATOR: &str = "http://127.0.0.1:4566";

    fn reach(aws: Aws, variables: &[(&str, &str)]) -> Reach {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Reach::new(Aws { environment: Environment::read(variables), ..aws })
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
        let of_aws = "https://lambda.us-east-1.amazonaws.com";
        let of_call = FunctionCall { endpoint: Some(of_aws.into()), ..call("f") };
        for (reach, call) in [
            (reach(Aws::default(), &[("AWS_ENDPOINT_URL", of_aws)]), call("f")),
            (reach(Aws::default(), &[("AWS_ENDPOINT_URL", EMULATOR)]), of_call),
        ] {
            let error = reach.destination(&call).expect_err("refused");
            let cause = error.cause.unwrap_or_default();
            assert!(
                cause.starts_with(&format!("The function 'f' is at AWS ({of_aws}), and real AWS is off")),
                "{cause}"
            );
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
        assert!(reach(Aws::default(), &ignored).destination(&call("f")).is_err());
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
        let file = |region: &str| Aws { region: Some(region.to_owned()), real: true, ..Aws::default() };
        let region = |aws: Aws, variables: &[(&str, &str)], call: &FunctionCall| reach(aws, variables).region(call);
        let mut call = call("arn:aws:lambda:ap-south-1:1:function:f");
        call.execution_arn = "arn:aws:states:sa-east-1:1:execution:m:e".into();
        let variables = [("AWS_DEFAULT_REGION", "eu-west-2"), ("AWS_REGION", "eu-west-1")];
        assert_eq!(region(file("us-west-2"), &variables, &call), "us-west-2");
        assert_eq!(region(file("us-east-1"), &variables, &call), "us-east-1", "it is given, though it is the default");
        assert_eq!(region(Aws::default(), &variables, &call), "eu-west-1");
        assert_eq!(region(Aws::default(), &variables[..1], &call), "eu-west-2");
        let mut with_profile = reach(Aws::default(), &[]);
        with_profile.profile_region = Some("eu-north-1".to_owned());
        assert_eq!(with_profile.region(&call), "eu-north-1");
        assert_eq!(region(Aws::default(), &[], &call), "ap-south-1");
        call.function = "arn:aws:lambda:evil.test/:1:function:f".into();
        assert_eq!(region(Aws::default(), &[], &call), "sa-east-1");
        call.execution_arn = "odd".into();
        assert_eq!(region(Aws::default(), &[], &call), "us-east-1");
        call.region = Some("ca-central-1".into());
        assert_eq!(region(file("us-west-2"), &variables, &call), "ca-central-1");
    }
}
