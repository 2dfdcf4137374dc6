//! R2 buckets in Workers: what they do, how long objects last, and how large they may be.

use super::*;
use crate::bindings::R2Binding;
use crate::web::tests::HARNESS;

fn r2() -> Vec<Box<dyn Binding>> {
    vec![Box::new(R2Binding { name: "BUCKET".into(), bucket: Some("bucket".into()), place: place() })]
}

#[tokio::test]
async fn r2_does_what_its_tests_in_javascript_claim() {
    let world = World::new();
    let tests = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bindings/r2.js")).unwrap();
    let code = format!("{HARNESS}\n{tests}\nexport default {{ fetch: async () => new Response(await runTests()) }}");
    let mut spec = World::spec(WorkerId::plain("r2"), &[("index.js", &code)], r2());
    spec.subrequests = Some(10_000);
    spec.cpu = Some(Duration::from_mins(1));
    world.runtime.replace(spec).await.unwrap();
    assert_eq!(world.text("r2").await, "");
}

/// 200 MB pass through an isolate of 128 MB, into the bucket and out of it.
#[tokio::test]
async fn objects_larger_than_memory_are_streamed_and_outlive_restarts() {
    let directory = tempfile::tempdir().unwrap();
    let open = || Store::open(directory.path(), Arc::new(SystemClock), tokio::runtime::Handle::current());
    let world = World::with(open().unwrap());
    let write = "export default { async fetch(request, env) {
        const { readable, writable } = new FixedLengthStream(200 << 20);
        const writer = writable.getWriter();
        const chunk = new Uint8Array(1 << 20);
        const written = (async () => { for (let i = 0; i < 200; i++) await writer.write(chunk.fill(i).slice()); await writer.close() })();
        const object = await env.BUCKET.put('big', readable);
        await written;
        return new Response(object.size) } }";
    let mut spec = World::spec(WorkerId::plain("w"), &[("index.js", write)], r2());
    spec.cpu = Some(Duration::from_mins(1));
    world.runtime.replace(spec).await.unwrap();
    assert_eq!(world.text("w").await, "209715200");
    drop(world);
    // The last isolate lets go of the directory when its turn is over.
    let store = loop {
        match open() {
            Ok(store) => break store,
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    };
    let world = World::with(store);
    let read = "export default { async fetch(request, env) {
        let size = 0, last;
        for await (const chunk of (await env.BUCKET.get('big')).body) { size += chunk.length; last = chunk.at(-1) }
        return new Response(`${size} ${last}`) } }";
    let mut spec = World::spec(WorkerId::plain("w"), &[("index.js", read)], r2());
    spec.cpu = Some(Duration::from_mins(1));
    world.runtime.replace(spec).await.unwrap();
    assert_eq!(world.text("w").await, "209715200 199");
}
