//! What AWS Step Functions does, written down as cases, and the runner that plays them against any endpoint.
//!
//! A case is an execution (definition, input, scripted functions; status, output and history) or a sequence of API
//! calls with their answers. The format is described in `conformance/README.md`.

pub mod case;
pub mod compare;
pub mod compare_history;
pub mod credentials;
pub mod endpoint;
pub mod files;
pub mod functions;
pub mod gaps;
pub mod history;
pub mod junit;
pub mod outcome;
mod play;
pub mod record;
pub mod references;
pub mod report;
pub mod runner;
pub mod script;
mod workers;

use std::path::PathBuf;

/// What keeps cases from being played at all.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// A file or directory cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error("{} cannot be written: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is too long to be part of a case.
    #[error("{} has more than {bytes_max} bytes", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// What is allowed.
        bytes_max: u64,
    },
    /// A case does not say what it means.
    #[error("{case}: {why}")]
    WrongCase {
        /// `feature/case`, or the file.
        case: String,
        /// Why.
        why: String,
    },
    /// `known_gaps.toml` is wrong.
    #[error("known_gaps.toml: {why}")]
    WrongGaps {
        /// Why.
        why: String,
    },
    /// The endpoint cannot be reached, or is none of Step Functions.
    #[error("{url}: {why}")]
    Endpoint {
        /// Where it is.
        url: String,
        /// Why.
        why: String,
    },
    /// The functions of the cases cannot be served.
    #[error("functions cannot be served at {address}: {source}")]
    Functions {
        /// Where they should be.
        address: std::net::SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// A recorded case is there already.
    #[error("{} is there already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
}

impl Trouble {
    fn wrong_case(case: &str, why: &str) -> Trouble {
        Trouble::WrongCase { case: case.to_owned(), why: why.to_owned() }
    }

    fn endpoint(url: &str, why: impl ToString) -> Trouble {
        Trouble::Endpoint { url: url.to_owned(), why: why.to_string() }
    }
}
