//! Durable Objects of uploads: their classes, and migrations of these.

use devflare::dev::State;

use super::{put, set_up, user};
use crate::support::{Dev, Form};

const COUNTER: &str = "import { DurableObject } from 'cloudflare:workers';
    export class Counter extends DurableObject {
        async add() {
            const count = ((await this.ctx.storage.get('count')) ?? 0) + 1;
            await this.ctx.storage.put('count', count);
            return count;
        }
    }
    export default { fetch: async (request, env) => new Response(await env.COUNTER.getByName('one').add()) }";

fn metadata(class: &str, migrations: &str) -> String {
    format!(
        r#"{{"main_module":"index.js","compatibility_date":"2026-01-01","migrations":{migrations},
            "bindings":[{{"name":"COUNTER","type":"durable_object_namespace","class_name":"{class}"}}]}}"#
    )
}

#[test]
fn objects_of_a_user_worker_keep_their_state_over_uploads_and_renames() {
    let dev = Dev::api().with(|options| options.state = State::Directory(None)).start();
    set_up(&dev);
    let first = metadata("Counter", r#"{"new_tag":"v1","steps":[{"new_sqlite_classes":["Counter"]}]}"#);
    put(&dev, "a", Form::upload(&first, COUNTER)).done();
    dev.get("/a").body("1");
    dev.get("/a").body("2");
    let read = dev.api("GET", &user("a")).send().done();
    assert_eq!(read.at("/result/script/migration_tag"), "v1");
    let plain = metadata("Counter", "null");
    put(&dev, "a", Form::upload(&plain, COUNTER)).done();
    dev.get("/a").body("3");
    let rename = r#"{"old_tag":"v1","new_tag":"v2","steps":[{"renamed_classes":[{"from":"Counter","to":"Renamed"}]}]}"#;
    let renamed = COUNTER.replace("class Counter", "class Renamed");
    put(&dev, "a", Form::upload(&metadata("Renamed", rename), &renamed)).done();
    dev.get("/a").body("4");
    put(&dev, "a", Form::upload(&metadata("Renamed", rename), &renamed)).refused(412, 10_079, "precondition");
    dev.get("/a").body("5");
}
