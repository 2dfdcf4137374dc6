//! Uploads beside watched projects: who of them is served, and at which hosts.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use super::{Session, workers};
use crate::bindings::Resource;
use crate::compile::Cache;
use crate::control::{self, Control};
use crate::runtime::Runtime;
use crate::store::Store;
use crate::term::{Terminal, WorkerRow};
use crate::worker::WorkerId;

/// What the session and its control plane share.
pub(super) struct Around {
    pub(super) runtime: Arc<Runtime>,
    pub(super) store: Arc<Store>,
    pub(super) cache: Arc<Cache>,
    pub(super) tokio: tokio::runtime::Handle,
}

impl Around {
    pub(super) fn control(self, terminal: Terminal, session: Weak<Session>) -> Arc<Control> {
        let Self { runtime, store, cache, tokio } = self;
        let (of_fleet, of_projects) = (session.clone(), session.clone());
        let watched = move |id: &WorkerId| session.upgrade().is_some_and(|session| session.is_watched(id));
        let namespaces = move || of_fleet.upgrade().map(|session| session.namespaces()).unwrap_or_default();
        let resources = move || of_projects.upgrade().map(|session| session.resources()).unwrap_or_default();
        Control::new(control::Settings {
            runtime,
            store,
            cache,
            terminal,
            tokio,
            watched: Arc::new(watched),
            namespaces: Arc::new(namespaces),
            resources: Arc::new(resources),
        })
    }
}

impl Session {
    fn is_watched(&self, id: &WorkerId) -> bool {
        self.fleet().member(id).is_some()
    }

    fn namespaces(&self) -> Vec<String> {
        self.fleet().namespaces().into_keys().map(str::to_owned).collect()
    }

    /// What projects store things in.
    fn resources(&self) -> Vec<Resource> {
        let fleet = self.fleet();
        let served = fleet.members.iter().filter_map(|member| Some((member.id.as_ref()?, member.project.as_ref()?)));
        served.flat_map(|(id, project)| project.bindings.iter().filter_map(|binding| binding.resource(id))).collect()
    }

    /// The rows of the banner.
    pub fn workers(&self, url: &str) -> Vec<WorkerRow> {
        let mut rows = workers(&self.fleet(), Some(url));
        for row in &mut rows {
            let id = match &row.namespace {
                Some(namespace) => WorkerId::user(namespace.as_str(), row.name.as_str()),
                None => WorkerId::plain(row.name.as_str()),
            };
            row.hides_upload = self.control.is_uploaded(&id);
        }
        rows
    }

    /// How many Workers of each namespace are served from uploads; ordinary ones stand under no name.
    pub fn uploads(&self) -> BTreeMap<Option<String>, usize> {
        let mut counts = BTreeMap::new();
        for id in self.control.uploads().into_iter().filter(|id| !self.is_watched(id)) {
            *counts.entry(id.namespace().map(str::to_owned)).or_default() += 1;
        }
        counts
    }

    /// The uploaded Worker that a host names, as `NAME.localhost` or as clients print it, or by a route.
    pub(super) fn uploaded_at(&self, host: &str, path: &str) -> Option<WorkerId> {
        let host = host.to_ascii_lowercase();
        let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
        let name = name.map_or(host.as_str(), |(name, _)| name);
        let Some(label) = label_of(name) else { return self.control.routed(name, path) };
        let last = label.rsplit('.').next().unwrap_or(label);
        self.control.ordinary(label).or_else(|| self.control.ordinary(last))
    }
}

/// What stands before `.localhost`, or before the account's part of `workers.dev`.
fn label_of(host: &str) -> Option<&str> {
    host.strip_suffix(".localhost").or_else(|| {
        let rest = host.strip_suffix(".workers.dev")?;
        rest.strip_suffix(control::SUBDOMAIN)?.strip_suffix('.')
    })
}
