//! Frames of sockets of the web that were changed at random: the server says only what is a frame, and lives on.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use crate::support::Dev;

const ECHO: &str = "export default { fetch(request) {
    if (request.headers.get('upgrade') !== 'websocket') return new Response('alive');
    const [client, server] = Object.values(new WebSocketPair());
    server.accept();
    server.addEventListener('message', ({ data }) => server.send(data));
    return new Response(null, { status: 101, webSocket: client });
} };";

/// Numbers that are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).expect("it is below a usize")
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).expect("a byte")
    }
}

/// A client's frame; its mask changes nothing.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).expect("a short payload");
    [&[first, 0x80 | length, 0, 0, 0, 0], payload].concat()
}

/// Text, binary, pings, fragments and a Close, with changes.
fn some(numbers: &mut Numbers) -> Vec<u8> {
    let whole =
        [frame(0x81, b"text"), frame(0x82, &[0, 255]), frame(0x89, b"ping"), frame(0x01, b"a"), frame(0x80, b"b")];
    let mut bytes = [whole.concat(), frame(0x88, &[3, 232])].concat();
    for _ in 0..numbers.below(4) {
        let at = numbers.below(bytes.len());
        match numbers.below(3) {
            0 => bytes[at] = numbers.byte(),
            1 => bytes.insert(at, numbers.byte()),
            _ => drop(bytes.drain(at..(at + 1 + numbers.below(6)).min(bytes.len()))),
        }
        if bytes.is_empty() {
            break;
        }
    }
    bytes
}

/// What comes back after the handshake's answer.
fn answer(port: u16, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the port is open");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    let handshake = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                     Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(handshake.as_bytes()).expect("the server reads");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("the server answers");
        head.push(byte[0]);
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "));
    // It may have left already.
    let _ = stream.write_all(bytes).and_then(|()| stream.shutdown(Shutdown::Write));
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
            panic!("the server neither answers nor leaves: {bytes:?}")
        }
        _ => rest,
    }
}

/// Whether these are whole frames of a server: no mask, no reserved bits.
fn are_frames(mut bytes: &[u8]) -> bool {
    while let [first, second, rest @ ..] = bytes {
        let short = usize::from(second & 0x7F);
        let (length, skipped) = match (short, rest) {
            (126, [high, low, ..]) => (usize::from(u16::from_be_bytes([*high, *low])), 2),
            (0..=125, _) => (short, 0),
            _ => return false,
        };
        if first & 0x70 != 0 || second & 0x80 != 0 || rest.len() < skipped + length {
            return false;
        }
        bytes = &rest[skipped + length..];
    }
    bytes.is_empty()
}

#[test]
fn frames_that_were_damaged_end_their_socket_at_most() {
    let dev =
        Dev::new().worker("a", ECHO).config("a", "compatibility_flags = [\"web_socket_auto_reply_to_close\"]").start();
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    for _ in 0..60 {
        let bytes = some(&mut numbers);
        let back = answer(dev.port, &bytes);
        assert!(are_frames(&back), "{bytes:?} is answered by {back:?}");
    }
    dev.get("/").body("alive");
}
