//! What stops a command before it has begun: bad usage, files that cannot be read, definitions that are wrong.

use std::fmt;

/// Why a command cannot be done. Ends it with exit status 2.
#[derive(Debug)]
pub struct Refusal {
    /// What went wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Refusal {
    /// The machine does not give what is needed; its own words say what.
    pub fn of_machine(error: std::io::Error) -> Refusal {
        Refusal::new(error.to_string())
    }

    /// A refusal that says what went wrong.
    pub fn new(message: impl Into<String>) -> Refusal {
        Refusal { message: message.into(), help: None }
    }

    /// A refusal that also says what to do.
    pub fn with_help(message: impl Into<String>, help: impl Into<String>) -> Refusal {
        Refusal { message: message.into(), help: Some(help.into()) }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}

/// Results that could not be written.
impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Refusal {
        Refusal::new(format!("stdout cannot be written: {error}"))
    }
}

/// What the engine does not do.
impl From<stepwell_engine::EngineError> for Refusal {
    fn from(error: stepwell_engine::EngineError) -> Refusal {
        Refusal::new(error.to_string())
    }
}
