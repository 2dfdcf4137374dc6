//! Which kind of module an import makes of a file: wrangler's module rules.

use crate::config;

/// What a module is to the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Esm,
    Json,
    Text,
    Data,
    Wasm,
}

/// What a rule makes of the files that it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    /// `ESModule` and `CommonJS`, which matter for additional modules only: imports are followed in any case.
    Script,
    Asset(Kind),
}

/// The project's rules and wrangler's own, in the order in which they are asked.
#[derive(Debug)]
pub(super) struct Rules {
    rules: Vec<(Type, Vec<String>)>,
    /// Globs of rules that one of the same type before them has ended.
    ended: Vec<String>,
}

impl Rules {
    pub(super) fn new(own: &[config::Rule]) -> Self {
        let defaults = [
            ("Text", &["**/*.txt", "**/*.html", "**/*.sql"][..]),
            ("Data", &["**/*.bin"]),
            ("CompiledWasm", &["**/*.wasm", "**/*.wasm?module"]),
        ];
        let defaults = defaults.map(|(kind, globs)| (kind, globs.iter().map(|&glob| glob.to_owned()).collect(), false));
        let own = own.iter().map(|rule| (rule.kind.as_str(), rule.globs.clone(), rule.fallthrough));
        // A rule of a type ends the rules of this type, unless it falls through.
        let mut complete = Vec::new();
        let (mut rules, mut ended) = (Vec::new(), Vec::new());
        for (kind, globs, fallthrough) in own.chain(defaults) {
            if complete.contains(&kind) {
                ended.extend(globs);
                continue;
            }
            if !fallthrough {
                complete.push(kind);
            }
            rules.extend(type_of(kind).map(|kind| (kind, globs)));
        }
        Self { rules, ended }
    }

    /// Whether only a rule that does not count any more is about an import.
    pub(super) fn is_ended(&self, specifier: &str) -> bool {
        self.ended.iter().any(|glob| matches(glob, specifier, false))
    }

    /// What an import is by its specifier, at which wrangler looks rather than at the file.
    pub(super) fn of_import(&self, specifier: &str) -> Option<Kind> {
        let assets = self.rules.iter().filter_map(|(kind, globs)| match kind {
            Type::Asset(kind) => Some((*kind, globs)),
            Type::Script => None,
        });
        let mut matching = assets.filter(|(_, globs)| globs.iter().any(|glob| matches(glob, specifier, false)));
        matching.next().map(|(kind, _)| kind)
    }

    /// What an additional module is by its path below the modules' root; `None` if no rule is about it.
    pub(super) fn of_file(&self, path: &str) -> Option<Kind> {
        let (kind, _) = self.rules.iter().find(|(_, globs)| globs.iter().any(|glob| matches(glob, path, true)))?;
        Some(match kind {
            Type::Script => Kind::Esm,
            Type::Asset(kind) => *kind,
        })
    }
}

fn type_of(kind: &str) -> Option<Type> {
    Some(match kind {
        "ESModule" | "CommonJS" => Type::Script,
        "Text" => Type::Asset(Kind::Text),
        "Data" => Type::Asset(Kind::Data),
        "CompiledWasm" => Type::Asset(Kind::Wasm),
        _ => return None,
    })
}

/// wrangler's globs: only `*` is special. In imports it stands for anything; in paths it ends at a slash, and `**/`
/// stands for any directories.
pub(super) fn matches(glob: &str, text: &str, is_path: bool) -> bool {
    if is_path && let Some(rest) = glob.strip_prefix("**/") {
        let mut starts = std::iter::once(0).chain(text.match_indices('/').map(|(at, _)| at + 1));
        return starts.any(|start| matches(rest, &text[start..], true));
    }
    // `src/**/b`: directories in the middle.
    if is_path && let Some((before, after)) = glob.split_once("/**/") {
        let starts = text.match_indices('/').map(|(at, _)| at);
        let mut splits = starts.map(|at| (&text[..at], &text[at + 1..]));
        return splits.any(|(head, rest)| matches(before, head, true) && matches(&format!("**/{after}"), rest, true));
    }
    let Some((before, after)) = glob.split_once('*') else { return glob == text };
    let after = if is_path { after } else { after.trim_start_matches('*') };
    let Some(rest) = text.strip_prefix(before) else { return false };
    if is_path && after == "*" {
        return true;
    }
    let end = rest.find('/').filter(|_| is_path).unwrap_or(rest.len());
    let ends = (0..=end).filter(|end| rest.is_char_boundary(*end));
    ends.rev().any(|end| matches(after, &rest[end..], is_path))
}

/// Modules that the runtime brings.
pub(super) fn is_cloudflare(specifier: &str) -> bool {
    specifier.starts_with("cloudflare:")
}

/// The name with `node:` of a module of Node.js that `specifier` means with it or without.
pub(super) fn node_name(specifier: &str) -> Option<String> {
    const NAMES: [&str; 41] = [
        "assert",
        "async_hooks",
        "buffer",
        "child_process",
        "cluster",
        "console",
        "constants",
        "crypto",
        "dgram",
        "diagnostics_channel",
        "dns",
        "domain",
        "events",
        "fs",
        "http",
        "http2",
        "https",
        "inspector",
        "module",
        "net",
        "os",
        "path",
        "perf_hooks",
        "process",
        "punycode",
        "querystring",
        "readline",
        "repl",
        "stream",
        "string_decoder",
        "sys",
        "timers",
        "tls",
        "trace_events",
        "tty",
        "url",
        "util",
        "v8",
        "vm",
        "worker_threads",
        "zlib",
    ];
    if specifier.starts_with("node:") {
        return Some(specifier.to_owned());
    }
    let name = specifier.split('/').next().unwrap_or(specifier);
    (NAMES.contains(&name) && !specifier.ends_with('/')).then(|| format!("node:{specifier}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(kind: &str, glob: &str, fallthrough: bool) -> config::Rule {
        config::Rule { kind: kind.into(), globs: vec![glob.into()], fallthrough }
    }

    #[test]
    fn a_star_stands_for_anything_in_an_import() {
        assert!(matches("**/*.txt", "./a/b.txt", false) && matches("**/*.wasm?module", "../x.wasm?module", false));
        assert!(!matches("**/*.txt", "a.txt", false) && !matches("**/*.txt", "./a.txt.js", false));
    }

    #[test]
    fn a_star_ends_at_a_slash_in_a_path() {
        assert!(matches("**/*.js", "a.js", true) && matches("**/*.js", "x/y/a.js", true));
        assert!(matches("x/*.js", "x/a.js", true) && matches("x/**", "x/y/z", true));
        assert!(matches("x/**/a.js", "x/y/z/a.js", true) && matches("x/**/a.js", "x/a.js", true));
        assert!(!matches("*.js", "x/a.js", true) && !matches("x/*.js", "x/y/a.js", true));
    }

    #[test]
    fn a_rule_ends_the_default_of_its_type_unless_it_falls_through() {
        let rules = Rules::new(&[rule("Text", "**/*.md", false), rule("Data", "**/*.dat", true)]);
        assert_eq!(rules.of_import("./a.md"), Some(Kind::Text));
        assert!(rules.of_import("./a.txt").is_none() && rules.is_ended("./a.txt") && !rules.is_ended("./a.bin"));
        assert_eq!(rules.of_import("./a.dat"), Some(Kind::Data));
        assert_eq!(rules.of_import("./a.bin"), Some(Kind::Data));
    }
}
