//! Natives of `fetch()`: a request leaves as Rust parts, an answer comes back as Rust parts.

use std::sync::Arc;

use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use rquickjs::class::Trace;
use rquickjs::function::Func;
use rquickjs::{Array, Class, Ctx, Function, IntoJs, JsLifetime, Object, Promise, Result, Value};

use super::body::{BodyHandle, Coded};
use super::data_url;
use super::event::{Event, host_of};
use super::headers::HeaderList;
use super::redirect::{Followed, Hops};
use super::websocket::SocketHandle;
use crate::engine::{
    Invocation, begin_converted, bytes::with_bytes, emit, on_op_cancel, require_current, throw_error, throw_type,
};
use crate::worker::{Body, Call, Cancel, Coding, Failure, Fetch, Request, Response};

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

/// `(target | null, method, url, headers, body, how, convert)` -> promise of what `convert` makes of the response's parts.
/// `how`: [cf | undefined, cancel | null, follows redirects, keeps coding]; often only whether it follows redirects.
#[allow(clippy::too_many_arguments, reason = "one call per request is cheaper than an object of options")]
fn fetch<'js>(
    target: Option<Class<'js, FetchTarget>>,
    method: String,
    url: String,
    headers: Class<'js, HeaderList>,
    body: Value<'js>,
    how: Value<'js>,
    convert: Function<'js>,
) -> Result<Promise<'js>> {
    let ctx = convert.ctx().clone();
    let invocation = require_current(&ctx)?;
    if !invocation.count_subrequest() {
        return Err(throw_error(&ctx, "Too many subrequests."));
    }
    let mut call = deeper(&ctx, &invocation)?;
    let (cf, cancel, follows, keeps_coding) = match how.as_array() {
        Some(how) => (how.get::<Option<String>>(0)?, how.get(1)?, how.get(2)?, how.get(3)?),
        None => (None, None::<Class<'js, CancelHandle>>, how.as_bool().unwrap_or(true), false),
    };
    let breaks = cancel.is_some();
    if let Some(handle) = cancel {
        call.cancel = handle.borrow().cancel.clone();
    }
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| throw_type(&ctx, "Invalid HTTP method string."))?;
    let headers = headers.borrow().clone_map();
    let mut request = Request { method, url, headers, body: body_of(&ctx, &body)?, cf: cf.map(Arc::from) };
    frame(&mut request);
    let target = target.map_or_else(|| host_of(&ctx).outbound(), |target| target.borrow().target.clone());
    send(&ctx, Sending { target, invocation, call, request, follows, breaks, keeps_coding }, convert)
}

/// The call that the current event makes of another Worker.
pub(super) fn deeper(ctx: &Ctx<'_>, invocation: &Invocation) -> Result<Call> {
    let call = Event::of(invocation).call().deeper();
    if call.depth > MAX_DEPTH { Err(throw_error(ctx, TOO_DEEP)) } else { Ok(call) }
}

/// Cloudflare's words for Workers that call one another without end.
const TOO_DEEP: &str = "Subrequest depth limit exceeded. This request recursed through Workers too many times. This can \
happen e.g. if you have a Worker or Durable Object that calls other Workers or objects recursively.";

/// Has the headers tell the body's length, as it goes over the wire and as a Worker that is called sees it.
pub(super) fn frame(request: &mut Request) {
    request.headers.remove(CONTENT_LENGTH);
    request.headers.remove(TRANSFER_ENCODING);
    match request.body.as_ref().map(Body::length) {
        Some(Some(length)) => drop(request.headers.insert(CONTENT_LENGTH, HeaderValue::from(length))),
        Some(None) => drop(request.headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"))),
        None => {}
    }
}

struct Sending {
    target: Arc<dyn Fetch>,
    invocation: Arc<Invocation>,
    call: Call,
    request: Request,
    follows: bool,
    /// A signal may break the answer's body off.
    breaks: bool,
    /// The answer's body is read as it was sent.
    keeps_coding: bool,
}

fn send<'js>(ctx: &Ctx<'js>, sending: Sending, convert: Function<'js>) -> Result<Promise<'js>> {
    let Sending { target, invocation, call, request, follows, breaks, keeps_coding } = sending;
    let (promise, completer) = begin_converted(ctx, convert)?;
    let cancel = call.cancel.clone();
    on_op_cancel(ctx, &completer, {
        let cancel = cancel.clone();
        move || cancel.cancel()
    });
    let done = move |followed: Followed| {
        completer.complete(move |ctx| match followed {
            Ok((mut response, url)) => {
                response.body = response.body.map(|body| if breaks { body.until(&cancel) } else { body });
                response_parts(ctx, response, url, keeps_coding)
            }
            Err(failure) => Err(throw_failure(ctx, &failure)),
        });
    };
    emit(ctx, move |failure| {
        if let Some(failure) = failure {
            done(Err(failure.clone()));
        } else if let Some(response) = data_url::answer(&request.url, &request.method) {
            done(Ok((response, Some(String::new()))));
        } else if follows {
            Hops::follow((target, call), invocation, request, done);
        } else {
            target.fetch(request, call, Box::new(move |outcome| done(outcome.map(|response| (response, None)))));
        }
    });
    Ok(promise)
}

/// A body that JavaScript gives.
pub(crate) fn body_of<'js>(ctx: &Ctx<'js>, value: &Value<'js>) -> Result<Option<Body>> {
    Ok(coded_of(ctx, value)?.map(Coded::decoded))
}

/// The same: null, text, bytes, or a handle that is passed on, which may still be compressed.
pub(crate) fn coded_of<'js>(ctx: &Ctx<'js>, value: &Value<'js>) -> Result<Option<Coded>> {
    if value.is_null() || value.is_undefined() {
        return Ok(None);
    }
    if value.is_string() {
        return Ok(Some(Coded::plain(Body::bytes(crate::engine::text::usv(ctx, value)?))));
    }
    if let Ok(handle) = Class::<BodyHandle>::from_value(value) {
        return handle.borrow().take(ctx).map(Some);
    }
    let array = value.as_object().and_then(|object| object.as_typed_array::<u8>());
    let array = array.ok_or_else(|| throw_type(ctx, "a body is text, bytes or a body handle"))?;
    Ok(Some(Coded::plain(Body::bytes(with_bytes(array, bytes::Bytes::copy_from_slice)))))
}

/// `[status, statusText, headers, body or socket | undefined, url | undefined]`: the URL where it is another one than was asked for.
fn response_parts<'js>(
    ctx: &Ctx<'js>,
    response: Response,
    url: Option<String>,
    keeps_coding: bool,
) -> Result<Value<'js>> {
    let parts = Array::new(ctx.clone())?;
    parts.set(0, response.status)?;
    if response.status_text.is_empty() {
        let usual = StatusCode::from_u16(response.status).ok().and_then(|status| status.canonical_reason());
        parts.set(1, usual.unwrap_or_default())?;
    } else {
        parts.set(1, response.status_text)?;
    }
    if let Some(socket) = response.socket {
        parts.set(2, headers_handle(ctx, response.headers)?)?;
        parts.set(3, SocketHandle::instance(ctx, socket)?)?;
        return parts.into_js(ctx);
    }
    let coding = Coding::of(&response.headers).filter(|_| !response.encode_body && !keeps_coding);
    parts.set(2, headers_handle(ctx, response.headers)?)?;
    parts.set(3, body_handle(ctx, response.body.map(|body| Coded { body, coding }))?)?;
    parts.set(4, url)?;
    parts.into_js(ctx)
}

pub(crate) fn headers_handle<'js>(ctx: &Ctx<'js>, headers: HeaderMap) -> Result<Class<'js, HeaderList>> {
    Class::instance(ctx.clone(), HeaderList::from_map(headers))
}

pub(crate) fn body_handle<'js>(ctx: &Ctx<'js>, body: Option<Coded>) -> Result<Option<Class<'js, BodyHandle>>> {
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
