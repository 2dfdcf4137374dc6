//! Modules of our own that compiled code imports.

/// How CommonJS modules and ES modules see one another; linked code imports it.
pub const INTEROP_NAME: &str = "devflare:interop";
/// The default export of a Worker in service-worker syntax: the runtime brings it, and the entry passes it on.
pub const SERVICE_WORKER_NAME: &str = "devflare:service-worker";
/// Where transformed syntax imports its helpers from.
pub(super) const HELPERS: &str = "devflare:transform";

/// How the names of our own modules begin.
pub(super) const OURS: &str = "devflare:";
/// Applies the standard's decorators.
pub(super) const DECORATORS: &str = "devflare:transform/decorators";

/// Name and text.
const MODULES: [(&str, &str); 4] = [
    (INTEROP_NAME, include_str!("embedded/interop.js")),
    (DECORATORS, include_str!("embedded/decorators.js")),
    ("devflare:transform/helpers/decorate", include_str!("embedded/decorate.js")),
    ("devflare:transform/helpers/decorateParam", include_str!("embedded/decorateParam.js")),
];

/// The text of a module of our own.
#[must_use]
pub fn helper(name: &str) -> Option<&'static str> {
    MODULES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
