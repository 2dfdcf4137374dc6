//! The nouns all layers share: a Worker's id, a request, a response, a body, how an event ended, and who answers one.
//!
//! Plain data over `http` and `bytes`; knows neither QuickJS nor axum.

mod body;
mod cancel;
mod coding;
mod compat;
mod connection;
mod cron;
mod id;
mod outcome;
mod ray;
mod request;
mod rpc;
mod socket;
mod tape;
pub mod wire;

pub use body::{Body, BodyError, BodySender};
pub use cancel::Cancel;
pub use coding::Coding;
pub use compat::{Compat, Complaint, complaints};
pub use connection::{Address, ConnectReply, Connection, Duplex, Handshake, Secure, Stream};
pub use cron::Cron;
pub use id::WorkerId;
pub use outcome::Failure;
pub use ray::Ray;
pub use request::{Call, Fenced, Fetch, Outcome, Reply, Request, Response, Trace};
pub use rpc::{Errand, How, Parcel, ParcelReply, Part, happen};
pub use socket::{Message, Refused, Socket, SocketReceiver, SocketSender};
pub use tape::{Audience, Said, Tape};
