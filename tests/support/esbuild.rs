//! esbuild as the oracle: what modules answer when wrangler bundles them and Node.js runs them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::folder::repository;

/// The directory whose npm packages `scripts/test` installs.
pub(crate) fn packages() -> PathBuf {
    let directory = repository().join("tests/packages");
    assert!(directory.join("node_modules").is_dir(), "scripts/test installs the npm packages that Workers import");
    directory
}

/// What the default export of each file answers, as `describe.js` tells it.
pub(crate) fn answers(files: &[&Path]) -> HashMap<PathBuf, String> {
    let directory = packages();
    let run = Command::new("node")
        .arg(directory.join("oracle.mjs"))
        .arg(repository().join("tests/fixtures/describe.js"))
        .args(files)
        .output()
        .expect("Node.js is needed for the tests");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    serde_json::from_slice(&run.stdout).expect("the oracle prints JSON")
}
