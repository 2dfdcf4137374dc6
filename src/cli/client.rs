//! The way to a devflare that runs: flags that say where its API is, and calls in the words of that API.

use std::env;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use http::{Method, Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::Url;

use super::flags::Log;
use super::serve::tokio;
use super::{LAST_WORDS, fail};
use crate::control::{ACCOUNT, TOKEN};
use crate::error::{Problem, Problems};
use crate::term::{Done, Level, Stream, Terminal};

/// Where devflare's API is when nobody says otherwise.
const DEFAULT: &str = "http://localhost:8788/client/v4";
/// How long an answer may take: an upload is compiled and started before it is answered.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where the API is, and how its answers are told.
#[derive(Debug, Clone, Args)]
pub(super) struct Connection {
    #[arg(
        long,
        value_name = "URL",
        help = "The API to speak to [default: $CLOUDFLARE_API_BASE_URL, or http://localhost:8788/client/v4]"
    )]
    api_url: Option<String>,

    #[arg(long, value_name = "TOKEN", help = "The token to show there [default: $CLOUDFLARE_API_TOKEN]")]
    api_token: Option<String>,

    #[command(flatten)]
    log: Log,
}

/// The API of one account.
pub(super) struct Api {
    base: Url,
    token: String,
    account: String,
}

/// What is sent along.
pub(super) enum Content {
    Nothing,
    Json(Value),
    /// Its type and its bytes.
    Form(String, Vec<u8>),
}

/// What came back.
pub(super) struct Answer {
    pub(super) result: Value,
    /// What devflare has to say beside it.
    pub(super) messages: Vec<String>,
}

impl Connection {
    /// Runs a command that speaks to the API, and tells what it did.
    pub(super) fn run(&self, work: impl AsyncFnOnce(&Api) -> Result<Done, Problems>) -> ExitCode {
        self.run_on(async |api, terminal| {
            terminal.tell(work(api).await?);
            Ok(())
        })
    }

    /// The same for one that tells what it does while it does it.
    pub(super) fn run_on(&self, work: impl AsyncFnOnce(&Api, &Terminal) -> Result<(), Problems>) -> ExitCode {
        let terminal = self.log.terminal(Stream::Out, Level::Log, false);
        let done = tokio().map_err(Problems::from).and_then(|tokio| {
            let api = self.api()?;
            tokio.block_on(work(&api, &terminal))
        });
        match done {
            Ok(()) => {
                terminal.flush(LAST_WORDS);
                ExitCode::SUCCESS
            }
            Err(problems) => fail(&terminal, problems),
        }
    }

    fn api(&self) -> Result<Api, Problem> {
        let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let given = self.api_url.clone().or_else(|| set("CLOUDFLARE_API_BASE_URL"));
        let given = given.unwrap_or_else(|| DEFAULT.to_owned());
        let base = Url::parse(&given).ok().filter(|url| url.scheme() == "http" && url.host().is_some());
        let base = base.ok_or_else(|| {
            let problem = Problem::error(format!("{given:?} is not the address of a devflare"));
            problem.help(format!("write it as {DEFAULT}; to deploy to Cloudflare itself, use wrangler"))
        })?;
        Ok(Api {
            base,
            token: self.api_token.clone().or_else(|| set("CLOUDFLARE_API_TOKEN")).unwrap_or_else(|| TOKEN.to_owned()),
            account: set("CLOUDFLARE_ACCOUNT_ID").unwrap_or_else(|| ACCOUNT.to_owned()),
        })
    }
}

impl Api {
    /// Asks for something of the account: `segments` are its path below it, not yet encoded.
    pub(super) async fn ask(&self, method: Method, segments: &[&str], content: Content) -> Result<Answer, Problem> {
        let mut url = self.base.clone();
        let path = ["accounts", &self.account].into_iter().chain(segments.iter().copied());
        url.path_segments_mut().expect("an http URL has a path").pop_if_empty().extend(path);
        let request = self.request(method, &url, content)?;
        let answered = timeout(PATIENCE, self.send(request)).await;
        let (status, body) = match answered {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(self.unreachable(&error)),
            Err(_) => return Err(self.unreachable(&"it does not answer")),
        };
        understood(status, &body).unwrap_or_else(|| {
            let problem = Problem::error(format!("{} is no API of a devflare", self.base));
            Err(problem.help("is this the port of the Workers? The API has one of its own, 8788 where it is free"))
        })
    }

    fn request(&self, method: Method, url: &Url, content: Content) -> Result<Request<Full<Bytes>>, Problem> {
        let (kind, body) = match content {
            Content::Nothing => (None, Bytes::new()),
            Content::Json(value) => (Some("application/json".to_owned()), value.to_string().into()),
            Content::Form(kind, body) => (Some(kind), body.into()),
        };
        let request = Request::builder()
            .method(method)
            .uri(&url[url::Position::BeforePath..url::Position::AfterQuery])
            .header(header::HOST, &url[url::Position::BeforeHost..url::Position::AfterPort])
            .header(header::USER_AGENT, concat!("devflare/", env!("CARGO_PKG_VERSION")))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        let request = kind.into_iter().fold(request, |request, kind| request.header(header::CONTENT_TYPE, kind));
        request.body(Full::new(body)).map_err(|_| Problem::error("the token has characters that no token has"))
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> io::Result<(u16, Bytes)> {
        let host = self.base.host_str().unwrap_or("localhost").trim_matches(['[', ']']);
        let stream = TcpStream::connect((host, self.base.port_or_known_default().unwrap_or(80))).await?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        let connection = tokio::spawn(connection);
        let answer = sender.send_request(request).await.map_err(io::Error::other)?;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.map_err(io::Error::other)?.to_bytes();
        connection.abort();
        Ok((status, body))
    }

    fn unreachable(&self, error: &dyn std::fmt::Display) -> Problem {
        let problem = Problem::error(format!("no devflare answers at {}: {error}", self.base));
        problem.help("start one with `devflare dev` or `devflare api`; --api-url names another address")
    }
}

/// The envelope in which all answers come; `None` if there is none.
fn understood(status: u16, body: &[u8]) -> Option<Result<Answer, Problem>> {
    let mut envelope: Value = serde_json::from_slice(body).ok()?;
    let texts = |list: &Value| -> Vec<String> {
        let items = list.as_array().into_iter().flatten();
        items.filter_map(|item| Some(item.get("message")?.as_str()?.to_owned())).collect()
    };
    if envelope.get("success")?.as_bool()? {
        let messages = texts(&envelope["messages"]);
        return Some(Ok(Answer { result: envelope["result"].take(), messages }));
    }
    let errors = texts(&envelope["errors"]).join("\n");
    let code = envelope["errors"][0]["code"].as_u64();
    let code = code.map_or_else(|| format!(" [status: {status}]"), |code| format!(" [code: {code}]"));
    Some(Err(Problem::error(format!("{}{code}", errors.trim_end_matches('.')))))
}
