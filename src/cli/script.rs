//! Which script of the API a command is about: a name on the command line, or the project in the working directory.

use std::path::Path;

use clap::Args;
use http::Method;

use super::client::{Answer, Api, Content};
use super::flags::config_options;
use crate::config;
use crate::error::{Problem, Problems};

/// A script, in the words of the command line.
#[derive(Debug, Clone, Args)]
pub(super) struct Named {
    /// The Worker [default: that of the project in the working directory]
    #[arg(long, value_name = "NAME")]
    pub(super) name: Option<String>,

    /// The dispatch namespace that it is in, as a user Worker
    #[arg(long, value_name = "NAMESPACE")]
    pub(super) dispatch_namespace: Option<String>,

    #[arg(long, short, value_name = "NAME", help = "The environment of the configuration [default: $CLOUDFLARE_ENV]")]
    pub(super) env: Option<String>,
}

/// One script, of a namespace or the account's own.
#[derive(Debug, Clone)]
pub(super) struct Script {
    pub(super) name: String,
    pub(super) namespace: Option<String>,
}

impl Named {
    /// Reads the configuration in the working directory where the command line says no name.
    pub(super) fn script(&self) -> Result<Script, Problems> {
        if let Some(name) = self.name.clone() {
            return Ok(Script { name, namespace: self.dispatch_namespace.clone() });
        }
        if !config::is_project(Path::new(".")) {
            let problem = Problem::error("no Worker is named, and no project is in this directory");
            return Err(problem.help("add --name NAME").into());
        }
        let (config, problems) = config::load(Path::new("."), &config_options(self.env.as_deref()));
        let config = config.ok_or(problems)?;
        let namespace = self.dispatch_namespace.clone();
        let namespace = namespace.or_else(|| config.dispatch_namespace.map(|namespace| namespace.value));
        Ok(Script { name: config.name, namespace })
    }
}

impl Script {
    /// Asks for something below it.
    pub(super) async fn ask(
        &self,
        api: &Api,
        method: Method,
        below: &[&str],
        content: Content,
    ) -> Result<Answer, Problem> {
        let mut path = match &self.namespace {
            Some(namespace) => vec!["workers", "dispatch", "namespaces", namespace, "scripts", &self.name],
            None => vec!["workers", "scripts", &self.name],
        };
        path.extend(below);
        api.ask(method, &path, content).await
    }

    /// ` in the namespace staging`, or nothing.
    pub(super) fn place(&self) -> String {
        self.namespace.as_ref().map(|namespace| format!(" in the namespace {namespace}")).unwrap_or_default()
    }
}
