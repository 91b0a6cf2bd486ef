//! Clients of the SDK: one for each destination, made when it is first called and kept, with the credentials of its role.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use aws_config::meta::region::ProvideRegion;
use aws_config::profile::region::ProfileFileRegionProvider;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::{Credentials, SharedAsyncSleep, SharedCredentialsProvider, SharedHttpClient};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder, Connector};

use super::super::environment::Keys;
use super::super::function::FunctionCall;
use super::super::lock;
use super::reach::{Destination, Reach, Role};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Beyond this many destinations all clients are made anew: definitions can make up roles without end.
const CLIENTS_MAX: usize = 256;

pub(super) struct Clients {
    /// Whose the calls are.
    credentials: SharedCredentialsProvider,
    /// The way to AWS itself, where it may be reached.
    aws: Option<SdkConfig>,
    plain: SharedHttpClient,
    secure: SharedHttpClient,
    made: Mutex<HashMap<Destination, Client>>,
}

impl Clients {
    /// Reads the profile where AWS may be reached, and takes the region of calls from it if nothing else names one.
    pub async fn new(reach: &mut Reach) -> Clients {
        let (plain, secure) = (Builder::new().build_http(), https_client());
        let mut aws = None;
        if reach.aws.real {
            if reach.aws.region().is_none() {
                reach.profile_region = ProfileFileRegionProvider::new().region().await.map(|region| region.to_string());
            }
            aws = Some(of_process(reach, secure.clone()).await);
        }
        let credentials = aws.as_ref().and_then(SdkConfig::credentials_provider);
        let credentials = credentials.unwrap_or_else(|| of_keys(reach.aws.environment.keys.clone()));
        Clients { credentials, aws, plain, secure, made: Mutex::default() }
    }

    pub async fn client(&self, destination: &Destination) -> Client {
        if let Some(client) = lock(&self.made).get(destination) {
            return client.clone();
        }
        // Two first calls may both get here; the later client stays and the other serves its one call.
        let client = self.make(destination).await;
        let mut made = lock(&self.made);
        if made.len() >= CLIENTS_MAX {
            made.clear();
        }
        made.insert(destination.clone(), client.clone());
        client
    }

    async fn make(&self, destination: &Destination) -> Client {
        let mut config = self.at(&destination.region, destination.endpoint.as_deref());
        if destination.role.is_some() {
            let role = self.identity(&destination.region, destination.role.as_ref()).await;
            config = config.into_builder().credentials_provider(role).build();
        }
        Client::new(&config)
    }

    /// Who calls: the role, where there is one, or whoever all calls are made as.
    pub async fn identity(&self, region: &str, role: Option<&Role>) -> SharedCredentialsProvider {
        let Some(Role { arn, sts_endpoint }) = role else { return self.credentials.clone() };
        let sts = self.at(region, sts_endpoint.as_deref());
        let role = AssumeRoleProvider::builder(arn).session_name("stepwell").configure(&sts).build().await;
        SharedCredentialsProvider::new(role)
    }

    /// At an endpoint nothing of the process's own configuration counts: a profile may name other endpoints.
    fn at(&self, region: &str, endpoint: Option<&str>) -> SdkConfig {
        let config = match endpoint {
            None => self.aws.as_ref().expect("without an endpoint only where AWS may be reached").to_builder(),
            Some(endpoint) => {
                let http = if endpoint.starts_with("http://") { &self.plain } else { &self.secure };
                SdkConfig::builder()
                    .behavior_version(BehaviorVersion::v2026_01_12())
                    .credentials_provider(self.credentials.clone())
                    .http_client(http.clone())
                    .endpoint_url(endpoint)
                    .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
                    .time_source(SharedTimeSource::new(SystemTimeSource::new()))
                    .retry_config(RetryConfig::disabled())
                    .timeout_config(timeouts())
                    .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            }
        };
        config.region(Region::new(region.to_owned())).build()
    }
}

/// The SDK's usual ways to credentials, endpoints and the rest. With a region, so that nobody is asked for one.
async fn of_process(reach: &Reach, http: SharedHttpClient) -> SdkConfig {
    aws_config::defaults(BehaviorVersion::v2026_01_12())
        .region(Region::new(reach.region(&FunctionCall::default())))
        .http_client(http)
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .load()
        .await
}

/// These keys, or a placeholder that emulators take. Nothing else is looked at: a profile could lead to AWS.
fn of_keys(keys: Option<Keys>) -> SharedCredentialsProvider {
    let keys = keys.unwrap_or_else(|| Keys { id: "test".to_owned(), secret: "test".to_owned(), session: None });
    SharedCredentialsProvider::new(Credentials::new(keys.id, keys.secret, keys.session, None, "Environment"))
}

/// Only for connecting: the task says how long its call may take, and a function may be silent for minutes.
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).build()
}

/// Loads the system's certificates when it is first used, and respects `HTTPS_PROXY` and its kin.
fn https_client() -> SharedHttpClient {
    Builder::new().build_with_connector_fn(|settings, components| {
        let mut connector = Connector::builder().proxy_config(ProxyConfig::from_env());
        connector.set_connector_settings(settings.cloned());
        if let Some(components) = components {
            connector.set_sleep_impl(components.sleep_impl());
        }
        connector.tls_provider(Provider::Rustls(CryptoMode::Ring)).build()
    })
}
