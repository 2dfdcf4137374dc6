//! Requests without a pause while a test saves: an answer must never be older than what had been saved when its request
//! was sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use super::Client;

/// Clients that ask at the same time.
const CLIENTS: usize = 4;

/// Clients that ask on and on for a version's number.
pub(crate) struct Load {
    saved: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<usize>>,
}

impl Load {
    /// Starts asking; the answers must be numbers, and `first` is what is saved now.
    pub(crate) fn start(client: &Client, target: &'static str, first: usize) -> Self {
        let (saved, stop) = (Arc::new(AtomicUsize::new(first)), Arc::default());
        let clients = (0..CLIENTS).map(|_| {
            let (client, saved, stop) = (client.clone(), Arc::clone(&saved), Arc::clone(&stop));
            thread::spawn(move || ask_until(&client, target, &saved, &stop))
        });
        let clients = clients.collect();
        Self { saved, stop, clients }
    }

    /// This version's save has returned.
    pub(crate) fn saved(&self, version: usize) {
        self.saved.store(version, Ordering::SeqCst);
    }

    /// Ends it; fails if an answer was stale or none at all.
    #[track_caller]
    pub(crate) fn end(self) {
        self.stop.store(true, Ordering::SeqCst);
        let answers: usize = self.clients.into_iter().map(|client| client.join().expect("no answer was stale")).sum();
        assert!(answers >= CLIENTS, "only {answers} answers");
    }
}

fn ask_until(client: &Client, target: &str, saved: &AtomicUsize, stop: &AtomicBool) -> usize {
    let mut answers = 0;
    while !stop.load(Ordering::SeqCst) {
        let at_least = saved.load(Ordering::SeqCst);
        let answer = client.get(target).status(200);
        let version: usize = answer.text().parse().unwrap_or_else(|_| panic!("no version but {}", answer.text()));
        assert!(version >= at_least, "version {version} was served after {at_least} had been saved");
        answers += 1;
    }
    answers
}
