//! Which dispatch namespaces are trusted: their user Workers see where a client is, and share their caches.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

use crate::worker::WorkerId;

/// None, until the control plane says so.
#[derive(Default)]
pub(super) struct Trust(RwLock<HashSet<String>>);

impl Trust {
    pub(super) fn set(&self, namespaces: HashSet<String>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = namespaces;
    }

    /// Ordinary Workers are.
    pub(super) fn has(&self, worker: &WorkerId) -> bool {
        let trusted = |namespace| self.0.read().unwrap_or_else(PoisonError::into_inner).contains(namespace);
        worker.namespace().is_none_or(trusted)
    }
}
