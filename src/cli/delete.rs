//! `devflare delete`: a Worker that was deployed is there no more.

use std::process::ExitCode;

use http::Method;

use super::client::{Api, Connection, Content};
use super::script::{Named, Script};
use crate::error::Problems;
use crate::term::Done;

/// Delete a deployed Worker, or a user Worker of a dispatch namespace
///
/// Projects that are watched are not touched: they end with their directories.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The Worker [default: that of the project in the working directory]
    #[arg(value_name = "NAME", conflicts_with = "name")]
    given: Option<String>,
    #[command(flatten)]
    script: Named,
    #[command(flatten)]
    connection: Connection,
}

pub(super) fn run(args: &Args) -> ExitCode {
    let named = Named { name: args.given.clone().or_else(|| args.script.name.clone()), ..args.script.clone() };
    args.connection.run(async |api| delete(api, named.script()?).await)
}

async fn delete(api: &Api, script: Script) -> Result<Done, Problems> {
    script.ask(api, Method::DELETE, &[], Content::Nothing).await?;
    Ok(Done::new(format!("Deleted {}{}", script.name, script.place())))
}
