//! The control plane: the part of Cloudflare's v4 API that clients of Workers and Workers for Platforms use.
//!
//! What is uploaded here is kept by the `catalog`, and served by the runtime like a watched project. Knows isolates only
//! through [`Runtime`], and no files of projects: whether a project of the same name is watched, the session says.
//!
//! # How to add a resource
//!
//! 1. A file here, named as in the API, with `pub(super) fn routes() -> Vec<Route>`: `of_account(Method::GET,
//!    "/storage/kv/namespaces", list)` for what is below an account, `of_script` for what belongs to a script of the account
//!    or of a namespace, `at` for the rest. A handler is `async fn(Arc<Control>, Ask) -> Answer`.
//! 2. A line in `all_routes`.
//!
//! A handler reads parameters, query and body from its `Ask`, and answers `Reply::of(result)`, `Reply::list`,
//! `Reply::Raw` (what comes in no envelope) or an `ApiError` with the status, code and words that clients know. The frame
//! does the rest: tokens, hosts, origins, accounts, envelopes, unknown routes, the line on the terminal. What is stored
//! goes through `control.store()`, which commits before it answers; bindings keep their data there too, and their own
//! files have the way to it (as `bindings::KvEntries`).

mod access;
mod account;
mod ask;
mod assets;
mod bindings;
mod catalog;
mod content;
mod custom_hostnames;
mod d1_databases;
mod d1_files;
mod d1_queries;
mod deployments;
mod domains;
mod envelope;
mod kv_namespaces;
mod kv_values;
mod live;
mod migrations;
mod moment;
mod multipart;
mod namespaces;
mod port;
mod publish;
mod queue_consumers;
mod queue_messages;
mod queues;
mod r2_buckets;
mod r2_objects;
mod resources;
mod route;
mod scripts;
mod secrets;
mod secrets_stores;
mod services;
mod settings;
mod status;
mod subdomain;
mod tags;
mod tails;
mod triggers;
mod upload;
mod user;
mod versions;
mod workers;
mod workflows;
mod zone_routes;
mod zones;

use std::borrow::Cow;
use std::sync::{Arc, Mutex, OnceLock};

pub use access::{ACCOUNT, Access, TOKEN, is_this_machine};
pub use port::serve;
pub use zones::domain_of;

use crate::bindings::Resource;
use crate::compile::Cache;
use crate::runtime::Runtime;
use crate::store::Store;
use crate::term::Terminal;
use crate::worker::{Call, Fetch, Reply as Done, Request, Response, WorkerId};
use ask::Ask;
use catalog::Catalog;
use envelope::{ApiError, code};
use live::Live;
use publish::Locks;
use route::{Found, Route};

/// Before every path of the API.
pub const PREFIX: &str = "/client/v4";
/// The host that Workers and clients ask on the real Internet.
pub const HOST: &str = "api.cloudflare.com";

/// Before `.workers.dev`, in the URLs that clients print.
pub const SUBDOMAIN: &str = "devflare";

/// What the control plane gets from the session.
pub struct Settings {
    pub runtime: Arc<Runtime>,
    pub store: Arc<Store>,
    pub cache: Arc<Cache>,
    pub terminal: Terminal,
    pub tokio: tokio::runtime::Handle,
    /// Whether a project of this id is watched: it is served in place of an upload.
    pub watched: Arc<dyn Fn(&WorkerId) -> bool + Send + Sync>,
    /// The namespaces that watched projects bind or fill.
    pub namespaces: Arc<dyn Fn() -> Vec<String> + Send + Sync>,
    /// What watched projects store things in.
    pub resources: Arc<dyn Fn() -> Vec<Resource> + Send + Sync>,
    /// The domains that watched projects have routes in.
    pub zones: Arc<dyn Fn() -> Vec<String> + Send + Sync>,
}

/// See the module's text.
pub struct Control {
    settings: Settings,
    access: OnceLock<Access>,
    catalog: Catalog,
    live: Live,
    locks: Locks,
    /// Routes and domains are claimed one after the other.
    hosts: tokio::sync::Mutex<()>,
    signer: assets::Signer,
    files: d1_files::Files,
    tails: tails::Tails,
    routes: Vec<Route>,
}

fn all_routes() -> Vec<Route> {
    [
        account::routes(),
        assets::routes(),
        bindings::routes(),
        content::routes(),
        custom_hostnames::routes(),
        d1_databases::routes(),
        d1_files::routes(),
        d1_queries::routes(),
        deployments::routes(),
        domains::routes(),
        kv_namespaces::routes(),
        kv_values::routes(),
        namespaces::routes(),
        queue_consumers::routes(),
        queue_messages::routes(),
        queues::routes(),
        workflows::routes(),
        r2_buckets::routes(),
        r2_objects::routes(),
        scripts::routes(),
        secrets::routes(),
        secrets_stores::routes(),
        services::routes(),
        settings::routes(),
        subdomain::routes(),
        tags::routes(),
        tails::routes(),
        triggers::routes(),
        user::routes(),
        versions::routes(),
        workers::routes(),
        zone_routes::routes(),
        zones::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What became of a request.
struct Handled {
    response: Response,
    /// Why it was refused.
    refused: Option<ApiError>,
}

impl Control {
    #[must_use]
    pub fn new(settings: Settings) -> Arc<Self> {
        let catalog = Catalog::of(&settings.store);
        let (live, locks, files) = (Live::default(), Locks::default(), d1_files::Files::default());
        Arc::new(Self {
            settings,
            access: OnceLock::new(),
            catalog,
            live,
            locks,
            hosts: tokio::sync::Mutex::default(),
            signer: assets::Signer::default(),
            files,
            tails: tails::Tails::default(),
            routes: all_routes(),
        })
    }

    /// Where things are kept that no binding has a place for.
    pub fn store(&self) -> &Arc<Store> {
        &self.settings.store
    }

    /// Milliseconds since 1970.
    fn now(&self) -> i64 {
        i64::try_from(self.settings.store.clock().now().as_millis()).unwrap_or(i64::MAX)
    }

    /// Finds the handler and lets it answer.
    async fn handle(self: &Arc<Self>, request: Request, caller: Caller) -> Handled {
        let answered = match self.ask_of(request, caller) {
            Ok((ask, route)) => (self.routes[route].handler)(self.clone(), ask).await,
            Err(refused) => Err(refused),
        };
        match answered {
            Ok(reply) => Handled { response: reply.response(), refused: None },
            Err(refused) => Handled { response: refused.response(), refused: Some(refused) },
        }
    }

    /// The request with the number of its route.
    fn ask_of(&self, request: Request, caller: Caller) -> Result<(Ask, usize), ApiError> {
        let url = url::Url::parse(&request.url).map_err(|_| ApiError::bad("The URL is not valid."))?;
        let path = url.path().strip_prefix(PREFIX).unwrap_or(url.path()).to_owned();
        let below = path.strip_prefix('/').unwrap_or(&path);
        let segments = below.split('/').map(decoded).collect::<Result<Vec<_>, _>>()?;
        let method = request.method;
        let found = route::find(&self.routes, &method, &segments);
        if !matches!(found, Found::Route(Route { needs_token: false, .. }, _)) {
            access::check_token(self.access.get(), caller, &request.headers)?;
        }
        let (route, params) = match found {
            Found::Route(route, params) => (route, params),
            Found::OtherMethods(methods) => return Err(self.other_method(&method, &path, &methods)),
            Found::Nothing => return Err(self.no_route(&method, &path)),
        };
        if let Some((_, account)) = params.iter().find(|(name, _)| *name == "account") {
            access::check_account(account)?;
        }
        let at = self.routes.iter().position(|other| std::ptr::eq(other, route)).expect("it is one of them");
        let (query, origin) = (url.query_pairs().into_owned().collect(), url.origin().ascii_serialization());
        Ok((Ask { params, query, origin, headers: request.headers, body: Mutex::new(request.body) }, at))
    }

    fn other_method(&self, method: &http::Method, path: &str, known: &[&http::Method]) -> ApiError {
        let known: Vec<_> = known.iter().map(|method| method.as_str()).collect();
        let text = format!("devflare does not emulate {method} {path}; there is {}.", known.join(", "));
        self.tell_missing(method, path);
        ApiError::new(405, code::NO_METHOD, text)
    }

    fn no_route(&self, method: &http::Method, path: &str) -> ApiError {
        self.tell_missing(method, path);
        ApiError::new(404, code::NO_ROUTE, format!("devflare does not emulate {method} {path} yet."))
    }

    fn tell_missing(&self, method: &http::Method, path: &str) {
        let what = format!("a client asked the API for {method} {path}, which devflare does not emulate");
        self.settings.terminal.tell(crate::error::Problem::warning(what));
    }
}

/// A segment of a path as its author meant it.
fn decoded(segment: &str) -> Result<String, ApiError> {
    let text = percent_encoding::percent_decode_str(segment).decode_utf8().map(Cow::into_owned);
    text.map_err(|_| ApiError::new(400, code::NOT_UTF8_NAME, "The URL's path is not valid UTF-8."))
}

/// Requests from inside of Workers, to `https://api.cloudflare.com/client/v4`.
pub struct Inside {
    pub control: Arc<Control>,
    pub caller: Caller,
}

/// Whose code asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// Of whoever runs this devflare.
    Owner,
    /// A user Worker, whose code is anybody's: any token will not do.
    Guest,
}

impl Fetch for Inside {
    fn fetch(&self, request: Request, call: Call, reply: Done) {
        let (control, caller) = (self.control.clone(), self.caller);
        let method = request.method.clone();
        let task = self.control.settings.tokio.spawn(async move {
            let started = std::time::Instant::now();
            let path = port::path_of(&request.url);
            let handled = control.handle(request, caller).await;
            control.log(&method, &path, &handled, started);
            reply(Ok(handled.response));
        });
        let task = task.abort_handle();
        call.cancel.on_cancel(move || task.abort());
    }
}

/// The variables that point clients at a control plane.
#[must_use]
pub fn variables(url: &str, token: Option<&str>) -> [(&'static str, String); 4] {
    let base = format!("{url}{PREFIX}");
    [
        ("CLOUDFLARE_API_BASE_URL", base.clone()),
        ("CLOUDFLARE_BASE_URL", base),
        ("CLOUDFLARE_API_TOKEN", token.unwrap_or(TOKEN).to_owned()),
        ("CLOUDFLARE_ACCOUNT_ID", ACCOUNT.to_owned()),
    ]
}
