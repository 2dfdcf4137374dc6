//! Bodies through dispatcher and user Worker, both ways, with back-pressure; and clients that leave.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::process::Folder;
use crate::support::{Ask, Dev, Server};

/// Hands each request to the user Worker that the path names first, and tells what that throws.
const BY_PATH: &str = "
    export default {
      async fetch(request, env) {
        const name = new URL(request.url).pathname.split('/')[1];
        try {
          return await env.dispatcher.get(name).fetch(request);
        } catch (error) {
          return new Response(`${error.constructor.name}|${error.name}|${error.message}`, { status: 502 });
        }
      },
    };";

fn customer(code: &str) -> Server {
    Dev::new().dispatcher("front", BY_PATH).user("staging", "customer", code).start()
}

/// More than any buffer on the way may hold.
const LARGE: usize = 64 << 20;

#[test]
fn a_large_body_passes_through_both_ways_unchanged() {
    let dev = customer("export default { fetch: (request) => new Response(request.body) };");
    let mut connection = dev.ask("POST", "/customer").streaming();
    let mut writer = connection.clone_writer();
    let sending = thread::spawn(move || {
        let chunk: Vec<u8> = (0..1 << 16).map(|at: u32| at.to_le_bytes()[1]).collect();
        for _ in 0..LARGE / chunk.len() {
            writer.chunk(&chunk);
        }
        writer.end();
    });
    let answer = connection.answer().status(200);
    sending.join().expect("the sender is well");
    assert!(answer.complete);
    assert_eq!(answer.body.len(), LARGE);
    assert!(answer.body.iter().enumerate().all(|(at, byte)| *byte == (at >> 8).to_le_bytes()[0]));
}

#[test]
fn a_slow_reader_holds_back_the_user_worker() {
    let dev = customer(
        "let made = 0;
         export default { fetch(request) {
           if (request.url.endsWith('/made')) return new Response(made);
           return new Response(new ReadableStream({ pull(controller) { made += 65536; controller.enqueue(new Uint8Array(65536)) } }));
         } };",
    );
    let mut reader = dev.ask("GET", "/customer/stream").open();
    assert_eq!(reader.read_head().status, 200);
    let read: usize = (0..16).map(|_| reader.read_chunk().expect("more").len()).sum();
    thread::sleep(Duration::from_millis(100));
    let made: usize = dev.get("/customer/made").text().parse().expect("a number");
    assert!(made < read + LARGE / 2, "{made} bytes were made for {read} that were read");
    drop(reader);
    dev.says("/customer/stream");
}

#[test]
fn a_user_worker_that_does_not_read_holds_back_the_sender() {
    static SENT: AtomicUsize = AtomicUsize::new(0);
    let dev = customer(
        "let open = false;
         export default { async fetch(request) {
           if (request.url.endsWith('/open')) { open = true; return new Response('opened') }
           while (!open) await new Promise((resolve) => setTimeout(resolve, 5));
           let length = 0;
           for await (const chunk of request.body) length += chunk.length;
           return new Response(length);
         } };",
    );
    let mut connection = dev.ask("POST", "/customer").streaming();
    let mut writer = connection.clone_writer();
    let sending = thread::spawn(move || {
        let chunk = vec![7; 1 << 16];
        while SENT.load(Ordering::Relaxed) < LARGE {
            writer.chunk(&chunk);
            SENT.fetch_add(chunk.len(), Ordering::Relaxed);
        }
        writer.end();
    });
    let mut before = usize::MAX;
    while before != SENT.load(Ordering::Relaxed) {
        before = SENT.load(Ordering::Relaxed);
        thread::sleep(Duration::from_millis(100));
    }
    assert!(before < LARGE / 2, "{before} bytes went out though nobody read");
    dev.get("/customer/open").body("opened");
    connection.answer().body(&LARGE.to_string());
    sending.join().expect("the sender is well");
}

/// Waits for ever, and says on the console when its caller has left.
const WAITS: &str = "
    export default {
      async fetch(request) {
        request.signal.addEventListener('abort', () => console.log('customer: the caller has left'));
        console.log('customer: waiting');
        await new Promise((resolve) => setTimeout(resolve, 3600_000));
      },
    };";

#[test]
fn a_client_that_leaves_aborts_the_whole_chain() {
    let front = "export default { async fetch(request, env) {
        request.signal.addEventListener('abort', () => console.log('front: the caller has left'));
        return env.dispatcher.get('customer').fetch(request);
    } };";
    let dev = Dev::new().dispatcher("front", front).user("staging", "customer", WAITS).start();
    let client = dev.ask("GET", "/").open();
    dev.says("customer: waiting");
    drop(client);
    dev.says("front: the caller has left");
    dev.says("customer: the caller has left");
    dev.says("GET  / 499");
}

#[test]
fn a_client_that_leaves_in_the_midst_of_an_answer_cancels_its_stream() {
    let dev = customer(
        "export default { fetch(request) {
           request.signal.addEventListener('abort', () => console.log('aborted'));
           return new Response(new ReadableStream({
             async pull(controller) { controller.enqueue(new Uint8Array(1000)); await new Promise((resolve) => setTimeout(resolve, 1)) },
             cancel() { console.log('cancelled') },
           }));
         } };",
    );
    let mut client = dev.ask("GET", "/customer").open();
    assert_eq!(client.read_head().status, 200);
    assert!(client.read_chunk().is_some());
    drop(client);
    dev.says("cancelled");
    dev.says("aborted");
}

#[test]
fn a_client_that_leaves_in_the_midst_of_its_body_breaks_it_off_for_the_user_worker() {
    let dev = customer(
        "export default { async fetch(request) {
           console.log('reading');
           try { await request.text(); console.log('whole') } catch (error) { console.log(`broken: ${error.message}`) }
           return new Response('x');
         } };",
    );
    let mut client = dev.ask("POST", "/customer").streaming();
    client.chunk(b"half of it");
    dev.says("reading");
    drop(client);
    dev.says("customer │ broken:");
    assert!(!dev.said().contains("whole"), "{}", dev.said());
}

/// Four times what an isolate may have, eight times what the process may grow to.
#[cfg(target_os = "linux")]
const HUGE: usize = 512 << 20;

#[cfg(target_os = "linux")]
#[test]
fn a_body_of_any_size_passes_in_constant_memory() {
    let folder = Folder::new();
    let dispatches = "[[dispatch_namespaces]]\nbinding = \"dispatcher\"\nnamespace = \"staging\"\n";
    folder.project("front", dispatches, BY_PATH);
    folder.project("passes", "", "export default { fetch: (request) => new Response(request.body) };");
    let transforms = "export default { fetch: (request) => new Response(request.body.pipeThrough(new TransformStream({})), { headers: { 'x-by': 'JavaScript' } }) };";
    folder.project("transforms", "", transforms);
    let running = folder.dev(&["front", "passes", "transforms"]);
    let port = running.url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    for (name, size) in [("passes", HUGE), ("transforms", HUGE / 4)] {
        let mut connection = Ask::new(port, "POST", &format!("/{name}")).streaming();
        let mut writer = connection.clone_writer();
        let sending = thread::spawn(move || {
            let chunk = vec![7; 1 << 16];
            (0..size / chunk.len()).for_each(|_| writer.chunk(&chunk));
            writer.end();
        });
        assert_eq!(connection.read_head().status, 200);
        let mut read = 0;
        while let Some(chunk) = connection.read_chunk() {
            read += chunk.len();
        }
        sending.join().expect("the sender is well");
        assert_eq!(read, size);
        let peak = peak_memory(running.id());
        assert!(peak < 128 << 20, "{peak} bytes were resident for {size} that passed through {name}");
    }
}

/// The most bytes that a process has had in memory.
#[cfg(target_os = "linux")]
fn peak_memory(process: i32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux tells the peak");
    peak.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") << 10
}
