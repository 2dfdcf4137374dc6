//! A fleet as rows of the banner.

use crate::fleet::{Fleet, Member};
use crate::term::{BindingRow, WorkerRow};
use crate::worker::WorkerId;

/// Who is who: ordinary Workers first, of them the one that answers `url`; then user Workers, in the given order.
#[must_use]
pub fn workers(fleet: &Fleet, url: Option<&str>) -> Vec<WorkerRow> {
    let mut placed: Vec<_> = fleet.members.iter().filter_map(|member| Some((member.id.as_ref()?, member))).collect();
    placed.sort_by_key(|(id, _)| (id.namespace(), fleet.default.as_ref() != Some(id)));
    placed.into_iter().map(|(id, member)| row(fleet, id, member, url)).collect()
}

fn row(fleet: &Fleet, id: &WorkerId, member: &Member, url: Option<&str>) -> WorkerRow {
    let bindings = member.project.iter().flat_map(|project| &project.bindings).map(|binding| {
        let summary = binding.summary();
        BindingRow {
            name: binding.name().to_owned(),
            kind: summary.kind.to_owned(),
            detail: summary.detail,
            emulated: summary.emulated,
        }
    });
    WorkerRow {
        name: id.name().to_owned(),
        namespace: id.namespace().map(str::to_owned),
        answers: answers(fleet, id, member, url),
        rule: member.rule.as_ref().map(ToString::to_string).unwrap_or_default(),
        bindings: bindings.collect(),
        broken: member.state().is_err(),
        hides_upload: false,
    }
}

/// Where an ordinary Worker is reached.
fn answers(fleet: &Fleet, id: &WorkerId, member: &Member, url: Option<&str>) -> Vec<String> {
    if !member.is_ordinary() {
        return Vec::new();
    }
    let mut answers = Vec::new();
    if let Some(url) = url {
        if fleet.default.as_ref() == Some(id) {
            answers.push(url.to_owned());
        }
        let ordinary = fleet.members.iter().filter(|member| member.is_ordinary()).count();
        // The port, whatever the host: NAME.localhost leads to this machine.
        let parts = url.split_once("://").zip(url.rsplit_once(':'));
        if let Some(((scheme, _), (_, port))) = parts.filter(|_| ordinary > 1) {
            answers.push(format!("{scheme}://{}.localhost:{port}", id.name()));
        }
    }
    let routes = member.project.iter().flat_map(|project| &project.config.routes);
    answers.extend(routes.map(|route| route.pattern.text.clone()));
    answers
}
