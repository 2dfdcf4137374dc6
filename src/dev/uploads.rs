//! Uploads beside watched projects: who of them is served, and at which hosts.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use super::{Session, workers};
use crate::bindings::Resource;
use crate::compile::Cache;
use crate::config::{Fit, Pattern};
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
        let (of_fleet, of_projects, of_routes) = (session.clone(), session.clone(), session.clone());
        let watched = move |id: &WorkerId| session.upgrade().is_some_and(|session| session.is_watched(id));
        let namespaces = move || of_fleet.upgrade().map(|session| session.namespaces()).unwrap_or_default();
        let resources = move || of_projects.upgrade().map(|session| session.resources()).unwrap_or_default();
        let zones = move || of_routes.upgrade().map(|session| session.zones()).unwrap_or_default();
        Control::new(control::Settings {
            runtime,
            store,
            cache,
            terminal,
            tokio,
            watched: Arc::new(watched),
            namespaces: Arc::new(namespaces),
            resources: Arc::new(resources),
            zones: Arc::new(zones),
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

    /// The domains that projects name, or have routes in.
    fn zones(&self) -> Vec<String> {
        let fleet = self.fleet();
        let projects = fleet.members.iter().filter_map(|member| member.project.as_ref());
        let routes = projects.flat_map(|project| &project.config.routes);
        routes.filter_map(|route| route.zone_name.clone().or_else(|| control::domain_of(&route.pattern.host))).collect()
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

    /// The Worker that a host and a path name, watched or uploaded: the one that is meant most precisely.
    pub(super) fn at(&self, host: &str, path: &str) -> Option<WorkerId> {
        let fleet = self.fleet();
        let watched = fleet.hosts.fit(host, path).map(|(fit, id)| (fit, id.clone()));
        let uploaded = self.uploaded_at(host, path).filter(|(_, id)| !self.is_watched(id));
        match (watched, uploaded) {
            (Some((fit, _)), Some((better, id))) if better > fit => Some(id),
            (Some((_, id)), _) | (None, Some((_, id))) => Some(id),
            (None, None) => None,
        }
    }

    /// The uploaded Worker that a host names, as `NAME.localhost` or as clients print it, or by a route.
    fn uploaded_at(&self, host: &str, path: &str) -> Option<(Fit, WorkerId)> {
        let host = host.to_ascii_lowercase();
        let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
        let name = name.map_or(host.as_str(), |(name, _)| name);
        let named = label_of(name).and_then(|label| {
            let last = label.rsplit('.').next().unwrap_or(label);
            self.control.ordinary(label).or_else(|| self.control.ordinary(last))
        });
        named.map(|id| (Pattern::BEFORE_ALL, id)).or_else(|| self.control.routed(name, path))
    }
}

/// What stands before `.localhost`, or before the account's part of `workers.dev`.
fn label_of(host: &str) -> Option<&str> {
    host.strip_suffix(".localhost").or_else(|| {
        let rest = host.strip_suffix(".workers.dev")?;
        rest.strip_suffix(control::SUBDOMAIN)?.strip_suffix('.')
    })
}
