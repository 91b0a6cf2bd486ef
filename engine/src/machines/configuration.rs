//! The logging, tracing and encryption configurations of state machines and activities: checked, and given back as they
//! came. What AWS gives where nothing was configured is absent here.

use stepwell_asl::{Map, Value};

use crate::error::EngineError;

/// How a state machine is configured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Configuration {
    /// `level`, `includeExecutionData`, `destinations`.
    pub logging: Option<Value>,
    /// `enabled`
    pub tracing: Option<Value>,
    /// `type`, `kmsKeyId`, `kmsDataKeyReusePeriodSeconds`.
    pub encryption: Option<Value>,
}

impl Configuration {
    /// Checks all of it, fills in what AWS does, and leaves out what is the default. Errors: `InvalidLoggingConfiguration`, `InvalidTracingConfiguration`,
    /// `InvalidEncryptionConfiguration`.
    pub(crate) fn checked(&self) -> Result<Configuration, EngineError> {
        Ok(Configuration {
            logging: self.logging.as_ref().map(checked_logging).transpose()?.filter(|one| *one != default_logging()),
            tracing: self.tracing.as_ref().map(checked_tracing).transpose()?.filter(|one| *one != default_tracing()),
            encryption: self.encryption.as_ref().map(checked_encryption).transpose()?,
        })
    }
}

/// What a state machine logs where nothing else is configured.
pub fn default_logging() -> Value {
    [("includeExecutionData", Value::Bool(false)), ("level", Value::from("OFF"))].into_iter().collect()
}

/// How a state machine is traced where nothing else is configured.
pub fn default_tracing() -> Value {
    [("enabled", Value::Bool(false))].into_iter().collect()
}

/// How what AWS stores is encrypted where nothing else is configured.
pub fn default_encryption() -> Value {
    [("type", Value::from("AWS_OWNED_KEY"))].into_iter().collect()
}

fn checked_logging(logging: &Value) -> Result<Value, EngineError> {
    let refused = |why: &str| {
        Err(EngineError::call("InvalidLoggingConfiguration", format!("Invalid Logging Configuration: {why}")))
    };
    let level = text(logging, "level").unwrap_or("OFF");
    let destinations = logging.get("destinations").and_then(Value::as_array).map_or(&[][..], |all| all);
    match (level, destinations) {
        ("OFF", []) => {}
        ("OFF" | "ALL" | "ERROR" | "FATAL", [destination]) => {
            let group = destination.get("cloudWatchLogsLogGroup").and_then(|group| text(group, "logGroupArn"));
            if !group.is_some_and(is_log_group) {
                return refused("Log Destination must be the ARN of a CloudWatch Logs log group and end with ':*'.");
            }
        }
        ("OFF" | "ALL" | "ERROR" | "FATAL", _) => return refused("Must specify exactly one Log Destination."),
        _ => return refused("level must be one of ALL, ERROR, FATAL, OFF."),
    }
    let mut filled: Map = default_logging().as_object().into_iter().flat_map(|all| all.iter()).map(owned).collect();
    filled.extend(logging.as_object().into_iter().flat_map(|all| all.iter()).map(owned));
    if destinations.is_empty() {
        filled.shift_remove("destinations");
    }
    Ok(filled.into())
}

fn is_log_group(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    matches!(parts[..], ["arn", _, "logs", _, _, group] if group.starts_with("log-group:") && group.ends_with(":*"))
}

fn checked_tracing(tracing: &Value) -> Result<Value, EngineError> {
    match tracing.get("enabled").and_then(Value::as_bool) {
        Some(_) => Ok(tracing.clone()),
        None => Err(EngineError::call(
            "InvalidTracingConfiguration",
            "Invalid Tracing Configuration: enabled has not been set to true or false",
        )),
    }
}

/// Encryption is checked and given back; nothing is encrypted with the key.
pub(crate) fn checked_encryption(encryption: &Value) -> Result<Value, EngineError> {
    let refused = |why: &str| {
        let message = format!("Invalid Encryption Configuration: {why}");
        Err(EngineError::call("InvalidEncryptionConfiguration", message))
    };
    let key = text(encryption, "kmsKeyId");
    let period = encryption.get("kmsDataKeyReusePeriodSeconds").and_then(Value::as_number);
    match (text(encryption, "type"), key, period) {
        (Some("AWS_OWNED_KEY"), None, None) => Ok(encryption.clone()),
        (Some("AWS_OWNED_KEY"), _, _) => {
            refused("kmsKeyId and kmsDataKeyReusePeriodSeconds must not be set where type is AWS_OWNED_KEY")
        }
        (Some("CUSTOMER_MANAGED_KMS_KEY"), None | Some(""), _) => {
            refused("kmsKeyId must be set where type is CUSTOMER_MANAGED_KMS_KEY")
        }
        (Some("CUSTOMER_MANAGED_KMS_KEY"), Some(_), None) => Ok(encryption.clone()),
        (Some("CUSTOMER_MANAGED_KMS_KEY"), Some(_), Some(period)) => match period.to_string().parse::<u32>() {
            Ok(60..=900) => Ok(encryption.clone()),
            Ok(_) | Err(_) => refused("kmsDataKeyReusePeriodSeconds must be between 60 and 900"),
        },
        _ => refused("type must be AWS_OWNED_KEY or CUSTOMER_MANAGED_KMS_KEY"),
    }
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

fn owned((name, value): (&stepwell_asl::Text, &Value)) -> (stepwell_asl::Text, Value) {
    (name.clone(), value.clone())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    #[test]
    fn configurations_are_checked_and_filled_in() {
        let check = |configuration: Configuration, expected: Result<Option<Json>, &str>| {
            let checked = configuration.checked();
            let checked = checked.as_ref().map(|all| {
                let one = all.logging.as_ref().or(all.tracing.as_ref()).or(all.encryption.as_ref());
                one.map(Value::to_json)
            });
            assert_eq!(checked.map_err(|error| error.code().expect("a call's error")), expected);
        };
        let value = |json: Json| Some(Value::from(json));
        let logging = |json| Configuration { logging: value(json), ..Configuration::default() };
        let tracing = |json| Configuration { tracing: value(json), ..Configuration::default() };
        let encryption = |json| Configuration { encryption: value(json), ..Configuration::default() };
        let to = |arn: &str| json!({ "cloudWatchLogsLogGroup": { "logGroupArn": arn } });
        let group = to("arn:aws:logs:us-east-1:123456789012:log-group:g:*");
        check(logging(json!({})), Ok(None));
        check(logging(json!({ "destinations": [], "level": "OFF" })), Ok(None));
        check(
            logging(json!({ "level": "ALL", "destinations": [group] })),
            Ok(Some(json!({ "includeExecutionData": false, "level": "ALL", "destinations": [group] }))),
        );
        for wrong in [
            json!({ "level": "ALL" }),
            json!({ "level": "ERROR", "destinations": [group, group] }),
            json!({ "level": "OFF", "destinations": [group, group] }),
            json!({ "level": "ALL", "destinations": [{}] }),
            json!({ "level": "ALL", "destinations": [to("arn:aws:logs:us-east-1:123456789012:log-group:g")] }),
        ] {
            check(logging(wrong), Err("InvalidLoggingConfiguration"));
        }
        check(tracing(json!({ "enabled": true })), Ok(Some(json!({ "enabled": true }))));
        check(tracing(json!({ "enabled": false })), Ok(None));
        check(tracing(json!({})), Err("InvalidTracingConfiguration"));
        let key = |period: u32| json!({ "type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "k", "kmsDataKeyReusePeriodSeconds": period });
        check(encryption(key(60)), Ok(Some(key(60))));
        check(encryption(key(59)), Err("InvalidEncryptionConfiguration"));
        check(encryption(json!({ "type": "CUSTOMER_MANAGED_KMS_KEY" })), Err("InvalidEncryptionConfiguration"));
        check(encryption(json!({ "type": "AWS_OWNED_KEY", "kmsKeyId": "k" })), Err("InvalidEncryptionConfiguration"));
    }
}
