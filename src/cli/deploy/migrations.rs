//! Which of a configuration's migrations of Durable Objects a deployed Worker has yet to go through.

use http::Method;
use serde_json::{Value, json};

use super::super::client::{Api, Content};
use super::super::script::Script;
use crate::config::WorkerConfig;

/// What the metadata says of migrations; none when there is nothing to do.
pub(super) async fn pending(config: &WorkerConfig, script: &Script, api: &Api) -> Option<Value> {
    let all = config.section("migrations")?.to_json();
    let all = all.as_array().filter(|all| !all.is_empty())?;
    after(all, deployed(script, api).await.as_deref())
}

/// The tag of the last one that the Worker went through, if it is there at all.
async fn deployed(script: &Script, api: &Api) -> Option<String> {
    let (answer, path) = if script.namespace.is_some() {
        (script.ask(api, Method::GET, &[], Content::Nothing).await, "/script/migration_tag")
    } else {
        let service = ["workers", "services", &script.name];
        let answer = api.ask(Method::GET, &service, Content::Nothing).await;
        (answer, "/default_environment/script/migration_tag")
    };
    // Whatever else is wrong, the upload will say.
    answer.ok()?.result.pointer(path)?.as_str().map(str::to_owned)
}

fn after(all: &[Value], tag: Option<&str>) -> Option<Value> {
    let position = tag.and_then(|tag| all.iter().position(|migration| migration["tag"] == tag));
    let rest = &all[position.map_or(0, |position| position + 1)..];
    let step = |migration: &Value| {
        let mut step = migration.clone();
        step.as_object_mut()?.remove("tag");
        Some(step)
    };
    let steps: Vec<_> = rest.iter().filter_map(step).collect();
    let mut migrations = json!({ "new_tag": rest.last()?["tag"], "steps": steps });
    if let Some(tag) = tag {
        migrations["old_tag"] = json!(tag);
    }
    Some(migrations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_new_is_sent() {
        let all =
            [json!({ "tag": "v1", "new_sqlite_classes": ["A"] }), json!({ "tag": "v2", "deleted_classes": ["A"] })];
        let steps = json!([{ "new_sqlite_classes": ["A"] }, { "deleted_classes": ["A"] }]);
        assert_eq!(after(&all, None), Some(json!({ "new_tag": "v2", "steps": steps })));
        let second = json!({ "new_tag": "v2", "steps": [{ "deleted_classes": ["A"] }], "old_tag": "v1" });
        assert_eq!(after(&all, Some("v1")), Some(second));
        assert_eq!(after(&all, Some("v2")), None);
    }
}
