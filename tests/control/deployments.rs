//! Deployments of two versions: which of them answers.

use super::{put, says, set_up, user};
use crate::support::{Answer, Client, Dev, Form};

const SCRIPT: &str = "/workers/scripts/a";
const NAMES_ITSELF: &str = "export default { fetch: (request, env) => new Response(env.VERSION.id) }";
const METADATA: &str = r#"{"main_module":"index.js","compatibility_date":"2026-01-01",
    "bindings":[{"name":"VERSION","type":"version_metadata"}]}"#;

fn version(dev: &Client, script: &str, form: Form) -> String {
    let made = dev.api("POST", &format!("{script}/versions")).form(form).send().done();
    made.at("/result/id").as_str().expect("an id").to_owned()
}

fn deploy(dev: &Client, script: &str, shares: &[(&str, f64)]) -> Answer {
    let versions =
        shares.iter().map(|(id, percentage)| serde_json::json!({ "version_id": id, "percentage": percentage }));
    let body = serde_json::json!({ "strategy": "percentage", "versions": versions.collect::<Vec<_>>() });
    dev.api("POST", &format!("{script}/deployments")).json(&body.to_string()).send()
}

/// Two versions of a script that tell their ids, 30 to 70.
fn split(dev: &Client, script: &str) -> (String, String) {
    dev.api("PUT", script).form(Form::worker(&says("none"))).send().done();
    let old = version(dev, script, Form::upload(METADATA, NAMES_ITSELF));
    let new = version(dev, script, Form::upload(METADATA, NAMES_ITSELF));
    deploy(dev, script, &[(&new, 30.0), (&old, 70.0)]).done();
    (old, new)
}

const REQUESTS: usize = 300;

/// How the requests to a path fall, and that headers decide where they do.
fn check(dev: &Client, path: &str, (old, new): &(String, String)) {
    let answers = (0..REQUESTS).map(|_| dev.get(path).status(200).text()).collect::<Vec<_>>();
    assert!(answers.iter().all(|answer| answer == old || answer == new), "{answers:?}");
    let news = answers.iter().filter(|answer| *answer == new).count();
    // 90 are likely; so few or so many come once in a million runs.
    assert!((50..140).contains(&news), "{news}");
    let keyed =
        |key: usize| dev.ask("GET", path).header("Cloudflare-Workers-Version-Key", &key.to_string()).send().text();
    let first: Vec<_> = (0..40).map(keyed).collect();
    assert!(first.contains(old) && first.contains(new), "{first:?}");
    assert_eq!(first, (0..40).map(keyed).collect::<Vec<_>>());
    for wanted in [old, new] {
        for _ in 0..10 {
            let asked = format!("other=\"x\", a=\"{wanted}\"");
            dev.ask("GET", path).header("Cloudflare-Workers-Version-Overrides", &asked).send().body(wanted);
        }
    }
}

#[test]
fn two_versions_share_the_requests_of_an_ordinary_worker() {
    let dev = Dev::api().start();
    let both = split(&dev, SCRIPT);
    check(&dev, "/", &both);
    let shown = dev.api("GET", &format!("{SCRIPT}/deployments")).send().done();
    assert_eq!(shown.at("/result/deployments/0/versions/0/percentage"), 30.0);
    assert_eq!(shown.at("/result/deployments/0/versions/1/version_id"), both.0);
    // A version that is not deployed cannot be asked for.
    let idle = version(&dev, SCRIPT, Form::worker(&says("idle")));
    let asked = format!("a=\"{idle}\"");
    let answer = dev.ask("GET", "/").header("Cloudflare-Workers-Version-Overrides", &asked).send().text();
    assert!(answer == both.0 || answer == both.1, "{answer}");
    deploy(&dev, SCRIPT, &[(&idle, 100.0)]).done();
    dev.get("/").body("idle");
}

#[test]
fn two_versions_share_the_requests_of_a_user_worker() {
    let dev = Dev::api().start();
    set_up(&dev);
    let both = split(&dev, &user("a"));
    check(&dev, "/a", &both);
    // An upload has them all again.
    put(&dev, "a", Form::worker(&says("all"))).done();
    (0..20).for_each(|_| drop(dev.get("/a").body("all")));
}

#[test]
fn splits_that_cannot_be_are_refused() {
    let dev = Dev::api().start();
    let (old, new) = split(&dev, SCRIPT);
    let unknown = "00000000-0000-0000-0000-000000000000";
    deploy(&dev, SCRIPT, &[(&old, 50.0), (unknown, 50.0)]).refused(404, 100_146, unknown);
    let three = [(old.as_str(), 30.0), (new.as_str(), 30.0), (unknown, 40.0)];
    let bad = [&three[..], &[(&old, 50.0), (&new, 60.0)], &[(&old, 120.0), (&new, -20.0)]];
    for shares in bad {
        deploy(&dev, SCRIPT, shares).refused(400, 10_001, "percentages");
    }
    deploy(&dev, SCRIPT, &[(&old, 50.0), (&old, 50.0)]).refused(400, 10_001, "named twice");
    check(&dev, "/", &(old, new));
}

#[test]
fn versions_beside_each_other_have_the_same_objects() {
    let dev = Dev::api().start();
    let code = |word: &str| {
        format!(
            "import {{ DurableObject }} from 'cloudflare:workers';
            export class Counter extends DurableObject {{
                async add() {{
                    const count = ((await this.ctx.storage.get('count')) ?? 0) + 1;
                    await this.ctx.storage.put('count', count);
                    return count;
                }}
            }}
            export default {{ fetch: async (_, env) => new Response('{word} ' + await env.COUNTER.getByName('one').add()) }}"
        )
    };
    let metadata = |migrations: &str| {
        format!(
            r#"{{"main_module":"index.js","compatibility_date":"2026-01-01"{migrations},
            "bindings":[{{"name":"COUNTER","type":"durable_object_namespace","class_name":"Counter"}}]}}"#
        )
    };
    let first = metadata(r#","migrations":{"new_tag":"v1","steps":[{"new_sqlite_classes":["Counter"]}]}"#);
    dev.api("PUT", SCRIPT).form(Form::upload(&first, &code("none"))).send().done();
    dev.get("/").body("none 1");
    let old = version(&dev, SCRIPT, Form::upload(&metadata(""), &code("old")));
    let new = version(&dev, SCRIPT, Form::upload(&metadata(""), &code("new")));
    deploy(&dev, SCRIPT, &[(&new, 50.0), (&old, 50.0)]).done();
    let ask =
        |id: &str| dev.ask("GET", "/").header("Cloudflare-Workers-Version-Overrides", &format!("a=\"{id}\"")).send();
    ask(&old).body("old 2");
    ask(&new).body("new 3");
    deploy(&dev, SCRIPT, &[(&new, 10.0), (&old, 90.0)]).done();
    ask(&new).body("new 4");
    ask(&old).body("old 5");
}
