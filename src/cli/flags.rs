//! Flags that several commands share, named as wrangler names them where it has them.

use std::env;
use std::path::PathBuf;
use std::time::SystemTime;

use clap::builder::{PossibleValuesParser, TypedValueParser, ValueParser};
use clap::{Args, ValueEnum, ValueHint};

use crate::term::{Format, Level, Options, Standard, Stream, Terminal, wants_color};
use crate::{clock, config, fleet};

/// Which projects, and how their configurations are read.
#[derive(Debug, Clone, Args)]
pub(super) struct Projects {
    /// Project directories, or NAMESPACE=DIR for user Workers; globs too: staging='./customers/*'
    ///
    /// Without NAMESPACE=, a project's role comes from devflare.toml, its configuration, its deploy script, or from who
    /// binds what; the banner says which rule decided. Without projects, devflare.toml says what to load.
    #[arg(value_name = "PROJECT", value_hint = ValueHint::AnyPath)]
    given: Vec<String>,

    /// The workspace file [default: devflare.toml, if there is one]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    workspace: Option<PathBuf>,

    /// The namespace of projects that no rule places
    #[arg(long, value_name = "NAMESPACE")]
    namespace: Option<String>,

    #[command(flatten)]
    reading: Reading,
}

/// How configurations are read.
#[derive(Debug, Clone, Args)]
pub(super) struct Reading {
    #[arg(long, short, value_name = "NAME", help = "The environment of the configurations [default: $CLOUDFLARE_ENV]")]
    env: Option<String>,

    /// A variable for every Worker; may be repeated
    #[arg(long, value_name = "KEY:VALUE", value_parser = pair())]
    var: Vec<(String, String)>,

    /// A global to be replaced by an expression in every Worker; may be repeated
    #[arg(long, value_name = "NAME:EXPRESSION", value_parser = pair())]
    define: Vec<(String, String)>,

    /// An import to be replaced by another in every Worker; may be repeated
    #[arg(long, value_name = "MODULE:OTHER", value_parser = pair())]
    alias: Vec<(String, String)>,

    /// The compatibility date of every Worker
    #[arg(long, value_name = "YYYY-MM-DD")]
    compatibility_date: Option<String>,
}

/// What is said, and how.
#[derive(Debug, Clone, Args)]
pub(super) struct Log {
    /// How much is told [default: log, for tests warn]
    #[arg(long, value_name = "LEVEL", value_parser = level())]
    log_level: Option<Level>,

    /// For people, or one JSON object per line
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = LogFormat::Pretty)]
    log_format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    Pretty,
    Json,
}

impl Projects {
    /// The directory that is given as a whole workspace.
    pub(super) fn sole_workspace(&self) -> Option<PathBuf> {
        let [directory] = &self.given[..] else { return None };
        let directory = PathBuf::from(directory);
        (self.workspace.is_none() && directory.join("devflare.toml").is_file()).then_some(directory)
    }

    /// What the fleet is loaded from.
    pub(super) fn options(&self) -> fleet::Options {
        fleet::Options {
            // The process' own.
            directory: PathBuf::new(),
            projects: self.given.clone(),
            workspace: self.workspace.clone(),
            namespace: self.namespace.clone(),
            none: false,
            config: self.reading.options(),
        }
    }
}

impl Reading {
    /// What a configuration is loaded with.
    pub(super) fn options(&self) -> config::Options {
        config::Options {
            variables: self.var.clone(),
            defines: self.define.clone(),
            aliases: self.alias.clone(),
            compatibility_date: self.compatibility_date.clone(),
            ..config_options(self.env.as_deref())
        }
    }
}

/// What a configuration is loaded with where only an environment is chosen.
pub(super) fn config_options(environment: Option<&str>) -> config::Options {
    let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    config::Options {
        environment: environment.map(str::to_owned).or_else(|| set("CLOUDFLARE_ENV")),
        today: clock::date(SystemTime::now()),
        // Names and values that are no Unicode cannot stand in a .env file either.
        process_env: env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
        ..config::Options::default()
    }
}

impl Log {
    /// The terminal of a command that has no such flags.
    pub(super) fn plain(stream: Stream, level: Level) -> Terminal {
        Self { log_level: None, log_format: LogFormat::Pretty }.terminal(stream, level, false)
    }

    /// The terminal of a command; `level` if the user does not say.
    pub(super) fn terminal(&self, stream: Stream, level: Level, ready_first: bool) -> Terminal {
        let color = match stream {
            Stream::Out => wants_color(&std::io::stdout()),
            Stream::Error => wants_color(&std::io::stderr()),
        };
        let format = match self.log_format {
            LogFormat::Pretty => Format::Pretty,
            LogFormat::Json => Format::Json,
        };
        let level = self.log_level.unwrap_or(level);
        // Without a working directory, paths are shown whole.
        let base = env::current_dir().unwrap_or_default();
        Terminal::start(Options { format, level, stream, color, base, ready_first }, Standard)
    }
}

/// `KEY:VALUE`; the value may hold colons.
fn pair() -> ValueParser {
    let parse = |text: &str| match text.split_once(':') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write a name, a colon, and what it stands for".to_owned()),
    };
    ValueParser::from(parse)
}

fn level() -> impl TypedValueParser<Value = Level> {
    PossibleValuesParser::new(Level::NAMES).try_map(|name| name.parse::<Level>())
}
