//! `connect()` of `cloudflare:sockets`: Workers as clients of servers that speak TCP and TLS.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned, crypto::ring::default_provider};

use crate::process::{Folder, Running};
use crate::support::{Dev, Server};

/// Answers each connection on a thread of its own; the port.
fn serve(answer: impl Fn(TcpStream) + Clone + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = answer.clone();
            thread::spawn(move || answer(stream));
        }
    });
    port
}

/// Sends back what it gets, and ends when the client does.
fn echo(stream: TcpStream) {
    let mut writer = stream.try_clone().expect("a second handle");
    let _the_client_may_leave = std::io::copy(&mut &stream, &mut writer);
    let _it_may_have_left = stream.shutdown(Shutdown::Both);
}

/// A Worker with `port`, `connect`, `text(stream)` and `say(socket, words)`.
fn client(port: u16, body: &str) -> String {
    format!(
        "import {{ connect }} from 'cloudflare:sockets';
         const port = {port};
         const text = (stream) => new Response(stream).text();
         async function say(socket, words) {{
           const writer = socket.writable.getWriter();
           await writer.write(new TextEncoder().encode(words));
           writer.releaseLock();
         }}
         async function hear(socket) {{
           const reader = socket.readable.getReader();
           const {{ value }} = await reader.read();
           reader.releaseLock();
           return value && new TextDecoder().decode(value);
         }}
         const tell = (error) => `${{error.constructor.name}}: ${{error.message}}`;
         export default {{ async fetch(request, env, ctx) {{ {body} }} }};"
    )
}

fn start(port: u16, body: &str) -> Server {
    Dev::new().worker("app", &client(port, body)).start()
}

#[test]
fn a_socket_speaks_both_ways_and_ends() {
    let body = "
        const socket = connect({ hostname: '127.0.0.1', port });
        const about = [socket.upgraded, socket.secureTransport, socket.readable instanceof ReadableStream, socket.writable instanceof WritableStream];
        const info = await socket.opened;
        await say(socket, 'hello ');
        await say(socket, 'world');
        await socket.writable.close();
        const heard = await text(socket.readable);
        return Response.json([about, info, heard, await socket.closed === undefined]);";
    let port = serve(echo);
    let dev = start(port, body);
    let info = format!("{{\"remoteAddress\":\"127.0.0.1:{port}\"}}");
    dev.get("/").status(200).body(&format!("[[false,\"off\",true,true],{info},\"hello world\",true]"));
}

#[test]
fn an_address_may_be_text_and_its_host_a_name() {
    let dev = start(
        serve(echo),
        "const s = connect(`localhost:${port}`); await say(s, 'x'); return new Response(await hear(s));",
    );
    dev.get("/").body("x");
}

#[test]
fn large_bodies_pass_unchanged_and_readers_are_waited_for() {
    let body = "
        const { readable, writable } = connect(`127.0.0.1:${port}`);
        ctx.waitUntil(request.body.pipeTo(writable));
        return new Response(readable);";
    let dev = start(serve(echo), body);
    let sent: Vec<u8> = (0..8 << 20).map(|at: u32| (at >> 7).to_le_bytes()[0]).collect();
    let answer = dev.ask("POST", "/").body(sent.clone()).send().status(200);
    assert!(answer.body == sent, "{} bytes came back", answer.body.len());
}

#[test]
fn what_cannot_be_connected_tells_so() {
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let body = "
        const socket = connect(`127.0.0.1:${port}`);
        const told = await Promise.allSettled([socket.opened, socket.closed, say(socket, 'x'), text(socket.readable)]);
        await socket.close();
        return Response.json(told.map(({ reason, value }) => (reason ? tell(reason) : value)));";
    let words = "Error: proxy request failed, cannot connect to the specified address";
    let dev = start(closed, body);
    dev.get("/").status(200).body(&format!("[\"{words}\",\"{words}\",\"{words}\",\"\"]"));
}

#[test]
fn bad_addresses_and_options_are_refused_at_once() {
    let body = "
        const tries = [[''], ['localhost'], ['a b:1'], [':80'], [{ hostname: '', port: 99999 }], [{ hostname: 'a$', port: 1 }],
          [`127.0.0.1:${port}`, { secureTransport: 'maybe' }]];
        const told = tries.map((given) => { try { connect(...given); return 'connected'; } catch (error) { return tell(error); } });
        const plain = connect(`127.0.0.1:${port}`);
        try { plain.startTls(); } catch (error) { told.push(tell(error)); }
        return new Response(told.join('\\n'));";
    let told = [
        "TypeError: Specified address is missing hostname.",
        "TypeError: Specified address is missing port.",
        "TypeError: Specified address could not be parsed.",
        "TypeError: Specified address could not be parsed.",
        "TypeError: Value out of range. Must be between 0 and 65535 (inclusive): 99999",
        "TypeError: Specified address is empty string, contains unsupported characters or is too long.",
        "TypeError: Unsupported value in secureTransport socket option: maybe",
        "TypeError: The `secureTransport` socket option must be set to 'starttls' for startTls to be used.",
    ];
    start(serve(echo), body).get("/").status(200).body(&told.join("\n"));
}

/// Says `bye` and ends its own direction; then the line that it still gets.
fn half(lines: std::sync::mpsc::Sender<String>) -> impl Fn(TcpStream) + Clone + Send + 'static {
    move |mut stream| {
        stream.write_all(b"bye").expect("sent");
        stream.shutdown(Shutdown::Write).expect("the client is there");
        let mut rest = String::new();
        let _it_may_break = stream.read_to_string(&mut rest);
        lines.send(rest).expect("the test waits");
    }
}

#[test]
fn a_socket_may_write_on_after_the_end_only_where_half_open_is_allowed() {
    let body = "
        const allowHalfOpen = new URL(request.url).pathname === '/half';
        const socket = connect(`127.0.0.1:${port}`, { allowHalfOpen });
        const heard = await text(socket.readable);
        if (!allowHalfOpen) await socket.closed;
        try { await say(socket, 'more'); await socket.writable.close(); } catch (error) { return new Response(`${heard} ${tell(error)}`); }
        await socket.closed;
        return new Response(`${heard} closed`);";
    let (sender, got) = channel();
    let dev = start(serve(half(sender)), body);
    dev.get("/half").body("bye closed");
    assert_eq!(next(&got), "more");
    dev.get("/whole").body("bye TypeError: This WritableStream has been closed.");
    assert_eq!(next(&got), "");
}

fn next(got: &Receiver<String>) -> String {
    got.recv_timeout(Duration::from_secs(50)).expect("the server tells")
}

/// A server that tells all that each client has said.
fn listen() -> (u16, Receiver<String>) {
    let (sender, got) = channel();
    let port = serve(move |mut stream| {
        let mut all = String::new();
        let _it_may_break = stream.read_to_string(&mut all);
        sender.send(all).expect("the test waits");
    });
    (port, got)
}

#[test]
fn closing_sends_what_waits_and_ends_both_streams() {
    let (port, got) = listen();
    let body = "
        const socket = connect(`127.0.0.1:${port}`);
        const writer = socket.writable.getWriter();
        writer.write(new TextEncoder().encode('all of it'));
        const closing = socket.close();
        await Promise.all([closing, socket.close(), socket.closed]);
        const { done } = await socket.readable.getReader().read();
        const refused = await writer.write(new Uint8Array(1)).then(() => 'written', tell);
        return new Response(`${done} ${refused}`);";
    start(port, body).get("/").body("true TypeError: This WritableStream has been closed.");
    assert_eq!(next(&got), "all of it");
}

#[test]
fn sockets_end_with_the_event_that_opened_them() {
    let (port, got) = listen();
    let body = "
        const before = globalThis.socket;
        if (before !== undefined) return new Response(await say(before, 'x').then(() => 'written', tell));
        globalThis.socket = connect(`127.0.0.1:${port}`);
        await say(socket, 'first');
        return new Response('opened');";
    let dev = start(port, body);
    dev.get("/").body("opened");
    assert_eq!(next(&got), "first");
    dev.get("/").contains("Cannot perform I/O on behalf of a different request.");
}

#[test]
fn sockets_count_as_subrequests_and_are_refused_at_startup() {
    let many = "
        let made = 0;
        try { for (;; made++) connect(`127.0.0.1:${port}`).opened.catch(() => {}); } catch (error) { return new Response(`${made} ${tell(error)}`); }";
    let dev = Dev::new().worker("app", &client(1, many)).config("app", "limits = { subrequests = 7 }").start();
    dev.get("/").body("7 Error: Too many subrequests.");
    let early = "import { connect } from 'cloudflare:sockets'; let told; try { connect('127.0.0.1:1'); } catch (error) { told = error.message; }
        export default { fetch: () => new Response(told) };";
    Dev::new().worker("app", early).start().get("/").contains("Disallowed operation called within global scope");
}

#[test]
fn a_service_binding_has_connect_and_workers_refuse_it() {
    let body = "
        const socket = env.OTHER.connect('db:5432');
        return new Response(await socket.opened.then(() => 'opened', tell));";
    let dev = Dev::new()
        .worker("app", &client(1, body))
        .worker("other", "export default { fetch: () => new Response('other') };")
        .config("app", "[[services]]\nbinding = \"OTHER\"\nservice = \"other\"")
        .start();
    dev.get("/").body("Error: proxy request failed, cannot connect to the specified address");
}

fn tls() -> Arc<ServerConfig> {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("fixtures/tls/certificate.pem"));
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("fixtures/tls/key.pem")).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has them")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.expect("a certificate")], key);
    Arc::new(config.expect("they belong together"))
}

/// One line over TLS, answered in capitals.
fn capitals(stream: TcpStream, config: Arc<ServerConfig>) {
    let connection = ServerConnection::new(config).expect("a server's side");
    let mut lines = BufReader::new(StreamOwned::new(connection, stream));
    let mut line = String::new();
    if lines.read_line(&mut line).is_ok() {
        let _the_client_may_leave = lines.get_mut().write_all(line.to_uppercase().as_bytes());
        lines.get_mut().conn.send_close_notify();
        let _it_may_have_left = lines.get_mut().flush();
    }
}

/// A folder with the Worker, whose process trusts the tests' authority if it is to.
fn trusting(port: u16, body: &str, trusts: bool) -> (Folder, Running) {
    let folder = Folder::new();
    folder.project("app", "", &client(port, body));
    folder.write("authority.pem", include_str!("fixtures/tls/authority.pem"));
    let mut command = folder.devflare(&["dev", "app", "--port", "0", "--api-port", "0", "--log-format", "json"]);
    if trusts {
        command.env("SSL_CERT_FILE", folder.path("authority.pem"));
    }
    let running = Running::ready(&mut command);
    (folder, running)
}

#[test]
fn a_socket_speaks_tls_with_servers_whose_certificates_are_trusted() {
    let config = tls();
    let port = serve(move |stream| capitals(stream, config.clone()));
    let body = "
        const socket = connect(`${new URL(request.url).pathname.slice(1)}:${port}`, { secureTransport: 'on' });
        try { await say(socket, 'over tls\\n'); return new Response(`${socket.secureTransport} ${await text(socket.readable)}`); }
        catch (error) { return new Response(tell(error)); }";
    let (_folder, dev) = trusting(port, body, true);
    assert_eq!(dev.get("/localhost").1, "on OVER TLS\n");
    assert_eq!(dev.get("/127.0.0.1").1, "on OVER TLS\n");
    let refused = "Error: proxy request failed, cannot connect to the specified address";
    let (_folder, dev) = trusting(port, body, false);
    assert_eq!(dev.get("/localhost").1, refused);
}

/// Waits for `STARTTLS`, says `ok`, and goes on encrypted.
fn upgrading(mut stream: TcpStream, config: Arc<ServerConfig>) {
    let mut asked = [0; 8];
    stream.read_exact(&mut asked).expect("asked");
    assert_eq!(&asked, b"STARTTLS");
    stream.write_all(b"ok").expect("answered");
    capitals(stream, config);
}

#[test]
fn a_plain_socket_becomes_an_encrypted_one() {
    let config = tls();
    let port = serve(move |stream| upgrading(stream, config.clone()));
    let body = "
        const name = new URL(request.url).searchParams.get('name') ?? undefined;
        const plain = connect(`localhost:${port}`, { secureTransport: 'starttls' });
        await say(plain, 'STARTTLS');
        const agreed = await hear(plain);
        const socket = plain.startTls({ expectedServerHostname: name });
        const told = await socket.opened.then(() => 'opened', (error) => error.message.slice(0, 21));
        if (name !== undefined) return new Response(told);
        await say(socket, 'secret\\n');
        await plain.closed;
        let twice; try { plain.startTls(); } catch (error) { twice = error.message.slice(0, 40); }
        return Response.json([agreed, told, plain.upgraded, plain.secureTransport, socket.secureTransport, await text(socket.readable), twice]);";
    let (_folder, dev) = trusting(port, body, true);
    let told =
        "[\"ok\",\"opened\",true,\"starttls\",\"on\",\"SECRET\\n\",\"startTls has already been called on this\"]";
    assert_eq!(dev.get("/").1, told);
    assert_eq!(dev.get("/?name=elsewhere.test").1, "TLS handshake failed:");
}

#[test]
fn user_workers_have_no_sockets_where_an_outbound_worker_sees_what_they_fetch() {
    let code = client(
        serve(echo),
        "return new Response(await connect({ hostname: '127.0.0.1', port }).opened.then(() => 'opened', tell));",
    );
    let dispatcher = "export default { fetch: (request, env) => env.dispatcher.get('ann').fetch(request) };";
    let refused = "Error: proxy request failed, cannot connect to the specified address";
    for (outbound, answer) in [("", "opened"), ("outbound = { service = \"gate\" }", refused)] {
        let namespace =
            format!("[[dispatch_namespaces]]\nbinding = \"dispatcher\"\nnamespace = \"staging\"\n{outbound}");
        let dev = Dev::new().worker("front", dispatcher).config("front", &namespace).user("staging", "ann", &code);
        dev.worker("gate", "export default { fetch: (request) => fetch(request) };").start().get("/").body(answer);
    }
}

/// A Worker that uses node:net and node:tls.
fn node(port: u16, body: &str) -> String {
    format!(
        "import net from 'node:net';
         import tls from 'node:tls';
         import {{ once }} from 'node:events';
         const port = {port};
         const all = async (socket) => {{ let text = ''; for await (const chunk of socket) text += chunk; return text; }};
         export default {{ async fetch(request, env, ctx) {{ {body} }} }};"
    )
}

const NODE: &str = "compatibility_flags = [\"nodejs_compat\"]";

#[test]
fn a_socket_of_node_speaks_both_ways_and_tells_of_itself() {
    let body = "
        const events = [];
        const socket = net.connect(port, '127.0.0.1', () => events.push('callback'));
        for (const name of ['connect', 'ready', 'end', 'close']) socket.on(name, (given) => events.push(given === undefined ? name : `${name} ${given}`));
        const before = [socket.connecting, socket.readyState, socket.pending, socket.write('hel')];
        await once(socket, 'connect');
        const { remoteAddress, remotePort, remoteFamily, readyState } = socket;
        socket.end('lo');
        const text = await all(socket);
        await once(socket, 'close');
        return Response.json([before, [remoteAddress, remotePort === port, remoteFamily, readyState], text, socket.bytesRead, socket.bytesWritten, socket.destroyed, events]);";
    let dev = Dev::new().worker("app", &node(serve(echo), body)).config("app", NODE).start();
    dev.get("/").status(200).body(
        "[[true,\"opening\",true,true],[\"127.0.0.1\",true,\"IPv4\",\"open\"],\"hello\",5,5,true,\
         [\"callback\",\"connect\",\"ready\",\"end\",\"close false\"]]",
    );
}

#[test]
fn a_socket_of_node_fails_waits_and_is_aborted_as_in_node() {
    let body = "
        const path = new URL(request.url).pathname;
        const told = [];
        const signal = AbortSignal.timeout(path === '/abort' ? 50 : 10_000);
        const socket = net.createConnection({ port: path === '/refused' ? 1 : port, host: '127.0.0.1', signal, timeout: path === '/idle' ? 50 : 0 });
        socket.on('error', (error) => told.push(error.name));
        socket.on('timeout', () => { told.push('timeout'); socket.end(); });
        socket.resume();
        await new Promise((resolve) => socket.on('close', (failed) => { told.push(failed); resolve(); }));
        return Response.json(told);";
    let dev = Dev::new().worker("app", &node(serve(echo), body)).config("app", NODE).start();
    dev.get("/refused").body("[\"Error\",true]");
    dev.get("/idle").body("[\"timeout\",false]");
    dev.get("/abort").body("[\"AbortError\",true]");
}

#[test]
fn large_data_goes_through_a_socket_of_node_with_back_pressure() {
    let body = "
        const socket = net.connect({ port, host: 'localhost', allowHalfOpen: true });
        let sent = 0, got = 0, waited = 0;
        ctx.waitUntil((async () => {
          while (sent < 4 << 20) { sent += 65536; if (!socket.write(Buffer.alloc(65536, 7))) { waited++; await once(socket, 'drain'); } }
          socket.end();
        })());
        for await (const chunk of socket) got += chunk.every((byte) => byte === 7) ? chunk.length : 0;
        return Response.json([got === sent, waited > 0]);";
    let dev = Dev::new().worker("app", &node(serve(echo), body)).config("app", NODE).start();
    dev.get("/").status(200).body("[true,true]");
}

#[test]
fn node_tls_connects_encrypts_a_plain_socket_and_refuses_other_names() {
    let config = tls();
    let port = serve(move |stream| {
        let mut first = [0];
        let plain = stream.peek(&mut first).is_ok_and(|_| first == *b"S");
        if plain { upgrading(stream, config.clone()) } else { capitals(stream, config.clone()) }
    });
    let body = "
        const direct = tls.connect(port, 'localhost', { servername: 'localhost' }, () => direct.write('direct\\n'));
        const one = await all(direct);
        const plain = net.connect(port, 'localhost');
        plain.write('STARTTLS');
        const [agreed] = await once(plain, 'data');
        const over = tls.connect({ socket: plain, servername: 'localhost' });
        await once(over, 'secureConnect');
        over.write('wrapped\\n');
        const two = await all(over);
        const wrong = tls.connect(port, 'localhost', { servername: 'elsewhere.test' });
        const error = await new Promise((resolve) => wrong.on('error', resolve).on('secureConnect', () => resolve('connected')));
        return Response.json([one, `${agreed}`, two, [direct.encrypted, direct.authorized, over.authorized], (error.message ?? error).slice(0, 20)]);";
    let folder = Folder::new();
    folder.project("app", NODE, &node(port, body));
    folder.write("authority.pem", include_str!("fixtures/tls/authority.pem"));
    let mut command = folder.devflare(&["dev", "app", "--port", "0", "--api-port", "0", "--log-format", "json"]);
    let dev = Running::ready(command.env("SSL_CERT_FILE", folder.path("authority.pem")));
    let told = "[\"DIRECT\\n\",\"ok\",\"WRAPPED\\n\",[true,true,true],\"TLS handshake failed\"]";
    assert_eq!(dev.get("/").1, told);
}
