//! Natives of `fetch()`: a request leaves as Rust parts, an answer comes back as Rust parts.

use std::sync::Arc;

use http::{HeaderMap, Method};
use rquickjs::class::Trace;
use rquickjs::function::Func;
use rquickjs::{Array, Class, Ctx, IntoJs, JsLifetime, Object, Promise, Result, Value};

use super::body::BodyHandle;
use super::coding::decoded;
use super::event::{Event, host_of};
use super::headers::HeaderList;
use super::redirect;
use crate::engine::{Invocation, begin_op, bytes::with_bytes, on_op_cancel, require_current, throw_error, throw_type};
use crate::worker::{Body, Call, Cancel, Failure, Fetch, Redirect, Request, Response};

/// The far side of a binding: another Worker, a user Worker, a service.
#[derive(Trace, JsLifetime)]
#[rquickjs::class]
pub(crate) struct FetchTarget {
    #[qjs(skip_trace)]
    target: Arc<dyn Fetch>,
}

impl FetchTarget {
    pub(crate) fn instance<'js>(ctx: &Ctx<'js>, target: Arc<dyn Fetch>) -> Result<Class<'js, Self>> {
        Class::instance(ctx.clone(), Self { target })
    }

    pub(crate) fn target(&self) -> Arc<dyn Fetch> {
        self.target.clone()
    }
}

/// Lets JavaScript end a request that is on its way.
#[derive(Trace, JsLifetime)]
#[rquickjs::class]
pub(crate) struct CancelHandle {
    #[qjs(skip_trace)]
    cancel: Cancel,
}

pub(super) fn init<'js>(_ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("fetch", Func::from(fetch))?;
    host.set("cancelHandle", Func::from(cancel_handle))?;
    host.set("cancel", Func::from(|handle: Class<'_, CancelHandle>| handle.borrow().cancel.cancel()))
}

fn cancel_handle(ctx: Ctx<'_>) -> Result<Class<'_, CancelHandle>> {
    Class::instance(ctx, CancelHandle { cancel: Cancel::default() })
}

/// Workers that may wait for one another.
const MAX_DEPTH: u16 = 16;

/// `(target | null, method, url, headers, body, [redirect, cf, cancel | null] | null)` -> promise of response parts; without
/// the last one: no redirect is followed, no `cf`.
#[allow(clippy::too_many_arguments, reason = "one call per request is cheaper than an object of options")]
fn fetch<'js>(
    ctx: Ctx<'js>,
    target: Option<Class<'js, FetchTarget>>,
    method: String,
    url: String,
    headers: Class<'js, HeaderList>,
    body: Value<'js>,
    rest: Option<Array<'js>>,
) -> Result<Promise<'js>> {
    let invocation = require_current(&ctx)?;
    if !invocation.count_subrequest() {
        return Err(throw_error(&ctx, "Too many subrequests."));
    }
    let mut call = deeper(&ctx, &invocation)?;
    let (redirect, cf, cancel) = match rest {
        Some(rest) => (redirect_of(&rest.get::<String>(0)?), rest.get::<Option<String>>(1)?, rest.get(2)?),
        None => (Redirect::Manual, None, None::<Class<'js, CancelHandle>>),
    };
    if let Some(handle) = cancel {
        call.cancel = handle.borrow().cancel.clone();
    }
    let request = Request {
        method: Method::from_bytes(method.as_bytes()).map_err(|_| throw_type(&ctx, "Invalid HTTP method string."))?,
        url,
        headers: headers.borrow().clone_map(),
        body: body_of(&ctx, &body)?,
        cf: cf.map(Arc::from),
        redirect,
    };
    let target = target.map_or_else(|| host_of(&ctx).outbound(), |target| target.borrow().target.clone());
    send(&ctx, target, request, call)
}

/// The call that the current event makes of another Worker.
pub(super) fn deeper(ctx: &Ctx<'_>, invocation: &Invocation) -> Result<Call> {
    let call = Event::of(invocation).call.deeper();
    if call.depth > MAX_DEPTH { Err(throw_error(ctx, TOO_DEEP)) } else { Ok(call) }
}

/// Cloudflare's words for Workers that call one another without end.
const TOO_DEEP: &str = "Subrequest depth limit exceeded. This request recursed through Workers too many times. This can \
happen e.g. if you have a Worker or Durable Object that calls other Workers or objects recursively.";

fn send<'js>(ctx: &Ctx<'js>, target: Arc<dyn Fetch>, request: Request, call: Call) -> Result<Promise<'js>> {
    let (promise, completer) = begin_op(ctx)?;
    let cancel = call.cancel.clone();
    on_op_cancel(ctx, &completer, move || cancel.cancel());
    let reply = Box::new(move |outcome: std::result::Result<Response, Failure>| {
        completer.complete(|ctx| match outcome {
            Ok(response) => response_parts(ctx, response),
            Err(failure) => Err(throw_failure(ctx, &failure)),
        });
    });
    redirect::fetch(target, request, call, reply);
    Ok(promise)
}

fn redirect_of(text: &str) -> Redirect {
    match text {
        "manual" => Redirect::Manual,
        "error" => Redirect::Error,
        _ => Redirect::Follow,
    }
}

/// A body that JavaScript gives: null, text, bytes, or a handle that is passed on.
pub(crate) fn body_of<'js>(ctx: &Ctx<'js>, value: &Value<'js>) -> Result<Option<Body>> {
    if value.is_null() || value.is_undefined() {
        return Ok(None);
    }
    if value.is_string() {
        return Ok(Some(Body::bytes(crate::engine::text::usv(ctx, value)?)));
    }
    if let Ok(handle) = Class::<BodyHandle>::from_value(value) {
        return handle.borrow().take(ctx).map(Some);
    }
    let array = value.as_object().and_then(|object| object.as_typed_array::<u8>());
    let array = array.ok_or_else(|| throw_type(ctx, "a body is text, bytes or a body handle"))?;
    Ok(Some(Body::bytes(with_bytes(array, bytes::Bytes::copy_from_slice))))
}

/// `[status, statusText, headers, body | null, url, redirected]`.
fn response_parts<'js>(ctx: &Ctx<'js>, response: Response) -> Result<Value<'js>> {
    let parts = Array::new(ctx.clone())?;
    parts.set(0, response.status)?;
    parts.set(1, response.status_text)?;
    // A Worker that encoded by hand: its caller reads what is in it, as it does from the network.
    let body =
        if response.encode_body { response.body } else { response.body.map(|body| decoded(body, &response.headers)) };
    parts.set(2, headers_handle(ctx, response.headers)?)?;
    parts.set(3, body_handle(ctx, body)?)?;
    parts.set(4, response.url)?;
    parts.set(5, response.redirected)?;
    parts.into_js(ctx)
}

pub(crate) fn headers_handle<'js>(ctx: &Ctx<'js>, headers: HeaderMap) -> Result<Class<'js, HeaderList>> {
    Class::instance(ctx.clone(), HeaderList::from_map(headers))
}

pub(crate) fn body_handle<'js>(ctx: &Ctx<'js>, body: Option<Body>) -> Result<Option<Class<'js, BodyHandle>>> {
    body.map(|body| Class::instance(ctx.clone(), BodyHandle::new(ctx, body))).transpose()
}

/// Throws what a failed Worker becomes in the one that called it.
pub(crate) fn throw_failure(ctx: &Ctx<'_>, failure: &Failure) -> rquickjs::Error {
    let class = match failure.name() {
        name @ ("TypeError" | "RangeError" | "SyntaxError" | "ReferenceError" | "EvalError" | "URIError") => name,
        _ => "Error",
    };
    let made = ctx.globals().get::<_, rquickjs::function::Constructor>(class);
    match made.and_then(|class| class.construct::<_, Object<'_>>((failure.to_string(),))) {
        Ok(error) => {
            if let Failure::Threw { stack, .. } = failure {
                let _unimportant = error.set("remote", true);
                let _unimportant =
                    (!stack.is_empty()).then(|| error.set("stack", format!("{}: {failure}\n{stack}", failure.name())));
            }
            ctx.throw(error.into_value())
        }
        Err(error) => error,
    }
}
