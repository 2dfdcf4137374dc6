//! Compiled files, remembered by their very text and options.
//!
//! Keyed by content, never by a file's time: two saves within one clock tick look alike to a time stamp. The text
//! itself is the key, so that nothing can collide; where a file needed no change the key and the code are one string.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Compiled, Links, Options, compile, link};
use crate::error::{Problems, Source};

/// Bytes of source and code that are kept. Beyond it, the half that was not used for longest is dropped; a dropped
/// file is compiled again when it is next loaded.
const KEPT: usize = 256 << 20;

/// Shared by all loads of the process.
#[derive(Debug, Default)]
pub struct Cache(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    by_key: HashMap<Key, Entry>,
    bytes: usize,
    clock: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    text: Arc<str>,
    options: Options,
    links: Option<Links>,
}

#[derive(Debug)]
struct Entry {
    compiled: Arc<Compiled>,
    used: u64,
}

impl Cache {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// As [`compile`], from memory if this text was compiled with these options before.
    ///
    /// # Errors
    /// As [`compile`]; failures are not remembered.
    pub fn compile(&self, source: &Source, options: &Options) -> Result<Arc<Compiled>, Problems> {
        let key = Key { text: source.text.clone(), options: options.clone(), links: None };
        if let Some(compiled) = self.entries().find(&key) {
            return Ok(compiled);
        }
        let compiled = Arc::new(compile(source, options)?);
        self.entries().insert(key, compiled.clone());
        Ok(compiled)
    }

    /// As [`link()`], from memory if the file this came from was linked so before.
    pub fn link(&self, source: &Source, options: &Options, compiled: &Compiled, links: Links) -> Arc<Compiled> {
        let key = Key { text: source.text.clone(), options: options.clone(), links: Some(links) };
        if let Some(linked) = self.entries().find(&key) {
            return linked;
        }
        let links = key.links.as_ref().expect("set above");
        let linked = Arc::new(link(compiled, links));
        self.entries().insert(key, linked.clone());
        linked
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    fn find(&mut self, key: &Key) -> Option<Arc<Compiled>> {
        self.clock += 1;
        let entry = self.by_key.get_mut(key)?;
        entry.used = self.clock;
        Some(entry.compiled.clone())
    }

    fn insert(&mut self, key: Key, compiled: Arc<Compiled>) {
        self.bytes += size(&key, &compiled);
        if self.bytes > KEPT {
            self.forget_half();
        }
        let used = self.clock;
        self.by_key.insert(key, Entry { compiled, used });
    }

    fn forget_half(&mut self) {
        let mut ages: Vec<u64> = self.by_key.values().map(|entry| entry.used).collect();
        ages.sort_unstable();
        let middle = ages.get(ages.len() / 2).copied().unwrap_or_default();
        self.by_key.retain(|_, entry| entry.used > middle);
        self.bytes = self.by_key.iter().map(|(key, entry)| size(key, &entry.compiled)).sum();
    }
}

fn size(key: &Key, compiled: &Compiled) -> usize {
    let code = if Arc::ptr_eq(&key.text, &compiled.code) { 0 } else { compiled.code.len() };
    key.text.len() + code
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn a_text_seen_before_is_not_compiled_again() {
        let cache = Cache::new();
        let options = Options::for_path(Path::new("a.ts"), &Arc::default()).unwrap();
        let first = cache.compile(&Source::new("a.ts", "let a: number = 1"), &options).unwrap();
        let again = cache.compile(&Source::new("b.ts", "let a: number = 1"), &options).unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        let other = cache.compile(&Source::new("a.ts", "let a: number = 2"), &options).unwrap();
        assert!(!Arc::ptr_eq(&first, &other));
    }
}
