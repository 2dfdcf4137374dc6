//! Which Worker a host and a path belong to.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::member::Member;
use crate::config::{Fit, Pattern, Route};
use crate::error::{Problem, Problems};
use crate::worker::WorkerId;

/// `NAME.localhost`, routes and custom domains of the ordinary Workers.
#[derive(Debug, Default)]
pub struct Hosts {
    names: HashMap<String, WorkerId>,
    domains: HashMap<String, WorkerId>,
    /// The most specific first.
    routes: Vec<(Pattern, WorkerId)>,
}

impl Hosts {
    pub(super) fn of(members: &[Member], problems: &mut Problems) -> Self {
        let mut hosts = Self::default();
        let mut taken: HashMap<(String, bool), (&WorkerId, &Route)> = HashMap::new();
        for member in members.iter().filter(|member| member.is_ordinary()) {
            let (Some(id), Some(project)) = (&member.id, &member.project) else { continue };
            hosts.names.insert(id.name().to_owned(), id.clone());
            for route in &project.config.routes {
                let key = (route.pattern.text.to_ascii_lowercase(), route.custom_domain);
                if let Some((first, other)) = taken.get(&key).filter(|(first, _)| *first != id) {
                    problems.push(taken_twice(route, other, first));
                    continue;
                }
                taken.insert(key, (id, route));
                if route.custom_domain {
                    hosts.domains.insert(route.pattern.host.clone(), id.clone());
                } else {
                    hosts.routes.push((route.pattern.clone(), id.clone()));
                }
            }
        }
        hosts.routes.sort_by_key(|(pattern, _)| Reverse(pattern.specificity()));
        hosts
    }

    /// The Worker that a host, with or without a port, and a path name; none when none of them does.
    ///
    /// Routes come before custom domains, as on Cloudflare, where a custom domain's Worker is the origin behind them.
    #[must_use]
    pub fn find(&self, host: &str, path: &str) -> Option<&WorkerId> {
        self.fit(host, path).map(|(_, id)| id)
    }

    /// The same, with how precisely it is meant.
    #[must_use]
    pub fn fit(&self, host: &str, path: &str) -> Option<(Fit, &WorkerId)> {
        let host = without_port(host).to_ascii_lowercase();
        if let Some(label) = host.strip_suffix(".localhost") {
            // `anything.NAME.localhost` is NAME's as well, for those that look at subdomains.
            let name = label.rsplit('.').next().unwrap_or(label);
            if let Some(id) = self.names.get(label).or_else(|| self.names.get(name)) {
                return Some((Pattern::BEFORE_ALL, id));
            }
        }
        let route = self.routes.iter().find(|(pattern, _)| pattern.matches(&host, path));
        let route = route.map(|(pattern, id)| (pattern.specificity(), id));
        route.or_else(|| self.domains.get(&host).map(|id| (Pattern::BEHIND_ALL, id)))
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => host,
    }
}

fn taken_twice(route: &Route, other: &Route, first: &WorkerId) -> Problem {
    let mut problem = Problem::warning(format!("two Workers claim `{}`: `{first}` answers there", route.pattern.text));
    problem.places.extend([other.place.clone().labelled("answers"), route.place.clone().labelled("in vain")]);
    problem.help("Cloudflare refuses to deploy the second one")
}
