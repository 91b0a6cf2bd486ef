//! How many calls are in flight at once: per function of a route, and over all routes. Who waits holds no thread, and
//! never holds a place of the shared pool while it waits for its own function.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::lock;

/// Above this many, functions that nobody calls just now are forgotten.
const FUNCTIONS_REMEMBERED: usize = 1024;

/// Lets the calls of one route in.
pub(super) struct Admission {
    per_function: Option<usize>,
    functions: Mutex<HashMap<String, Arc<Semaphore>>>,
    pool: Arc<Semaphore>,
}

/// A place in the pool; dropping it frees the place.
pub(super) struct Permit {
    // Fields drop in this order: the shared place first.
    _pool: Option<OwnedSemaphorePermit>,
    _function: Option<OwnedSemaphorePermit>,
}

impl Admission {
    /// `per_function` bounds each function alone; `pool` bounds all of them.
    pub(super) fn new(per_function: Option<usize>, pool: Arc<Semaphore>) -> Admission {
        Admission { per_function, functions: Mutex::default(), pool }
    }

    /// Waits for a place.
    pub(super) async fn admit(&self, function: &str) -> Permit {
        // The semaphores are never closed, so neither `ok` hides anything.
        let own = match self.function(function) {
            Some(semaphore) => semaphore.acquire_owned().await.ok(),
            None => None,
        };
        Permit { _pool: self.pool.clone().acquire_owned().await.ok(), _function: own }
    }

    fn function(&self, function: &str) -> Option<Arc<Semaphore>> {
        let limit = self.per_function?;
        let mut functions = lock(&self.functions);
        if functions.len() >= FUNCTIONS_REMEMBERED && !functions.contains_key(function) {
            functions.retain(|_, semaphore| Arc::strong_count(semaphore) > 1);
        }
        Some(functions.entry(function.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(limit))).clone())
    }
}
