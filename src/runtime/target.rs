//! The far side of `fetch` between Workers: a Worker by name, whichever version is current; a user Worker of a dispatch
//! namespace with the limits its dispatcher gave.

use std::sync::{Arc, Weak};

use super::Runtime;
use super::events::{self, Arrival, Door, What};
use super::slot::Slot;
use crate::assets::Site;
use crate::bindings::DispatchLimits;
use crate::web::Answer;
use crate::worker::{Call, Errand, Failure, Fetch, How, ParcelReply, Reply, Request, WorkerId};

/// See the module's text.
pub(super) struct Target {
    runtime: Weak<Runtime>,
    id: WorkerId,
    entrypoint: Arc<str>,
    /// `ctx.props` as JSON.
    props: Option<Arc<str>>,
    limits: DispatchLimits,
    onward: Onward,
    /// By a dispatcher, whose tail Workers hear of it.
    dispatched: bool,
    /// What `env` holds besides the bindings, as JSON.
    parameters: Option<Arc<str>>,
}

/// Where the `fetch()` of the Worker that is called leads.
enum Onward {
    /// To its outbound Worker, if the binding that calls it names one.
    To(Option<Arc<dyn Fetch>>),
    /// Where its caller's does: it is code of the same Worker, or made by it.
    AsCallers,
}

impl Target {
    pub(super) fn new(runtime: &Arc<Runtime>, id: WorkerId, entrypoint: String) -> Self {
        let runtime = Arc::downgrade(runtime);
        let (limits, onward) = (DispatchLimits::default(), Onward::To(None));
        Self {
            runtime,
            id,
            entrypoint: entrypoint.into(),
            props: None,
            limits,
            onward,
            dispatched: false,
            parameters: None,
        }
    }

    pub(super) fn with_props(mut self, props: Option<String>) -> Self {
        self.props = props.map(Arc::from);
        self
    }

    /// By a dispatcher.
    pub(super) fn dispatched(mut self, limits: DispatchLimits, outbound: Option<Arc<dyn Fetch>>) -> Self {
        (self.limits, self.onward, self.dispatched) = (limits, Onward::To(outbound), true);
        self
    }

    pub(super) fn with_callers_outbound(mut self) -> Self {
        self.onward = Onward::AsCallers;
        self
    }

    pub(super) fn with_parameters(mut self, parameters: Option<String>) -> Self {
        self.parameters = parameters.map(Arc::from);
        self
    }

    fn missing(&self, runtime: &Runtime) -> Failure {
        let Some(namespace) = self.id.namespace() else {
            return Failure::error(format!("There is no Worker named \"{}\".", self.id.name()));
        };
        let names = runtime.names_in(namespace);
        runtime.settings.observer.not_found(namespace, self.id.name(), &nearest(self.id.name(), names));
        Failure::NotFound
    }
}

/// At most three names that look like the one asked for.
fn nearest(name: &str, mut names: Vec<String>) -> Vec<String> {
    names.retain(|other| strsim::jaro_winkler(name, other) > 0.75);
    names.sort_by(|a, b| strsim::jaro_winkler(name, b).total_cmp(&strsim::jaro_winkler(name, a)));
    names.truncate(3);
    names
}

impl Target {
    /// What is there to answer, or why nothing is.
    fn slot(&self) -> Result<(Arc<Runtime>, Arc<Slot>), Failure> {
        let runtime = self.runtime.upgrade().ok_or(Failure::Stopped)?;
        let slot = runtime.slot(&self.id).ok_or_else(|| self.missing(&runtime))?;
        Ok((runtime, slot))
    }

    /// The files in front of the Worker; other entrypoints than the default one have none.
    fn assets<'a>(&self, slot: &'a Slot) -> Option<&'a Arc<Site>> {
        slot.spec.assets.as_ref().filter(|_| &*self.entrypoint == "default")
    }

    fn start(&self, (runtime, slot): (Arc<Runtime>, Arc<Slot>), what: What, mut call: Call, answer: Answer) {
        call.trace.enter(slot.name());
        if let Onward::To(outbound) = &self.onward {
            call.outbound.clone_from(outbound);
            if !self.dispatched {
                call.audience = None;
            }
        }
        let limits = runtime.limits(&slot.spec, self.limits);
        let (entrypoint, props, id) = (self.entrypoint.clone(), self.props.clone(), self.id.clone());
        let parameters = self.parameters.clone();
        let starting = runtime.clone();
        slot.with_isolate(
            &runtime,
            Box::new(move |isolate| match isolate {
                Ok(isolate) => {
                    let door = Door::Entrypoint { name: entrypoint, props, parameters };
                    let arrival = Arrival { what, call, answer, door };
                    events::start(&starting, &isolate, &id, (limits, arrival));
                }
                Err(failure) => answer.fail(failure),
            }),
        );
    }
}

impl Fetch for Target {
    fn fetch(&self, mut request: Request, call: Call, reply: Reply) {
        if self.dispatched {
            call.mark(&mut request.headers);
        }
        if self.runtime.upgrade().is_some_and(|runtime| !runtime.trust.has(&self.id)) {
            request.cf = None;
        }
        let (runtime, slot) = match self.slot() {
            Ok((runtime, slot)) => (runtime, slot.chosen(Some(&request.headers))),
            Err(failure) => return reply(Err(failure)),
        };
        match self.assets(&slot).and_then(|site| site.answer_before_worker(&request)) {
            Some(response) => {
                call.trace.enter(slot.name());
                reply(Ok(response));
            }
            None => self.start((runtime, slot), What::Request(request), call, Answer::Response(reply)),
        }
    }

    fn invoke(&self, errand: Errand, call: Call, reply: ParcelReply) {
        let (runtime, slot) = match self.slot() {
            Ok((runtime, slot)) if errand.how == How::Handle => (runtime, slot),
            Ok((runtime, slot)) => (runtime, slot.chosen(None)),
            Err(failure) => return reply(Err(failure)),
        };
        self.start((runtime, slot), What::Errand(errand), call, Answer::Parcel(reply));
    }
}
