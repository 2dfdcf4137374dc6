//! `devflare` as its users start it: what it says where, and the status it ends with.

use rustix::process::Signal;

use crate::process::{Ended, Folder, HELLO, Running, eventually, get, lives};

#[test]
fn the_first_line_for_machines_says_that_it_is_ready() {
    let folder = Folder::hello();
    // Worth a warning, which must not come first.
    folder.write("hello/wrangler.json", "{ \"name\": \"hello\", \"main\": \"src/index.js\" }");
    let dev = folder.dev(&["hello"]);
    assert_eq!(dev.ready["workers"][0]["name"], "hello");
    assert_eq!(dev.ready["workers"][0]["answers"][0], dev.url.as_str());
    assert_eq!(dev.event("problem")["severity"], "warning");
    assert_eq!(dev.get("/a?b"), (200, "hello".to_owned()));
    let request = dev.event("request");
    assert_eq!((&request["target"], &request["status"]), (&"/a?b".into(), &200.into()));
    assert_eq!(request["workers"][0], "hello");
}

#[test]
fn it_ends_at_the_first_signal() {
    let folder = Folder::hello();
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let dev = folder.dev(&["hello"]);
        let port = dev.url.clone();
        dev.signal(signal);
        assert_eq!(dev.end().code(), Some(0), "{signal:?}");
        assert!(std::net::TcpStream::connect(port.strip_prefix("http://").expect("a URL")).is_err());
    }
}

#[test]
fn a_mistake_ends_it_with_status_2_and_says_where() {
    let folder = Folder::hello();
    folder.project("syntax", "", "export default {\n  fetch( { }\n}");
    folder.write("toml/wrangler.toml", "name = \"toml\"\nmain = src/index.js\n");
    folder.write("nothing/readme.md", "");
    folder.project("missing", "", "import './nowhere.js'\nexport default {}");
    folder.project("latin", "", HELLO);
    std::fs::write(folder.path("latin/src/index.js"), b"export default '\xe9'").expect("written");
    for (project, told) in [
        ("nowhere", "nowhere"),
        ("nothing", "nothing"),
        ("toml", "toml/wrangler.toml:2:8"),
        ("syntax", "syntax/src/index.js:3:1"),
        ("missing", "missing/src/index.js:1:8"),
        ("latin", "latin/src/index.js"),
    ] {
        for command in ["dev", "check"] {
            let ended = folder.run(&[command, project]);
            let said = if command == "dev" { &ended.error } else { &(ended.error.clone() + &ended.out) };
            assert_eq!(ended.status, Some(2), "{command} {project}: {ended:?}");
            assert!(said.contains("error: ") && said.contains(told), "{command} {project}: {said}");
            assert!(!said.contains("panicked"), "{said}");
        }
    }
    assert_eq!(folder.run(&["dev", "--no-such-flag"]).status, Some(2));
    assert_eq!(folder.run(&["check", "hello"]).status, Some(0));
    std::fs::write(folder.path("hello/tsconfig.json"), "{ \"extends\": \"./none.json\" }").expect("written");
    let ended = folder.run(&["check", "hello"]);
    assert!(ended.status == Some(0) && ended.out.contains("tsconfig.json:1:14"), "{ended:?}");
    assert_eq!(folder.run(&[]).status, Some(0));
}

#[test]
fn several_mistakes_are_told_at_once() {
    let folder = Folder::new();
    folder.project("one", "", "import './nowhere.js'");
    folder.project("two", "compatibility_date = 5\n", HELLO);
    folder.write("three/wrangler.toml", "nmae = 'three'\nmain = 3\n");
    let ended = folder.run(&["check", "two", "three"]);
    assert!(ended.error.contains("two/wrangler.toml") && ended.error.contains("three/wrangler.toml"), "{ended:?}");
}

#[test]
fn a_taken_port_is_left_to_its_owner() {
    let folder = Folder::hello();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let other =
        Running::start(&mut folder.devflare(&["dev", "hello", "--log-format", "json", "--port", &port.to_string()]));
    let ready = other.line();
    let url = ready["url"].as_str().expect("a URL").to_owned();
    assert_ne!(url, format!("http://localhost:{port}"));
    assert_eq!(get(&url, "/").1, "hello");
    let warning = other.event("problem");
    assert!(
        warning["message"].as_str().is_some_and(|text| text.contains(&format!("port {port} is taken"))),
        "{warning}"
    );
    let strict = folder.run(&["dev", "hello", "--strict-port", "--port", &port.to_string()]);
    assert_eq!(strict.status, Some(2), "{strict:?}");
}

#[test]
fn a_tested_command_finds_the_workers_and_gives_its_status() {
    let folder = Folder::hello();
    let ask = "fetch(process.env.DEVFLARE_URL).then((r) => r.text()).then((text) => process.stdout.write(text))";
    let script = &format!("echo to-out; echo to-err >&2; node -e '{ask}'; exit 7");
    let ended = folder.run(&["test", "hello", "--", "sh", "-c", script]);
    assert_eq!(ended.status, Some(7), "{ended:?}");
    assert_eq!(ended.out, "to-out\nhello");
    assert_eq!(ended.error, "to-err\n");
    let killed = folder.run(&["test", "hello", "--", "sh", "-c", "kill -KILL $$"]);
    assert_eq!(killed.status, Some(128 + 9), "{killed:?}");
}

#[test]
fn a_start_that_fails_runs_no_command() {
    let folder = Folder::new();
    folder.project("broken", "", "export default {");
    let ended = folder.run(&["test", "broken", "--", "touch", "started"]);
    assert_eq!(ended.status, Some(2));
    assert!(ended.error.contains("broken/src/index.js"), "{ended:?}");
    assert!(!folder.path("started").exists());
    let ended = folder.run(&["test", "broken", "--", "no-such-command"]);
    assert_eq!(ended.status, Some(2));
}

#[test]
fn a_tested_command_and_its_children_end_with_devflare() {
    for signal in [Signal::INT, Signal::TERM] {
        let folder = Folder::hello();
        let script = "sleep 1000 & echo $!; echo $$; wait";
        let test = Running::start(&mut folder.devflare(&["test", "hello", "--", "sh", "-c", script]));
        let ids = [test.text(), test.text()].map(|id| id.parse::<i32>().expect("an id"));
        assert!(ids.iter().all(|id| lives(*id)));
        test.signal(signal);
        assert_eq!(test.end().code(), Some(128 + signal.as_raw()), "{signal:?}");
        eventually("nothing is left running", || !ids.iter().any(|id| lives(*id)));
    }
}

#[test]
fn nothing_is_left_of_a_command_that_was_killed() {
    let folder = Folder::hello();
    let script = "sleep 1000 & echo $!; echo $$; wait";
    let test = Running::start(&mut folder.devflare(&["test", "hello", "--", "sh", "-c", script]));
    let [child, shell] = [test.text(), test.text()].map(|id| id.parse::<i32>().expect("an id"));
    let shell = rustix::process::Pid::from_raw(shell).expect("an id");
    rustix::process::kill_process(shell, Signal::KILL).expect("killed");
    assert_eq!(test.end().code(), Some(128 + 9));
    eventually("its child is gone", || !lives(child));
}

#[test]
fn a_cache_that_cannot_be_used_is_done_without() {
    let folder = Folder::new();
    folder.project("hello", "", "export default { fetch: () => new Response('hello') }");
    folder.write("file", "in the way");
    let script = "test -n \"$DEVFLARE_URL\"";
    for (cache, made) in [("file", false), ("made", true)] {
        for words in [&["check", "hello"][..], &["test", "hello", "--", "sh", "-c", script]] {
            let mut command = folder.devflare(words);
            let ended = Ended::of(&command.env("XDG_CACHE_HOME", folder.path(cache)).output().expect("it runs"));
            assert_eq!(ended.status, Some(0), "{words:?} {cache}: {ended:?}");
            assert_eq!(folder.path(cache).join("devflare").exists(), made && words[0] == "test", "{words:?}");
        }
    }
}
