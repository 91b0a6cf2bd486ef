//! The rule that nothing reaches real AWS by itself: which endpoints are AWS's own, and the refusal of a call to one.

use super::config::Aws;
use super::function::CallError;

/// What AWS's own hosts end with, beyond those that `amazonaws` or `amazonwebservices` gives away: the names for IPv6,
/// those of the partitions that are closed to the public, and `aws.dev`.
const DOMAINS: [&str; 10] = [
    "api.aws",
    "aws.dev",
    "c2s.ic.gov",
    "sc2s.sgov.gov",
    "csp.hci.ic.gov",
    "cloud.adc-e.uk",
    "api.aws.ic.gov",
    "api.aws.scloud",
    "api.aws.hci.ic.gov",
    "api.cloud-aws.adc-e.uk",
];

/// Refuses a call to this endpoint, or to AWS itself where there is none, unless the configuration allows it. `what` is
/// called: `The function 'f'`. `States.Runtime`, since no `Catch` for all errors may hide it.
pub(super) fn check(aws: &Aws, endpoint: Option<&str>, what: impl FnOnce() -> String) -> Result<(), CallError> {
    if aws.allows(endpoint) {
        return Ok(());
    }
    let what = what();
    let place = endpoint.map_or_else(|| "AWS".to_owned(), |endpoint| format!("AWS ({endpoint})"));
    let cause = format!(
        "{what} is at {place}, and real AWS is off. Set real = true in the table [aws] of stepwell.toml, or say where \
         else to call: endpoint in [aws] or in a route with invoker = \"lambda\", or the variable \
         AWS_ENDPOINT_URL_LAMBDA or AWS_ENDPOINT_URL"
    );
    Err(CallError::new("States.Runtime", cause))
}

/// Whether a URL leads to AWS itself, however one may read it: parsers do not agree on what `\` and `@` mean in front of
/// a host, so no part there may be a host of AWS.
pub(super) fn is_aws(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest).trim_start_matches(['/', '\\']);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.split(['@', '\\']).any(|part| is_host_of_aws(part.split(':').next().unwrap_or_default()))
}

fn is_host_of_aws(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host.split('.').any(|label| label == "amazonaws" || label == "amazonwebservices")
        || DOMAINS
            .iter()
            .any(|domain| host.strip_suffix(domain).is_some_and(|front| front.is_empty() || front.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aws_is_known_by_whatever_name() {
        for url in [
            "https://lambda.us-east-1.amazonaws.com",
            "https://LAMBDA.cn-north-1.amazonaws.com.cn:443/x",
            "https://vpce-1.lambda.eu-west-1.vpce.amazonaws.com.",
            "https://user@lambda.eusc-de-east-1.amazonaws.eu",
            "https://lambda.us-east-1.api.aws?x",
            "https://lambda.cn-north-1.api.amazonwebservices.com.cn",
            "https://lambda.us-iso-east-1.c2s.ic.gov",
            "https://api.aws",
            "https://gamma.aws.dev#x",
            "https://user:word@127.0.0.1@lambda.us-east-1.amazonaws.com",
            "https://lambda.us-east-1.amazonaws.com\\@127.0.0.1",
            "https://127.0.0.1\\@lambda.us-east-1.amazonaws.com",
            "https:///lambda.us-east-1.amazonaws.com",
            "lambda.us-east-1.amazonaws.com",
        ] {
            assert!(is_aws(url), "{url}");
        }
        for url in [
            "http://127.0.0.1:4566",
            "http://[::1]:4566",
            "http://localhost.localstack.cloud:4566",
            "http://my-amazonaws.test",
            "http://notaws.dev",
            "https://moto/amazonaws.com",
            "https://moto?@lambda.us-east-1.amazonaws.com",
            "",
        ] {
            assert!(!is_aws(url), "{url}");
        }
    }
}
