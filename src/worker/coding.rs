//! Bodies that are compressed: what their `Content-Encoding` says, undone and done as they stream by.

use std::io;

use async_compression::tokio::bufread::{BrotliDecoder, BrotliEncoder, GzipDecoder, GzipEncoder};
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use http_body_util::{BodyStream, StreamBody};
use tokio::io::{AsyncBufRead, AsyncRead};
use tokio_util::io::{ReaderStream, StreamReader};

use super::Body;

/// The codings that Workers know; bodies with another one pass as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    Gzip,
    Brotli,
}

impl Coding {
    /// What the headers say.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let coding = headers.get(CONTENT_ENCODING)?.as_bytes();
        if coding.eq_ignore_ascii_case(b"gzip") {
            Some(Self::Gzip)
        } else {
            coding.eq_ignore_ascii_case(b"br").then_some(Self::Brotli)
        }
    }

    #[must_use]
    pub fn decode(self, body: Body) -> Body {
        let reader = reader(body);
        match self {
            Self::Gzip => {
                let mut decoder = GzipDecoder::new(reader);
                decoder.multiple_members(true);
                streamed(decoder)
            }
            Self::Brotli => streamed(BrotliDecoder::new(reader)),
        }
    }

    #[must_use]
    pub fn encode(self, body: Body) -> Body {
        match self {
            Self::Gzip => streamed(GzipEncoder::new(reader(body))),
            Self::Brotli => streamed(BrotliEncoder::new(reader(body))),
        }
    }
}

fn reader(body: Body) -> impl AsyncBufRead + Send + 'static {
    let chunks = BodyStream::new(body).try_filter_map(|frame| async { Ok(frame.into_data().ok()) });
    StreamReader::<_, Bytes>::new(Box::pin(chunks.map_err(io::Error::other)))
}

fn streamed(reader: impl AsyncRead + Send + 'static) -> Body {
    let frames = ReaderStream::new(reader).map_ok(http_body::Frame::data);
    Body::stream(StreamBody::new(Box::pin(frames)), None)
}
