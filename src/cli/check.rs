//! `devflare check`: loads and builds everything, says what is wrong, starts nothing.

use std::process::ExitCode;

use super::flags::{Log, Projects};
use super::{LAST_WORDS, fail};
use crate::compile::Cache;
use crate::config::WorkerConfig;
use crate::dev::workers;
use crate::error::{EXIT_USER_MISTAKE, Problems};
use crate::fleet::{self, Fleet};
use crate::graph;
use crate::runtime::ProgramCache;
use crate::term::{Checked, Level, Stream};

/// Load and build the projects, say what is wrong with them, start nothing
///
/// The status is 0 if everything could be served, and 2 if not. Warnings do not count.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    projects: Projects,
    #[command(flatten)]
    log: Log,
}

pub(super) fn run(args: &Args) -> ExitCode {
    let terminal = args.log.terminal(Stream::Out, Level::Log, false);
    let loaded = match fleet::load(&args.projects.options()) {
        Ok(loaded) => loaded,
        Err(problems) => return fail(&terminal, problems),
    };
    let mut problems = loaded.problems;
    problems.extend(build_all(&loaded.fleet));
    let status = if problems.has_errors() { EXIT_USER_MISTAKE } else { 0 };
    let checked = Checked::of(workers(&loaded.fleet, None), &problems);
    for problem in problems.0 {
        terminal.tell(problem);
    }
    terminal.tell(checked);
    terminal.flush(LAST_WORDS);
    ExitCode::from(status)
}

/// What keeps the Workers from being built; one after the other, as one waits for all of them anyway.
fn build_all(fleet: &Fleet) -> Problems {
    let cache = Cache::default();
    let mut problems = Problems::default();
    for member in &fleet.members {
        let Ok(project) = member.state() else { continue };
        let Some(main) = &project.config.main else { continue };
        if let Some(missing) =
            Some(&project.config).filter(|_| !main.value.is_file()).and_then(WorkerConfig::main_is_missing)
        {
            problems.push(missing);
            continue;
        }
        match graph::load(&project.config.directory, &main.value, &graph::Options::of(&project.config), &cache) {
            Ok(graph) => {
                problems.extend(ProgramCache::default().program(&graph).err().unwrap_or_default());
                problems.extend(graph.warnings);
            }
            Err(failed) => problems.extend(failed.problems),
        }
    }
    problems
}
