//! Static files that open pages show: followed for `--live-reload` alone, as requests read them from the disk anyway.

use std::fs;
use std::path::Path;

use super::Session;
use super::watch::{Changes, Owner, WatchSet};
use crate::fleet::Project;
use crate::worker::WorkerId;

/// Files and directories that are followed; a page shows the rest when somebody loads it.
const MAX_FOLLOWED: usize = 20_000;

/// The name under which a Worker's static files are watched.
fn owner(id: &WorkerId) -> Owner {
    format!("{id} (assets)").into()
}

impl Session {
    /// Follows the static files of a project, as they are now.
    pub(super) fn follow_files(&self, id: &WorkerId, project: &Project) {
        let Some(watcher) = self.watcher.as_ref().filter(|_| self.options.live_reload) else { return };
        let Some((directory, _)) = &project.assets else { return watcher.forget(&owner(id)) };
        // A file may come after its directory was read, and before that was watched.
        while !watcher.watch(&owner(id), below(directory)).is_empty() {}
    }

    pub(super) fn forget_files(&self, id: &WorkerId) {
        self.watcher.iter().for_each(|watcher| watcher.forget(&owner(id)));
    }

    /// Has pages of a Worker loaded anew whose files have changed.
    pub(super) fn refresh_pages(&self, id: &WorkerId, project: Option<&Project>, changes: &Changes) {
        let Some(project) = project.filter(|_| changes.owners.contains_key(&owner(id))) else { return };
        self.follow_files(id, project);
        self.live.reloaded(&id.to_string());
    }
}

fn below(directory: &Path) -> WatchSet {
    let mut set = WatchSet::default();
    let mut open = vec![std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned())];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
            let (path, is_directory) = (entry.path(), entry.file_type().is_ok_and(|kind| kind.is_dir()));
            if set.files.len() + set.listings.len() + open.len() >= MAX_FOLLOWED || entry.file_name() == "node_modules"
            {
                continue;
            }
            if is_directory {
                open.push(path);
            } else {
                set.files.insert(path);
            }
        }
        set.listings.insert(directory);
    }
    set
}
