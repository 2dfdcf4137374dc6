//! A request's body of which nobody reads the rest: it is taken in for a while all the same.
//!
//! A connection that closes while its client still sends is reset, and a reset may overtake the answer on its way: the
//! client would learn of a lost connection instead of, say, a refused upload.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::runtime::Handle;
use tokio::time::timeout;

/// How long, and how many bytes, a client may go on for nothing.
const PATIENCE: Duration = Duration::from_secs(5);
const MAX_BYTES: usize = 64 << 20;

/// See the module's text.
pub(super) struct Lingering {
    body: Option<Body>,
    /// The last reader may leave on any thread.
    tokio: Handle,
}

impl Lingering {
    pub(super) fn new(body: Body) -> Self {
        Self { body: Some(body), tokio: Handle::current() }
    }
}

impl http_body::Body for Lingering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let polled = Pin::new(body).poll_frame(context);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.body = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        if let Some(body) = self.body.take().filter(|body| !body.is_end_stream()) {
            // Within the task: a timeout is made where a runtime is.
            self.tokio.spawn(async { timeout(PATIENCE, swallow(body)).await });
        }
    }
}

async fn swallow(mut body: Body) {
    let mut taken = 0;
    while let Some(Ok(frame)) = body.frame().await {
        taken += frame.data_ref().map_or(0, Bytes::len);
        if taken > MAX_BYTES {
            return;
        }
    }
}
