//! Sockets of the web through the Workers port, a dispatcher and a user Worker, spoken to by real clients; and Workers as clients.

use std::io::Write as _;
use std::process::Command;

use serde_json::{Value, json};

use crate::browser::{Browser, installed};
use crate::process::Folder;
use crate::support::{Dev, Server, esbuild};

const DISPATCHER: &str = "export default { fetch: (request, env) => env.dispatcher.get('customer').fetch(request) };";

/// Echoes, closes when told, and remembers how its sockets were closed.
const ECHO: &str = "
    const ends = [];
    export default {
      fetch(request) {
        if (request.headers.get('upgrade') !== 'websocket') return Response.json(ends);
        const [client, server] = Object.values(new WebSocketPair());
        server.accept();
        server.binaryType = 'arraybuffer';
        server.addEventListener('message', ({ data }) => {
          if (data === 'close me') server.close(4002, 'as you wish');
          else server.send(data);
        });
        server.addEventListener('close', ({ code, reason, wasClean }) => ends.push([code, reason, wasClean]));
        const headers = request.headers.has('sec-websocket-protocol') ? { 'sec-websocket-protocol': 'chat' } : {};
        return new Response(null, { status: 101, webSocket: client, headers });
      },
    };";

/// Else a Worker must answer a Close message itself.
const REPLIES: &str = "compatibility_flags = [\"web_socket_auto_reply_to_close\"]";

fn platform() -> Server {
    Dev::new()
        .dispatcher("front", DISPATCHER)
        .user("staging", "customer", ECHO)
        .config("staging/customer", REPLIES)
        .start()
}

fn ends(dev: &Server) -> Value {
    serde_json::from_str(&dev.get("/").status(200).text()).expect("JSON")
}

#[test]
fn real_clients_speak_with_a_user_worker_through_its_dispatcher() {
    let dev = platform();
    let url = format!("ws://localhost:{}/", dev.port);
    let script = esbuild::packages().join("websocket.mjs");
    let run = Command::new("node").arg(script).arg(url).output().expect("Node.js is needed for the tests");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let seen: Value = serde_json::from_slice(&run.stdout).expect("JSON");
    let wanted = json!({
        "protocol": "chat",
        "echoes": [true, true, true, true],
        "closed": [4001, "client's words", true],
        "closedByWorker": [4002, "as you wish", true],
    });
    let seen = seen.as_array().expect("one for each client");
    assert!(!seen.is_empty() && seen.iter().all(|one| one == &wanted), "{seen:?}");
}

#[test]
fn a_browser_speaks_with_a_worker() {
    let Some(chromium) = installed() else { return };
    let folder = Folder::new();
    folder.project("echo", REPLIES, ECHO);
    let dev = folder.dev(&["echo"]);
    let mut browser = Browser::open(&chromium);
    browser.visit(&dev.url);
    browser.wait_for("document.body");
    browser.value(
        "const socket = new WebSocket(location.href.replace('http', 'ws')); window.seen = [];
         socket.onopen = () => socket.send('from the page');
         socket.onmessage = ({ data }) => { seen.push(data); socket.close(3000, 'done'); };
         socket.onclose = ({ code, reason, wasClean }) => seen.push(code, reason, wasClean);",
    );
    browser.wait_for("seen.length === 4");
    assert_eq!(browser.value("seen.join()"), "from the page,3000,done,true");
}

/// A client that is as bare as one can be.
fn handshake(dev: &Server) -> crate::support::Connection {
    let mut client = dev.connect();
    client.write(
        b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
          Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    let head = client.read_head();
    assert_eq!(head.status, 101);
    let accept = ("sec-websocket-accept".to_owned(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".to_owned());
    assert!(head.headers.contains(&accept), "{:?}", head.headers);
    client
}

fn wait_for_ends(dev: &Server, wanted: &Value) {
    let late = std::time::Instant::now() + crate::support::GUARD;
    while &ends(dev) != wanted {
        assert!(std::time::Instant::now() < late, "never {wanted}, still {}", ends(dev));
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

#[test]
fn a_client_that_goes_away_is_a_close_without_a_close() {
    let dev = platform();
    let client = handshake(&dev);
    drop(client);
    wait_for_ends(&dev, &json!([[1006, "WebSocket disconnected without sending Close frame.", false]]));
}

#[test]
fn a_client_that_breaks_the_protocol_is_told_and_closed() {
    let dev = platform();
    let mut client = handshake(&dev);
    // Text that is no UTF-8: FIN and text, masked with zeros.
    client.socket().write_all(&[0x81, 0x81, 0, 0, 0, 0, 0xff]).expect("it is open");
    assert_eq!(client.read_exactly(4), [0x88, 0x02, 0x03, 0xef], "a close with code 1007");
    wait_for_ends(&dev, &json!([[1006, "", false]]));
}

#[test]
fn an_open_socket_stays_with_its_version_and_new_ones_get_the_saved_code() {
    let dev = platform();
    let mut old = handshake(&dev);
    dev.edit("staging/customer", "src/index.js", ECHO.replace("server.send(data)", "server.send('new')"));
    let mut new = handshake(&dev);
    for client in [&old, &new] {
        client.socket().write_all(&[0x81, 0x83, 0, 0, 0, 0, b'o', b'l', b'd']).expect("it is open");
    }
    assert_eq!(old.read_exactly(5), b"\x81\x03old");
    assert_eq!(new.read_exactly(5), b"\x81\x03new");
}

#[test]
fn a_worker_is_a_client_of_the_network() {
    let dev = Dev::new()
        .worker("echo", ECHO)
        .worker(
            "caller",
            "export default {
               async fetch(request) {
                 const port = new URL(request.url).searchParams.get('port');
                 const socket = new WebSocket(`ws://127.0.0.1:${port}/`, 'chat');
                 const event = (type) => new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }));
                 await event('open');
                 const seen = [socket.readyState, socket.protocol];
                 socket.send('over the wire');
                 seen.push((await event('message')).data);
                 socket.send('close me');
                 const { code, reason } = await event('close');
                 return Response.json([...seen, code, reason, socket.readyState]);
               },
             };",
        )
        .config("caller", REPLIES)
        .start();
    let port = dev.port;
    let host = format!("caller.localhost:{port}");
    let answer = dev.ask("GET", &format!("/?port={port}")).host(&host).send().status(200);
    assert_eq!(answer.text(), r#"[1,"chat","over the wire",4002,"as you wish",3]"#);
}

#[test]
fn a_worker_accepts_what_fetch_upgraded() {
    let dev = Dev::new()
        .dispatcher(
            "front",
            "export default {
               async fetch(request, env) {
                 const headers = { Upgrade: 'websocket' };
                 const { webSocket, status } = await env.dispatcher.get('customer').fetch('http://x/', { headers });
                 webSocket.accept();
                 webSocket.send('in process');
                 const { data } = await new Promise((resolve) => webSocket.addEventListener('message', resolve));
                 webSocket.close(1000, 'done');
                 return new Response(`${status} ${data}`);
               },
             };",
        )
        .user("staging", "customer", ECHO)
        .start();
    dev.get("/").status(200).body("101 in process");
}

#[test]
fn a_socket_for_one_who_asked_for_none_is_a_mistake() {
    let dev = Dev::new()
        .worker(
            "app",
            "export default { fetch: () => new Response(null, { status: 101, webSocket: new WebSocketPair()[0] }) }",
        )
        .start();
    dev.get("/").status(500);
    dev.says("which did not contain the header \"Upgrade: websocket\"");
}
