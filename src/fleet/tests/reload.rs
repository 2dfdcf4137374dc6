//! What a change does to a fleet that runs: to the project that changed, and to no other.

use std::sync::Arc;

use super::{Desk, exists, ids};
use crate::worker::WorkerId;

fn platform() -> Desk {
    let desk = Desk::new().dispatcher("d", "s").project("c/a", "").project("c/b", "");
    desk.args(&["d", "s=c/*"])
}

#[test]
fn projects_come_and_go_with_their_directories() {
    let desk = platform();
    let fleet = desk.fleet();
    let desk = desk.project("c/new", "").remove("c/a");
    let reloaded = desk.reload(&fleet);
    assert_eq!(desk.render(&reloaded.problems), "");
    assert_eq!(ids(&reloaded.fleet), ["d", "s/b", "s/new"]);
    assert!(reloaded.fleet.watch_dirs().contains(&desk.path("c/new")));
}

#[test]
fn a_broken_configuration_keeps_its_place_and_harms_no_other() {
    let desk = platform();
    let fleet = desk.fleet();
    let desk = desk.file("c/a/wrangler.toml", "name = ");
    let broken = desk.reload(&fleet).fleet;
    assert_eq!(ids(&broken), ids(&fleet));
    let a = broken.member(&WorkerId::user("s", "a")).expect("its place");
    assert!(a.state().is_err());
    assert!(a.project.is_some(), "what it was is still known");
    assert!(broken.member(&WorkerId::user("s", "b")).expect("its place").state().is_ok());
    let again = desk.project("c/a", "").reload_of(&broken);
    assert!(again.member(&WorkerId::user("s", "a")).expect("its place").state().is_ok());
}

#[test]
fn a_broken_dispatcher_does_not_change_who_the_others_are() {
    let desk = Desk::new().dispatcher("d", "s").project("a", "").args(&["d", "a"]);
    let fleet = desk.fleet();
    let broken = desk.file("d/wrangler.toml", "main = 1").reload_of(&fleet);
    assert_eq!(ids(&broken), ["d", "s/a"]);
    assert_eq!(broken.default, fleet.default);
}

#[test]
fn what_did_not_change_is_not_read_again() {
    let desk = platform();
    let fleet = desk.fleet();
    let touched = desk.path("c/a");
    let reloaded = fleet.reload(&desk.options, &|path| path == touched).fleet;
    let same = |at: usize| {
        let (old, new) = (&fleet.members[at].project, &reloaded.members[at].project);
        Arc::ptr_eq(old.as_ref().expect("sound"), new.as_ref().expect("sound"))
    };
    assert_eq!([same(0), same(1), same(2)], [true, false, true]);
}

#[test]
fn a_warning_is_told_once() {
    let desk = Desk::new().dispatcher("d", "s").args(&["d"]);
    let fleet = desk.fleet();
    assert!(desk.told().contains("has no user Workers"));
    let desk = desk.project("d", "zebra = 1\n");
    let first = desk.reload(&fleet);
    assert!(desk.render(&first.problems).starts_with("warning: unknown key `zebra`"));
    assert_eq!(desk.render(&desk.reload(&first.fleet).problems), "");
}

#[test]
fn a_renamed_worker_is_another_one() {
    let desk = platform();
    let fleet = desk.fleet();
    let desk = desk.named("c/a", "z", "");
    assert_eq!(ids(&desk.reload_of(&fleet)), ["d", "s/z", "s/b"]);
}

#[test]
fn a_name_stays_with_the_worker_that_had_it() {
    let desk = platform();
    let fleet = desk.fleet();
    let desk = desk.named("c/a", "b", "");
    let reloaded = desk.reload_of(&fleet);
    assert_eq!(ids(&reloaded), ["d", "s/b"]);
    let owner = reloaded.member(&WorkerId::user("s", "b")).expect("still there");
    assert_eq!(owner.path, desk.path("c/b"));
    assert!(reloaded.members[1].state().is_err());
}

#[test]
fn a_broken_workspace_file_leaves_the_last_one_in_force() {
    let desk = Desk::new().dispatcher("d", "s").project("a", "").project("b", "");
    let desk = desk.file("devflare.toml", "workers = [\"d\"]\nnamespaces = { s = [\"a\"] }");
    let fleet = desk.fleet();
    let desk = desk.file("devflare.toml", "workers = [");
    let reloaded = desk.reload(&fleet);
    assert_eq!(ids(&reloaded.fleet), ["d", "s/a"]);
    assert!(reloaded.problems.has_errors());
    let desk = desk.file("devflare.toml", "workers = [\"d\"]\nnamespaces = { s = [\"a\", \"b\"] }");
    assert_eq!(ids(&desk.reload_of(&reloaded.fleet)), ["d", "s/a", "s/b"]);
}

#[test]
fn a_project_named_by_itself_keeps_its_place_when_its_directory_goes() {
    let desk = Desk::new().dispatcher("d", "s").project("a", "").args(&["d", "s=a"]);
    let fleet = desk.fleet();
    let desk = desk.remove("a");
    assert!(!exists(&desk.path("a")));
    let gone = desk.reload_of(&fleet);
    assert_eq!(ids(&gone), ["d", "s/a"]);
    assert!(gone.members[1].state().is_err());
    assert!(gone.watch_dirs().contains(desk.root.path()));
    assert!(desk.project("a", "").reload_of(&gone).members[1].state().is_ok());
}

#[test]
fn a_namespace_that_becomes_ambiguous_changes_no_role() {
    let desk =
        Desk::new().dispatcher("d", "s").project("a", "").project("e", "route = \"e.com/*\"").args(&["d", "a", "e"]);
    let fleet = desk.fleet();
    let reloaded = desk.dispatcher("e", "t").reload_of(&fleet);
    assert_eq!(ids(&reloaded), ["d", "s/a", "e"]);
    assert!(reloaded.members[1].state().is_err());
}

impl Desk {
    fn reload_of(&self, fleet: &crate::fleet::Fleet) -> crate::fleet::Fleet {
        self.reload(fleet).fleet
    }
}
