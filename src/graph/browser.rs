//! `browser` maps of `package.json`: what stands in for a file or a package where there is no Node.js.

use std::path::Path;

use super::package::{Package, Substitute};
use super::resolve::is_package;

const EXTENSIONS: [&str; 7] = ["", ".tsx", ".ts", ".jsx", ".js", ".css", ".json"];

/// What the map says about a file: nothing, mostly.
pub(super) fn of_path(scope: &Package, path: &Path) -> Option<Substitute> {
    let relative = path.strip_prefix(&scope.directory).ok()?.to_str()?.to_owned();
    if relative.is_empty() {
        return None;
    }
    entry(scope, &relative, &EXTENSIONS).or_else(|| entry(scope, &format!("./{relative}"), &EXTENSIONS))
}

/// What the map says about a package that a file of `directory` imports.
pub(super) fn of_package(scope: &Package, directory: &Path, specifier: &str) -> Option<Substitute> {
    entry(scope, specifier, &EXTENSIONS).or_else(|| {
        // Browserify lets `./pkg` stand for the package `pkg`, in the same package only.
        let inside = directory.strip_prefix(&scope.directory).ok()?.to_str()?;
        if inside.split('/').any(|part| part == "node_modules") {
            return None;
        }
        let prefix = if inside.is_empty() { String::new() } else { format!("{inside}/") };
        entry(scope, &format!("./{prefix}{specifier}"), &EXTENSIONS[..1])
    })
}

fn entry(scope: &Package, path: &str, extensions: &[&str]) -> Option<Substitute> {
    let map = scope.browser_map.as_ref()?;
    let index = format!("{}/index", path.trim_end_matches('/'));
    let index = if is_package(path) || !is_package(&index) { index } else { format!("./{index}") };
    let paths = [path, &index].into_iter().flat_map(|stem| extensions.iter().map(move |end| format!("{stem}{end}")));
    paths.into_iter().find_map(|path| map.get(&path).cloned())
}
