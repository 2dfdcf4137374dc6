//! `fetch("data:...")`: the answer is in the URL.

use data_url::DataUrl;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};

use crate::worker::{Body, Response};

/// What a `data:` URL holds; nothing for another URL and for one that is malformed.
pub(super) fn answer(url: &str, method: &Method) -> Option<Response> {
    let data = DataUrl::process(url).ok()?;
    let (bytes, _fragment) = data.decode_to_vec().ok()?;
    let content_type = HeaderValue::from_str(&data.mime_type().to_string()).ok()?;
    Some(Response {
        status: 200,
        status_text: "OK".to_owned(),
        headers: HeaderMap::from_iter([(CONTENT_TYPE, content_type)]),
        // As on Cloudflare the other methods find nothing.
        body: (*method == Method::GET).then(|| Body::bytes(bytes)),
        encode_body: false,
        socket: None,
    })
}

#[cfg(test)]
mod tests {
    use super::answer;
    use http::Method;

    fn read(url: &str) -> Option<String> {
        let response = answer(url, &Method::GET)?;
        let body = response.body.expect("data has a body");
        let text = str::from_utf8(body.as_bytes().expect("the bytes are there")).expect("text").to_owned();
        Some(format!("{}|{text}", response.headers["content-type"].to_str().expect("text")))
    }

    #[test]
    fn data_urls_hold_their_answer() {
        assert_eq!(read("data:,a%20b#c").as_deref(), Some("text/plain;charset=US-ASCII|a b"));
        assert_eq!(read("data:text/x;a=\"b\";base64,SGk=").as_deref(), Some("text/x;a=b|Hi"));
        assert_eq!(read("data:text/x"), None);
        assert_eq!(read("data:;base64,!"), None);
        assert_eq!(read("http://a/"), None);
    }

    #[test]
    fn only_get_reads_a_data_url() {
        let response = answer("data:,a", &Method::POST).expect("data");
        assert!(response.body.is_none());
    }
}
