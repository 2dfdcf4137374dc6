//! Events in isolates: how one boots, how a request starts an invocation there, and how its handler answers.

use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderMap;
use rquickjs::class::Class;
use rquickjs::function::{Args, Func};
use rquickjs::promise::PromiseState;
use rquickjs::{Ctx, Function, IntoJs, JsLifetime, Object, Persistent, Result, Value};

use super::outbound::LocalFirst;
use super::tails::Recording;
use super::trust::Trust;
use super::{Observer, Runtime, Source, WorkerSpec, environment, objects};
use crate::engine::{
    Boot, Invocation, InvocationLimits, Isolate, Program, Standing, Thrown, current, describe, emit, realm,
    require_current, throw_error,
};
use crate::store::Store;
use crate::web::body::Coded;
use crate::web::headers::HeaderList;
use crate::web::serial::ParcelHandle;
use crate::web::websocket::SocketHandle;
use crate::web::{self, Answer, Caches, ConsoleLine, Event};
use crate::worker::{Body, Call, Cancel, Coding, Compat, Errand, Failure, Fetch, Request, Response, WorkerId};

/// An event on its way into an isolate.
pub(super) struct Arrival {
    pub(super) what: What,
    pub(super) call: Call,
    pub(super) answer: Answer,
    pub(super) door: Door,
}

/// Which part of a Worker an event enters.
pub(super) enum Door {
    Entrypoint {
        name: Arc<str>,
        props: Option<Arc<str>>,
        /// What `env` holds besides the bindings, as JSON.
        parameters: Option<Arc<str>>,
    },
    /// An object, by its resident invocation.
    Object(Arc<Invocation>),
}

pub(super) enum What {
    Request(Request),
    Errand(Errand),
}

/// The functions of `worker.js` that the host calls.
struct Entry {
    fetch: Persistent<Function<'static>>,
    errand: Persistent<Function<'static>>,
    object_fetch: Persistent<Function<'static>>,
    object_errand: Persistent<Function<'static>>,
    evict: Persistent<Function<'static>>,
    gone: Persistent<Function<'static>>,
}

// SAFETY: the type has no 'js lifetime; the persistent handles are 'static.
#[allow(unsafe_code, reason = "rquickjs asks for an unsafe marker on user data")]
unsafe impl JsLifetime<'_> for Entry {
    type Changed<'to> = Entry;
}

/// What a fresh isolate runs: natives, bindings, modules.
pub(super) fn boot(runtime: &Arc<Runtime>, spec: &WorkerSpec, program: &Arc<Program>) -> Boot {
    let host = Arc::new(WorkerHost::new(runtime, spec));
    let (runtime, spec, program) = (Arc::downgrade(runtime), spec.clone(), program.clone());
    Box::new(move |ctx| {
        web::install(ctx, host, add_natives)?;
        let env = environment::attach(ctx, &runtime, &spec)?;
        let worker = program.builtin(ctx, "internal:worker")?;
        let loopback = environment::loopback(ctx, &runtime, &spec)?;
        let objects = environment::own_objects(ctx, &runtime, &spec)?;
        let runs = environment::workflow_runs(ctx, &runtime)?;
        worker.get::<_, Function<'_>>("bind")?.call::<_, ()>((env, loopback, objects, runs))?;
        let start: Function<'_> = worker.get("start")?;
        let namespace = evaluate(ctx, &program).map_err(|error| with_authors_stack(ctx, error))?;
        start.call::<_, ()>((namespace,))?;
        let export = |name: &str| Ok::<_, rquickjs::Error>(Persistent::save(ctx, worker.get::<_, Function<'_>>(name)?));
        let entry = Entry {
            fetch: export("onFetch")?,
            errand: export("onErrand")?,
            object_fetch: export("onObjectFetch")?,
            object_errand: export("onObjectErrand")?,
            evict: export("onEvict")?,
            gone: export("onGone")?,
        };
        drop(ctx.store_userdata(entry).map(|_| ()));
        Ok(())
    })
}

/// Evaluates the modules; top-level awaits must settle without I/O, which is refused at start-up.
fn evaluate<'js>(ctx: &Ctx<'js>, program: &Program) -> Result<Object<'js>> {
    let (module, promise) = program.evaluate(ctx)?;
    while promise.result::<Value<'_>>().is_none() && ctx.execute_pending_job() {}
    match promise.result::<Value<'_>>() {
        Some(result) => result.map(|_| ())?,
        None => return Err(throw_error(ctx, "Top-level await in module is unresolved.")),
    }
    module.namespace()
}

/// What the modules threw, with the author's positions in its stack: the engine, which tells it, knows only its own.
fn with_authors_stack(ctx: &Ctx<'_>, error: rquickjs::Error) -> rquickjs::Error {
    if !error.is_exception() {
        return error;
    }
    let thrown = ctx.catch();
    if let Some(object) = thrown.as_object()
        && let Ok(stack) = object.get::<_, String>("stack")
        && object.set("stack", web::map_stack(ctx, &stack)).is_err()
    {
        // A frozen error keeps the stack that it has.
        ctx.catch();
    }
    ctx.throw(thrown)
}

fn add_natives(host: &Object<'_>) -> Result<()> {
    host.set("node", Func::from(crate::node::natives))?;
    host.set("respond", Func::from(respond))?;
    host.set("threw", Func::from(threw))?;
    host.set("finish", Func::from(finish))?;
    host.set("fulfilled", Func::from(fulfilled))?;
    host.set("allowTime", Func::from(allow_time))?;
    objects::add_natives(host)?;
    host.set("requireEvent", Func::from(|ctx: Ctx<'_>| require_current(&ctx).map(drop)))?;
    host.set("invocationId", Func::from(|ctx: Ctx<'_>| current(&ctx).map_or(0.0, |owner| number(owner.id))))
}

#[allow(clippy::cast_precision_loss, reason = "a process starts fewer than 2^53 invocations")]
pub(super) fn number(id: u64) -> f64 {
    id as f64
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was made by `number`")]
fn invocation(ctx: &Ctx<'_>, id: f64) -> Option<Arc<Invocation>> {
    realm(ctx).isolate().invocation(id as u64)
}

/// Starts an invocation with a request.
pub(super) fn start(
    runtime: &Arc<Runtime>,
    isolate: &Arc<Isolate>,
    worker: &WorkerId,
    (limits, arrival): (InvocationLimits, Arrival),
) {
    let Arrival { what, mut call, answer, door } = arrival;
    let recording = Recording::begin(runtime, worker, (&what, &door), &mut call);
    let id = runtime.settings.engine.pool.next_invocation_id();
    let cancel = call.cancel.clone();
    let event = Arc::new(Event::new(call, answer));
    let standing = match &door {
        Door::Entrypoint { .. } => Standing::Event,
        Door::Object(resident) => Standing::Of(resident.clone()),
    };
    let invocation = Arc::new(Invocation::new(id, limits, Box::new(event.clone())).standing(standing));
    if let Some(resident) = invocation.resident() {
        // Its code runs in the name of the resident.
        Event::of(resident).set_tape(recording.as_ref().map(|recording| recording.tape.clone()));
    }
    if let Some(recording) = recording {
        record(recording, &invocation, (&event, &cancel));
    }
    tell_end(runtime, isolate, worker, (&invocation, event));
    isolate.invoke(&invocation, move |ctx| enter(ctx, id, what, door));
    listen_for_cancel(isolate, &invocation, &cancel);
}

/// Has what an invocation says be kept, and told when it has ended.
fn record(recording: Recording, invocation: &Arc<Invocation>, (event, cancel): (&Arc<Event>, &Cancel)) {
    event.set_tape(Some(recording.tape.clone()));
    let runs = invocation.resident().unwrap_or(invocation);
    let (ended, runs, event, cancel) =
        (Arc::downgrade(invocation), Arc::downgrade(runs), Arc::downgrade(event), cancel.clone());
    invocation.on_end(move |failure| {
        if let (Some(ended), Some(runs)) = (ended.upgrade(), runs.upgrade()) {
            recording.end(&ended, &runs, (failure, cancel.is_cancelled()));
        }
        if let Some(event) = event.upgrade() {
            event.leave_audience();
        }
    });
}

/// However the invocation ends, its caller gets an outcome; until then it keeps the isolate alive.
fn tell_end(
    runtime: &Arc<Runtime>,
    isolate: &Arc<Isolate>,
    worker: &WorkerId,
    (invocation, event): (&Arc<Invocation>, Arc<Event>),
) {
    let observer = runtime.settings.observer.clone();
    let (isolate, worker) = (isolate.clone(), worker.clone());
    invocation.on_end(move |failure| {
        if let Some(failure) = failure {
            observer.failed(&worker, failure, event.ray());
        }
        event.end(failure);
        drop(isolate);
    });
}

fn listen_for_cancel(isolate: &Arc<Isolate>, invocation: &Arc<Invocation>, cancel: &Cancel) {
    let (isolate, invocation) = (Arc::downgrade(isolate), Arc::downgrade(invocation));
    cancel.on_cancel(move || {
        let (Some(isolate), Some(invocation)) = (isolate.upgrade(), invocation.upgrade()) else { return };
        if invocation.is_finished() {
            return;
        }
        let id = invocation.id;
        isolate.post(Some(invocation.clone()), move |ctx| {
            let answered = Event::of(&invocation).take_answer().is_none();
            let on_gone = entry(ctx, |entry| entry.gone.clone())?;
            on_gone.restore(ctx)?.call((number(id), answered))
        });
    });
}

fn entry<T>(ctx: &Ctx<'_>, read: impl FnOnce(&Entry) -> T) -> Result<T> {
    let entry = ctx.userdata::<Entry>().ok_or_else(|| throw_error(ctx, "the Worker has not started"))?;
    Ok(read(&entry))
}

/// Calls the function of `worker.js` for an event.
fn enter(ctx: &Ctx<'_>, id: u64, what: What, door: Door) -> Result<()> {
    let mut args = Args::new(ctx.clone(), 9);
    let for_object = matches!(door, Door::Object(_));
    let parameters = match door {
        Door::Entrypoint { name, props, parameters } => {
            args.push_arg(number(id))?;
            args.push_arg(&*name)?;
            args.push_arg(props.as_deref())?;
            parameters
        }
        Door::Object(resident) => {
            args.push_arg(number(resident.id))?;
            args.push_arg(number(id))?;
            None
        }
    };
    let function = match what {
        What::Request(request) => {
            push_request(ctx, &mut args, request)?;
            args.push_arg(parameters.as_deref())?;
            entry(ctx, |entry| if for_object { entry.object_fetch.clone() } else { entry.fetch.clone() })?
        }
        What::Errand(Errand { how, path, args: parcel }) => {
            args.push_arg(how as u8)?;
            args.push_arg(path)?;
            args.push_arg(ParcelHandle::instance(ctx, parcel)?)?;
            entry(ctx, |entry| if for_object { entry.object_errand.clone() } else { entry.errand.clone() })?
        }
    };
    function.restore(ctx)?.call_arg(args)
}

fn push_request<'js>(ctx: &Ctx<'js>, args: &mut Args<'js>, request: Request) -> Result<()> {
    args.push_arg(request.method.as_str())?;
    args.push_arg(request.url)?;
    args.push_arg(web::fetch::headers_handle(ctx, request.headers)?)?;
    let body = web::fetch::body_handle(ctx, request.body.map(Coded::plain))?;
    args.push_arg(body.map_or_else(|| Ok(Value::new_null(ctx.clone())), |body| body.into_js(ctx))?)?;
    args.push_arg(request.cf.as_deref())
}

/// An object leaves the isolate.
pub(super) fn evict(isolate: &Arc<Isolate>, resident: Arc<Invocation>) {
    let leaving = isolate.clone();
    isolate.post(None, move |ctx| {
        let evict = entry(ctx, |entry| entry.evict.clone())?;
        evict.restore(ctx)?.call::<_, ()>((number(resident.id),))?;
        leaving.finish(ctx, &resident);
        Ok(())
    });
}

/// What a promise that is fulfilled already holds.
fn fulfilled<'js>(promise: Value<'js>) -> Option<Value<'js>> {
    let promise = promise.as_promise().filter(|promise| promise.state() == PromiseState::Resolved)?;
    promise.result::<Value<'js>>()?.ok()
}

/// The handler's answer; `how`: [`ENCODE`] and [`FINISH`].
#[allow(clippy::too_many_arguments, reason = "one call per request is cheaper than an object of parts")]
fn respond<'js>(
    ctx: Ctx<'js>,
    id: f64,
    status: u16,
    status_text: String,
    headers: Class<'js, HeaderList>,
    body: Value<'js>,
    how: u8,
) -> Result<()> {
    let encode_body = how & ENCODE != 0;
    let socket = Class::<SocketHandle>::from_value(&body).ok();
    let socket = socket.map(|handle| handle.borrow().take(&ctx)).transpose()?;
    let body = if socket.is_some() { Value::new_null(ctx.clone()) } else { body };
    let body = web::fetch::coded_of(&ctx, &body)?;
    let Some(invocation) = invocation(&ctx, id) else { return Ok(()) };
    let headers = headers.borrow().clone_map();
    let (body, encode_body) = body.map_or((None, encode_body), |body| sent(body, &headers, encode_body));
    if let Some(tape) = Event::of(&invocation).tape() {
        tape.answered(status);
    }
    if let Some(Answer::Response(reply)) = Event::of(&invocation).take_answer() {
        let response = Response { status, status_text, headers, body, encode_body, socket };
        emit(&ctx, move |failure| reply(failure.map_or(Ok(response), |failure| Err(failure.clone()))));
    }
    if how & FINISH != 0 {
        realm(&ctx).isolate().finish(&ctx, &invocation);
    }
    Ok(())
}

/// The body is to be encoded as its headers say.
const ENCODE: u8 = 1;
/// Nothing is left to do when the answer is out.
const FINISH: u8 = 2;

/// A body that is still compressed as the headers say, goes on like that.
fn sent(body: Coded, headers: &HeaderMap, encode_body: bool) -> (Option<Body>, bool) {
    if encode_body && body.coding.is_some() && body.coding == Coding::of(headers) {
        (Some(body.body), false)
    } else {
        (Some(body.decoded()), encode_body)
    }
}

/// The handler threw.
fn threw<'js>(ctx: Ctx<'js>, id: f64, error: Value<'js>) {
    let Some(invocation) = invocation(&ctx, id) else { return };
    let isolate = realm(&ctx).isolate();
    let mut thrown = describe(&ctx, &error);
    thrown.stack = web::map_stack(&ctx, &thrown.stack);
    let failure = isolate.failure_of(&thrown);
    isolate.fail(&invocation, &failure);
}

/// What `waitUntil()` was given may go on for a while after the answer, then it is cancelled.
fn allow_time(ctx: Ctx<'_>, id: f64) {
    let Some(invocation) = invocation(&ctx, id) else { return };
    let isolate = realm(&ctx).isolate();
    let (isolate, invocation) = (Arc::downgrade(&isolate), Arc::downgrade(&invocation));
    realm(&ctx).tokio.spawn(async move {
        tokio::time::sleep(AFTER_ANSWER).await;
        if let (Some(isolate), Some(invocation)) = (isolate.upgrade(), invocation.upgrade()) {
            isolate.fail(&invocation, &Failure::error(TOO_LATE));
        }
    });
}

/// As on Cloudflare.
const AFTER_ANSWER: Duration = Duration::from_secs(30);
/// Cloudflare's words.
const TOO_LATE: &str = "waitUntil() tasks did not complete within the allowed time after invocation end and have been \
cancelled. See: https://developers.cloudflare.com/workers/runtime-apis/context/#waituntil";

fn finish(ctx: Ctx<'_>, id: f64) {
    if let Some(invocation) = invocation(&ctx, id) {
        realm(&ctx).isolate().finish(&ctx, &invocation);
    }
}

/// One Worker's view of the host.
struct WorkerHost {
    id: WorkerId,
    compat: Compat,
    source: Arc<dyn Source>,
    observer: Arc<dyn Observer>,
    outbound: Arc<dyn Fetch>,
    trust: Arc<Trust>,
    /// Weak: an isolate that is about to end does not keep the state directory.
    store: Weak<Store>,
}

impl WorkerHost {
    fn new(runtime: &Runtime, spec: &WorkerSpec) -> Self {
        let settings = &runtime.settings;
        Self {
            id: spec.id.clone(),
            compat: spec.source.compat(),
            source: spec.source.clone(),
            observer: settings.observer.clone(),
            trust: runtime.trust.clone(),
            store: Arc::downgrade(&settings.store),
            outbound: spec.outbound.clone().unwrap_or_else(|| local_first(runtime, &spec.id)),
        }
    }
}

/// Where the `fetch()` of a Worker leads that nothing else is said of.
pub(super) fn local_first(runtime: &Runtime, caller: &WorkerId) -> Arc<dyn Fetch> {
    let (hosts, network) = (runtime.settings.hosts.clone(), runtime.settings.network.clone());
    Arc::new(LocalFirst { caller: caller.clone(), hosts, network })
}

impl web::Host for WorkerHost {
    fn outbound(&self) -> Arc<dyn Fetch> {
        self.outbound.clone()
    }

    fn console(&self, line: ConsoleLine, invocation: Option<&Invocation>) {
        // Stacks are logged as often as not.
        let has_frames = line.text.contains("\n    at ");
        let text = if has_frames { self.source.map_stack(&line.text) } else { line.text };
        let ray = invocation.and_then(|invocation| Event::of(invocation).ray());
        self.observer.console(&self.id, &line.level, (&text, ray));
    }

    fn uncaught(&self, thrown: Thrown, invocation: Option<&Invocation>) {
        let Thrown { name, message, stack } = thrown;
        let stack = self.source.map_stack(&stack);
        if let Some(tape) = invocation.and_then(|invocation| Event::of(invocation).tape()) {
            tape.threw((&name, &message, &stack), self.now().floor());
        }
        let ray = invocation.and_then(|invocation| Event::of(invocation).ray());
        self.observer.failed(&self.id, &Failure::Threw { name, message, stack }, ray);
    }

    fn map_stack(&self, stack: &str) -> String {
        self.source.map_stack(stack)
    }

    fn caches(&self) -> Option<Caches> {
        let store = self.store.upgrade()?;
        Some(match self.id.namespace() {
            None => Caches::shared(&store),
            Some(namespace) if self.trust.has(&self.id) => Caches::of_trusted(&store, namespace),
            Some(_) => Caches::of(&store, &self.id.to_string()),
        })
    }

    fn flag(&self, name: &str) -> bool {
        self.compat.has(name)
    }

    fn flags(&self) -> Vec<(&'static str, bool)> {
        self.compat.flags().collect()
    }

    fn now(&self) -> f64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64() * 1000.0)
    }
}
