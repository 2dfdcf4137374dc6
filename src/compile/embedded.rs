//! Modules of our own that compiled code imports.

/// How CommonJS modules and ES modules see one another; linked code imports it.
pub const INTEROP_NAME: &str = "devflare:interop";
/// Where transformed syntax imports its helpers from.
pub(super) const HELPERS: &str = "devflare:transform";

/// Name and text.
const MODULES: [(&str, &str); 3] = [
    (INTEROP_NAME, include_str!("embedded/interop.js")),
    ("devflare:transform/helpers/decorate", include_str!("embedded/decorate.js")),
    ("devflare:transform/helpers/decorateParam", include_str!("embedded/decorateParam.js")),
];

/// The text of a module of our own.
#[must_use]
pub fn helper(name: &str) -> Option<&'static str> {
    MODULES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
