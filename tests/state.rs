//! The state directory under a real process: what a kill leaves behind, and who may use it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use crate::process::{Folder, Running, kill};

const KV: &str = "kv_namespaces = [{ binding = \"KV\", id = \"kept\" }]\n";

/// `/put/KEY` stores a value that tells its key, `/get/KEY` answers it.
const KEEPER: &str = "export default { async fetch(request, { KV }) {
    const [, operation, key] = new URL(request.url).pathname.split('/');
    if (operation === 'get') return new Response(await KV.get(key));
    await KV.put(key, `${key} `.repeat(500), { metadata: key });
    return new Response('stored');
} }";

/// What is there, then what a write answers.
const CLIENT: &str = "const ask = async (path) => process.stdout.write(
    `[${await (await fetch(process.env.DEVFLARE_URL + path)).text()}]`);
    ask('/get/k').then(() => ask('/put/k'))";

fn keeper() -> Folder {
    let folder = Folder::new();
    folder.project("keeper", KV, KEEPER);
    folder
}

/// Whether the process said that a value is stored, before it was killed.
fn put(url: &str, key: &str) -> bool {
    let host = url.strip_prefix("http://").expect("a URL");
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(host)?;
        write!(stream, "GET /put/{key} HTTP/1.0\r\nHost: {host}\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.ends_with("\r\n\r\nstored"))
}

/// Four writers at once, until the process is killed; answers the keys that were said to be stored.
fn write_until_killed(running: Running, round: u32) -> Vec<String> {
    let (next, url) = (AtomicU32::new(0), running.url.clone());
    let goes_on = AtomicBool::new(true);
    let writer = || {
        let keys = std::iter::repeat_with(|| format!("{round}-{}", next.fetch_add(1, Ordering::Relaxed)));
        keys.take_while(|_| goes_on.load(Ordering::Relaxed)).filter(|key| put(&url, key)).collect::<Vec<_>>()
    };
    thread::scope(|scope| {
        let writers: Vec<_> = (0..4).map(|_| scope.spawn(writer)).collect();
        thread::sleep(Duration::from_millis(u64::from(50 + round * 40)));
        kill(running);
        goes_on.store(false, Ordering::Relaxed);
        writers.into_iter().flat_map(|writer| writer.join().expect("writers do not panic")).collect()
    })
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let folder = keeper();
    let stored: Vec<_> = (0..5).flat_map(|round| write_until_killed(folder.dev(&["keeper"]), round)).collect();
    assert!(!stored.is_empty());
    let dev = folder.dev(&["keeper"]);
    for key in stored {
        assert_eq!(dev.get(&format!("/get/{key}")), (200, format!("{key} ").repeat(500)));
    }
}

#[test]
fn a_second_process_on_one_state_directory_is_refused() {
    let folder = keeper();
    let first = folder.dev(&["keeper"]);
    let second = folder.run(&["dev", "keeper", "--port", "0"]);
    assert_eq!(second.status, Some(2), "{second:?}");
    let wanted = format!("another devflare (process {}) uses this state directory", first.id());
    assert!(second.error.contains(&wanted), "{second:?}");
    assert_eq!(folder.dev(&["keeper", "--persist-to", "other"]).get("/put/k"), (200, "stored".to_owned()));
    kill(first);
    // The lock of a process that was killed is no lock, and what the other one stored is elsewhere.
    assert_eq!(folder.dev(&["keeper"]).get("/get/k"), (200, String::new()));
}

#[test]
fn tests_start_with_nothing_and_leave_nothing() {
    let folder = keeper();
    for _ in 0..2 {
        let ended = folder.run(&["test", "keeper", "--", "node", "-e", CLIENT]);
        assert_eq!((ended.status, ended.out.as_str()), (Some(0), "[][stored]"), "{ended:?}");
    }
    assert!(!folder.path(".devflare").exists());
}
