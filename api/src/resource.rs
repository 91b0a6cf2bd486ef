//! What requests and answers about state machines and activities share: configurations, tags, routing.

use serde::Deserialize;
use serde_json::{Value, json};
use stepwell_engine::machines::{Configuration, Routing, Tag, default_encryption, default_logging, default_tracing};

use crate::shape::{ARN, Shape, matching, one_of, optional, required, secret, text};

/// How a state machine logs.
pub const LOGGING: Shape = Shape::Structure(&[
    optional("level", one_of(&["ALL", "ERROR", "FATAL", "OFF"])),
    optional("includeExecutionData", Shape::Boolean),
    optional("destinations", Shape::List(&DESTINATION, 0, usize::MAX)),
]);
const DESTINATION: Shape = Shape::Structure(&[optional("cloudWatchLogsLogGroup", LOG_GROUP)]);
const LOG_GROUP: Shape = Shape::Structure(&[optional("logGroupArn", ARN)]);

/// How a state machine is traced.
pub const TRACING: Shape = Shape::Structure(&[optional("enabled", Shape::Boolean)]);

/// How a state machine or an activity is encrypted.
pub const ENCRYPTION: Shape = Shape::Structure(&[
    optional("kmsKeyId", text(1, 2048)),
    optional("kmsDataKeyReusePeriodSeconds", Shape::Integer(60, 900)),
    required("type", one_of(&["AWS_OWNED_KEY", "CUSTOMER_MANAGED_KMS_KEY"])),
]);

/// Tags.
pub const TAGS: Shape = Shape::List(&TAG, 0, usize::MAX);
const TAG: Shape = Shape::Structure(&[optional("key", TAG_KEY), optional("value", text(0, 256))]);
/// A tag's key.
pub const TAG_KEY: Shape = text(1, 128);

/// What a version or an alias is described as.
pub const DESCRIPTION: Shape = secret(0, 256);

/// An alias's name.
pub const ALIAS_NAME: Shape = matching(1, 80, r"^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$", is_alias_name);

fn is_alias_name(name: &str) -> bool {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    name.chars().all(allowed) && name.chars().any(|letter| !letter.is_ascii_digit())
}

/// Where an alias leads to.
pub const ROUTING: Shape = Shape::List(&ROUTE, 1, 2);
const ROUTE: Shape = Shape::Named(
    "RoutingConfigurationListItem",
    &[required("stateMachineVersionArn", ARN), required("weight", Shape::Integer(0, 100))],
);

/// The configurations that a request holds.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Configurations {
    logging_configuration: Option<Value>,
    tracing_configuration: Option<Value>,
    encryption_configuration: Option<Value>,
}

impl Configurations {
    /// As the engine has them.
    pub fn read(self) -> Configuration {
        Configuration {
            logging: self.logging_configuration.map(known),
            tracing: self.tracing_configuration.map(known),
            encryption: self.encryption_configuration.map(known),
        }
    }
}

/// A member that is `null` is absent, on every level.
pub fn known(value: Value) -> stepwell_asl::Value {
    fn prune(value: Value) -> Value {
        match value {
            Value::Object(members) => members
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name, prune(value)))
                .collect(),
            Value::Array(items) => items.into_iter().map(prune).collect(),
            other => other,
        }
    }
    prune(value).into()
}

/// A logging configuration, or AWS's default.
pub fn logging(there: Option<&stepwell_asl::Value>) -> Value {
    there.cloned().unwrap_or_else(default_logging).to_json()
}

/// A tracing configuration, or AWS's default.
pub fn tracing(there: Option<&stepwell_asl::Value>) -> Value {
    there.cloned().unwrap_or_else(default_tracing).to_json()
}

/// An encryption configuration, or AWS's default.
pub fn encryption(there: Option<&stepwell_asl::Value>) -> Value {
    there.cloned().unwrap_or_else(default_encryption).to_json()
}

/// A tag of a request.
#[derive(Deserialize)]
pub struct TagInput {
    key: Option<String>,
    value: Option<String>,
}

/// The tags of a request.
pub fn tags(tags: Option<Vec<TagInput>>) -> Vec<Tag> {
    let tag = |tag: TagInput| Tag { key: tag.key.unwrap_or_default(), value: tag.value.unwrap_or_default() };
    tags.unwrap_or_default().into_iter().map(tag).collect()
}

/// A way that an alias leads, of a request.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteInput {
    state_machine_version_arn: String,
    weight: u32,
}

/// The routing of a request.
pub fn routing(routes: Vec<RouteInput>) -> Vec<Routing> {
    let route = |route: RouteInput| Routing { version_arn: route.state_machine_version_arn, weight: route.weight };
    routes.into_iter().map(route).collect()
}

/// The routing of an answer.
pub fn routes(routing: &[Routing]) -> Value {
    let route = |route: &Routing| json!({ "stateMachineVersionArn": route.version_arn, "weight": route.weight });
    routing.iter().map(route).collect()
}
