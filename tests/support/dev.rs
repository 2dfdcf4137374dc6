//! A session under test: projects are added to it, it is started, asked, edited, and checked once more when it ends.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use devflare::control::{ACCOUNT, Access};
use devflare::dev::{self, Session};
use devflare::error::Problems;
use devflare::fleet;
use devflare::term::{self, Capture, Terminal};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::folder::{self, Folder};
use super::output::Output;
use super::{Answer, Ask, Connection, GUARD};

/// A dispatcher's configuration.
const DISPATCHES: &str = "[[dispatch_namespaces]]\nbinding = \"dispatcher\"\nnamespace = \"staging\"";

/// Projects, before they are served.
pub(crate) struct Dev {
    folder: Folder,
    options: dev::Options,
}

impl Dev {
    pub(crate) fn new() -> Self {
        let mut fleet = fleet::Options::default();
        fleet.config.today = String::from("2026-06-01");
        let (host, state) = (None, dev::State::InMemory);
        let options = dev::Options {
            fleet,
            cpu_factor: 1.0,
            host,
            live_reload: false,
            watch: true,
            state,
            build_limit: dev::BUILD_LIMIT,
            bytecode: None,
        };
        Self { folder: Folder::new(), options }
    }

    /// An ordinary Worker in the folder `name`.
    pub(crate) fn worker(mut self, name: &str, code: &str) -> Self {
        self.folder.add_worker(name, code);
        self
    }

    /// An ordinary Worker with `env.dispatcher`, the namespace `staging`.
    pub(crate) fn dispatcher(self, name: &str, code: &str) -> Self {
        self.worker(name, code).config(name, DISPATCHES)
    }

    /// A user Worker in the folder `namespace/name`.
    pub(crate) fn user(mut self, namespace: &str, name: &str, code: &str) -> Self {
        self.folder.add_user(namespace, name, code);
        self
    }

    /// More lines for the `wrangler.toml` in a project's folder.
    pub(crate) fn config(self, project: &str, lines: &str) -> Self {
        self.folder.configure(project, lines);
        self
    }

    /// Another file, by its path from the folder of all projects.
    pub(crate) fn file(self, path: &str, text: impl AsRef<[u8]>) -> Self {
        self.folder.write(path, text);
        self
    }

    /// A symbolic link `to` a file, both by their paths from the folder of all projects.
    pub(crate) fn link(self, from: &str, to: &str) -> Self {
        self.folder.link(from, to);
        self
    }

    /// A symbolic link to a directory of the repository.
    pub(crate) fn link_to_repository(self, from: &str, to: &str) -> Self {
        self.folder.link_to_repository(from, to);
        self
    }

    /// A directory of the repository, copied so that it can be edited.
    pub(crate) fn copy(self, from: &str, to: &str) -> Self {
        self.folder.copy(from, to);
        self
    }

    /// The folder of all projects.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Projects as on the command line, in place of a workspace file that lists all that were added.
    pub(crate) fn projects(mut self, arguments: &[&str]) -> Self {
        self.options.fleet.projects = arguments.iter().map(|&argument| argument.to_owned()).collect();
        self
    }

    /// The directory of the repository in which `projects` are.
    pub(crate) fn within(mut self, directory: &str) -> Self {
        self.options.fleet.directory = folder::repository().join(directory);
        self
    }

    /// Other settings.
    pub(crate) fn with(mut self, set: impl FnOnce(&mut dev::Options)) -> Self {
        set(&mut self.options);
        self
    }

    /// No project: what runs is what is uploaded.
    pub(crate) fn api() -> Self {
        Self::new().with(|options| (options.fleet.none, options.watch) = (true, false))
    }

    /// Starts the session; it must succeed.
    #[track_caller]
    pub(crate) fn start(self) -> Server {
        self.try_start().unwrap_or_else(|problems| panic!("the start failed: {:#?}", said(&problems)))
    }

    /// The mistakes that keep the session from starting.
    #[track_caller]
    pub(crate) fn refused(self) -> Vec<String> {
        match self.try_start() {
            Ok(_) => panic!("it started"),
            Err(problems) => said(&problems),
        }
    }

    fn try_start(mut self) -> Result<Server, Problems> {
        if self.options.fleet.projects.is_empty() && self.options.fleet.directory.as_os_str().is_empty() {
            self.folder.list_in_workspace();
        }
        if self.options.fleet.directory.as_os_str().is_empty() {
            self.options.fleet.directory = PathBuf::from(self.folder.path());
        }
        Server::start(self.folder, self.options)
    }
}

fn said(problems: &Problems) -> Vec<String> {
    problems.0.iter().map(ToString::to_string).collect()
}

/// A session that serves.
pub(crate) struct Server {
    folder: Folder,
    client: Client,
    session: Arc<Session>,
    stop: CancellationToken,
    serving: Option<JoinHandle<()>>,
    runtime: Option<Runtime>,
}

/// Asks a session; clones go to other threads.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) port: u16,
    api_port: u16,
    output: Output,
}

impl Server {
    fn start(folder: Folder, options: dev::Options) -> Result<Self, Problems> {
        let (output, stop) = (captured(&options.fleet.directory), CancellationToken::new());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.expect("the system can start two threads");
        let session = runtime.block_on(Session::start(options, output.terminal.clone()))?;
        let bind = || runtime.block_on(Session::bind(IpAddr::V4(Ipv4Addr::LOCALHOST), 0, true, "--port"));
        let (listeners, api_listeners) = (bind().expect("some port is free"), bind().expect("so is another"));
        let port = listeners[0].local_addr().expect("it is bound").port();
        let api_port = api_listeners[0].local_addr().expect("it is bound").port();
        let (served, stopped) = (session.clone(), stop.clone());
        let serving = runtime.spawn(async move {
            let access = Access { token: None, loopback: true };
            let api = served.serve_api(api_listeners, access, stopped.clone());
            tokio::join!(served.serve((listeners, None), stopped.clone()), api);
        });
        let serving = Some(serving);
        let client = Client { port, api_port, output };
        Ok(Self { folder, client, session, stop, serving, runtime: Some(runtime) })
    }

    /// As the key `r` does.
    pub(crate) fn reload_all(&self) {
        self.runtime.as_ref().expect("it runs until it is dropped").block_on(self.session.reload_all());
    }

    pub(crate) fn client(&self) -> Client {
        self.client.clone()
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Saves a file of a project in place.
    pub(crate) fn edit(&self, project: &str, file: &str, text: impl AsRef<[u8]>) {
        self.folder.write(&format!("{project}/{file}"), text);
    }

    /// Saves a file of a project as editors do that rename.
    pub(crate) fn edit_by_rename(&self, project: &str, file: &str, text: impl AsRef<[u8]>) {
        self.folder.replace(&format!("{project}/{file}"), text);
    }

    /// Adds lines to a project's configuration.
    pub(crate) fn configure(&self, project: &str, lines: &str) {
        self.folder.configure(project, lines);
    }

    /// Adds a user Worker's folder.
    pub(crate) fn add_user(&mut self, namespace: &str, name: &str, code: &str) {
        self.folder.add_user(namespace, name, code);
    }

    pub(crate) fn remove(&self, path: &str) {
        self.folder.remove(path);
    }

    pub(crate) fn rename(&self, from: &str, to: &str) {
        self.folder.rename(from, to);
    }
}

fn captured(base: &Path) -> Output {
    let capture = Capture::default();
    let options = term::Options {
        format: term::Format::Pretty,
        ready_first: false,
        level: term::Level::Debug,
        stream: term::Stream::Out,
        color: false,
        base: base.to_owned(),
    };
    Output::new(Terminal::start(options, capture.clone()), capture)
}

impl Deref for Server {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Client {
    #[track_caller]
    pub(crate) fn get(&self, target: &str) -> Answer {
        self.ask("GET", target).send()
    }

    #[track_caller]
    pub(crate) fn post(&self, target: &str, body: &str) -> Answer {
        self.ask("POST", target).body(body).send()
    }

    pub(crate) fn ask(&self, method: &str, target: &str) -> Ask {
        Ask::new(self.port, method, target)
    }

    /// A request to the API, of its only account.
    pub(crate) fn api(&self, method: &str, path: &str) -> Ask {
        self.api_root(method, &format!("/accounts/{ACCOUNT}{path}"))
    }

    /// A request to the API, by its path.
    pub(crate) fn api_root(&self, method: &str, path: &str) -> Ask {
        self.api_bare(method, &format!("/client/v4{path}")).header("Authorization", "Bearer token-of-a-test")
    }

    /// A request to the API's port without a token.
    pub(crate) fn api_bare(&self, method: &str, path: &str) -> Ask {
        Ask::new(self.api_port, method, path)
    }

    /// The port of the API.
    pub(crate) fn api_port(&self) -> u16 {
        self.api_port
    }

    /// A connection on which nothing was said yet.
    pub(crate) fn connect(&self) -> Connection {
        Connection::to(self.port)
    }

    /// Waits until the terminal has said a line with these words.
    #[track_caller]
    pub(crate) fn says(&self, words: &str) {
        self.output.expect(words);
    }

    /// The terminal may say lines with these words.
    pub(crate) fn may_say(&self, words: &str) {
        self.output.tolerate(words);
    }

    /// Everything that the terminal said.
    pub(crate) fn said(&self) -> String {
        self.output.text()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
        let (runtime, serving) = (self.runtime.take(), self.serving.take());
        if let (Some(runtime), Some(serving)) = (runtime, serving) {
            let ended = runtime.block_on(async { tokio::time::timeout(GUARD, serving).await });
            runtime.shutdown_background();
            assert!(thread::panicking() || matches!(ended, Ok(Ok(()))), "the session did not end: {ended:?}");
        }
        if thread::panicking() {
            // Shown with the failed test.
            #[allow(clippy::print_stderr, reason = "the test harness captures it for failed tests")]
            {
                eprintln!("--- the terminal said\n{}", self.client.said());
            }
        } else {
            let unexpected = self.client.output.unexpected();
            assert!(unexpected.is_empty(), "nobody expected {unexpected:#?} in\n{}", self.client.said());
        }
    }
}
