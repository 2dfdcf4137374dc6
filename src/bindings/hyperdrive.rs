//! `hyperdrive`: where a database on this machine is. Nothing is pooled or cached here: drivers connect to it themselves.

use rquickjs::{Ctx, Result, Value as JsValue};
use serde_json::json;

use super::attach::make;
use super::{Binding, Environment, Summary, each, fields, text};
use crate::config::{Fields, Node};
use crate::error::{Place, Problem, Problems};

pub(super) struct Kind;

#[derive(Debug, Clone)]
struct Hyperdrive {
    name: String,
    id: Option<String>,
    /// `postgres://user:password@localhost:5432/database`
    local: Option<String>,
    place: Place,
}

/// The variables of the process that name the database of a binding, the newer one first.
const VARIABLES: [&str; 2] =
    ["CLOUDFLARE_HYPERDRIVE_LOCAL_CONNECTION_STRING_", "WRANGLER_HYPERDRIVE_LOCAL_CONNECTION_STRING_"];

impl super::Kind for Kind {
    fn key(&self) -> &'static str {
        "hyperdrive"
    }

    fn upload_types(&self) -> &'static [&'static str] {
        &["hyperdrive"]
    }

    fn parse(&self, node: &Node, problems: &mut Problems) -> Vec<Box<dyn Binding>> {
        each(node, problems, one)
    }
}

fn one(fields: &mut Fields<'_>) -> Option<Box<dyn Binding>> {
    let name = fields.required_string("binding");
    let (id, written) = (text(fields.string("id")), fields.string("localConnectionString"));
    let name = name?;
    let variable = |start: &&str| std::env::var(format!("{start}{}", name.value)).ok();
    let local = VARIABLES.iter().find_map(variable);
    if local.is_none()
        && let Some(written) = &written
        && parts(&written.value).is_none()
    {
        let problem = Problem::error("`localConnectionString` is not a connection string");
        let problem = problem.at(&written.place.source, written.place.span.clone(), "");
        fields.push(problem.help("write it as postgres://USER:PASSWORD@localhost:5432/DATABASE"));
    }
    let local = local.or_else(|| text(written));
    Some(Box::new(Hyperdrive { name: name.value, id, local, place: name.place }))
}

/// What `env` shows of a connection string.
fn parts(text: &str) -> Option<serde_json::Value> {
    let url = url::Url::parse(text).ok()?;
    let port = match url.scheme() {
        "postgres" | "postgresql" => 5432,
        "mysql" => 3306,
        _ => return None,
    };
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    Some(json!({
        "connectionString": text, "host": url.host_str()?, "port": url.port().unwrap_or(port),
        "user": decoded(url.username()), "password": decoded(url.password().unwrap_or_default()),
        "database": decoded(url.path().trim_start_matches('/')),
    }))
}

impl Binding for Hyperdrive {
    fn name(&self) -> &str {
        &self.name
    }

    fn place(&self) -> Option<&Place> {
        Some(&self.place)
    }

    fn upload_type(&self) -> &'static str {
        "hyperdrive"
    }

    fn uploaded(&self) -> serde_json::Map<String, serde_json::Value> {
        fields([("id", self.id.as_ref().map(|id| json!(id)))])
    }

    fn attach<'js>(&self, ctx: &Ctx<'js>, _: &dyn Environment) -> Result<JsValue<'js>> {
        let parts = self.local.as_deref().and_then(parts).map(|parts| parts.to_string());
        make(ctx, "hyperdrive", (self.name.as_str(), parts))
    }

    /// Never the password.
    fn summary(&self) -> Summary {
        let host = self
            .local
            .as_deref()
            .and_then(|text| url::Url::parse(text).ok())
            .and_then(|url| Some(url.host_str()?.to_owned() + url.path()));
        Summary::emulated("Hyperdrive Config", host.or_else(|| self.id.clone()).unwrap_or_default())
    }
}
