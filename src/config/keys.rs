//! The keys of a wrangler configuration: a name, whether a named environment inherits it, and the shape of its value.
//!
//! Names only: what a binding's key means is declared in `bindings`.

use super::keys::Scope::{Inherited, OwnOnly, TopLevel};
use super::keys::Shape::{Any, Bool, List, String, Strings, Table};

/// How a key behaves below `[env.NAME]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// An environment without it takes the top level's.
    Inherited,
    /// An environment without it has none, and is told so.
    OwnOnly,
    /// Has no meaning in an environment.
    TopLevel,
}

/// What wrangler requires of the value, as far as it does not depend on what is inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Any,
    Bool,
    String,
    Strings,
    List,
    Table,
}

/// From the schemas in wrangler's packages (4.86, 4.164) and, for inheritance, its checks; the last one is devflare's own.
const KEYS: &[(&str, Scope, Shape)] = &[
    ("$schema", TopLevel, String),
    ("access", Inherited, Any),
    ("account_id", Inherited, String),
    ("addresses", TopLevel, List),
    ("agent_memory", OwnOnly, List),
    ("ai", OwnOnly, Table),
    ("ai_search", OwnOnly, List),
    ("ai_search_namespaces", OwnOnly, List),
    ("alias", TopLevel, Table),
    ("analytics", OwnOnly, Table),
    ("analytics_engine_datasets", OwnOnly, List),
    ("artifacts", OwnOnly, List),
    ("assets", Inherited, Table),
    ("base_dir", Inherited, String),
    ("browser", OwnOnly, Table),
    ("build", Inherited, Table),
    ("cache", Inherited, Any),
    ("cloudchamber", OwnOnly, Table),
    ("compatibility_date", Inherited, String),
    ("compatibility_flags", Inherited, Strings),
    ("compliance_region", Inherited, String),
    ("configPath", TopLevel, String),
    ("connect", OwnOnly, List),
    ("containers", OwnOnly, List),
    ("d1_databases", OwnOnly, List),
    ("data_blobs", TopLevel, Table),
    ("define", OwnOnly, Table),
    ("definedEnvironments", TopLevel, Any),
    ("dependencies_instrumentation", TopLevel, Table),
    ("dev", TopLevel, Table),
    ("dispatch_namespaces", OwnOnly, List),
    ("durable_objects", OwnOnly, Table),
    ("env", TopLevel, Table),
    ("exports", Inherited, Any),
    ("find_additional_modules", Inherited, Bool),
    ("first_party_worker", Inherited, Bool),
    ("flagship", OwnOnly, List),
    ("hyperdrive", OwnOnly, List),
    ("images", OwnOnly, Table),
    ("jsx_factory", Inherited, String),
    ("jsx_fragment", Inherited, String),
    ("k2", OwnOnly, List),
    ("keep_names", Inherited, Bool),
    ("keep_vars", TopLevel, Bool),
    ("kv_namespaces", OwnOnly, List),
    ("legacy_env", TopLevel, Bool),
    ("limits", Inherited, Table),
    ("logfwdr", Inherited, Table),
    ("logpush", Inherited, Bool),
    ("main", Inherited, String),
    ("media", OwnOnly, Table),
    ("migrations", Inherited, List),
    ("minify", Inherited, Bool),
    ("mtls_certificates", OwnOnly, List),
    ("name", Inherited, String),
    ("no_bundle", Inherited, Bool),
    ("observability", Inherited, Table),
    ("pages_build_output_dir", TopLevel, String),
    ("pipelines", OwnOnly, List),
    ("placement", Inherited, Table),
    ("preserve_file_names", Inherited, Bool),
    ("preview_urls", Inherited, Bool),
    ("previews", Inherited, Any),
    ("python_modules", Inherited, Table),
    ("queues", OwnOnly, Table),
    ("r2_buckets", OwnOnly, List),
    ("ratelimits", OwnOnly, List),
    ("route", Inherited, Any),
    ("routes", Inherited, List),
    ("rules", Inherited, List),
    ("secrets", OwnOnly, Table),
    ("secrets_store_secrets", OwnOnly, List),
    ("send_email", OwnOnly, List),
    ("send_metrics", TopLevel, Bool),
    ("services", OwnOnly, List),
    ("site", TopLevel, Table),
    ("stream", OwnOnly, Table),
    ("streaming_tail_consumers", OwnOnly, List),
    ("tail_consumers", OwnOnly, List),
    ("text_blobs", TopLevel, Table),
    ("triggers", Inherited, Table),
    ("targetEnvironment", TopLevel, Any),
    ("topLevelName", TopLevel, Any),
    ("tsconfig", Inherited, String),
    ("unsafe", OwnOnly, Table),
    ("unsafe_hello_world", OwnOnly, List),
    ("upload_source_maps", Inherited, Bool),
    ("userConfigPath", TopLevel, Any),
    ("vars", OwnOnly, Table),
    ("vectorize", OwnOnly, List),
    ("version_metadata", OwnOnly, Table),
    ("vpc_networks", OwnOnly, List),
    ("vpc_services", OwnOnly, List),
    ("wasm_modules", TopLevel, Table),
    ("worker_loaders", OwnOnly, List),
    ("workers_dev", Inherited, Bool),
    ("workflows", OwnOnly, List),
    ("dispatch_namespace", Inherited, String),
];

/// The scope and the shape of a key; none when nobody knows it.
pub(super) fn find(key: &str) -> Option<(Scope, Shape)> {
    KEYS.iter().find(|(name, ..)| *name == key).map(|(_, scope, shape)| (*scope, *shape))
}

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    KEYS.iter().map(|(name, ..)| *name)
}

/// The keys that an environment must repeat.
pub(super) fn own_only() -> impl Iterator<Item = &'static str> {
    KEYS.iter().filter(|(_, scope, _)| *scope == OwnOnly).map(|(name, ..)| *name)
}
