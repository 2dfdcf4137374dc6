//! Redirects, which `fetch()` follows through whatever answers it: the network as well as another Worker.
//!
//! Knows no JavaScript: a request in parts goes out, the last answer comes back.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderMap, LOCATION};
use http::{Method, StatusCode};
use url::Url;

use super::fetch::frame;
use crate::engine::Invocation;
use crate::worker::{Body, Call, Failure, Fetch, Request, Response};

/// Redirects that one `fetch()` follows, as on Cloudflare.
const MAX_REDIRECTS: usize = 20;

/// The last answer, and its URL if it is another one than was asked for.
pub(super) type Followed = Result<(Response, Option<String>), Failure>;

/// A request on its way, and what is kept of it in case it must be sent again elsewhere.
pub(super) struct Hops {
    target: Arc<dyn Fetch>,
    invocation: Arc<Invocation>,
    call: Call,
    urls: Vec<String>,
    method: Method,
    headers: HeaderMap,
    body: Option<Bytes>,
    has_body: bool,
    cf: Option<Arc<str>>,
    done: Box<dyn FnOnce(Followed) + Send>,
}

impl Hops {
    /// Sends `request` and follows where it is sent to; `done` hears once, from any thread.
    pub(super) fn follow(
        (target, call): (Arc<dyn Fetch>, Call),
        invocation: Arc<Invocation>,
        request: Request,
        done: impl FnOnce(Followed) + Send + 'static,
    ) {
        let hops = Self {
            target,
            invocation,
            call,
            urls: vec![request.url.clone()],
            method: request.method.clone(),
            headers: request.headers.clone(),
            body: request.body.as_ref().and_then(Body::as_bytes).cloned(),
            has_body: request.body.is_some(),
            cf: request.cf.clone(),
            done: Box::new(done),
        };
        hops.send(request);
    }

    fn send(self, request: Request) {
        let (target, call) = (self.target.clone(), self.call.clone());
        target.fetch(
            request,
            call,
            Box::new(move |outcome| match outcome {
                Ok(response) => self.answered(response),
                Err(failure) => (self.done)(Err(failure)),
            }),
        );
    }

    fn answered(mut self, response: Response) {
        match self.next(&response) {
            Ok(Some(request)) => self.send(request),
            Ok(None) => {
                let url = if self.urls.len() > 1 { self.urls.pop() } else { None };
                (self.done)(Ok((response, url.map(without_fragment))));
            }
            Err(failure) => (self.done)(Err(failure)),
        }
    }

    /// The request to the next place, as the Fetch standard changes it; none where this is the last answer.
    fn next(&mut self, response: &Response) -> Result<Option<Request>, Failure> {
        let redirects = matches!(response.status, 301 | 302 | 303 | 307 | 308);
        let location = response.headers.get(LOCATION).filter(|location| redirects && !location.is_empty());
        let Some(location) = location else { return Ok(None) };
        let from = Url::parse(self.urls.last().expect("the first URL is there")).map_err(|_| bad_location())?;
        let to = from.join(&String::from_utf8_lossy(location.as_bytes())).map_err(|_| bad_location())?;
        if !matches!(to.scheme(), "http" | "https") {
            return Err(bad_location());
        }
        if self.urls.len() > MAX_REDIRECTS {
            return Err(Failure::type_error(format!("Too many redirects. {}", self.urls.join(", "))));
        }
        if response.status != 303 && self.has_body && self.body.is_none() {
            return Err(Failure::type_error(ONE_TIME));
        }
        if !self.invocation.count_subrequest() {
            return Err(Failure::error("Too many subrequests."));
        }
        self.change(response.status, &from, &to);
        self.urls.push(to.into());
        Ok(Some(self.request()))
    }

    fn change(&mut self, status: u16, from: &Url, to: &Url) {
        let post_to_get = matches!(status, 301 | 302) && self.method == Method::POST;
        let see_other = status == StatusCode::SEE_OTHER && self.method != Method::GET && self.method != Method::HEAD;
        if post_to_get || see_other {
            self.method = Method::GET;
            self.has_body = false;
            self.body = None;
        }
        if from.origin() != to.origin() {
            self.headers.remove(AUTHORIZATION);
        }
    }

    fn request(&self) -> Request {
        let mut request = Request {
            method: self.method.clone(),
            url: self.urls.last().expect("it was just added").clone(),
            headers: self.headers.clone(),
            body: self.body.clone().map(Body::bytes),
            cf: self.cf.clone(),
        };
        frame(&mut request);
        request
    }
}

const ONE_TIME: &str = "A request with a one-time-use body (it was initialized from a stream, not a buffer) encountered \
a redirect requiring the body to be retransmitted. To avoid this error in the future, construct this request from a \
buffer-like body initializer.";

fn bad_location() -> Failure {
    Failure::type_error("Invalid Location header; unable to follow redirect.")
}

fn without_fragment(mut url: String) -> String {
    if let Some(at) = url.find('#') {
        url.truncate(at);
    }
    url
}
