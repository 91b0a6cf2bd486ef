//! What a call gets that was wrong: AWS's name for it, AWS's words, AWS's envelope.

use serde_json::{Map, Value};
use stepwell_engine::EngineError;

/// Why a call was not answered with success.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiError {
    /// AWS's name for it, such as `ExecutionDoesNotExist`.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// Further members that AWS's model gives the error, such as `resourceName`.
    pub members: Map<String, Value>,
}

impl ApiError {
    /// An error that says what is wrong.
    pub fn new(code: &'static str, message: impl Into<String>) -> ApiError {
        ApiError { code, message: message.into(), members: Map::new() }
    }

    /// `ValidationException`
    pub fn validation(message: impl Into<String>) -> ApiError {
        ApiError::new("ValidationException", message)
    }

    /// `ValidationException` with one of the reasons of AWS's model.
    pub fn validation_for(reason: &'static str, message: impl Into<String>) -> ApiError {
        ApiError::validation(message).with("reason", reason)
    }

    /// `InvalidArn`
    pub fn invalid_arn(why: impl std::fmt::Display) -> ApiError {
        ApiError::new("InvalidArn", format!("Invalid Arn: '{why}'"))
    }

    /// `SerializationException`: the body is no JSON, or not of the right types.
    pub fn serialization(message: impl Into<String>) -> ApiError {
        ApiError::new("SerializationException", message)
    }

    /// The engine could not do it: nothing that the caller can change.
    pub fn internal(message: impl Into<String>) -> ApiError {
        ApiError::new("InternalFailure", message)
    }

    /// The same with a further member.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> ApiError {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// The HTTP status: 400, but for what is not the caller's doing.
    pub fn status(&self) -> u16 {
        match self.code {
            "InternalFailure" => 500,
            "ServiceUnavailable" => 503,
            "RequestEntityTooLarge" => 413,
            _ => 400,
        }
    }

    /// The envelope.
    pub fn body(&self) -> String {
        let mut envelope = Map::new();
        envelope.insert("__type".to_owned(), format!("{}{}", self.namespace(), self.code).into());
        envelope.insert("message".to_owned(), self.message.clone().into());
        envelope.extend(self.members.clone());
        Value::from(envelope).to_string()
    }

    /// AWS names the model that an error is from: the service's own, or the front door's.
    fn namespace(&self) -> &'static str {
        match self.code {
            "ValidationException" => "com.amazon.coral.validate#",
            "SerializationException"
            | "UnknownOperationException"
            | "InternalFailure"
            | "ServiceUnavailable"
            | "RequestEntityTooLarge"
            | "AccessDeniedException"
            | "IncompleteSignatureException"
            | "InvalidSignatureException"
            | "MissingAuthenticationTokenException"
            | "UnrecognizedClientException" => "com.amazon.coral.service#",
            _ => "com.amazonaws.swf.service.v2.model#",
        }
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> ApiError {
        match error {
            EngineError::Call { code, message, reason: None } => ApiError::new(code, message),
            EngineError::Call { message, reason: Some(reason), .. } => ApiError::validation_for(reason, message),
            EngineError::Stopped(why) => ApiError::new("ServiceUnavailable", format!("The engine has stopped: {why}")),
            other @ (EngineError::Open(_)
            | EngineError::Store(_)
            | EngineError::Record { .. }
            | EngineError::Machine(_)) => ApiError::internal(other.to_string()),
        }
    }
}
