//! A WebSocket on a connection: messages of a [`Socket`] as frames, both ways at once, until either end is done.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use fastwebsockets::{
    FragmentCollectorRead, Frame, OpCode, Payload, Role, WebSocketError, WebSocketRead, WebSocketWrite,
    after_handshake_split,
};
use sha1::{Digest as _, Sha1};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Mutex;

use super::socket::{Message, Socket, SocketReceiver, SocketSender};

/// The longest message that is received, as on Cloudflare.
pub const MAX_MESSAGE: usize = 32 << 20;
/// Time for the other side to close after we have.
const CLOSING: Duration = Duration::from_secs(30);

/// Which side of the connection is ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Client,
    Server,
}

/// How one direction ended.
#[derive(PartialEq, Eq)]
enum End {
    /// By a Close message.
    Closed,
    /// By the loss of the connection or of the Worker.
    Lost,
}

type Writer<S> = Arc<Mutex<WebSocketWrite<tokio::io::WriteHalf<S>>>>;

/// Carries messages between a connection, after its handshake, and the other end of `socket`.
pub async fn carry<S>(connection: S, side: Side, socket: Socket)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let role = if side == Side::Client { Role::Client } else { Role::Server };
    let (reading, writing) = tokio::io::split(connection);
    let (mut reader, writer) = after_handshake_split(reading, writing, role);
    reader.set_auto_close(false);
    reader.set_max_message_size(MAX_MESSAGE + 1);
    let writer: Writer<S> = Arc::new(Mutex::new(writer));
    let mut socket = socket;
    let Some(mut receiver) = socket.lend() else { return };
    let incoming = read(reader, writer.clone(), socket.sender.clone());
    let outgoing = write(&writer, &mut receiver);
    tokio::pin!(incoming, outgoing);
    tokio::select! {
        ended = &mut incoming => if ended == End::Closed {
            // The other side has closed; the Worker may still send, and closes when it likes.
            let _the_end_either_way = outgoing.await;
        },
        ended = &mut outgoing => if ended == End::Closed {
            let _the_end_either_way = tokio::time::timeout(CLOSING, incoming).await;
        },
    }
    let _the_connection_may_be_gone = writer.lock().await.flush().await;
}

async fn read<S>(reader: WebSocketRead<tokio::io::ReadHalf<S>>, writer: Writer<S>, sender: SocketSender) -> End
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut reader = FragmentCollectorRead::new(reader);
    let mut pong = |frame: Frame<'_>| {
        let writer = writer.clone();
        let frame = Frame::pong(Payload::Owned(frame.payload.to_vec()));
        async move { writer.lock().await.write_frame(frame).await }
    };
    loop {
        let frame = tokio::select! {
            frame = async {
                sender.room().await.ok()?;
                Some(reader.read_frame(&mut pong).await)
            } => frame,
            () = sender.gone() => None,
        };
        let Some(frame) = frame else { return End::Lost };
        let message = frame.and_then(message_of);
        match message {
            Ok(Some(message)) => {
                let last = matches!(message, Message::Close { .. });
                if sender.send(message).is_err() {
                    return End::Lost;
                }
                if last {
                    return End::Closed;
                }
            }
            Ok(None) => {}
            Err(error) => {
                if let Some((code, text)) = broken(&error) {
                    let _the_worker_may_be_gone = sender.send(Message::Broken(text));
                    let _so_may_the_connection = writer.lock().await.write_frame(Frame::close(code, b"")).await;
                }
                return End::Lost;
            }
        }
    }
}

fn message_of(frame: Frame<'_>) -> Result<Option<Message>, WebSocketError> {
    let payload = match frame.payload {
        Payload::Bytes(bytes) => bytes.freeze(),
        other => Bytes::copy_from_slice(&other),
    };
    Ok(match frame.opcode {
        OpCode::Text => {
            let text = String::from_utf8(payload.into()).map_err(|_| WebSocketError::InvalidUTF8)?;
            Some(Message::Text(text))
        }
        OpCode::Binary => Some(Message::Binary(payload)),
        OpCode::Close => Some(close_of(&payload)?),
        OpCode::Continuation | OpCode::Ping | OpCode::Pong => None,
    })
}

fn close_of(payload: &[u8]) -> Result<Message, WebSocketError> {
    let Some((code, reason)) = payload.split_first_chunk::<2>() else {
        let none = Message::Close { code: None, reason: String::new() };
        return if payload.is_empty() { Ok(none) } else { Err(WebSocketError::InvalidCloseFrame) };
    };
    let code = u16::from_be_bytes(*code);
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(WebSocketError::InvalidCloseCode);
    }
    let reason = str::from_utf8(reason).map_err(|_| WebSocketError::InvalidUTF8)?;
    Ok(Message::Close { code: Some(code), reason: reason.to_owned() })
}

/// The code and the words for what breaks the protocol's rules; none for a connection that is merely lost.
fn broken(error: &WebSocketError) -> Option<(u16, String)> {
    let code = match error {
        WebSocketError::UnexpectedEOF
        | WebSocketError::IoError(_)
        | WebSocketError::ConnectionClosed
        | WebSocketError::SendError(_) => return None,
        WebSocketError::FrameTooLarge => 1009,
        WebSocketError::InvalidUTF8 => 1007,
        _ => 1002,
    };
    let text = if code == 1009 { format!("Message is too large: more than {MAX_MESSAGE}") } else { error.to_string() };
    let words = "WebSocket protocol error; protocolError.statusCode";
    Some((code, format!("{words} = {code}; protocolError.description = {text}")))
}

async fn write<S>(writer: &Writer<S>, receiver: &mut SocketReceiver) -> End
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    while let Some(message) = receiver.next().await {
        let frame = match &message {
            Message::Text(text) => Frame::text(Payload::Borrowed(text.as_bytes())),
            Message::Binary(bytes) => Frame::binary(Payload::Borrowed(bytes)),
            Message::Close { code: Some(code), reason } => Frame::close(*code, reason.as_bytes()),
            Message::Close { code: None, .. } => Frame::close_raw(Payload::Borrowed(b"")),
            Message::Broken(_) => return End::Lost,
        };
        if writer.lock().await.write_frame(frame).await.is_err() {
            return End::Lost;
        }
        if matches!(message, Message::Close { .. }) {
            return End::Closed;
        }
    }
    End::Lost
}

/// RFC 6455's own.
const HANDSHAKE: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The `Sec-WebSocket-Accept` to a `Sec-WebSocket-Key`.
#[must_use]
pub fn accept_key(key: &[u8]) -> String {
    let mut hash = Sha1::new();
    hash.update(key);
    hash.update(HANDSHAKE);
    STANDARD.encode(hash.finalize())
}
