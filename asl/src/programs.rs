//! Compiled programs by the hash of their definition's text: a definition that is seen again is not compiled again.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::compile::{CompileError, compile};
use crate::definition::Definition;
use crate::program::Program;

/// SHA-256 of a definition's text as it is compiled: what an execution pins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentHash([u8; 32]);

impl ContentHash {
    /// The hash of a text.
    pub fn of(text: &str) -> ContentHash {
        ContentHash(Sha256::digest(text.as_bytes()).into())
    }

    /// The hash whose bytes these are.
    pub fn from_bytes(bytes: [u8; 32]) -> ContentHash {
        ContentHash(bytes)
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Hexadecimal.
impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// So many programs, the oldest given up first. Executions keep the ones they run.
#[derive(Debug)]
pub struct Programs {
    capacity: usize,
    cached: Mutex<Cached>,
}

#[derive(Debug, Default)]
struct Cached {
    programs: HashMap<ContentHash, Arc<Program>>,
    order: VecDeque<ContentHash>,
}

impl Programs {
    /// A cache for at most this many programs.
    pub fn new(capacity: usize) -> Programs {
        Programs { capacity, cached: Mutex::default() }
    }

    /// The program of a definition, with the hash that names it. The definition must have passed validation.
    pub fn get(&self, definition: &Definition) -> Result<(ContentHash, Arc<Program>), CompileError> {
        let hash = ContentHash::of(definition.text());
        if let Some(program) = self.lock().programs.get(&hash) {
            return Ok((hash, program.clone()));
        }
        let program = Arc::new(compile(definition.value())?); // without the lock: two threads may both compile it
        let mut cached = self.lock();
        if cached.programs.insert(hash, program.clone()).is_none() {
            cached.order.push_back(hash);
        }
        while cached.order.len() > self.capacity
            && let Some(oldest) = cached.order.pop_front()
        {
            cached.programs.remove(&oldest);
        }
        Ok((hash, program))
    }

    /// The program of this hash, where it is at hand.
    pub fn cached(&self, hash: ContentHash) -> Option<Arc<Program>> {
        self.lock().programs.get(&hash).cloned()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Cached> {
        // Every change is whole before anything can panic, so what a panicking thread leaves behind is good.
        self.cached.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(comment: &str) -> Definition {
        let text = format!(r#"{{"Comment": "{comment}", "StartAt": "A", "States": {{"A": {{"Type": "Succeed"}}}}}}"#);
        Definition::parse(text.as_bytes(), &Default::default()).0.expect("the definition is JSON")
    }

    #[test]
    fn the_same_text_gives_the_same_program() {
        let programs = Programs::new(2);
        let (hash, first) = programs.get(&definition("a")).unwrap();
        let (again, second) = programs.get(&definition("a")).unwrap();
        assert!(hash == again && Arc::ptr_eq(&first, &second));
        let (other, _) = programs.get(&definition("b")).unwrap();
        assert_ne!(hash, other);
        assert_eq!(hash.to_string().len(), 64);
    }

    #[test]
    fn the_oldest_is_given_up_first() {
        let programs = Programs::new(1);
        let (_, first) = programs.get(&definition("a")).unwrap();
        programs.get(&definition("b")).unwrap();
        let (_, again) = programs.get(&definition("a")).unwrap();
        assert!(!Arc::ptr_eq(&first, &again));
    }
}
