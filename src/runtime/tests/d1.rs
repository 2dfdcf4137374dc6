//! D1 databases in Workers: what they do, who shares them, how long they last.

use super::*;
use crate::bindings::D1Database;
use crate::web::tests::HARNESS;

fn d1(id: Option<&str>) -> Vec<Box<dyn Binding>> {
    vec![Box::new(D1Database {
        name: "DB".into(),
        database_name: None,
        id: id.map(str::to_owned),
        migrations_dir: "migrations".into(),
        migrations_table: "d1_migrations".into(),
        place: place(),
    })]
}

#[tokio::test]
async fn d1_does_what_its_tests_in_javascript_claim() {
    let world = World::new();
    let tests = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bindings/d1.js")).unwrap();
    let code = format!("{HARNESS}\n{tests}\nexport default {{ fetch: async () => new Response(await runTests()) }}");
    let mut spec = World::spec(WorkerId::plain("d1"), &[("index.js", &code)], d1(None));
    spec.subrequests = Some(10_000);
    spec.cpu = Some(Duration::from_mins(1));
    world.runtime.replace(spec).await.unwrap();
    assert_eq!(world.text("d1").await, "");
}

const COUNT: &str = "export default { async fetch(request, env) {
    await env.DB.exec('CREATE TABLE IF NOT EXISTS t (n)');
    await Promise.all(Array.from({ length: 20 }, (_, n) => env.DB.prepare('INSERT INTO t VALUES (?)').bind(n).run()));
    return new Response(await env.DB.prepare('SELECT count(*) c FROM t').first('c')) } }";

#[tokio::test]
async fn databases_are_shared_by_id_and_outlive_restarts() {
    let directory = tempfile::tempdir().unwrap();
    let store = || Store::open(directory.path(), Arc::new(SystemClock), tokio::runtime::Handle::current()).unwrap();
    let world = World::with(store());
    assert_eq!(world.bound("a", COUNT, d1(Some("shared"))).await.text("a").await, "20");
    assert_eq!(world.bound("b", COUNT, d1(Some("shared"))).await.text("b").await, "40");
    assert_eq!(world.bound("c", COUNT, d1(None)).await.text("c").await, "20");
    drop(world);
    let world = World::with(store());
    assert_eq!(world.bound("a", COUNT, d1(Some("shared"))).await.text("a").await, "60");
}

#[tokio::test]
async fn a_thousand_writers_of_one_table_all_write() {
    let world = World::new();
    world.bound("w", COUNT, d1(None)).await;
    futures_util::future::join_all((0..50).map(|_| world.text("w"))).await;
    assert_eq!(world.text("w").await, "1020");
}
