//! Workers in service-worker syntax: listeners are handlers, and bindings are globals.

use crate::support::Dev;

#[test]
fn a_listener_answers_with_bindings_as_globals() {
    let code = "const greeting = GREETING.toUpperCase();
        addEventListener('fetch', (event) => event.respondWith(answer(event)));
        async function answer(event) {
            const url = new URL(event.request.url);
            event.waitUntil(BOOKS.put('seen', url.pathname));
            return new Response([greeting, event.type, event.request.method, typeof env, await BOOKS.get('seen')].join());
        }";
    let config = "[vars]\nGREETING = \"hello\"\n[[kv_namespaces]]\nbinding = \"BOOKS\"\nid = \"books\"";
    let dev = Dev::new().worker("old", code).config("old", config).start();
    dev.get("/first").status(200).body("HELLO,fetch,GET,undefined,/first");
    dev.edit("old", "src/index.js", "addEventListener('fetch', (event) => event.respondWith(new Response('edited')))");
    dev.get("/").body("edited");
}

#[test]
fn the_listener_may_be_on_self_and_the_script_a_bundle_with_imports() {
    let code = "import { answer } from './answer.cjs';
        (() => self.addEventListener('fetch', (event) => event.respondWith(answer(event.request))))();";
    let dev = Dev::new()
        .worker("old", code)
        .file("old/src/answer.cjs", "exports.answer = (request) => new Response(NAME + new URL(request.url).pathname)")
        .config("old", "[vars]\nNAME = \"at \"");
    dev.start().get("/x").body("at /x");
}

#[test]
fn the_first_of_several_listeners_that_answers_wins() {
    let code = "addEventListener('fetch', (event) => { if (event.request.url.endsWith('/a')) event.respondWith(new Response('a')) });
        addEventListener('fetch', (event) => { event.respondWith(new Response('b')) });
        addEventListener('fetch', (event) => { event.respondWith(new Response('never')) });";
    let dev = Dev::new().worker("old", code).start();
    dev.get("/a").body("a");
    dev.get("/b").body("b");
}

#[test]
fn what_a_listener_throws_is_told_and_answered() {
    let code = "addEventListener('fetch', (event) => {
            if (event.request.url.endsWith('/late')) setTimeout(() => event.respondWith(new Response('late')));
            event.respondWith(Promise.reject(new RangeError('out of range')));
        });";
    let dev = Dev::new().worker("old", code).start();
    dev.get("/").status(500).contains("out of range");
    dev.says("RangeError: out of range");
}
