//! Who calls: credentials, kept until they expire. AWS's SDK for single services does the same inside its clients.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::SharedCredentialsProvider;

use super::super::super::function::CallError;
use super::super::super::{lock, wall_clock};
use super::super::connect::Clients;
use super::super::reach::Role;

/// Credentials are renewed so long before they expire.
const RENEWED_BEFORE: Duration = Duration::from_secs(300);

/// What has no expiry may still be changed, in a file or by a process.
const KEPT_WITHOUT_EXPIRY: Duration = Duration::from_secs(900);

/// Definitions can make up roles without end.
const ROLES_MAX: usize = 256;

/// The credentials of every role that has been called with.
pub(super) struct Identities {
    clients: Clients,
    known: Mutex<HashMap<(String, Option<Role>), Known>>,
}

#[derive(Clone)]
struct Known {
    credentials: Credentials,
    until: std::time::SystemTime,
}

impl Identities {
    pub fn new(clients: Clients) -> Identities {
        Identities { clients, known: Mutex::default() }
    }

    /// The credentials to sign with.
    pub async fn credentials(&self, region: &str, role: Option<&Role>) -> Result<Credentials, CallError> {
        // Only a role's depend on the region: its STS is there.
        let key = (if role.is_some() { region.to_owned() } else { String::new() }, role.cloned());
        if let Some(known) = lock(&self.known).get(&key)
            && wall_clock::now() < known.until
        {
            return Ok(known.credentials.clone());
        }
        // Two first calls may both get here; the later credentials stay, and both are good.
        let provider: SharedCredentialsProvider = self.clients.identity(region, role).await;
        let credentials = provider.provide_credentials().await.map_err(|error| {
            let who = role.map_or_else(String::new, |role| format!(" of the role '{}'", role.arn));
            CallError::broken(&format!("No credentials{who}"), &error)
        })?;
        let now = wall_clock::now();
        let until = match credentials.expiry() {
            Some(expiry) => expiry.checked_sub(RENEWED_BEFORE).unwrap_or(now),
            None => now + KEPT_WITHOUT_EXPIRY,
        };
        let mut known = lock(&self.known);
        if known.len() >= ROLES_MAX {
            known.clear();
        }
        known.insert(key, Known { credentials: credentials.clone(), until });
        Ok(credentials)
    }
}
