//! `devflare init`: the guide's first step, a project to start from.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use clap::{ValueEnum, ValueHint};

use super::flags::Log;
use super::{LAST_WORDS, fail};
use crate::clock;
use crate::error::{Problem, Problems};
use crate::term::{Done, Level, Stream};

/// Make a project to start from: a user Worker, a dispatch Worker, or a platform of both
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The directory to make; its last part is the Worker's name
    #[arg(value_name = "NAME", value_hint = ValueHint::DirPath)]
    directory: PathBuf,

    /// What to make
    #[arg(long, value_enum, default_value_t = Template::User)]
    template: Template,

    #[command(flatten)]
    log: Log,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Template {
    /// A Worker that says hello
    User,
    /// A Worker that passes requests on to user Workers, by host or path
    Dispatcher,
    /// A dispatch Worker with a folder of user Workers, and the devflare.toml for both
    Platform,
}

const USER: &str = r#"export default {
	async fetch(request, env, ctx) {
		return new Response("Hello world");
	},
};
"#;

const DISPATCHER: &str = r#"// Asks the user Worker that the first part of the path names: /customer-a/... is answered by customer-a.
export default {
	async fetch(request, env, ctx) {
		const [, name] = new URL(request.url).pathname.split("/");
		if (!name) {
			return new Response("Name a user Worker in the path: /customer-a\n", { status: 404 });
		}
		try {
			return await env.DISPATCHER.get(name).fetch(request);
		} catch (error) {
			if (error.message.startsWith("Worker not found")) {
				return new Response(`There is no user Worker ${name}.\n`, { status: 404 });
			}
			throw error;
		}
	},
};
"#;

const BINDING: &str = r#",
	"dispatch_namespaces": [
		{ "binding": "DISPATCHER", "namespace": "staging" }
	]"#;

const WORKSPACE: &str = r#"# `devflare dev` in this folder serves all of it; a folder added to customers/ is a user Worker at once.
workers = ["./dispatcher"]

[namespaces]
staging = ["./customers/*"]
"#;

/// Files to write: paths and texts.
type Files = Vec<(String, String)>;

pub(super) fn run(args: &Args) -> ExitCode {
    let terminal = args.log.terminal(Stream::Out, Level::Log, false);
    match make(args) {
        Ok(done) => {
            terminal.tell(done);
            terminal.flush(LAST_WORDS);
            ExitCode::SUCCESS
        }
        Err(problem) => fail(&terminal, Problems::from(problem)),
    }
}

fn make(args: &Args) -> Result<Done, Problem> {
    let shown = args.directory.display().to_string();
    let name =
        args.directory.file_name().and_then(|name| name.to_str()).filter(|name| is_name(name)).ok_or_else(|| {
            let problem = Problem::error(format!("{shown:?} does not end with a name for a Worker"));
            problem.help("use lower-case letters, digits, dashes and underscores, such as customer-a")
        })?;
    refuse_full(&args.directory)?;
    for (path, text) in files(args.template, name) {
        write(&args.directory.join(path), &text)?;
    }
    Ok(match args.template {
        Template::User => Done::new(format!("Made the user Worker {shown}"))
            .hint(format!("devflare dev DISPATCHER {shown}"))
            .hint(format!("devflare deploy {shown} --dispatch-namespace staging")),
        Template::Dispatcher => Done::new(format!("Made the dispatch Worker {shown}, for the namespace staging"))
            .hint(format!("devflare dev {shown} USER-WORKER..."))
            .hint(format!("devflare deploy {shown}")),
        Template::Platform => Done::new(format!("Made the platform {shown}"))
            .hint(format!("cd {shown} && devflare dev"))
            .hint("curl http://localhost:8787/customer-a"),
    })
}

fn files(template: Template, name: &str) -> Files {
    match template {
        Template::User => project("", name, USER, ""),
        Template::Dispatcher => project("", name, DISPATCHER, BINDING),
        Template::Platform => {
            let mut files = vec![("devflare.toml".to_owned(), WORKSPACE.to_owned())];
            files.extend(project("dispatcher/", name, DISPATCHER, BINDING));
            for customer in ["customer-a", "customer-b"] {
                let code = USER.replace("Hello world", &format!("Hello from {customer}"));
                files.extend(project(&format!("customers/{customer}/"), customer, &code, ""));
            }
            files
        }
    }
}

fn project(folder: &str, name: &str, code: &str, more: &str) -> Files {
    let today = clock::date(SystemTime::now());
    let config = format!(
        "{{\n\t\"name\": \"{name}\",\n\t\"main\": \"src/index.js\",\n\t\"compatibility_date\": \"{today}\"{more}\n}}\n"
    );
    vec![(format!("{folder}wrangler.jsonc"), config), (format!("{folder}src/index.js"), code.to_owned())]
}

/// Cloudflare's rule for ordinary Workers.
fn is_name(name: &str) -> bool {
    let is_edge = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit();
    name.chars().all(|character| is_edge(character) || matches!(character, '-' | '_'))
        && name.starts_with(is_edge)
        && name.ends_with(is_edge)
}

fn refuse_full(directory: &Path) -> Result<(), Problem> {
    let is_full = match fs::read_dir(directory) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(unwritable(directory, &error)),
    };
    if !is_full {
        return Ok(());
    }
    let problem = Problem::error(format!("`{}` is there already, and not empty", directory.display()));
    Err(problem.help("choose another name: nothing is overwritten"))
}

fn write(path: &Path, text: &str) -> Result<(), Problem> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(path, text));
    written.map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &io::Error) -> Problem {
    Problem::error(format!("`{}` cannot be made: {error}", path.display()))
}
