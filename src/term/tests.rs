//! Every kind of line as the user sees it, and what the queue promises.

use std::io;
use std::sync::mpsc;

use super::*;
use crate::error::{Problem, Source};

fn options(format: Format, color: bool) -> Options {
    Options {
        format,
        level: Level::Debug,
        stream: Stream::Out,
        color,
        base: PathBuf::from("/home/me/platform"),
        ready_first: true,
    }
}

/// What lines look like: with colours, without, and for machines.
fn looks(lines: impl Fn() -> Vec<Box<dyn Line>>) -> String {
    let render = |format, color| {
        let (capture, options) = (Capture::default(), options(format, color));
        let terminal = Terminal::start(options, capture.clone());
        for line in lines() {
            terminal.queue.push(Stream::Out, line);
        }
        terminal.flush(Duration::from_secs(5));
        capture.text().replace('\x1b', "␛")
    };
    let (plain, color) = (render(Format::Pretty, false), render(Format::Pretty, true));
    // Before the banner, JSON says nothing; here each line is looked at alone.
    let json: Vec<_> =
        lines().iter().map(|line| line.json(&Style::new(&options(Format::Json, false))).to_string()).collect();
    format!("{plain}\n--- with colours ---\n{color}\n--- as JSON ---\n{}\n", json.join("\n"))
}

fn source() -> Source {
    let text = "name = \"my-dispatcher\"\nmian = \"src/index.js\"\ncompatibility_date = \"2026-01-01\"\n\n[vars]\n";
    Source::new("/home/me/platform/my-dispatcher/wrangler.toml", text)
}

fn place(text: &str, marked: &str, label: &str) -> Problem {
    let start = text.find(marked).expect("the marked text is there");
    let source = Source::new("/home/me/platform/a/src/index.js", text);
    Problem::error("Here.").at(&source, start..start + marked.len(), label)
}

fn row(name: &str, namespace: Option<&str>, rule: &str) -> WorkerRow {
    WorkerRow { name: name.into(), namespace: namespace.map(Into::into), rule: rule.into(), ..WorkerRow::default() }
}

fn binding(name: &str, kind: &str, detail: &str, emulated: bool) -> BindingRow {
    BindingRow { name: name.into(), kind: kind.into(), detail: detail.into(), emulated }
}

fn banner() -> Banner {
    let mut dispatcher = row("my-dispatcher", None, "dispatches to namespace staging");
    dispatcher.answers = vec!["http://localhost:8787".into(), "http://my-dispatcher.localhost:8787".into()];
    dispatcher.bindings = vec![
        binding("dispatcher", "Dispatch Namespace", "staging", true),
        binding("CACHE", "KV Namespace", "cache", true),
        binding("AI", "AI", "", false),
    ];
    let mut broken = row("shop", None, "no namespace is bound by a name of its own");
    broken.broken = true;
    broken.hides_upload = true;
    broken.answers = vec!["shop.example.com/*".into()];
    let mut customer = row("customer-worker-1", Some("staging"), "the only namespace that is bound");
    customer.bindings = vec![binding("GREETING", "Environment Variable", "\"Hello\"", true)];
    let mut workers = vec![dispatcher, broken, customer];
    workers.extend((2..20).map(|n| row(&format!("customer-worker-{n}"), Some("staging"), "staging=./customers/*")));
    Banner {
        version: "0.1.0".into(),
        took: Duration::from_micros(11_700),
        url: "http://localhost:8787".into(),
        api_url: Some("http://localhost:8788/client/v4".into()),
        variables: vec![("CLOUDFLARE_API_TOKEN", "devflare".into()), ("CLOUDFLARE_ACCOUNT_ID", "1234".into())],
        uploads: [(None, 1), (Some("staging".to_owned()), 2)].into(),
        workers,
        namespaces: vec!["staging".into(), "production".into()],
        cpu_factor: 10.0,
        keys: true,
    }
}

#[test]
fn the_banner() {
    insta::assert_snapshot!(looks(|| vec![Box::new(banner())]));
}

#[test]
fn the_end_of_a_check() {
    insta::assert_snapshot!(looks(|| {
        let mut problems = crate::error::Problems::from(Problem::warning("one"));
        let fine = Checked::of(vec![row("my-dispatcher", None, "it dispatches")], &problems);
        problems.push(Problem::error("two"));
        problems.push(Problem::error("three"));
        let rows = vec![row("my-dispatcher", None, "it dispatches"), row("one", Some("staging"), "inferred")];
        vec![Box::new(fine), Box::new(Checked::of(rows, &problems))]
    }));
}

#[test]
fn request_lines() {
    let request = |method: &str, target: String, status, micros, workers: &[&str]| {
        let workers = workers.iter().map(|name| Arc::from(*name)).collect();
        let took = Duration::from_micros(micros);
        Box::new(RequestLine { method: method.into(), target, status, took, workers, ray: None }) as Box<dyn Line>
    };
    insta::assert_snapshot!(looks(|| vec![
        request("GET", "/hello?name=x".into(), 200, 1234, &["my-dispatcher", "customer-worker-1"]),
        request("POST", "customer-a.example.com/orders".into(), 503, 45_600, &["my-dispatcher"]),
        request("GET", "/\x1b]0;evil\x07".into(), 404, 12_345_678, &[]),
        request("GET", format!("/{}", "x".repeat(300)), 302, 90, &["a"]),
    ]));
}

#[test]
fn lines_of_events_that_nobody_asked_for() {
    let happened = |kind, what: &str, well| {
        let (took, worker) = (Duration::from_micros(1500), "clock".into());
        Box::new(HappenedLine { kind, what: what.into(), well, took, worker, rays: Vec::new() }) as Box<dyn Line>
    };
    insta::assert_snapshot!(looks(|| vec![
        happened("scheduled", "*/5 * * * *", true),
        happened("queue", "jobs, 3 messages\x1b[2J", false),
    ]));
}

#[test]
fn console_lines() {
    let console = |level, message: &str| {
        Box::new(Console { worker: "customer-worker-1".into(), level, message: message.into(), ray: None })
            as Box<dyn Line>
    };
    insta::assert_snapshot!(
        looks(|| vec![
            console(ConsoleLevel::Log, "hello { a: 1 }"),
            console(ConsoleLevel::Info, "two\nlines"),
            console(ConsoleLevel::Warn, "careful"),
            console(ConsoleLevel::Error, "broken \x1b[2J\x07"),
            console(ConsoleLevel::Debug, "\x1b[32m200\x1b[0m fine"),
            console(ConsoleLevel::Log, &"x".repeat(65_540)),
        ])
        .replace(&"x".repeat(65_536), "<65536 x>")
    );
}

#[test]
fn reload_lines() {
    let reload = |kind, names: &[&str], micros| {
        let files = names.iter().map(|name| PathBuf::from("/home/me/platform").join(name)).collect();
        let took = Duration::from_micros(micros);
        Box::new(Reload { worker: "staging/customer-worker-1".into(), kind, files, took }) as Box<dyn Line>
    };
    insta::assert_snapshot!(looks(|| vec![
        reload(ReloadKind::Changed, &["customers/1/src/index.js"], 4200),
        reload(ReloadKind::Changed, &["a.js", "b.js", "c.js", "d.js", "/elsewhere/e.js"], 42_000),
        reload(ReloadKind::Added, &["customers/2/wrangler.toml"], 900),
        reload(ReloadKind::Removed, &[], 0),
        reload(ReloadKind::Healed, &["customers/1/src/index.js"], 4200),
    ]));
}

#[test]
fn problems_with_their_places() {
    let unknown = || {
        let start = source().text.find("mian").expect("the key is there");
        Problem::error("Unknown key `mian`.")
            .at(&source(), start..start + 4, "did you mean `main`?")
            .help("The keys that wrangler knows are listed at\nhttps://developers.cloudflare.com/workers/wrangler/configuration/")
    };
    let twice = || {
        let (one, two) = (source(), Source::new("/other/wrangler.jsonc", "{\n\t\"name\": \"my-dispatcher\"\n}"));
        Problem::warning("Two Workers are called `my-dispatcher`.").at(&one, 7..22, "here").at(&two, 11..26, "and here")
    };
    let missing =
        || Problem::error("There is no such directory.").in_file("/home/me/platform/nowhere").help("Check the path.");
    insta::assert_snapshot!(looks(|| vec![
        Box::new(unknown()),
        Box::new(twice()),
        Box::new(missing()),
        Box::new(Problem::error("Something without a place."))
    ]));
}

#[test]
fn frames_of_awkward_places() {
    let minified = format!("{}throw new Error('here');{}", "a();".repeat(5000), "b();".repeat(5000));
    insta::assert_snapshot!(looks(|| vec![
        Box::new(place("const 名前 = \"値\", x = oops;\n", "oops", "after wide characters")),
        Box::new(place("\tif (a) {\r\n\t\treturn \x1b[2J;\r\n\t}\r\n", "return", "tabs, CR LF, an escape")),
        Box::new(place(&minified, "throw", "in a minified file")),
        Box::new(place("a(\n  1,\n  2,\n  3\n)\n\n", "a(\n  1,\n  2,\n  3\n)", "several lines")),
        Box::new(place("one {\n", "", "an empty place")),
        Box::new(Problem::error("Past the end.").at(&Source::new("/x/a.js", "one {\n"), 6..6, "expected `}`")),
        Box::new(Problem::error("In an empty file.").at(&Source::new("/x/a.js", ""), 0..0, "no default export")),
        Box::new(place(&"line\n".repeat(12), &"line\n".repeat(10), "many lines")),
    ]));
}

#[test]
fn exceptions_with_stacks() {
    let text = "export default {\n  async fetch(request, env) {\n    return env.x.y;\n  },\n};\n";
    let problem = place(text, "x.y", "");
    let stack: String = (0..20).fold(String::new(), |all, n| all + &format!("    at f{n} (a/src/index.js:3:{n})\n"));
    let threw = Exception {
        worker: "customer-worker-1".into(),
        name: "TypeError".into(),
        message: "cannot read property 'y' of undefined".into(),
        stack,
        place: problem.places.first().cloned(),
        help: None,
        ray: None,
    };
    let limit = Exception {
        worker: "spinner".into(),
        name: String::new(),
        message: "Worker exceeded CPU time limit.".into(),
        stack: String::new(),
        place: None,
        help: Some("It used 500 ms of 500 ms; `limits.cpu_ms` and --cpu-factor set the limit.".into()),
        ray: None,
    };
    insta::assert_snapshot!(looks(|| vec![Box::new(threw.clone()), Box::new(limit.clone())]));
}

#[test]
fn notes_and_lost_lines() {
    insta::assert_snapshot!(looks(|| vec![
        Box::new(Note("Port 8787 is taken; 8788 serves instead.".into())),
        Box::new(Dropped { lines: 1 }),
        Box::new(Dropped { lines: 1234 }),
        Box::new(Cleared),
    ]));
}

#[test]
fn machines_read_ready_first_and_then_what_was_told_before() {
    let capture = Capture::default();
    let terminal = Terminal::start(options(Format::Json, false), capture.clone());
    terminal.tell(Note("early".into()));
    terminal.tell(banner());
    terminal.tell(Note("late".into()));
    terminal.flush(Duration::from_secs(5));
    let text = capture.text();
    let events: Vec<_> = text.lines().map(|line| &line[..20]).collect();
    assert_eq!(events, [r#"{"event":"ready","ur"#, r#"{"event":"note","mes"#, r#"{"event":"note","mes"#]);
    assert!(text.ends_with("{\"event\":\"note\",\"message\":\"late\"}\n"), "{text}");
}

#[test]
fn a_failing_start_tells_what_was_noted_before_it() {
    let capture = Capture::default();
    let terminal = Terminal::start(options(Format::Json, false), capture.clone());
    terminal.tell(Note("early".into()));
    terminal.fail(Problem::error("no"));
    terminal.flush(Duration::from_secs(5));
    assert_eq!(capture.text().lines().count(), 2, "{}", capture.text());
}

#[test]
fn levels_hide_what_is_above_them() {
    let capture = Capture::default();
    let terminal = Terminal::start(Options { level: Level::Warn, ..options(Format::Pretty, false) }, capture.clone());
    terminal.tell(Note("hidden".into()));
    terminal.tell(Problem::warning("shown"));
    terminal.flush(Duration::from_secs(5));
    assert_eq!(capture.text(), "warning: shown\n\n");
    assert_eq!("debug".parse(), Ok(Level::Debug));
    assert_eq!("loud".parse::<Level>(), Err("one of none, error, warn, info, log, debug".to_owned()));
}

#[test]
fn machines_are_told_of_the_start_at_any_level() {
    let capture = Capture::default();
    let terminal = Terminal::start(Options { level: Level::None, ..options(Format::Json, false) }, capture.clone());
    terminal.tell(Problem::error("not wanted"));
    terminal.tell(banner());
    terminal.flush(Duration::from_secs(5));
    assert_eq!(capture.text().lines().count(), 1, "{}", capture.text());
}

/// A terminal that stands still until it is told to go on.
struct Stuck {
    go_on: mpsc::Receiver<()>,
    written: Capture,
}

impl Sink for Stuck {
    fn write(&mut self, stream: Stream, text: &str) -> io::Result<()> {
        self.go_on.recv().map_err(|_| io::ErrorKind::BrokenPipe)?;
        self.written.write(stream, text)
    }
}

#[test]
fn a_flood_is_bounded_counted_and_never_waits() {
    let (go_on, waits) = mpsc::channel();
    let written = Capture::default();
    let terminal = Terminal::start(options(Format::Pretty, false), Stuck { go_on: waits, written: written.clone() });
    let message = "x".repeat(10_000);
    for _ in 0..10_000 {
        // A hundred megabytes: without a bound they would all wait.
        terminal.tell(Console {
            worker: "noisy".into(),
            level: ConsoleLevel::Log,
            message: message.clone(),
            ray: None,
        });
    }
    terminal.tell(Problem::error("still told"));
    for _ in 0..4 {
        go_on.send(()).expect("the writer waits");
    }
    terminal.flush(Duration::from_secs(5));
    let text = written.text();
    assert!(text.len() < 5 << 20, "{} bytes were kept", text.len());
    assert!(text.contains("error: still told"));
    assert!(text.contains(" lines were left out"), "{}", &text[text.len() - 200..]);
}

#[test]
fn a_reader_that_left_does_no_harm() {
    let (go_on, waits) = mpsc::channel();
    let terminal = Terminal::start(options(Format::Pretty, false), Stuck { go_on: waits, written: Capture::default() });
    drop(go_on);
    terminal.tell(Note("one".into()));
    terminal.flush(Duration::from_secs(5));
    terminal.tell(Note("two".into()));
    terminal.flush(Duration::from_secs(5));
}
