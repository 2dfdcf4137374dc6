//! Content codings of bodies that Workers are given: what says that it is gzip or brotli arrives decoded, and is encoded
//! again where it leaves (see `front`). Other codings are nobody's business here.

use std::io;

use async_compression::tokio::bufread::{BrotliDecoder, GzipDecoder};
use futures_util::TryStreamExt as _;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use http_body_util::{BodyStream, StreamBody};
use tokio::io::AsyncRead;
use tokio_util::io::{ReaderStream, StreamReader};

use crate::worker::Body;

/// The body without the coding that its headers tell of, decoded as it streams by.
pub fn decoded(body: Body, headers: &HeaderMap) -> Body {
    let coding = headers.get(CONTENT_ENCODING).and_then(|coding| coding.to_str().ok()).unwrap_or_default();
    let coding = coding.to_ascii_lowercase();
    if !matches!(coding.as_str(), "gzip" | "br") {
        return body;
    }
    let chunks = BodyStream::new(body).try_filter_map(|frame| async { Ok(frame.into_data().ok()) });
    let reader = StreamReader::new(Box::pin(chunks.map_err(io::Error::other)));
    if coding == "gzip" { streamed(GzipDecoder::new(reader)) } else { streamed(BrotliDecoder::new(reader)) }
}

fn streamed(reader: impl AsyncRead + Send + 'static) -> Body {
    let frames = ReaderStream::new(reader).map_ok(http_body::Frame::data);
    Body::stream(StreamBody::new(Box::pin(frames)), None)
}
