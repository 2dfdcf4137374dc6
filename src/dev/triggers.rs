//! What happens by itself, as the session knows it: schedules and queues of watched projects and of uploads.

use std::sync::Weak;

use super::Session;
use crate::bindings::QueueConsumer;
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

    /// A queue has one: that of a watched project before that of an upload.
    fn consumers(&self) -> Vec<QueueConsumer> {
        let Some(session) = self.0.upgrade() else { return Vec::new() };
        let fleet = session.fleet();
        let mut found: Vec<QueueConsumer> = Vec::new();
        for member in &fleet.members {
            let (Some(project), Some(id)) = (&member.project, &member.id) else { continue };
            found.extend(project.consumers.iter().map(|consumer| consumer.clone().of(id)));
        }
        let attached = session.runtime.queues().attached();
        let watches = |consumer: &QueueConsumer| consumer.worker_id().is_some_and(|id| fleet.member(&id).is_some());
        found.extend(attached.into_iter().filter(|consumer| !watches(consumer)));
        found
    }
}
