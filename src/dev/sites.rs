//! The session as the Workers port sees it: who answers, once all that was saved is served.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::project::broken;
use super::{Session, lock, stack};
use crate::error::{Problem, Problems};
use crate::front::pages::Page;
use crate::front::{Answered, Site, Sites};
use crate::term::RequestLine;
use crate::worker::{Failure, Response, WorkerId};

/// See the module's text.
pub(super) struct Served(pub(super) Arc<Session>);

impl Sites for Served {
    fn find<'a>(&'a self, host: &'a str, path: &'a str) -> BoxFuture<'a, Option<Site>> {
        async move {
            self.0.catch_up().await;
            let fleet = self.0.fleet();
            let id =
                self.0.at(host, path).or_else(|| fleet.default.clone()).or_else(|| self.0.control.default_worker())?;
            let worker = self.0.fetcher(&id);
            Some(Site { id, worker })
        }
        .boxed()
    }

    fn answered(&self, done: &Answered<'_>) {
        // 499 is what logs of Cloudflare's kind show for a client that left first.
        let line = RequestLine {
            method: done.method.to_owned(),
            target: target(done.host, done.path),
            status: done.status.unwrap_or(499),
            took: Duration::from_secs_f64(done.millis / 1000.0),
            workers: done.trace.workers(),
            ray: Some(done.ray.to_string()),
        };
        self.0.terminal.tell(line);
    }

    fn failure_page(&self, worker: &WorkerId, failure: &Failure, wants_html: bool) -> Response {
        let page = match self.0.broken_behind(worker, failure) {
            Some((culprit, problems)) => Page::of_failure(&culprit, &broken(&problems), problems),
            None => Page::of_failure(worker, failure, self.0.place_of(failure)),
        };
        page.response(wants_html, &self.0.base())
    }

    fn nobody_page(&self, host: &str, wants_html: bool) -> Response {
        let fleet = self.0.fleet();
        let ordinary = fleet.members.iter().filter(|member| member.is_ordinary());
        let known: Vec<_> = ordinary.filter_map(|member| Some(member.id.as_ref()?.name().to_owned())).collect();
        Page::no_worker(host, &known).response(wants_html, &self.0.base())
    }

    fn live(&self) -> Option<&crate::front::live::Live> {
        self.0.options.live_reload.then_some(&self.0.live)
    }

    fn host(&self) -> Option<String> {
        self.0.options.host.clone().or_else(|| self.0.fleet().settings.host.clone())
    }
}

/// A request's path; with the host in front where that may have chosen the Worker.
fn target(host: &str, path: &str) -> String {
    let name = host
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
        .map_or(host, |(name, _)| name);
    let is_machine = name == "localhost" || name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    if is_machine { path.to_owned() } else { format!("{host}{path}") }
}

impl Session {
    /// The Worker that does not build, if that is why this one failed: itself, or one that it called.
    fn broken_behind(&self, worker: &WorkerId, failure: &Failure) -> Option<(WorkerId, Problems)> {
        let all = lock(&self.broken);
        if let Some(problems) = all.get(worker) {
            return Some((worker.clone(), problems.clone()));
        }
        // A calling Worker sees an error with this message.
        let Failure::Threw { message, .. } = failure else { return None };
        let culprit = all.iter().find(|(_, problems)| broken(problems).to_string() == *message);
        culprit.map(|(id, problems)| (id.clone(), problems.clone()))
    }

    /// The place of an exception in its source.
    fn place_of(&self, failure: &Failure) -> Problems {
        let Failure::Threw { stack, .. } = failure else { return Problems::default() };
        let Some(place) = stack::place(stack, &self.base()) else { return Problems::default() };
        let mut problem = Problem::error(failure.to_string());
        problem.places.push(place);
        problem.into()
    }
}

#[cfg(test)]
mod tests {
    use super::target;

    #[test]
    fn hosts_are_told_where_they_may_matter() {
        for host in ["localhost", "localhost:8787", "127.0.0.1:1", "[::1]:8787", "[::1]", "192.168.0.7"] {
            assert_eq!(target(host, "/a?b"), "/a?b", "{host}");
        }
        assert_eq!(target("customer-a.example.com", "/a"), "customer-a.example.com/a");
        assert_eq!(target("shop.localhost:8787", "/"), "shop.localhost:8787/");
    }
}
