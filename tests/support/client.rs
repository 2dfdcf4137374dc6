//! An HTTP/1.1 client that a test holds in its hands: requests piece by piece, answers piece by piece, or raw bytes.

use std::fmt::Write as _;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use super::{Answer, GUARD};

/// A request that is being put together.
pub(crate) struct Ask {
    port: u16,
    method: String,
    target: String,
    host: Option<String>,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Ask {
    pub(crate) fn new(port: u16, method: &str, target: &str) -> Self {
        let (method, target) = (method.to_owned(), target.to_owned());
        Self { port, method, target, host: None, headers: Vec::new(), body: None }
    }

    /// The host that is asked for, whatever is connected to.
    pub(crate) fn host(mut self, host: &str) -> Self {
        self.host = Some(host.to_owned());
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// As a browser asks for a page.
    pub(crate) fn browser(self) -> Self {
        self.header("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    pub(crate) fn form(self, form: super::Form) -> Self {
        self.header("Content-Type", &super::Form::content_type()).body(form.bytes())
    }

    pub(crate) fn json(self, text: &str) -> Self {
        self.header("Content-Type", "application/json").body(text)
    }

    /// Sends the request and reads the whole answer.
    #[track_caller]
    pub(crate) fn send(self) -> Answer {
        self.open().answer()
    }

    /// Sends the request; the answer has not been read yet.
    #[track_caller]
    pub(crate) fn open(self) -> Connection {
        let body = self.body.clone();
        let length = body.as_ref().map(|body| format!("Content-Length: {}\r\n", body.len()));
        let mut connection = self.head(&length.unwrap_or_default());
        connection.write(&body.unwrap_or_default());
        connection
    }

    /// Sends the head; the body follows in [`Connection::chunk`]s.
    #[track_caller]
    pub(crate) fn streaming(self) -> Connection {
        self.head("Transfer-Encoding: chunked\r\n")
    }

    /// Sends the head alone; what follows is the caller's affair.
    #[track_caller]
    pub(crate) fn head_only(self) -> Connection {
        self.head("")
    }

    #[track_caller]
    fn head(self, framing: &str) -> Connection {
        let host = self.host.unwrap_or_else(|| format!("localhost:{}", self.port));
        let mut head = format!("{} {} HTTP/1.1\r\nHost: {host}\r\n{framing}", self.method, self.target);
        for (name, value) in &self.headers {
            write!(head, "{name}: {value}\r\n").expect("a string takes everything");
        }
        head.push_str("\r\n");
        let mut connection = Connection::to(self.port);
        connection.asked = format!("{} http://{host}{}", self.method, self.target);
        connection.write(head.as_bytes());
        connection
    }
}

/// A connection; dropped, the client has left.
pub(crate) struct Connection {
    reader: BufReader<TcpStream>,
    asked: String,
}

/// What came before a body.
pub(crate) struct Head {
    pub(crate) status: u16,
    reason: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl Connection {
    #[track_caller]
    pub(crate) fn to(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("the port is open");
        stream.set_read_timeout(Some(GUARD)).expect("a positive time");
        stream.set_write_timeout(Some(GUARD)).expect("a positive time");
        stream.set_nodelay(true).expect("an open socket");
        Self { reader: BufReader::new(stream), asked: "raw bytes".to_owned() }
    }

    /// Bytes as they are; a server that has closed already is no error, its answer says why.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        let _its_answer_says_why = self.try_write(bytes);
    }

    pub(crate) fn try_write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.reader.get_mut().write_all(bytes)
    }

    /// One chunk of a streamed request.
    pub(crate) fn chunk(&mut self, bytes: &[u8]) {
        self.write(format!("{:x}\r\n", bytes.len()).as_bytes());
        self.write(bytes);
        self.write(b"\r\n");
    }

    /// Ends a streamed request.
    pub(crate) fn end(&mut self) {
        self.write(b"0\r\n\r\n");
    }

    /// Another hand on the same connection, to write while this one reads.
    pub(crate) fn clone_writer(&self) -> Self {
        let stream = self.reader.get_ref().try_clone().expect("the system has descriptors");
        Self { reader: BufReader::new(stream), asked: self.asked.clone() }
    }

    pub(crate) fn socket(&self) -> &TcpStream {
        self.reader.get_ref()
    }

    /// Everything until the server closes.
    pub(crate) fn rest(&mut self) -> String {
        let mut all = Vec::new();
        let _a_reset_ends_it_too = self.reader.read_to_end(&mut all);
        String::from_utf8_lossy(&all).into_owned()
    }

    #[track_caller]
    pub(crate) fn read_exactly(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.reader.read_exact(&mut bytes).expect("the server goes on");
        bytes
    }

    #[track_caller]
    pub(crate) fn answer(&mut self) -> Answer {
        let head = self.read_head();
        let (body, complete) = self.read_body(&head);
        let Head { status, reason, headers } = head;
        Answer { asked: self.asked.clone(), status, reason, headers, body, complete }
    }

    #[track_caller]
    pub(crate) fn read_head(&mut self) -> Head {
        let line = self.line();
        let mut parts = line.splitn(3, ' ');
        let status = parts.nth(1).and_then(|status| status.parse().ok());
        let status = status.unwrap_or_else(|| panic!("{}: no status line but {line:?}", self.asked));
        let reason = parts.next().unwrap_or_default().to_owned();
        let mut headers = Vec::new();
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(':') else { break };
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
        Head { status, reason, headers }
    }

    /// The next chunk of a chunked answer; `None` at its end.
    #[track_caller]
    pub(crate) fn read_chunk(&mut self) -> Option<String> {
        self.next_chunk().map(|chunk| String::from_utf8_lossy(&chunk).into_owned())
    }

    fn read_body(&mut self, head: &Head) -> (Vec<u8>, bool) {
        let find = |name: &str| head.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name));
        if self.asked.starts_with("HEAD ") || matches!(head.status, 100..200 | 204 | 304) {
            return (Vec::new(), true);
        }
        let mut body = Vec::new();
        if let Some(length) = find("content-length").and_then(|(_, length)| length.parse::<u64>().ok()) {
            let read = self.reader.by_ref().take(length).read_to_end(&mut body);
            return (body.clone(), read.is_ok() && body.len() as u64 == length);
        }
        if find("transfer-encoding").is_none() {
            let whole = self.reader.read_to_end(&mut body).is_ok();
            return (body, whole);
        }
        while let Some(size) = self.chunk_size() {
            if size == 0 {
                return (body, true);
            }
            let before = body.len();
            let _checked_by_its_length = self.reader.by_ref().take(size).read_to_end(&mut body);
            if (body.len() - before) as u64 != size {
                break;
            }
            self.line();
        }
        (body, false)
    }

    fn next_chunk(&mut self) -> Option<Vec<u8>> {
        let size = self.chunk_size().filter(|size| *size > 0)?;
        let mut chunk = Vec::new();
        self.reader.by_ref().take(size).read_to_end(&mut chunk).ok()?;
        self.line();
        Some(chunk)
    }

    /// 0 at the body's end, `None` where it breaks off.
    fn chunk_size(&mut self) -> Option<u64> {
        let line = self.line();
        let size = u64::from_str_radix(&line, 16).ok()?;
        if size == 0 {
            self.line();
        }
        Some(size)
    }

    /// A line without its end; empty where the connection ends.
    fn line(&mut self) -> String {
        let mut line = Vec::new();
        let _an_end_reads_as_an_empty_line = self.reader.read_until(b'\n', &mut line);
        String::from_utf8_lossy(&line).trim_end().to_owned()
    }
}
