//! The Cache API between Workers: ordinary ones share their caches, user Workers have their own.

use crate::support::Dev;

const DISPATCHER: &str = "
    export default {
      async fetch(request, env) {
        const { pathname } = new URL(request.url);
        if (pathname !== '/own') return env.dispatcher.get(pathname.slice(1)).fetch(request);
        await caches.default.put('https://example.com/', new Response('default'));
        const named = await caches.open('shared');
        return Response.json([await (await caches.default.match('https://example.com/')).text(), (await named.match('https://example.com/')) === undefined]);
      },
    };";

const CUSTOMER: &str = "
    export default {
      async fetch(request) {
        const cache = await caches.open('shared');
        const before = await (await cache.match('https://example.com/'))?.text();
        await cache.put('https://example.com/', new Response(request.url));
        let refused;
        try { void caches.default; } catch (error) { refused = error.message.split(' ')[0]; }
        return Response.json([before ?? null, refused]);
      },
    };";

#[test]
fn user_workers_have_caches_of_their_own_and_no_default_one() {
    let dev = Dev::new()
        .dispatcher("front", DISPATCHER)
        .user("staging", "one", CUSTOMER)
        .user("staging", "two", CUSTOMER)
        .start();
    dev.get("/one").status(200).body("[null,\"caches.default\"]");
    dev.get("/two").status(200).body("[null,\"caches.default\"]");
    let again = dev.get("/one").status(200).text();
    assert!(again.ends_with("/one\",\"caches.default\"]"), "{again}");
    dev.get("/own").status(200).body("[\"default\",true]");
}
