//! `migrations`: which classes of Durable Objects there are, which of them have SQL, and what became of old ones.

use crate::config::Node;

/// What all steps of a Worker's `migrations` come to, and each step for those that have not been taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Migrations {
    pub steps: Vec<Step>,
}

/// One migration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Step {
    pub tag: String,
    pub new_classes: Vec<String>,
    pub new_sqlite_classes: Vec<String>,
    pub deleted_classes: Vec<String>,
    /// From and to.
    pub renamed_classes: Vec<(String, String)>,
    /// From, from which script, and to.
    pub transferred_classes: Vec<(String, String, String)>,
}

/// Reads the key `migrations`; what is no migration is overlooked.
#[must_use]
pub fn migrations(node: Option<&Node>) -> Migrations {
    let steps = node.map(Node::items).unwrap_or_default().iter().map(step).collect();
    Migrations { steps }
}

fn step(node: &Node) -> Step {
    let text = |node: &Node, key: &str| node.get(key).and_then(Node::as_str).unwrap_or_default().to_owned();
    let items = |key: &str| node.get(key).map(Node::items).unwrap_or_default();
    let names = |key: &str| items(key).iter().filter_map(|item| item.as_str().map(str::to_owned)).collect();
    let transferred = |item: &Node| (text(item, "from"), text(item, "from_script"), text(item, "to"));
    Step {
        tag: text(node, "tag"),
        new_classes: names("new_classes"),
        new_sqlite_classes: names("new_sqlite_classes"),
        deleted_classes: names("deleted_classes"),
        renamed_classes: items("renamed_classes").iter().map(|item| (text(item, "from"), text(item, "to"))).collect(),
        transferred_classes: items("transferred_classes").iter().map(transferred).collect(),
    }
}

impl Migrations {
    /// Whether objects of a class have SQL. One that no migration names has it, as new classes have by default.
    #[must_use]
    pub fn has_sql(&self, class: &str) -> bool {
        let mut name = class.to_owned();
        for step in self.steps.iter().rev() {
            if step.new_sqlite_classes.contains(&name) {
                return true;
            }
            if step.new_classes.contains(&name) {
                return false;
            }
            if let Some((from, _)) = step.renamed_classes.iter().find(|(_, to)| *to == name) {
                name.clone_from(from);
            }
        }
        true
    }

    /// What a class was called when it was new, and in which Worker if not in this one.
    #[must_use]
    pub fn origin<'a>(&'a self, class: &'a str) -> (Option<&'a str>, &'a str) {
        let mut name = class;
        for step in self.steps.iter().rev() {
            if let Some((from, script, _)) = step.transferred_classes.iter().find(|(.., to)| *to == name) {
                return (Some(script), from);
            }
            if [&step.new_classes, &step.new_sqlite_classes].iter().any(|new| new.iter().any(|class| class == name)) {
                return (None, name);
            }
            if let Some((from, _)) = step.renamed_classes.iter().find(|(_, to)| *to == name) {
                name = from;
            }
        }
        (None, name)
    }

    /// The class that is called `origin` at first: what it is called now.
    #[must_use]
    pub fn current<'a>(&'a self, origin: &'a str) -> &'a str {
        let renamed = self.steps.iter().flat_map(|step| &step.renamed_classes);
        renamed.fold(origin, |name, (from, to)| if from == name { to } else { name })
    }

    /// The steps after the one with this tag; all of them where it is not known.
    #[must_use]
    pub fn after(&self, tag: Option<&str>) -> &[Step] {
        let taken = tag.and_then(|tag| self.steps.iter().position(|step| step.tag == tag));
        &self.steps[taken.map_or(0, |at| at + 1)..]
    }
}

#[cfg(test)]
mod tests {
    use super::{Migrations, Step};

    #[test]
    fn a_renamed_class_has_sql_if_it_had_it_before() {
        let steps = vec![
            Step {
                tag: "v1".into(),
                new_classes: vec!["A".into()],
                new_sqlite_classes: vec!["B".into()],
                ..Step::default()
            },
            Step {
                tag: "v2".into(),
                renamed_classes: vec![("A".into(), "C".into()), ("B".into(), "D".into())],
                ..Step::default()
            },
        ];
        let migrations = Migrations { steps };
        assert_eq!(["A", "B", "C", "D", "E"].map(|class| migrations.has_sql(class)), [false, true, false, true, true]);
        assert_eq!(migrations.origin("C"), (None, "A"));
        assert_eq!(migrations.current("B"), "D");
        assert_eq!(migrations.after(Some("v1")).len(), 1);
        assert_eq!(migrations.after(Some("v2")).len(), 0);
        assert_eq!(migrations.after(None).len(), 2);
    }
}
