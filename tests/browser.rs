//! A headless Chromium, spoken to through a pipe in its debugging protocol.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long anything may take before it counts as hung: a guard, no measure.
const GUARD: Duration = Duration::from_secs(50);

const NAMES: [&str; 5] = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome"];

/// One browser with one page.
pub(crate) struct Browser {
    child: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    session: String,
    sent: u64,
    _profile: tempfile::TempDir,
}

/// The Chromium of this machine. CI must have one; elsewhere its tests are left out.
pub(crate) fn installed() -> Option<PathBuf> {
    let named = env::var_os("DEVFLARE_CHROMIUM").map(PathBuf::from);
    let paths = env::var_os("PATH").unwrap_or_default();
    let found = named.or_else(|| {
        let directories: Vec<_> = env::split_paths(&paths).collect();
        let all = NAMES.iter().flat_map(|name| directories.iter().map(move |directory| directory.join(name)));
        all.into_iter().find(|path| path.is_file())
    });
    assert!(found.is_some() || env::var_os("CI").is_none(), "scripts/test installs a Chromium in CI");
    found
}

impl Browser {
    pub(crate) fn open(program: &std::path::Path) -> Self {
        let profile = tempfile::tempdir().expect("a temporary directory");
        // The protocol is spoken on descriptors 3 and 4.
        let script = "exec \"$0\" \"$@\" 3<&0 4>&1 0</dev/null 1>/dev/null 2>&1";
        let mut child = Command::new("sh")
            .args(["-c", script])
            .arg(program)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"])
            .arg("--remote-debugging-pipe")
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Chromium starts");
        let input = child.stdin.take().expect("it was piped");
        let output = BufReader::new(child.stdout.take().expect("it was piped"));
        let (sender, messages) = channel();
        thread::spawn(move || {
            let parts = output.split(0).map_while(Result::ok);
            parts.filter_map(|part| serde_json::from_slice(&part).ok()).try_for_each(|message| sender.send(message))
        });
        let mut browser = Self { child, input, messages, session: String::new(), sent: 0, _profile: profile };
        let target = browser.call("Target.createTarget", &json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = browser.call("Target.attachToTarget", &attach);
        session["sessionId"].as_str().expect("a session").clone_into(&mut browser.session);
        browser
    }

    pub(crate) fn visit(&mut self, url: &str) {
        self.call("Page.navigate", &json!({ "url": url }));
    }

    /// The value of an expression in the page; null while it is being replaced by another.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let answer = self.ask("Runtime.evaluate", &json!({ "expression": expression, "returnByValue": true }));
        answer["result"]["result"]["value"].clone()
    }

    /// Waits until an expression is true in the page, whichever that is by then.
    pub(crate) fn wait_for(&mut self, expression: &str) {
        let late = Instant::now() + GUARD;
        while self.value(&format!("Boolean({expression})")) != true {
            let shown = self.value("document.documentElement.outerHTML");
            assert!(Instant::now() < late, "never true: {expression}\n{shown}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn call(&mut self, method: &str, parameters: &Value) -> Value {
        let answer = self.ask(method, parameters);
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].clone()
    }

    fn ask(&mut self, method: &str, parameters: &Value) -> Value {
        self.sent += 1;
        let mut message = json!({ "id": self.sent, "method": method, "params": parameters });
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        self.input.write_all(format!("{message}\0").as_bytes()).expect("Chromium listens");
        loop {
            let answer = self.messages.recv_timeout(GUARD).expect("Chromium answers");
            if answer["id"] == self.sent {
                return answer;
            }
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It may have ended on its own.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
