//! Redirects of `fetch()`, as the Fetch standard follows them, whoever answers: the network, a service, a user Worker.
//!
//! Each hop goes to the same target again. A response's URL is set by the answerer or else left to the asker.

use std::sync::Arc;

use bytes::Bytes;
use http::header::LOCATION;
use http::{HeaderMap, Method};
use url::Url;

use crate::worker::{Body, Call, Failure, Fetch, Outcome, Redirect, Reply, Request, Response};

/// Redirects that one `fetch()` follows.
const MAX_REDIRECTS: u8 = 20;

/// Fetches, and goes where the answers point to for as long as the request wants that.
pub(super) fn fetch(target: Arc<dyn Fetch>, request: Request, call: Call, reply: Reply) {
    if request.redirect == Redirect::Manual {
        return target.fetch(request, call, reply);
    }
    hop(target, request, call, (reply, 0));
}

fn hop(target: Arc<dyn Fetch>, mut request: Request, call: Call, (reply, hops): (Reply, u8)) {
    let kept = Replay::of(&request);
    request.redirect = Redirect::Manual;
    let (again, same_call) = (target.clone(), call.clone());
    let next = move |outcome: Outcome| {
        let next = outcome.and_then(|response| kept.after(response, hops));
        match next {
            Ok(Next::Answer(response)) => reply(Ok(response)),
            Ok(Next::Request(request)) => hop(again, request, same_call, (reply, hops + 1)),
            Err(failure) => reply(Err(failure)),
        }
    };
    target.fetch(request, call, Box::new(next));
}

enum Next {
    Answer(Response),
    Request(Request),
}

/// What is kept of a request in case it must be sent again elsewhere.
struct Replay {
    method: Method,
    url: String,
    headers: HeaderMap,
    body: Option<Bytes>,
    has_body: bool,
    mode: Redirect,
}

impl Replay {
    fn of(request: &Request) -> Self {
        Self {
            method: request.method.clone(),
            url: request.url.clone(),
            headers: request.headers.clone(),
            body: request.body.as_ref().and_then(Body::as_bytes).cloned(),
            has_body: request.body.is_some(),
            mode: request.redirect,
        }
    }

    fn after(self, mut response: Response, hops: u8) -> Result<Next, Failure> {
        let Some((from, to)) = self.target(&response) else {
            if hops > 0 {
                response.redirected = true;
                response.url = self.url;
            }
            return Ok(Next::Answer(response));
        };
        if self.mode == Redirect::Error {
            return Err(type_error("Unexpected redirect: fetch() was called with `redirect: \"error\"`."));
        }
        if hops == MAX_REDIRECTS {
            return Err(type_error("Too many redirects."));
        }
        self.redirected(response.status, &from, &to).map(Next::Request)
    }

    /// From where to where the response points.
    fn target(&self, response: &Response) -> Option<(Url, Url)> {
        let redirects = matches!(response.status, 301 | 302 | 303 | 307 | 308);
        let location = response.headers.get(LOCATION).filter(|_| redirects)?;
        let from = Url::parse(&self.url).ok()?;
        let mut to = from.join(location.to_str().ok()?).ok()?;
        if to.fragment().is_none() {
            to.set_fragment(from.fragment());
        }
        Some((from, to))
    }

    /// The request to the next place, as the Fetch standard changes it.
    fn redirected(mut self, status: u16, from: &Url, to: &Url) -> Result<Request, Failure> {
        let post_to_get = matches!(status, 301 | 302) && self.method == Method::POST;
        let see_other = status == 303 && self.method != Method::GET && self.method != Method::HEAD;
        if post_to_get || see_other {
            self.method = Method::GET;
            self.has_body = false;
            for name in ["content-encoding", "content-language", "content-location", "content-type", "content-length"] {
                self.headers.remove(name);
            }
        }
        if from.origin() != to.origin() {
            for name in [http::header::AUTHORIZATION, http::header::COOKIE, http::header::PROXY_AUTHORIZATION] {
                self.headers.remove(name);
            }
        }
        if self.has_body && self.body.is_none() {
            return Err(type_error(
                "A request with a one-time-use body (it was initialized from a stream, not a buffer) \
                encountered a redirect requiring the body to be retransmitted. To avoid this error in the future, \
                construct this request from a buffer-like body initializer.",
            ));
        }
        let body = self.body.filter(|_| self.has_body).map(Body::bytes);
        let (method, headers, url) = (self.method, self.headers, to.to_string());
        Ok(Request { method, url, headers, body, cf: None, redirect: self.mode })
    }
}

fn type_error(message: &str) -> Failure {
    Failure::Threw { name: "TypeError".into(), message: message.into(), stack: String::new() }
}
