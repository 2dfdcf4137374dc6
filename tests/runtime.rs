//! What handlers can use and what they are refused, one claim per family, by real requests.

use crate::support::{Dev, Server};

/// A Worker whose handler is this.
fn handling(handler: &str) -> Server {
    let code = format!("export default {{ async fetch(request, env, ctx) {{ {handler} }} }};");
    Dev::new().worker("a", &code).start()
}

/// The handler's value as JSON.
#[track_caller]
fn gives(handler: &str, json: &str) {
    let code = format!(
        "export default {{ async fetch(request, env, ctx) {{ return Response.json(await (async () => {{ {handler} }})()) }} }};"
    );
    Dev::new().worker("a", &code).start().get("/").status(200).json(json);
}

#[test]
fn timers_fire_in_order_and_can_be_cleared() {
    gives(
        "const seen = [];
         setTimeout(() => seen.push('late'), 6);
         setTimeout((...given) => seen.push(...given), 1, 'early', 2);
         clearTimeout(setTimeout(() => seen.push('never'), 3));
         let ticks = 0;
         await new Promise((resolve) => { const id = setInterval(() => { if (++ticks === 3) { clearInterval(id); resolve() } }, 3) });
         return [seen, ticks];",
        r#"[["early", 2, "late"], 3]"#,
    );
}

#[test]
fn microtasks_run_before_timers() {
    gives(
        "const seen = [];
         setTimeout(() => seen.push('timer'), 0);
         queueMicrotask(() => seen.push('microtask'));
         Promise.resolve().then(() => seen.push('promise'));
         seen.push('sync');
         await scheduler.wait(5);
         return seen;",
        r#"["sync", "microtask", "promise", "timer"]"#,
    );
}

#[test]
fn urls_and_their_parameters_are_parsed() {
    gives(
        "const url = new URL('../c?x=1&x=2#h', 'http://user@Example.COM:80/a/b');
         url.searchParams.append('y', 'ä b');
         return [url.href, url.host, url.searchParams.getAll('x'), URL.canParse('nonsense'), new URLSearchParams({ a: '1 2' }).toString()];",
        r#"["http://user@example.com/c?x=1&x=2&y=%C3%A4+b#h", "example.com", ["1", "2"], false, "a=1+2"]"#,
    );
}

#[test]
fn text_is_encoded_and_decoded() {
    gives(
        "const bytes = new TextEncoder().encode('grün €');
         return [[...bytes.subarray(2, 4)], new TextDecoder().decode(bytes), new TextDecoder('latin1').decode(new Uint8Array([0xe4])), atob(btoa('plain'))];",
        r#"[[195, 188], "grün €", "ä", "plain"]"#,
    );
}

#[test]
fn headers_requests_and_responses_follow_the_standard() {
    gives(
        "const headers = new Headers([['B', '1'], ['a', '2'], ['b', '3']]);
         const request2 = new Request('http://x/', { method: 'post', body: JSON.stringify({ a: 1 }), headers });
         const copy = request2.clone();
         const response = Response.redirect('http://y/', 307);
         return [[...headers], request2.method, await request2.json(), await copy.text(), request2.bodyUsed, response.status,
           response.headers.get('location'), Response.json([1]).headers.get('content-type')];",
        r#"[[["a", "2"], ["b", "1, 3"]], "POST", {"a": 1}, "{\"a\":1}", true, 307, "http://y/", "application/json"]"#,
    );
}

#[test]
fn blobs_files_and_forms_travel_in_bodies() {
    gives(
        "const form = new FormData();
         form.append('name', 'pear');
         form.append('file', new File(['<svg/>'], 'p.svg', { type: 'image/svg+xml' }));
         const got = await new Response(form).formData();
         const file = got.get('file');
         const blob = new Blob(['ab', new Uint8Array([99])]).slice(1);
         return [got.get('name'), file.name, file.type, await file.text(), await blob.text()];",
        r#"["pear", "p.svg", "image/svg+xml", "<svg/>", "bc"]"#,
    );
}

#[test]
fn forms_of_clients_are_parsed() {
    let dev = handling("const form = await request.formData(); return Response.json([...form]);");
    let form = dev.ask("POST", "/").header("Content-Type", "application/x-www-form-urlencoded").body("a=1&b=%C3%A4+c");
    form.send().json(r#"[["a", "1"], ["b", "ä c"]]"#);
}

#[test]
fn streams_pipe_transform_and_tee() {
    gives(
        "const source = new ReadableStream({ start(controller) { for (const word of ['a', 'b', 'c']) controller.enqueue(word); controller.close() } });
         const upper = new TransformStream({ transform: (word, controller) => controller.enqueue(word.toUpperCase()) });
         const [one, two] = source.pipeThrough(upper).tee();
         const read = async (stream) => { let all = ''; for await (const word of stream) all += word; return all };
         return [await read(one), await read(two)];",
        r#"["ABC", "ABC"]"#,
    );
}

#[test]
fn an_answer_streams_while_it_is_made() {
    let dev = handling(
        "if (request.url.endsWith('/next')) { globalThis.next(); return new Response('ok') }
         const { readable, writable } = new TransformStream();
         ctx.waitUntil((async () => {
           const writer = writable.getWriter();
           const encoder = new TextEncoder();
           await writer.write(encoder.encode('first'));
           await new Promise((resolve) => { globalThis.next = resolve; setTimeout(() => {}, 3600_000) });
           await writer.write(encoder.encode('second'));
           await writer.close();
         })());
         return new Response(readable);",
    );
    let mut reader = dev.ask("GET", "/").open();
    assert_eq!(reader.read_head().status, 200);
    assert_eq!(reader.read_chunk().as_deref(), Some("first"));
    dev.get("/next").body("ok");
    assert_eq!(reader.read_chunk().as_deref(), Some("second"));
    assert_eq!(reader.read_chunk(), None);
}

#[test]
fn aborts_and_events_reach_their_listeners() {
    gives(
        "const controller = new AbortController();
         const seen = [];
         controller.signal.addEventListener('abort', (event) => seen.push(event.type, controller.signal.reason));
         controller.abort('because');
         const target = new EventTarget();
         target.addEventListener('custom', (event) => seen.push(event.detail), { once: true });
         target.dispatchEvent(new CustomEvent('custom', { detail: 7 }));
         target.dispatchEvent(new CustomEvent('custom', { detail: 8 }));
         const late = await fetch('http://b.localhost/', { signal: AbortSignal.timeout(1) }).catch((error) => error.name);
         const any = AbortSignal.any([controller.signal]);
         return [seen, any.aborted, AbortSignal.abort().reason.name];",
        r#"[["abort", "because", 7], true, "AbortError"]"#,
    );
}

#[test]
fn an_aborted_fetch_rejects_and_cancels_the_other_side() {
    let dev = Dev::new()
        .worker(
            "a",
            "export default { async fetch() {
               const controller = new AbortController();
               const promise = fetch('http://b.localhost/', { signal: controller.signal });
               setTimeout(() => controller.abort(), 20);
               try { await promise } catch (error) { return new Response(error.name) }
             } };",
        )
        .worker(
            "b",
            "export default { async fetch(request) {
               request.signal.addEventListener('abort', () => console.log('b was left'));
               await new Promise((resolve) => setTimeout(resolve, 3600_000));
             } };",
        )
        .start();
    dev.ask("GET", "/").host("a.localhost").send().body("AbortError");
    dev.says("b was left");
}

#[test]
fn structured_clones_are_deep() {
    gives(
        "const value = { map: new Map([[1, new Set(['x'])]]), date: new Date(0), bytes: new Uint8Array([1, 2]) };
         value.self = value;
         const copy = structuredClone(value);
         let refused; try { structuredClone(() => {}) } catch (error) { refused = error.name }
         return [copy !== value, copy.self === copy, [...copy.map.get(1)], copy.date.getTime(), [...copy.bytes], refused];",
        r#"[true, true, ["x"], 0, [1, 2], "DataCloneError"]"#,
    );
}

#[test]
fn crypto_gives_random_values_and_digests() {
    gives(
        "const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
         const sha = await crypto.subtle.digest('SHA-256', new TextEncoder().encode('abc'));
         const random = crypto.getRandomValues(new Uint8Array(32));
         return [/^[0-9a-f-]{36}$/.test(crypto.randomUUID()), random.some((byte) => byte !== 0), hex(sha).slice(0, 16)];",
        r#"[true, true, "ba7816bf8f01cfea"]"#,
    );
}

#[test]
fn the_clock_runs_and_the_navigator_names_cloudflare() {
    gives(
        "const [before, started] = [Date.now(), performance.now()];
         await scheduler.wait(5);
         return [Date.now() >= before + 4, performance.now() >= started, navigator.userAgent, new Date(0).getTimezoneOffset(),
           new Date(0).toString().includes('GMT+0000')];",
        r#"[true, true, "Cloudflare-Workers", 0, true]"#,
    );
}

#[test]
fn console_lines_are_told_with_their_worker_and_level() {
    let dev = handling(
        "console.log('plain', 1, { a: [true, null] });
         console.warn('careful');
         console.error(new TypeError('bad'));
         console.debug('detail');
         return new Response('x');",
    );
    dev.get("/").status(200);
    dev.says("a │ plain 1 { a: [ true, null ] }");
    dev.says("a warn │ careful");
    dev.says("a error │ TypeError: bad");
    dev.says("a debug │ detail");
}

#[test]
fn named_entrypoints_and_classes_answer() {
    let dev = Dev::new()
        .worker(
            "a",
            "import { WorkerEntrypoint, env, waitUntil } from 'cloudflare:workers';
             export default class extends WorkerEntrypoint {
               async fetch(request) {
                 waitUntil(scheduler.wait(2).then(() => console.log('afterwards')));
                 return Response.json([env === this.env, env.NAME, typeof this.ctx.waitUntil, new URL(request.url).pathname]);
               }
             }",
        )
        .config("a", "[vars]\nNAME = \"from the config\"")
        .start();
    dev.get("/p").json(r#"[true, "from the config", "function", "/p"]"#);
    dev.says("a │ afterwards");
}

#[test]
fn wait_until_goes_on_after_the_answer() {
    let dev = handling(
        "if (request.url.endsWith('/finish')) { globalThis.finish(); return new Response('ok') }
         ctx.waitUntil(new Promise((resolve) => { globalThis.finish = resolve; setTimeout(() => {}, 3600_000) }).then(() => console.log('finished')));
         return new Response('answered');",
    );
    dev.get("/").body("answered");
    assert!(!dev.said().contains("finished"));
    dev.get("/finish").body("ok");
    dev.says("a │ finished");
}

#[test]
fn what_wait_until_rejects_with_is_told() {
    let dev = handling("ctx.waitUntil(Promise.reject(new Error('in the background'))); return new Response('fine');");
    dev.get("/").status(200).body("fine");
    dev.says("✖ a Error: in the background");
}

#[test]
fn a_rejection_that_nobody_handles_is_told() {
    let dev = handling("Promise.reject(new Error('forgotten')); return new Response('fine');");
    dev.get("/").status(200).body("fine");
    dev.says("forgotten");
}

#[test]
fn pass_through_on_exception_can_be_asked_for() {
    let dev = handling("ctx.passThroughOnException(); return new Response(typeof ctx.passThroughOnException);");
    dev.get("/").body("function");
}

#[test]
fn variables_arrive_with_their_types() {
    let dev = Dev::new()
        .worker("a", "export default { fetch: (request, env) => Response.json([env.TEXT, env.NUMBER, env.LIST, Object.keys(env).sort()]) };")
        .config("a", "[vars]\nTEXT = \"t\"\nNUMBER = 7\nLIST = [1, { a = true }]")
        .file("a/.dev.vars", "SECRET=\"s\"\nTEXT=overridden\n")
        .start();
    dev.get("/").json(r#"["overridden", 7, [1, {"a": true}], ["LIST", "NUMBER", "SECRET", "TEXT"]]"#);
}

#[test]
fn modules_of_all_kinds_are_imported() {
    let dev = Dev::new()
        .worker(
            "a",
            "import { add } from './lib/add.js';
             import typed from './typed.ts';
             import data from './data.json';
             import text from './note.txt';
             import bytes from './blob.bin';
             const settled = await Promise.resolve('settled');
             export default { async fetch() {
               const late = await import('./late.mjs');
               return Response.json([add(1, 2), typed({ side: 3 }), data.list, text, bytes.byteLength, settled, late.default]);
             } };",
        )
        .file("a/src/lib/add.js", "export const add = (a, b) => a + b;")
        .file("a/src/typed.ts", "export interface Shape { side: number }\nconst area = (shape: Shape): number => shape.side ** 2;\nexport default area;")
        .file("a/src/data.json", "{ \"list\": [1, 2] }")
        .file("a/src/note.txt", "a note\n")
        .file("a/src/blob.bin", [0, 1, 2, 255])
        .file("a/src/late.mjs", "export default 'late';")
        .start();
    dev.get("/").json(r#"[3, 9, [1, 2], "a note\n", 4, "settled", "late"]"#);
}

#[test]
fn import_cycles_and_imports_from_above_the_project_work() {
    let dev = Dev::new()
        .worker("a", "import { even } from './even.js'; import { shared } from '../../shared.js'; export default { fetch: () => Response.json([even(10), shared]) };")
        .file("a/src/even.js", "import { odd } from './odd.js'; export const even = (n) => n === 0 || odd(n - 1);")
        .file("a/src/odd.js", "import { even } from './even.js'; export const odd = (n) => n !== 0 && even(n - 1);")
        .file("shared.js", "export const shared = 'from above';")
        .start();
    dev.get("/").json(r#"[true, "from above"]"#);
}

/// The Worker does not start, and says why wherever it is asked.
#[track_caller]
fn refused_at_start(code: &str, words: &str) {
    let dev = Dev::new().worker("a", code).start();
    dev.get("/").status(500).contains(words);
    dev.says(words);
}

const GLOBAL_SCOPE: &str = "Disallowed operation called within global scope";

#[test]
fn fetch_is_refused_in_global_scope() {
    refused_at_start("await fetch('http://example.com/'); export default { fetch() {} };", GLOBAL_SCOPE);
}

#[test]
fn timers_are_refused_in_global_scope() {
    refused_at_start("setTimeout(() => {}, 1); export default { fetch() {} };", GLOBAL_SCOPE);
}

#[test]
fn random_values_are_refused_in_global_scope() {
    refused_at_start("crypto.getRandomValues(new Uint8Array(1)); export default { fetch() {} };", GLOBAL_SCOPE);
    refused_at_start("crypto.randomUUID(); export default { fetch() {} };", GLOBAL_SCOPE);
}

#[test]
fn a_promise_that_global_scope_waits_for_must_settle() {
    refused_at_start(
        "await new Promise(() => {}); export default { fetch() {} };",
        "Top-level await in module is unresolved",
    );
}

#[test]
fn code_from_strings_is_refused_while_a_request_is_handled() {
    gives(
        "const tried = [];
         for (const attempt of [() => eval('1'), () => new Function('return 1')(), () => (async () => {}).constructor('1'), () => (0, eval)('1')]) {
           try { tried.push(attempt()) } catch (error) { tried.push(`${error.name}: ${error.message}`) }
         }
         return [tried.length, new Set(tried).size, tried[0]];",
        r#"[4, 1, "EvalError: Code generation from strings disallowed for this context"]"#,
    );
}

#[test]
fn another_requests_body_is_refused() {
    let dev = handling(
        "if (request.url.endsWith('/keep')) { globalThis.kept = request; await scheduler.wait(1); return new Response('kept') }
         try { return new Response(await globalThis.kept.text()) } catch (error) { return new Response(error.message) }",
    );
    let mut keeping = dev.ask("POST", "/keep").body("secret").open();
    keeping.answer().body("kept");
    dev.get("/use").contains("Cannot perform I/O on behalf of a different request");
}

#[test]
fn another_requests_stream_is_refused() {
    let dev = handling(
        "if (request.url.endsWith('/keep')) { globalThis.kept = request.body.getReader(); return new Response('kept') }
         try { await globalThis.kept.read(); return new Response('read') } catch (error) { return new Response(error.message) }",
    );
    dev.post("/keep", "secret").body("kept");
    dev.get("/use").contains("Cannot perform I/O on behalf of a different request");
}

#[test]
fn an_internal_module_cannot_be_imported() {
    let problems = Dev::new().worker("a", "import 'internal:host'; export default { fetch() {} };").refused();
    assert!(problems[0].contains("internal:host"), "{problems:?}");
    let dev = handling(
        "try { await import('internal:' + 'host'); return new Response('got it') } catch (error) { return new Response('refused') }",
    );
    dev.get("/").body("refused");
}

#[test]
fn a_head_request_gets_the_headers_alone() {
    let dev = handling("return new Response('a body', { headers: { 'x-method': request.method } });");
    dev.ask("HEAD", "/").send().status(200).header("x-method", "HEAD").body("");
    let mut connection = dev.connect();
    connection.write(b"HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert!(connection.rest().ends_with("\r\n\r\n"));
}

#[test]
fn empty_statuses_have_no_body() {
    let dev = handling("return new Response(null, { status: 204 });");
    dev.get("/").status(204).body("").lacks_header("transfer-encoding");
}

#[test]
fn request_url_and_client_address_are_the_clients() {
    let dev = handling("return Response.json([request.url, request.headers.get('cf-connecting-ip')]);");
    let answer = dev.ask("GET", "/a?b").host("LocalHost:80").send();
    answer.json(r#"["http://localhost/a?b", "127.0.0.1"]"#);
}

#[test]
fn fetch_follows_redirects_between_local_workers() {
    let dev = Dev::new()
        .worker(
            "a",
            "export default { async fetch() {
               const followed = await fetch('http://b.localhost/from');
               const manual = await fetch('http://b.localhost/from', { redirect: 'manual' });
               return Response.json([await followed.text(), followed.redirected, followed.url, manual.status]);
             } };",
        )
        .worker(
            "b",
            "export default { fetch(request) {
               const url = new URL(request.url);
               return url.pathname === '/from' ? Response.redirect(new URL('/to', url), 302) : new Response('there');
             } };",
        )
        .start();
    let answer = dev.ask("GET", "/").host("a.localhost").send();
    answer.json(r#"["there", true, "http://b.localhost/to", 302]"#);
}
