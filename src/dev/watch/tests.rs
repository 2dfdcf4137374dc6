//! What a watcher promises, on real files and for both kinds of event queue.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{FileExt, symlink};
use std::time::Duration;

use super::*;

/// A directory with a watcher of each kind on it.
struct Field {
    directory: tempfile::TempDir,
    watchers: Vec<Watcher>,
    sets: WatchSet,
}

impl Field {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let warn = |problem: Problem| panic!("{problem}");
        let (queue, system) = cookie::open(&std::env::temp_dir()).expect("a watcher");
        let cookies = Watcher::with(Queue::Cookie(queue), Tree::new(Box::new(system)), warn);
        let watchers = vec![cookies, Watcher::start(warn)];
        Self { directory, watchers, sets: WatchSet::default() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(path, text).expect("written");
    }

    fn watch(&mut self, names: &[&str]) {
        let paths: Vec<_> = names.iter().map(|name| self.path(name)).collect();
        self.sets.files.extend(paths);
        self.apply();
    }

    fn list(&mut self, name: &str) {
        let path = self.path(name);
        self.sets.listings.insert(path);
        self.apply();
    }

    fn apply(&self) {
        for watcher in &self.watchers {
            let _ = watcher.watch(&Owner::from("me"), self.sets.clone());
            let _ = watcher.take();
        }
    }

    /// What each watcher says changed, right after the saves returned.
    async fn changed(&self) -> Vec<BTreeSet<String>> {
        let mut all = Vec::new();
        for watcher in &self.watchers {
            watcher.barrier().await;
            let (changes, _) = watcher.take();
            assert!(!changes.everything, "no event may be lost here");
            let paths = changes.owners.into_values().flatten();
            let root = self.directory.path();
            all.push(paths.map(|path| path.strip_prefix(root).expect("inside").display().to_string()).collect());
        }
        all
    }

    async fn expect(&self, names: &[&str]) {
        let names: BTreeSet<String> = names.iter().map(ToString::to_string).collect();
        for changed in self.changed().await {
            assert_eq!(changed, names);
        }
    }
}

#[tokio::test]
async fn a_barrier_has_seen_every_earlier_save() {
    let mut field = Field::new();
    field.write("a.js", "0");
    field.write("b.js", "0");
    field.watch(&["a.js", "b.js"]);
    for round in 0..1000 {
        field.write("a.js", format!("{round}"));
        field.expect(&["a.js"]).await;
    }
    field.expect(&[]).await;
}

#[tokio::test]
async fn a_thousand_saves_between_two_barriers_are_one_change() {
    let mut field = Field::new();
    field.watch(&["a.js"]);
    let files = ["a.js", "unwatched.js"].map(|name| fs::File::create(field.path(name)).expect("made"));
    for _ in 0..1000 {
        for file in &files {
            file.write_all_at(b"x", 0).expect("written");
        }
    }
    field.expect(&["a.js"]).await;
    field.expect(&[]).await;
}

#[tokio::test]
async fn saves_by_rename_truncation_and_removal_are_seen() {
    let mut field = Field::new();
    field.write("src/a.js", "0");
    field.watch(&["src/a.js"]);
    for round in 0..10 {
        field.write("src/.a.js.tmp", format!("{round}"));
        field.expect(&[]).await;
        fs::rename(field.path("src/.a.js.tmp"), field.path("src/a.js")).expect("renamed");
        field.expect(&["src/a.js"]).await;
    }
    fs::OpenOptions::new().write(true).truncate(true).open(field.path("src/a.js")).expect("opened");
    field.expect(&["src/a.js"]).await;
    fs::remove_file(field.path("src/a.js")).expect("removed");
    field.expect(&["src/a.js"]).await;
    field.write("src/a.js", "back");
    field.expect(&["src/a.js"]).await;
}

#[tokio::test]
async fn a_missing_file_is_seen_when_it_appears_with_its_directories() {
    let mut field = Field::new();
    field.watch(&["deep/er/a.js"]);
    field.write("deep/er/a.js", "1");
    field.expect(&["deep/er/a.js"]).await;
    field.write("deep/er/a.js", "2");
    field.expect(&["deep/er/a.js"]).await;
}

#[tokio::test]
async fn deleted_renamed_and_recreated_directories_are_followed() {
    let mut field = Field::new();
    field.write("p/src/a.js", "1");
    field.write("q/b.js", "1");
    field.watch(&["p/src/a.js", "q/b.js"]);
    for round in 0..5 {
        fs::remove_dir_all(field.path("p")).expect("removed");
        field.expect(&["p/src/a.js"]).await;
        field.write("p/src/a.js", format!("{round}"));
        field.expect(&["p/src/a.js"]).await;
        field.write("p/src/a.js", "again");
        field.expect(&["p/src/a.js"]).await;
        fs::rename(field.path("p"), field.path("away")).expect("renamed");
        field.expect(&["p/src/a.js"]).await;
        field.write("away/src/a.js", "not watched any more");
        field.expect(&[]).await;
        fs::rename(field.path("away"), field.path("p")).expect("renamed");
        field.expect(&["p/src/a.js"]).await;
        field.write("p/src/a.js", "once more");
        field.expect(&["p/src/a.js"]).await;
    }
}

#[tokio::test]
async fn symbolic_links_are_followed_and_watched_themselves() {
    let mut field = Field::new();
    field.write("store/v1/lib/a.js", "1");
    field.write("store/v2/lib/a.js", "2");
    field.write("store/one.js", "1");
    fs::create_dir(field.path("p")).expect("made");
    symlink("../store/v1", field.path("p/dep")).expect("linked");
    symlink(field.path("store/one.js"), field.path("p/one.js")).expect("linked");
    field.watch(&["p/dep/lib/a.js", "p/one.js"]);
    field.write("store/v1/lib/a.js", "new");
    field.expect(&["p/dep/lib/a.js"]).await;
    field.write("store/one.js", "new");
    field.expect(&["p/one.js"]).await;
    fs::remove_file(field.path("p/dep")).expect("removed");
    symlink("../store/v2", field.path("p/dep")).expect("linked");
    field.expect(&["p/dep/lib/a.js"]).await;
    field.write("store/v2/lib/a.js", "new");
    field.expect(&["p/dep/lib/a.js"]).await;
    fs::rename(field.path("store"), field.path("attic")).expect("renamed");
    field.expect(&["p/dep/lib/a.js", "p/one.js"]).await;
    fs::rename(field.path("attic"), field.path("store")).expect("renamed");
    field.expect(&["p/dep/lib/a.js", "p/one.js"]).await;
    field.write("store/v2/lib/a.js", "newer");
    field.expect(&["p/dep/lib/a.js"]).await;
}

#[tokio::test]
async fn a_loop_of_links_ends() {
    let mut field = Field::new();
    symlink("b", field.path("a")).expect("linked");
    symlink("a", field.path("b")).expect("linked");
    field.watch(&["a/x.js"]);
    fs::remove_file(field.path("b")).expect("removed");
    field.write("b/x.js", "1");
    field.expect(&["a/x.js"]).await;
}

#[tokio::test]
async fn a_listing_tells_of_new_and_gone_projects_only() {
    let mut field = Field::new();
    field.write("customers/one/wrangler.toml", "");
    field.list("customers");
    field.write("customers/one/wrangler.toml", "name = 'x'");
    field.expect(&[]).await;
    field.write("customers/two/wrangler.toml", "");
    field.expect(&["customers"]).await;
    fs::remove_dir_all(field.path("customers/one")).expect("removed");
    field.expect(&["customers"]).await;
    fs::remove_dir_all(field.path("customers")).expect("removed");
    field.expect(&["customers"]).await;
    field.write("customers/three/wrangler.toml", "");
    field.expect(&["customers"]).await;
    field.write("customers/four/wrangler.toml", "");
    field.expect(&["customers"]).await;
}

#[tokio::test]
async fn a_checkout_of_many_files_misses_none() {
    let mut field = Field::new();
    let names: Vec<String> = (0..40).flat_map(|d| (0..25).map(move |f| format!("src/d{d}/f{f}.js"))).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for name in &names {
        field.write(name, "0");
    }
    field.watch(&names);
    for round in 0..3 {
        for name in &names {
            // git unlinks, then writes anew.
            fs::remove_file(field.path(name)).expect("removed");
            field.write(name, format!("{round}"));
        }
        field.expect(&names).await;
    }
}

#[tokio::test]
async fn what_is_no_longer_watched_is_not_told() {
    let mut field = Field::new();
    let names: Vec<String> = (0..200).map(|n| format!("d{n}/a.js")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    field.watch(&names);
    field.sets.files.retain(|path| path.ends_with("d7/a.js"));
    field.apply();
    for name in &names {
        field.write(name, "1");
    }
    field.expect(&["d7/a.js"]).await;
    field.write("d7/a.js", "2");
    field.expect(&["d7/a.js"]).await;
}

#[tokio::test]
async fn changes_are_told_to_each_owner_and_wake_who_waits() {
    let mut field = Field::new();
    field.watch(&["a.js"]);
    for watcher in field.watchers.clone() {
        let other = Owner::from("other");
        let shared = WatchSet { files: [field.path("a.js"), field.path("b.js")].into(), ..WatchSet::default() };
        assert_eq!(watcher.watch(&other, shared), [field.path("b.js")], "only b.js was not watched before");
        let seen = watcher.barrier().await;
        let _ = watcher.take();
        field.write("a.js", "1");
        tokio::time::timeout(Duration::from_secs(5), watcher.changed(seen)).await.expect("woken without a barrier");
        let (changes, _) = watcher.take();
        assert_eq!(changes.owners.keys().map(AsRef::as_ref).collect::<Vec<_>>(), ["me", "other"]);
        // The save's last event may have come after the one that woke us.
        watcher.barrier().await;
        let _ = watcher.take();
        watcher.forget(&other);
        field.write("b.js", "1");
        watcher.barrier().await;
        assert!(watcher.take().0.is_empty());
    }
}

#[tokio::test]
async fn lost_events_make_everything_suspect_and_replaced_directories_are_found() {
    let mut field = Field::new();
    field.write("p/a.js", "1");
    field.watch(&["p/a.js"]);
    let Some(watcher) = field.watchers.get(1).filter(|_| cfg!(target_os = "linux")) else { return };
    // The kernel's queue holds 16,384 events; nobody reads it meanwhile, as this test has but one thread.
    let files = ["p/a.js", "p/b.js"].map(|name| fs::File::create(field.path(name)).expect("made"));
    for _ in 0..10_000 {
        // In turns: the queue joins equal neighbours.
        for file in &files {
            file.write_all_at(b"x", 0).expect("written");
        }
    }
    fs::remove_dir_all(field.path("p")).expect("removed");
    field.write("p/a.js", "2");
    let before = watcher.barrier().await;
    let (changes, seen) = watcher.take();
    assert!(changes.everything);
    assert_eq!(before, seen);
    field.write("p/a.js", "3");
    watcher.barrier().await;
    let (changes, _) = watcher.take();
    assert_eq!(changes.owners.len(), 1);
    assert!(!changes.everything);
}

#[tokio::test]
async fn where_watches_run_out_states_are_compared_with_a_warning() {
    let mut field = Field::new();
    field.write("a.js", "1");
    field.write("dir/x/wrangler.toml", "1");
    let (warn, mut warnings) = tokio::sync::mpsc::unbounded_channel();
    let warn = move |problem: Problem| warn.send(problem.to_string()).expect("somebody listens");
    field.watchers =
        vec![Watcher::with(Queue::None, Tree::new(Box::new(NoWatches("watches are used up".to_owned()))), warn)];
    field.watch(&["a.js"]);
    field.list("dir");
    let warning = warnings.recv().await.expect("a warning");
    assert!(warning.contains("cannot be watched (watches are used up)"), "{warning}");
    for round in 0..50 {
        field.write("a.js", format!("{round}"));
        field.write("dir/x/wrangler.toml", "2");
        field.expect(&["a.js"]).await;
    }
    field.write("dir/y/wrangler.toml", "2");
    field.expect(&["dir"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_wait_share_barriers_and_none_is_served_too_early() {
    let mut field = Field::new();
    field.write("a.js", "0");
    field.watch(&["a.js"]);
    for watcher in field.watchers.clone() {
        let tasks: Vec<_> = (0..32)
            .map(|_| {
                let (watcher, path) = (watcher.clone(), field.path("a.js"));
                tokio::spawn(async move {
                    for round in 0..50 {
                        let before = watcher.shared.seen.load(Ordering::Acquire);
                        fs::write(&path, format!("{round}")).expect("written");
                        assert!(watcher.barrier().await > before, "the save before the barrier was seen");
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("no barrier failed");
        }
    }
}
