//! The outside that `tests/web/fetch.js` fetches from: it answers by path, from memory.

use std::collections::HashMap;

use http::header::{CONTENT_ENCODING, LOCATION};
use http::{HeaderMap, HeaderValue};

use crate::worker::{Body, Call, Coding, Failure, Fetch, Outcome, Reply, Request, Response};

pub(super) struct Outside(pub(super) tokio::runtime::Handle);

impl Fetch for Outside {
    fn fetch(&self, request: Request, _call: Call, reply: Reply) {
        let Ok(url) = url::Url::parse(&request.url) else { return reply(Err(Failure::type_error("a bad URL"))) };
        if url.path() == "/never" {
            return;
        }
        self.0.spawn(async move { reply(answer(url.path(), request).await) });
    }
}

async fn answer(path: &str, request: Request) -> Outcome {
    let steps: Vec<&str> = path.split('/').skip(1).collect();
    match steps[..] {
        ["echo"] => echo(request).await,
        ["status", status] => Ok(response(status, HeaderMap::new(), Body::bytes(""))),
        ["to", status, "nowhere"] => Ok(redirect(status, "http://")),
        ["to", status, place] => Ok(redirect(status, &format!("/{place}"))),
        ["loop"] => Ok(redirect("302", "/loop")),
        ["gzip"] => {
            let body = Coding::Gzip.encode(Body::bytes("compressed"));
            Ok(response("200", [(CONTENT_ENCODING, HeaderValue::from_static("gzip"))].into_iter().collect(), body))
        }
        ["lost"] => Err(Failure::error("Network connection lost.")),
        _ => Err(Failure::type_error(format!("Fetch API cannot load: {}", request.url))),
    }
}

/// What it was asked, as JSON.
async fn echo(request: Request) -> Outcome {
    let bytes = match request.body {
        Some(body) => body.collect_to(1 << 20).await.map_err(|error| Failure::error(error.message))?,
        None => bytes::Bytes::new(),
    };
    let value = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers: HashMap<_, _> = request.headers.iter().map(|(name, text)| (name.as_str(), value(text))).collect();
    let told = serde_json::json!({
        "method": request.method.as_str(),
        "url": request.url,
        "headers": headers,
        "body": String::from_utf8_lossy(&bytes),
    });
    Ok(response("200", HeaderMap::new(), Body::bytes(told.to_string())))
}

fn redirect(status: &str, to: &str) -> Response {
    let to = HeaderValue::from_str(to).expect("the tests' places are header values");
    response(status, [(LOCATION, to)].into_iter().collect(), Body::bytes(""))
}

fn response(status: &str, headers: HeaderMap, body: Body) -> Response {
    let status = status.parse().expect("the tests' statuses are numbers");
    Response { status, status_text: String::new(), headers, body: Some(body), encode_body: false, socket: None }
}
