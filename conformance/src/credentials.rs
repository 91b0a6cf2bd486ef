//! Who calls, and in which region: from AWS's usual variables, and from profiles and roles where the endpoint is AWS.

use aws_config::BehaviorVersion;
use aws_config::Region;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

use crate::Trouble;

/// The region where nothing names one.
const REGION_DEFAULT: &str = "us-east-1";

/// Whether a host is AWS's own.
pub fn is_aws(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    [".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".api.aws"].iter().any(|domain| host.ends_with(domain))
}

/// The region of calls to this host: its own, else `AWS_REGION`, else `AWS_DEFAULT_REGION`.
pub fn region(host: &str) -> String {
    let of_host = host.split('.').skip_while(|label| !label.ends_with("states")).nth(1);
    let variable = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
    let named = || variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
    match of_host.filter(|_| is_aws(host)) {
        Some(region) => region.to_owned(),
        None => named().unwrap_or_else(|| REGION_DEFAULT.to_owned()),
    }
}

/// The caller's keys. Elsewhere than on AWS those of the environment, or a placeholder that emulators take.
pub async fn of_environment(url: &str, host: &str) -> Result<Credentials, Trouble> {
    if !is_aws(host) {
        let variable = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
        return Ok(match (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY")) {
            (Some(id), Some(secret)) => {
                Credentials::new(id, secret, variable("AWS_SESSION_TOKEN"), None, "environment")
            }
            (Some(_) | None, _) => Credentials::new("test", "test", None, None, "placeholder"),
        });
    }
    let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let config = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .region(Region::new(region(host)))
        .http_client(http)
        .load()
        .await;
    let provider = config.credentials_provider().ok_or_else(|| Trouble::endpoint(url, "there are no credentials"))?;
    provider.provide_credentials().await.map_err(|error| Trouble::endpoint(url, format!("no credentials: {error}")))
}
