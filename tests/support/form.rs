//! A multipart body in the spelling that a test asks for.

/// Parts, before they are sent.
#[derive(Default)]
pub(crate) struct Form(Vec<u8>);

const BOUNDARY: &str = "----form-of-a-test";

impl Form {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// As wrangler sends an upload: metadata and one ES module, `index.js`.
    pub(crate) fn upload(metadata: &str, code: &str) -> Self {
        Self::new().text("metadata", metadata).module("index.js", code)
    }

    /// A Worker without bindings.
    pub(crate) fn worker(code: &str) -> Self {
        Self::upload(r#"{"main_module":"index.js","compatibility_date":"2026-01-01"}"#, code)
    }

    /// A part that is no file.
    pub(crate) fn text(self, name: &str, text: &str) -> Self {
        self.part(&format!("form-data; name=\"{name}\""), "", text)
    }

    /// An ES module in a part of its own name.
    pub(crate) fn module(self, name: &str, code: &str) -> Self {
        self.file(name, name, "application/javascript+module", code)
    }

    pub(crate) fn file(self, part: &str, name: &str, kind: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.part(&format!("form-data; name=\"{part}\"; filename=\"{name}\""), kind, bytes)
    }

    pub(crate) fn part(mut self, disposition: &str, kind: &str, bytes: impl AsRef<[u8]>) -> Self {
        let kind = if kind.is_empty() { String::new() } else { format!("Content-Type: {kind}\r\n") };
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n{kind}\r\n");
        self.0.extend_from_slice(head.as_bytes());
        self.0.extend_from_slice(bytes.as_ref());
        self.0.extend_from_slice(b"\r\n");
        self
    }

    pub(crate) fn content_type() -> String {
        format!("multipart/form-data; boundary={BOUNDARY}")
    }

    pub(crate) fn bytes(mut self) -> Vec<u8> {
        self.0.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        self.0
    }
}
