//! Functions on AWS Lambda, or on an endpoint that speaks its API, called through AWS's SDK; and every other service of AWS,
//! called by its model.
//!
//! The rule: credentials that happen to lie about never reach AWS by themselves. Unless `aws.real` says so, a call needs
//! an endpoint that is not AWS's own, and no file, no metadata service and no login session is asked for credentials.
//! There are no retries here: `Retry` of the state decides.

mod connect;
mod exchange;
mod reach;
mod services;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use self::connect::Clients;
use self::reach::Reach;
use super::config::{Config, Target};
use super::function::{CallError, Function, FunctionCall, FunctionResponse};

pub use self::services::{ServiceInvoker, services};

/// What no call of a function can outlast: Lambda's own limit of 15 minutes, and a little for the way.
const CALL_LIMIT: Duration = Duration::from_secs(15 * 60 + 10);

/// The functions of AWS Lambda, or of what speaks its API at an endpoint.
///
/// A call goes to its own endpoint, else to `aws.endpoint`, else to `AWS_ENDPOINT_URL_LAMBDA` or `AWS_ENDPOINT_URL`;
/// without any of them to AWS, if `aws.real` allows it. Its region is the first that is there: its own, `aws.region`,
/// `AWS_REGION` or `AWS_DEFAULT_REGION`, the profile's (only with `aws.real`), that of the function's ARN, that of the
/// execution's ARN, `us-east-1`.
///
/// Credentials are the SDK's usual ones with `aws.real`, otherwise those of the environment's variables, otherwise a
/// placeholder that emulators take. A call with a role assumes it with them first, once until it expires. STS is at
/// `AWS_ENDPOINT_URL_STS`, else at `aws.endpoint` or `AWS_ENDPOINT_URL`, else AWS's with `aws.real` and at the call's own
/// endpoint without.
///
/// Of the environment's variables those count that the configuration brings: see [`Config::with_environment`].
pub struct LambdaInvoker {
    reach: Reach,
    clients: Clients,
}

/// The invoker for a configuration: the functions of its `lambda` routes, and those without a route. None where it could
/// not make a single call.
pub async fn lambda(config: &Config) -> Option<Arc<dyn Function>> {
    let invoker = LambdaInvoker::new(config).await?;
    Some(Arc::new(invoker))
}

impl LambdaInvoker {
    /// The invoker for a configuration, or none where every call would be refused. Reads the AWS profile if `aws.real` is
    /// true; connects to nothing.
    pub async fn new(config: &Config) -> Option<LambdaInvoker> {
        let aws = &config.aws;
        let of_route = config.routes.iter().any(|route| match &route.target {
            Target::Lambda(target) => aws.allows(target.endpoint.as_deref().or(aws.lambda_endpoint())),
            Target::Process(_) | Target::Http(_) | Target::Mock(_) => false,
        });
        if !of_route && !aws.allows(aws.lambda_endpoint()) {
            return None;
        }
        let mut reach = Reach::new(aws.clone());
        let clients = Clients::new(&mut reach).await;
        Some(LambdaInvoker { reach, clients })
    }
}

#[async_trait]
impl Function for LambdaInvoker {
    async fn call(&self, call: &FunctionCall) -> Result<FunctionResponse, CallError> {
        let destination = self.reach.destination(call)?;
        let limit = call.timeout.unwrap_or(CALL_LIMIT).min(CALL_LIMIT);
        let exchange = async {
            let client = self.clients.client(&destination).await;
            exchange::invoke(&client, &destination, call).await
        };
        match tokio::time::timeout(limit, exchange).await {
            Ok(outcome) => outcome,
            Err(_) if call.timeout == Some(limit) => Err(CallError { error: "States.Timeout".to_owned(), cause: None }),
            Err(_) => Err(CallError::no_connection(format!(
                "{} gave no answer within {} seconds",
                destination.place(),
                limit.as_secs()
            ))),
        }
    }
}
