//! Which kind of module an import makes of a file, by wrangler's default rules.

/// What a module is to the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Esm,
    Json,
    Text,
    Data,
    Wasm,
}

/// wrangler looks at the specifier, not at the file: `import a from "./a.txt?raw"` is no text module.
pub(super) fn by_rule(specifier: &str) -> Option<Kind> {
    match specifier.rsplit_once('.')?.1 {
        "txt" | "html" | "sql" => Some(Kind::Text),
        "bin" => Some(Kind::Data),
        "wasm" | "wasm?module" => Some(Kind::Wasm),
        _ => None,
    }
}

/// Modules that the runtime brings.
pub(super) fn is_builtin(specifier: &str) -> bool {
    specifier.starts_with("cloudflare:")
}

/// Node.js' own modules, by the names that need no `node:`.
pub(super) fn is_node(specifier: &str) -> bool {
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
    let name = specifier.split('/').next().unwrap_or(specifier);
    specifier.starts_with("node:") || NAMES.contains(&name)
}
