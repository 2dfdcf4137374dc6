//! What happens by itself, as the session knows it: schedules of watched projects and of uploads.

use std::sync::Weak;

use super::Session;
use crate::runtime;
use crate::worker::{Cron, WorkerId};

/// See the module's text.
pub(super) struct Triggers(pub(super) Weak<Session>);

impl runtime::Triggers for Triggers {
    fn schedules(&self) -> Vec<(WorkerId, Vec<Cron>)> {
        let Some(session) = self.0.upgrade() else { return Vec::new() };
        let fleet = session.fleet();
        let watched = fleet.members.iter().filter_map(|member| {
            let crons = &member.project.as_ref()?.config.crons;
            (!crons.is_empty()).then(|| Some((member.id.clone()?, crons.clone())))?
        });
        let uploaded = session.control.schedules().into_iter().filter(|(id, _)| fleet.member(id).is_none());
        watched.chain(uploaded).collect()
    }
}
