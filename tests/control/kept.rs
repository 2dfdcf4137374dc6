//! What is uploaded outlives the process, however that ends.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use devflare::control::ACCOUNT;
use rustix::process::Signal;

use super::says;
use crate::process::{Folder, Running};
use crate::support::Form;

fn api(folder: &Folder) -> Running {
    folder.serve(&["api"])
}

fn url(running: &Running) -> String {
    running.ready["api_url"].as_str().expect("a URL").to_owned()
}

/// Sends a request to a process' API; answers status and body, or nothing if it was killed meanwhile.
fn ask(url: &str, method: &str, path: &str, (kind, body): (&str, &[u8])) -> Option<(u16, String)> {
    let (host, base) = url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).expect("a URL");
    let mut stream = TcpStream::connect(host).ok()?;
    let head = format!(
        "{method} /{base}/accounts/{ACCOUNT}{path} HTTP/1.0\r\nHost: {host}\r\nAuthorization: Bearer x\r\n\
         Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}

fn put(url: &str, name: &str, text: &str) -> Option<u16> {
    let form = Form::worker(&says(text)).bytes();
    let path = format!("/workers/scripts/{name}");
    ask(url, "PUT", &path, (&Form::content_type(), &form)).map(|(status, _)| status)
}

#[test]
fn uploads_are_served_again_after_a_restart() {
    let folder = Folder::new();
    let first = api(&folder);
    assert_eq!(put(&url(&first), "a", "kept"), Some(200));
    assert_eq!(first.get("/"), (200, "kept".to_owned()));
    first.signal(Signal::TERM);
    first.end();
    let second = api(&folder);
    assert_eq!(second.ready["uploads"], 1);
    assert_eq!(second.get("/"), (200, "kept".to_owned()));
}

#[test]
fn an_upload_that_was_told_done_survives_a_kill() {
    let folder = Folder::new();
    for round in 0..3 {
        let running = api(&folder);
        for at in 0..round {
            let (status, body) =
                ask(&url(&running), "GET", &format!("/workers/scripts/w{at}"), ("", b"")).expect("it runs");
            assert!(status == 200 && body.contains(&format!("text {at}")), "{status} {body}");
        }
        assert_eq!(put(&url(&running), &format!("w{round}"), &format!("text {round}")), Some(200));
        running.signal(Signal::KILL);
        running.end();
    }
    // Writers at work when the process is killed: what was told done is whole, the rest is whole or not there.
    let running = api(&folder);
    let told: Vec<String> = std::thread::scope(|scope| {
        let url = url(&running);
        let writer = |thread: usize| {
            let url = url.clone();
            move || {
                (0..1000)
                    .map(|at| format!("k{thread}-{at}"))
                    .take_while(|name| put(&url, name, name) == Some(200))
                    .collect()
            }
        };
        let writers: Vec<_> = (0..4).map(|thread| scope.spawn(writer(thread))).collect();
        std::thread::sleep(std::time::Duration::from_millis(400));
        running.signal(Signal::KILL);
        writers.into_iter().flat_map(|writer| -> Vec<String> { writer.join().expect("writers do not panic") }).collect()
    });
    running.end();
    assert!(!told.is_empty());
    let running = api(&folder);
    let (_, list) = ask(&url(&running), "GET", "/workers/scripts", ("", b"")).expect("it runs");
    for name in told {
        assert!(list.contains(&format!("\"{name}\"")), "{name} is lost");
        let (status, body) =
            ask(&url(&running), "GET", &format!("/workers/scripts/{name}/content"), ("", b"")).expect("it runs");
        assert!(status == 200 && body.contains(&says(&name)), "{name}: {status} {body}");
    }
}

#[test]
fn nothing_is_written_outside_the_state_directory() {
    let folder = Folder::new();
    let running = folder.serve(&["api", "--persist-to", "state"]);
    assert_eq!(put(&url(&running), "a", "x"), Some(200));
    drop(running);
    let names: Vec<_> =
        std::fs::read_dir(folder.path(".")).expect("a folder").flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(names, ["state"]);
}

#[test]
fn a_project_that_hides_an_upload_is_marked_in_the_banner() {
    let folder = Folder::hello();
    let running = folder.serve(&["api"]);
    assert_eq!(put(&url(&running), "hello", "uploaded"), Some(200));
    assert_eq!(put(&url(&running), "other", "other"), Some(200));
    running.signal(Signal::TERM);
    running.end();
    let dev = folder.dev(&["hello"]);
    assert_eq!((&dev.ready["workers"][0]["hides_upload"], &dev.ready["uploads"]), (&true.into(), &1.into()));
    assert_eq!(dev.get("/"), (200, "hello".to_owned()));
}

#[test]
fn the_apis_port_and_token_can_be_chosen() {
    let folder = Folder::hello();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("it is bound").port();
    let mut dev =
        folder.devflare(&["dev", "hello", "--port", "0", "--api-port", &port.to_string(), "--log-format", "json"]);
    let next = Running::ready(&mut dev);
    let api_url = next.ready["api_url"].as_str().expect("a URL").to_owned();
    assert!(api_url.ends_with("/client/v4") && !api_url.contains(&format!(":{port}/")), "{api_url}");
    drop(next);
    let mut dev = folder.devflare(&["dev", "hello", "--port", "0", "--api-port", "none", "--log-format", "json"]);
    assert!(Running::ready(&mut dev).ready["api_url"].is_null());
    let open = folder.run(&["dev", "hello", "--port", "0", "--api-port", "0", "--ip", "0.0.0.0"]);
    assert_eq!(open.status, Some(2));
    assert!(open.error.contains("--api-token"), "{open:?}");
    let running = folder.serve(&["dev", "hello", "--api-token", "right"]);
    assert_eq!(put(&url(&running), "a", "x"), Some(401));
}

#[test]
fn tests_find_the_api_in_the_variables_that_clients_read() {
    let folder = Folder::hello();
    let script = "const { CLOUDFLARE_API_BASE_URL: base, CLOUDFLARE_BASE_URL: same, CLOUDFLARE_API_TOKEN: token,
        CLOUDFLARE_ACCOUNT_ID: account } = process.env;
        fetch(`${base}/accounts/${account}/workers/scripts`, { headers: { authorization: `Bearer ${token}` } })
            .then((answer) => answer.json()).then((body) => console.log(body.success, base === same))";
    let ended = folder.run(&["test", "hello", "--", "node", "-e", script]);
    assert_eq!((ended.status, ended.out.as_str()), (Some(0), "true true\n"), "{ended:?}");
}

#[test]
fn a_session_without_uploads_makes_no_database_for_them() {
    let folder = Folder::hello();
    let dev = folder.dev(&["hello"]);
    let kept = || std::fs::read_dir(folder.path(".devflare/state")).into_iter().flatten().flatten();
    let names = || kept().map(|entry| entry.file_name().into_string().expect("a plain name")).collect::<Vec<_>>();
    assert!(!names().iter().any(|name| name.starts_with("control")), "{:?}", names());
    assert_eq!(put(&url(&dev), "a", "a"), Some(200));
    assert!(names().contains(&"control.sqlite".to_owned()), "{:?}", names());
}

#[test]
fn a_database_that_is_damaged_is_told_and_stops_nothing_else() {
    let folder = Folder::hello();
    folder.write(".devflare/state/control.sqlite", &"no database ".repeat(1000));
    let dev = folder.dev(&["hello"]);
    assert_eq!(dev.get("/"), (200, "hello".to_owned()));
    let warning = dev.event("problem");
    assert!(
        warning["message"].as_str().is_some_and(|text| text.contains("what was uploaded cannot be read")),
        "{warning}"
    );
    assert_eq!(put(&url(&dev), "a", "a"), Some(500));
}
