//! An answer and what a test says about it; each check answers the answer, for the next one.

/// What came back for a request.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// `GET http://localhost/x`, for messages.
    pub(crate) asked: String,
    pub(crate) status: u16,
    pub(crate) reason: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// The body came to its end as announced.
    pub(crate) complete: bool,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The first header of this name.
    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    #[track_caller]
    pub(crate) fn status(self, expected: u16) -> Self {
        assert_eq!(self.status, expected, "{}: {}", self.asked, self.text());
        self
    }

    #[track_caller]
    pub(crate) fn reason(self, expected: &str) -> Self {
        assert_eq!(self.reason, expected, "{}", self.asked);
        self
    }

    /// A whole body.
    #[track_caller]
    pub(crate) fn body(self, expected: &str) -> Self {
        assert_eq!(self.text(), expected, "{} (status {})", self.asked, self.status);
        assert!(self.complete, "{}: the body broke off", self.asked);
        self
    }

    #[track_caller]
    pub(crate) fn contains(self, expected: &str) -> Self {
        let text = self.text();
        assert!(text.contains(expected), "{} (status {}) lacks {expected:?}: {text}", self.asked, self.status);
        self
    }

    #[track_caller]
    pub(crate) fn header(self, name: &str, expected: &str) -> Self {
        assert_eq!(self.find(name), Some(expected), "{}: {name} in {:?}", self.asked, self.headers);
        self
    }

    #[track_caller]
    pub(crate) fn lacks_header(self, name: &str) -> Self {
        assert_eq!(self.find(name), None, "{}: {name}", self.asked);
        self
    }

    #[track_caller]
    pub(crate) fn json(self, expected: &str) -> Self {
        let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text);
        let found = parse(&self.text()).unwrap_or_else(|error| panic!("{}: {error}: {}", self.asked, self.text()));
        assert_eq!(found, parse(expected).expect("the expected JSON parses"), "{}", self.asked);
        self
    }

    /// A value in a JSON body: `/result/id`.
    #[track_caller]
    pub(crate) fn at(&self, pointer: &str) -> serde_json::Value {
        let parsed = serde_json::from_str::<serde_json::Value>(&self.text());
        let body = parsed.unwrap_or_else(|error| panic!("{}: {error}: {}", self.asked, self.text()));
        body.pointer(pointer).cloned().unwrap_or_default()
    }

    /// The API's envelope of a refusal, with this code and words in its text.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: u32, words: &str) -> Self {
        let answer = self.status(status);
        assert_eq!(
            (answer.at("/success"), answer.at("/errors/0/code")),
            (false.into(), code.into()),
            "{}",
            answer.text()
        );
        let message = answer.at("/errors/0/message");
        assert!(message.as_str().is_some_and(|message| message.contains(words)), "{words:?} in {message}");
        answer
    }

    /// The result of the API's envelope.
    #[track_caller]
    pub(crate) fn result(self, expected: &str) -> Self {
        let expected: serde_json::Value = serde_json::from_str(expected).expect("the expected JSON parses");
        assert_eq!(self.at("/result"), expected, "{}: {}", self.asked, self.text());
        self
    }

    /// The API's envelope of a success.
    #[track_caller]
    pub(crate) fn done(self) -> Self {
        assert_eq!(self.at("/success"), true, "{}: {}", self.asked, self.text());
        self.status(200)
    }

    #[track_caller]
    pub(crate) fn broke_off(self) -> Self {
        assert!(!self.complete, "{}: the body is whole: {}", self.asked, self.text());
        self
    }
}
