//! devflare: Cloudflare Workers for Platforms on a laptop, offline.
//!
//! One binary watches Worker projects, loads dispatch Workers and user Workers into QuickJS isolates and serves them on
//! localhost, with the dispatch namespaces wired from each project's `wrangler.toml`, `.json` or `.jsonc`.
//!
//! # The map
//!
//! Layers, foundations first; a module imports only from those above it.
//!
//! | layer | what it is | it must not know |
//! |---|---|---|
//! | [`error`] | user mistakes: what, where, how to fix | any layer |
//! | [`clock`] | the time, settable in tests | |
//! | [`term`] | the only writer to the terminal | JavaScript, HTTP |
//! | [`worker`] | the shared nouns: id, request, response, body, failure, who answers | QuickJS, axum |
//! | [`store`] | the state directory: SQLite, one holder at a time, or memory | bindings |
//! | [`engine`] | QuickJS: isolates as actors, turns on a pool of threads, modules as bytecode, limits, promises | Workers, servers, configs |
//! | [`web`] | the web platform, one file per API, native and JavaScript halves | bindings, configs |
//! | [`node`] | Node.js's modules, one file per module | bindings, configs |
//! | [`config`] | `wrangler.*` to one checked tree with places | which bindings exist |
//! | [`compile`] | one source file to code, map, imports and exports; pure | QuickJS, watching |
//! | [`graph`] | an entry to its resolved module graph and what to watch | QuickJS |
//! | [`assets`] | static files: which one a path means, and its answer | who owns them, watching |
//! | [`bindings`] | one file per binding: its key, its checks, its JavaScript face | HTTP fronts |
//! | [`fleet`] | projects to who is who: roles, namespaces, hosts; pure | isolates |
//! | [`runtime`] | a Worker's id to running isolates: swap, drain, evict, dispatch, limits | axum |
//! | [`front`] | the Workers port | files, the control plane |
//! | [`control`] | the Cloudflare v4 API: what is uploaded, kept and served | isolates, except through `runtime` |
//! | [`dev`] | the story: load, start, serve, and on a change rebuild and swap | |
//! | `cli` | the command line | |
//!
//! # One request
//!
//! `front::serve` accepts, `front::handle` asks its `Sites` (the session, `dev::sites`) who answers; that first waits for
//! the watcher's barrier, so that whatever was saved before is served. `runtime::target` finds the current version of the
//! Worker and starts an invocation in its isolate (`runtime::events`), whose first message calls `runtime/worker.js`.
//! `env.dispatcher.get(name).fetch(request)` leaves JavaScript through `web::fetch` as Rust parts and enters the user
//! Worker's isolate by the same door. Answers come back as Rust parts; a body that is only passed on never enters
//! JavaScript.
//!
//! # One save
//!
//! The watcher tells whose file it was (`dev::watch`), `dev::rebuild` has the project's graph read again (`graph`; what did
//! not change is found in the compile cache by its content), `runtime::program` compiles to bytecode what changed, and
//! `runtime::Runtime::replace` boots a new isolate and swaps it in; the old one drains.
//!
//! # What never happens
//!
//! * A layer imports one that is listed after it.
//! * `config`, `compile`, `graph` or `fleet` start a task or open a socket.
//! * A JavaScript value leaves its isolate's thread, or a Rust class holds one.
//! * A Worker ends the process, blocks another one beyond its time slice, or grows past its memory limit.
//! * A failed reload changes anything but the Worker that failed.
//! * Anything but `store` writes in the state directory, or a write that was told done is lost when the process is killed.
//! * Anything but `term` prints; anything but `main` ends the process.
//!
//! # Words
//!
//! *Project*: a folder with a wrangler configuration. *Worker*: what runs from it; an ordinary one, or a *user Worker* of a
//! *namespace*. *Slot*: one version of a Worker. *Isolate*: a QuickJS runtime that runs it. *Invocation*: one event in an
//! isolate. *Turn*: an isolate's time on an engine thread. *Op*: host work that a promise waits for.

pub mod assets;
pub mod bindings;
pub mod cli;
pub mod clock;
pub mod compile;
pub mod config;
pub mod control;
pub mod dev;
pub mod engine;
pub mod error;
pub mod fleet;
pub mod front;
pub mod graph;
pub mod node;
pub mod runtime;
pub mod store;
pub mod term;
pub mod web;
pub mod worker;
