//! What all connections share: the operations as they are now, who may call them, and the count of requests.

use std::net::SocketAddr;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::{Mutex, Semaphore};

use super::{Patience, Tls};
use crate::Api;
use crate::access::Access;
use crate::metrics::Requests;

/// How long an engine that is done with may take to end.
const ENGINE_END: Duration = Duration::from_secs(5);

/// The bodies of all requests that are being read, in KiB.
pub(super) const BODIES_KIB_MAX: u32 = 1 << 20;

/// Makes the operations anew, on an empty engine. Errors say why it cannot.
pub type Renew = Arc<dyn Fn() -> BoxFuture<'static, Result<Arc<Api>, String>> + Send + Sync>;

/// How is served.
#[derive(Clone, Default)]
pub struct Settings {
    /// Who may ask.
    pub access: Access,
    /// How connections are encrypted. `None`: they are not.
    pub tls: Option<Tls>,
    /// What `POST /_stepwell/reset` does. `None`: it is refused.
    pub reset: Option<Renew>,
    /// How long clients may take.
    pub patience: Patience,
}

pub(super) struct Front {
    pub settings: Settings,
    pub requests: Requests,
    pub connections: AtomicUsize,
    /// Room for the bodies of requests, in KiB: all together, whatever each may have.
    pub room: Semaphore,
    api: RwLock<Arc<Api>>,
    /// Resets come one after the other.
    resetting: Mutex<()>,
}

impl Front {
    pub fn new(api: Arc<Api>, mut settings: Settings, address: SocketAddr) -> Front {
        let hosts = std::mem::take(&mut settings.access.hosts);
        settings.access.hosts = hosts.listening(address.ip());
        Front {
            settings,
            requests: Requests::new(),
            connections: AtomicUsize::new(0),
            room: Semaphore::new(BODIES_KIB_MAX as usize),
            api: RwLock::new(api),
            resetting: Mutex::new(()),
        }
    }

    /// The operations as they are now.
    pub fn api(&self) -> Arc<Api> {
        self.api.read().unwrap_or_else(PoisonError::into_inner).clone() // it is replaced as a whole
    }

    /// Goes on with an empty engine. What still waits on the old one is told that it has stopped.
    pub async fn reset(&self, renew: &Renew) -> Result<(), String> {
        let _one = self.resetting.lock().await;
        let new = renew().await?;
        let old = std::mem::replace(&mut *self.api.write().unwrap_or_else(PoisonError::into_inner), new);
        old.engine().shutdown(ENGINE_END).await.map_err(|why| why.to_string())
    }
}
