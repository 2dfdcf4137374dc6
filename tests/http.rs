//! HTTP as clients speak it: what Workers are given of it, and what becomes of their answers.

use async_compression::tokio::bufread::GzipDecoder;
use tokio::io::AsyncReadExt as _;

use crate::support::{Dev, Server};

/// A Worker whose handler is this.
fn handling(handler: &str) -> Server {
    Dev::new().worker("a", &format!("export default {{ async fetch(request, env, ctx) {{ {handler} }} }};")).start()
}

/// A user Worker whose handler is this, behind a dispatcher whose handler is that.
fn dispatched(front: &str, customer: &str) -> Server {
    let handler = |code: &str| format!("export default {{ async fetch(request, env, ctx) {{ {code} }} }};");
    Dev::new().dispatcher("front", &handler(front)).user("staging", "customer", &handler(customer)).start()
}

const PASS: &str = "return env.dispatcher.get('customer').fetch(request);";

#[track_caller]
fn unzipped(bytes: &[u8]) -> String {
    let mut text = String::new();
    let tokio = tokio::runtime::Builder::new_current_thread().build().expect("it needs nothing");
    tokio.block_on(GzipDecoder::new(bytes).read_to_string(&mut text)).expect("valid gzip");
    text
}

#[test]
fn a_client_that_waits_for_100_continue_is_told_to_when_its_body_is_read() {
    let dev = handling("return new Response(await request.text());");
    let mut client = dev.connect();
    client.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(client.read_head().status, 100);
    client.write(b"hello");
    client.answer().status(200).body("hello");
}

#[test]
fn a_body_that_no_worker_reads_does_not_hold_the_answer() {
    let dev = dispatched(PASS, "return new Response('not read');");
    dev.ask("POST", "/").body(vec![7; 1 << 20]).send().status(200).body("not read");
    dev.get("/").body("not read");
}

#[test]
fn a_client_that_still_sends_reads_the_early_answer_and_may_go_on() {
    let dev = handling("return new Response(request.method === 'POST' ? 'not read' : 'next');");
    let mut client = dev.connect();
    client.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3000000\r\n\r\n");
    client.answer().status(200).body("not read");
    for _ in 0..30 {
        client.write(&vec![7; 100_000]);
    }
    client.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client.answer().status(200).body("next");
}

#[test]
fn an_answer_with_a_content_encoding_is_encoded_once() {
    let dev = handling("return new Response('text '.repeat(100), { headers: { 'content-encoding': 'gzip' } });");
    let answer = dev.get("/").status(200).header("content-encoding", "gzip");
    assert_eq!(unzipped(&answer.body), "text ".repeat(100));
}

#[test]
fn an_answer_with_a_content_encoding_passes_a_dispatcher_encoded_once() {
    let dev =
        dispatched(PASS, "return new Response('text '.repeat(100), { headers: { 'content-encoding': 'gzip' } });");
    let answer = dev.get("/").status(200).header("content-encoding", "gzip");
    assert_eq!(unzipped(&answer.body), "text ".repeat(100));
}

#[test]
fn a_dispatcher_reads_the_text_of_an_encoded_answer() {
    let dev = dispatched(
        "const response = await env.dispatcher.get('customer').fetch(request); return new Response(await response.text());",
        "return new Response('text', { headers: { 'content-encoding': 'gzip' } });",
    );
    dev.get("/").body("text").lacks_header("content-encoding");
}

/// `hello`, as gzip.
const ZIPPED: &str = "Uint8Array.from(atob('H4sIAAAAAAAAA8tIzcnJBwCGphA2BQAAAA=='), (c) => c.charCodeAt(0))";

#[test]
fn an_answer_that_was_encoded_by_hand_is_left_alone() {
    let handler = format!(
        "return new Response({ZIPPED}, {{ encodeBody: 'manual', headers: {{ 'content-encoding': 'gzip' }} }});"
    );
    for dev in [handling(&handler), dispatched(PASS, &handler)] {
        let answer = dev.get("/").status(200).header("content-encoding", "gzip");
        assert_eq!(unzipped(&answer.body), "hello");
    }
    let read = "return new Response(await (await env.dispatcher.get('customer').fetch(request)).text());";
    dispatched(read, &handler).get("/").body("hello");
}

#[test]
fn a_host_that_is_none_is_refused() {
    let dev = handling("return new Response(new URL(request.url).host);");
    for host in ["a b", "exa<mple", "a/b", "[::1", "user@host", "host:99999"] {
        dev.ask("GET", "/").host(host).send().status(400);
        dev.says("400");
    }
    dev.ask("GET", "/").host("[::1]:80").send().body("[::1]");
    dev.ask("GET", "/").host("xn--bcher-kva.example").send().body("xn--bcher-kva.example");
}

#[test]
fn header_values_may_be_utf_8() {
    let dev = dispatched(PASS, "return new Response('x', { headers: { 'x-echo': request.headers.get('x-odd') } });");
    dev.ask("GET", "/").header("X-Odd", "café ✓").send().header("x-echo", "café ✓");
}

#[test]
fn repeated_headers_are_joined_and_cookies_kept() {
    let dev = handling("return Response.json([request.headers.get('x-two'), request.headers.get('cookie')]);");
    let answer = dev.ask("GET", "/").header("X-Two", "1").header("x-two", "2").header("Cookie", "a=1; b=2").send();
    answer.json(r#"["1, 2", "a=1; b=2"]"#);
}

#[test]
fn a_client_that_got_its_answer_did_not_leave() {
    let dev = handling(
        "request.signal.addEventListener('abort', () => console.log('aborted'));
         ctx.waitUntil(scheduler.wait(30).then(() => console.log('done')));
         return new Response('whole');",
    );
    drop(dev.connect());
    let mut client = dev.ask("GET", "/").open();
    client.answer().body("whole");
    drop(client);
    dev.says("a │ done");
    assert!(!dev.said().contains("aborted"), "{}", dev.said());
}

#[test]
fn two_hundred_clients_at_once_are_all_answered() {
    let dev = dispatched(PASS, "await scheduler.wait(5); return new Response(new URL(request.url).pathname);");
    let mut clients: Vec<_> = (0..200).map(|at| dev.ask("GET", &format!("/{at}")).open()).collect();
    for (at, client) in clients.iter_mut().enumerate() {
        client.answer().status(200).body(&format!("/{at}"));
    }
}

#[test]
fn a_clone_of_a_request_is_read_beside_the_original() {
    let dev = dispatched(
        "const copy = request.clone();
         const [response, own] = await Promise.all([env.dispatcher.get('customer').fetch(request), copy.text()]);
         return new Response(`${own.length} ${await response.text()}`);",
        "return new Response((await request.text()).length);",
    );
    dev.post("/", &"x".repeat(3 << 20)).body(&format!("{0} {0}", 3 << 20));
}

#[test]
fn one_workers_answer_is_anothers_request() {
    let dev = dispatched(
        "const first = await env.dispatcher.get('customer').fetch('http://x/make');
         return env.dispatcher.get('customer').fetch('http://x/count', { method: 'POST', body: first.body });",
        "if (request.url.endsWith('/count')) { let length = 0; for await (const chunk of request.body) length += chunk.length; return new Response(length) }
         let left = 50;
         return new Response(new ReadableStream({ pull(controller) { if (left-- === 0) controller.close(); else controller.enqueue(new Uint8Array(20000)) } }));",
    );
    dev.get("/").body("1000000");
}

#[test]
fn a_response_that_another_request_made_is_no_crash() {
    let dev = handling("globalThis.kept ??= new Response('kept'); return globalThis.kept;");
    dev.get("/").status(200).body("kept");
    dev.get("/").status(500);
    dev.says("✖ a");
}

#[test]
fn a_fixed_length_is_told_and_kept() {
    let dev = handling(
        "const { readable, writable } = new FixedLengthStream(10);
         const writer = writable.getWriter();
         writer.write(new Uint8Array(10).fill(97));
         writer.close();
         return new Response(readable);",
    );
    dev.get("/").header("content-length", "10").body("aaaaaaaaaa");
}

#[test]
fn a_wrong_content_length_of_a_worker_is_put_right() {
    let dev = handling("return new Response('four', { headers: { 'content-length': '400' } });");
    dev.get("/").header("content-length", "4").body("four");
}

#[test]
fn unusual_methods_reach_the_worker() {
    let dev = handling("return new Response(request.method);");
    for method in ["PATCH", "DELETE", "PROPFIND", "OPTIONS"] {
        dev.ask(method, "/").send().status(200).body(method);
    }
}
