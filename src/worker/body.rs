//! A message body: nothing, bytes, or a stream with back-pressure. It moves from hand to hand and is never buffered
//! whole unless somebody asks.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use tokio::sync::mpsc;

use super::Cancel;

/// Why a body broke off: the error that its reader gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodyError {
    /// The kind of error in JavaScript's terms.
    pub name: String,
    pub message: String,
}

impl BodyError {
    pub fn new(message: impl Into<String>) -> Self {
        Self { name: "Error".into(), message: message.into() }
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for BodyError {}

/// Chunks that wait between a Worker's stream and its reader; a full channel makes the writer wait.
const CHANNEL_CHUNKS: usize = 4;

/// See the module's text.
pub struct Body(Inner);

enum Inner {
    Bytes(Bytes),
    Stream { body: UnsyncBoxBody<Bytes, BodyError>, length: Option<u64> },
}

/// The writing end of a streamed body. Dropped without [`BodySender::finish`], the body breaks off.
pub struct BodySender {
    chunks: mpsc::Sender<Result<Bytes, BodyError>>,
    finished: bool,
}

impl Body {
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self(Inner::Bytes(bytes.into()))
    }

    /// Any other source of chunks, such as a connection's.
    pub fn stream<B, E>(body: B, length: Option<u64>) -> Self
    where
        B: http_body::Body<Data = Bytes, Error = E> + Send + 'static,
        E: fmt::Display,
    {
        let body = body.map_err(|error| BodyError::new(error.to_string())).boxed_unsync();
        Self(Inner::Stream { body, length })
    }

    /// A body that is written while it is read. `dropped` runs if the reader leaves before the end.
    pub fn channel(length: Option<u64>, dropped: impl FnOnce() + Send + 'static) -> (BodySender, Self) {
        let (chunks, receiver) = mpsc::channel(CHANNEL_CHUNKS);
        let reader = Channel { chunks: receiver, ended: false, dropped: Some(Box::new(dropped)) };
        let body = Self(Inner::Stream { body: reader.boxed_unsync(), length });
        (BodySender { chunks, finished: false }, body)
    }

    /// The same body, which breaks off when `cancel` is set.
    #[must_use]
    pub fn until(self, cancel: &Cancel) -> Self {
        let length = self.length();
        let reader = Arc::new(AtomicWaker::new());
        let waiting = reader.clone();
        cancel.on_cancel(move || waiting.wake());
        let body = Breakable { body: Some(self), cancel: cancel.clone(), reader };
        Self(Inner::Stream { body: body.boxed_unsync(), length })
    }

    /// Bytes in all, if known.
    pub fn length(&self) -> Option<u64> {
        match &self.0 {
            Inner::Bytes(bytes) => Some(bytes.len() as u64),
            Inner::Stream { length, .. } => *length,
        }
    }

    /// The whole body if it is in memory.
    pub fn as_bytes(&self) -> Option<&Bytes> {
        match &self.0 {
            Inner::Bytes(bytes) => Some(bytes),
            Inner::Stream { .. } => None,
        }
    }

    /// The next non-empty chunk.
    pub async fn chunk(&mut self) -> Option<Result<Bytes, BodyError>> {
        loop {
            match self.frame().await? {
                Ok(frame) => match frame.into_data() {
                    Ok(data) if data.is_empty() => {}
                    Ok(data) => return Some(Ok(data)),
                    Err(_trailers) => {}
                },
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// All of it; an error if it is longer than `limit`.
    pub async fn collect_to(mut self, limit: usize) -> Result<Bytes, BodyError> {
        if let Inner::Bytes(bytes) = self.0 {
            return Ok(bytes);
        }
        let mut all = Vec::new();
        while let Some(chunk) = self.chunk().await {
            let chunk = chunk?;
            if all.len() + chunk.len() > limit {
                return Err(BodyError::new(format!("the body is longer than {limit} bytes")));
            }
            all.extend_from_slice(&chunk);
        }
        Ok(all.into())
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut self.0 {
            Inner::Bytes(bytes) if bytes.is_empty() => Poll::Ready(None),
            Inner::Bytes(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Inner::Stream { body, .. } => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Inner::Bytes(bytes) => bytes.is_empty(),
            Inner::Stream { body, .. } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.length().map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({:?} bytes)", self.length())
    }
}

impl BodySender {
    /// Takes the chunk if there is room; gives it back if the reader is slower, and `Err` if it has left.
    pub fn try_send(&self, chunk: Bytes) -> Result<Option<Bytes>, BodyError> {
        match self.chunks.try_send(Ok(chunk)) {
            Ok(()) => Ok(None),
            Err(mpsc::error::TrySendError::Full(chunk)) => Ok(Some(chunk.unwrap_or_default())),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(gone()),
        }
    }

    /// A sender for one waiting chunk.
    pub fn waiter(&self) -> impl Future<Output = Result<(), BodyError>> + Send + 'static + use<> {
        let chunks = self.chunks.clone();
        async move { chunks.reserve().await.map(|_| ()).map_err(|_| gone()) }
    }

    /// Waits for room, then sends.
    pub fn send(&self, chunk: Bytes) -> impl Future<Output = Result<(), BodyError>> + Send + 'static + use<> {
        let chunks = self.chunks.clone();
        async move { chunks.send(Ok(chunk)).await.map_err(|_| gone()) }
    }

    pub fn finish(mut self) {
        self.finished = true;
    }

    /// Breaks the body off with a reason.
    pub fn abort(mut self, reason: BodyError) {
        self.finished = true;
        self.break_off(reason);
    }

    fn break_off(&self, error: BodyError) {
        if let Err(mpsc::error::TrySendError::Full(error)) = self.chunks.try_send(Err(error)) {
            let chunks = self.chunks.clone();
            if let Ok(tokio) = tokio::runtime::Handle::try_current() {
                tokio.spawn(async move { chunks.send(error).await });
            }
        }
    }
}

impl Drop for BodySender {
    fn drop(&mut self) {
        if !self.finished {
            self.break_off(BodyError::new("the Worker stopped before the body's end"));
        }
    }
}

/// Whoever notices first that nobody reads on, the writer by this or the sign of `channel`, says the same.
fn gone() -> BodyError {
    BodyError::new(super::Failure::Cancelled.to_string())
}

struct Breakable {
    body: Option<Body>,
    cancel: Cancel,
    /// Who waits for the next chunk.
    reader: Arc<AtomicWaker>,
}

impl http_body::Body for Breakable {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.reader.register(cx.waker());
        if self.cancel.is_cancelled() {
            let broken = self.body.take().map(|_| Err(BodyError::new("The operation was aborted")));
            return Poll::Ready(broken);
        }
        self.body.as_mut().map_or(Poll::Ready(None), |body| Pin::new(body).poll_frame(cx))
    }
}

struct Channel {
    chunks: mpsc::Receiver<Result<Bytes, BodyError>>,
    ended: bool,
    dropped: Option<Box<dyn FnOnce() + Send>>,
}

impl http_body::Body for Channel {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let polled = self.chunks.poll_recv(cx);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.ended = true;
        }
        polled.map(|chunk| chunk.map(|chunk| chunk.map(Frame::data)))
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        if let Some(dropped) = self.dropped.take().filter(|_| !self.ended) {
            dropped();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_for_a_reader_that_left_fails_as_its_leaving_is_told() {
        let (sender, body) = Body::channel(None, || ());
        drop(body);
        let refused = sender.try_send(Bytes::from_static(b"late")).expect_err("nobody reads");
        assert_eq!(refused.message, "The client disconnected.");
    }
}
