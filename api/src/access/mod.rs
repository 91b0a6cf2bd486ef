//! Who may ask: under which name the server is called, from which page, and under whose signature.

pub mod address;
mod canonical;
mod credentials;
mod hosts;
mod origin;
mod sigv4;

use axum::http::request::Parts;

pub use credentials::{Credentials, CredentialsError};
pub use hosts::Hosts;
pub use sigv4::{Claim, Verifier};

/// A request that is turned away before it is looked at: why, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(pub String);

/// What is asked of every request, whatever its path.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// The names that are ours.
    pub hosts: Hosts,
    /// Whose signatures are taken. `None`: nothing has to be signed.
    pub verifier: Option<Verifier>,
}

impl Access {
    /// Refuses names that are not ours (a page whose name was made to resolve to this machine calls us by its own) and
    /// what pages of other sites send.
    pub fn admit(&self, head: &Parts) -> Result<(), Refusal> {
        let host = hosts::asked_for(head)?;
        self.hosts.check(host)?;
        origin::check(head, host)
    }
}
