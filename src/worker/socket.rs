//! One end of a WebSocket: messages go into one queue and come out of another. The other end is a Worker's, or the wire's.
//!
//! An end that is dropped breaks the connection: the other one hears no more.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use tokio::sync::{Notify, mpsc};

/// What goes through a WebSocket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    Text(String),
    Binary(Bytes),
    /// The last message of its direction. No code: the frame had none.
    Close {
        code: Option<u16>,
        reason: String,
    },
    /// The wire broke the protocol's rules: nothing follows.
    Broken(String),
}

/// Bytes on their way beyond which nobody may send more: an isolate's memory.
const LIMIT: usize = 128 << 20;
/// Bytes on their way from which on a connection is not read further.
const ROOM: usize = 1 << 20;

/// See the module's text.
pub struct Socket {
    pub sender: SocketSender,
    /// The last message of its direction was sent from here.
    pub closed: bool,
    /// None while it is lent.
    receiver: Option<SocketReceiver>,
    /// Dropped with this end.
    guards: Vec<Guard>,
}

struct Guard(Option<Box<dyn FnOnce() + Send>>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(dropped) = self.0.take() {
            dropped();
        }
    }
}

/// Why a message was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The other end is gone.
    Gone,
    /// Too much is on its way already.
    Full,
}

#[derive(Default)]
struct Weight {
    bytes: AtomicUsize,
    less: Notify,
}

/// Puts messages in.
#[derive(Clone)]
pub struct SocketSender {
    messages: mpsc::UnboundedSender<Message>,
    weight: Arc<Weight>,
}

/// Takes messages out.
pub struct SocketReceiver {
    messages: mpsc::UnboundedReceiver<Message>,
    weight: Arc<Weight>,
}

impl Socket {
    /// Two ends, each of which receives what the other sends.
    pub fn pair() -> (Self, Self) {
        let ((a_out, b_in), (b_out, a_in)) = (queue(), queue());
        let end = |sender, receiver| Self { sender, closed: false, receiver: Some(receiver), guards: Vec::new() };
        (end(a_out, a_in), end(b_out, b_in))
    }

    /// Takes the receiving half for a while; none while somebody else has it.
    pub fn lend(&mut self) -> Option<SocketReceiver> {
        self.receiver.take()
    }

    pub fn give_back(&mut self, receiver: SocketReceiver) {
        self.receiver = Some(receiver);
    }

    /// Has `dropped` run when this end is dropped.
    pub fn on_drop(&mut self, dropped: impl FnOnce() + Send + 'static) {
        self.guards.push(Guard(Some(Box::new(dropped))));
    }
}

impl std::fmt::Debug for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Socket")
    }
}

fn queue() -> (SocketSender, SocketReceiver) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let weight = Arc::new(Weight::default());
    (SocketSender { messages: sender, weight: weight.clone() }, SocketReceiver { messages: receiver, weight })
}

/// What a message counts; none is free, or empty ones would have no limit.
fn weight_of(message: &Message) -> usize {
    64 + match message {
        Message::Text(text) => text.len(),
        Message::Binary(bytes) => bytes.len(),
        Message::Close { reason, .. } => reason.len(),
        Message::Broken(_) => 0,
    }
}

impl SocketSender {
    pub fn send(&self, message: Message) -> Result<(), Refused> {
        let weight = weight_of(&message);
        if self.weight.bytes.load(Ordering::Relaxed).saturating_add(weight) > LIMIT {
            return Err(Refused::Full);
        }
        self.weight.bytes.fetch_add(weight, Ordering::Relaxed);
        self.messages.send(message).map_err(|_| Refused::Gone)
    }

    /// Waits until the receiver has taken most of what was sent; an error if it is gone.
    pub async fn room(&self) -> Result<(), Refused> {
        loop {
            let less = self.weight.less.notified();
            if self.weight.bytes.load(Ordering::Relaxed) <= ROOM {
                return if self.messages.is_closed() { Err(Refused::Gone) } else { Ok(()) };
            }
            tokio::select! {
                () = less => {}
                () = self.messages.closed() => return Err(Refused::Gone),
            }
        }
    }

    /// Waits for the other end to be dropped.
    pub async fn gone(&self) {
        self.messages.closed().await;
    }
}

impl SocketReceiver {
    /// The next message; none when the other end is gone.
    pub async fn next(&mut self) -> Option<Message> {
        let message = self.messages.recv().await?;
        self.weight.bytes.fetch_sub(weight_of(&message), Ordering::Relaxed);
        self.weight.less.notify_one();
        Some(message)
    }
}
