//! Tail Workers and followed logs: what they are told, by whom, and that they harm nobody.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::process::{Folder, Running};
use crate::support::{Client, Dev, Form};

/// Keeps what it is told, and answers it.
const WATCHER: &str = "const told = [];
    export default {
      fetch: () => Response.json(told),
      tail(events) { told.push(JSON.parse(JSON.stringify(events))) },
    };";

const WATCHED: &str = "[[tail_consumers]]\nservice = \"watcher\"";

/// What the tail Worker was told, once there is so much of it.
fn told(dev: &Client, count: usize) -> Vec<Value> {
    let start = Instant::now();
    loop {
        let told: Vec<Value> =
            serde_json::from_str(&dev.ask("GET", "/").host("watcher.localhost").send().text()).expect("JSON");
        if told.len() >= count {
            return told;
        }
        assert!(start.elapsed() < Duration::from_secs(10), "it was told {told:#?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_tail_worker_is_told_what_a_request_said_and_how_it_went() {
    let code = "import { channel } from 'node:diagnostics_channel';
        export default { async fetch(request, env, ctx) {
          console.log('hello', 7, { a: [1, null] }, undefined, 3n, new Map());
          await scheduler.wait(1);
          console.error(new Error('shown').message);
          channel('news').publish({ headline: 'x' });
          ctx.waitUntil((async () => console.warn('late'))());
          return new Response('answer', { status: 201 });
        } };";
    let dev = Dev::new()
        .worker("front", code)
        .config("front", &format!("compatibility_flags = [\"nodejs_compat\"]\n{WATCHED}"))
        .worker("watcher", WATCHER)
        .start();
    dev.ask("GET", "/a?b=c").header("Authorization", "Bearer secret").header("X-Plan", "free").send().status(201);
    let item = &told(&dev, 1)[0][0];
    let logs: Vec<_> =
        item["logs"].as_array().expect("a list").iter().map(|log| json!([log["level"], log["message"]])).collect();
    let wanted = json!([["log", ["hello", 7, { "a": [1, null] }, "undefined", "3", "[object Map]"]], ["error", ["shown"]], ["warn", ["late"]]]);
    assert_eq!(json!(logs), wanted);
    assert_eq!(item["outcome"], "ok");
    assert_eq!(
        (&item["scriptName"], &item["entrypoint"], &item["executionModel"]),
        (&json!("front"), &json!("default"), &json!("stateless"))
    );
    assert_eq!((&item["exceptions"], &item["truncated"], &item["scriptTags"]), (&json!([]), &json!(false), &json!([])));
    assert_eq!(item["diagnosticsChannelEvents"][0]["channel"], "news");
    assert_eq!(item["diagnosticsChannelEvents"][0]["message"], json!({ "headline": "x" }));
    let event = &item["event"];
    assert_eq!((&event["response"], &event["request"]["method"]), (&json!({ "status": 201 }), &json!("GET")));
    assert!(event["request"]["url"].as_str().expect("a URL").ends_with("/a?b=c"), "{event}");
    assert_eq!(
        (&event["request"]["headers"]["authorization"], &event["request"]["headers"]["x-plan"]),
        (&json!("REDACTED"), &json!("free"))
    );
    assert_eq!(event["request"]["cf"]["colo"], "DFW");
    for number in ["eventTimestamp", "wallTime", "cpuTime"] {
        assert!(item[number].is_number(), "{number} in {item}");
    }
    assert_eq!(item.get("dispatchNamespace"), None);
}

#[test]
fn a_dispatchers_tail_worker_hears_of_its_user_workers_in_the_same_call() {
    let front = "export default { async fetch(request, env) {
        console.log('in front');
        const { pathname } = new URL(request.url);
        if (pathname === '/alone') return new Response();
        try { return await env.dispatcher.get('ann').fetch(request) } catch (error) { return new Response(error.message) }
    } };";
    let ann = "export default { async fetch(request, env, ctx) {
        console.log('behind');
        if (request.url.endsWith('/throw')) throw new RangeError('too far');
        return ctx.exports.default.fetch === undefined ? new Response() : new Response('fine');
    } };";
    let dev = Dev::new()
        .dispatcher("front", front)
        .config("front", WATCHED)
        .worker("watcher", WATCHER)
        .user("staging", "ann", ann)
        .start();
    dev.get("/").body("fine");
    dev.get("/throw").body("too far");
    dev.says("✖ staging/ann RangeError: too far");
    dev.get("/alone");
    let told = told(&dev, 3);
    let seen = |events: &Value| -> Vec<Value> {
        let all = events.as_array().expect("a list").iter();
        all.map(|item| {
            json!([item["scriptName"], item["dispatchNamespace"], item["outcome"], item["logs"][0]["message"]])
        })
        .collect()
    };
    assert!(
        told.iter().any(|events| seen(events)
            == [json!(["front", null, "ok", ["in front"]]), json!(["ann", "staging", "ok", ["behind"]])]),
        "{told:#?}"
    );
    assert!(told.iter().any(|events| seen(events) == [json!(["front", null, "ok", ["in front"]])]), "{told:#?}");
    let thrown = told.iter().map(|events| &events[1]).find(|item| item["outcome"] == "exception").expect("it threw");
    assert_eq!(
        (&thrown["exceptions"][0]["name"], &thrown["exceptions"][0]["message"]),
        (&json!("RangeError"), &json!("too far"))
    );
    assert!(
        thrown["exceptions"][0]["stack"].as_str().expect("a stack").contains("staging/ann/src/index.js:3:"),
        "{thrown}"
    );
}

#[test]
fn tail_workers_may_see_headers_as_they_were_and_use_listeners() {
    let watcher = "let told = [];
        addEventListener('fetch', (event) => event.respondWith(Response.json(told)));
        addEventListener('tail', ({ events }) => { const { request } = events[0].event; told.push([request.headers.cookie, request.getUnredacted().headers.cookie]) });";
    let dev = Dev::new()
        .worker("front", "export default { fetch: () => new Response() };")
        .config("front", WATCHED)
        .worker("watcher", watcher)
        .start();
    dev.ask("GET", "/").header("Cookie", "a=b").send();
    assert_eq!(told(&dev, 1), [json!(["REDACTED", "a=b"])]);
}

#[test]
fn limits_other_events_and_objects_are_told() {
    let code = "import { DurableObject, WorkerEntrypoint } from 'cloudflare:workers';
        export class Api extends WorkerEntrypoint { greet(name) { console.log('greeting'); return `hello ${name}` } }
        export class Room extends DurableObject { enter() { console.log('in the room'); return 1 } }
        export default {
          async fetch(request, env, { exports }) {
            if (request.url.endsWith('/spin')) for (;;);
            return new Response(`${await exports.Api.greet('you')} ${await exports.Room.getByName('a').enter()}`);
          },
          scheduled() { console.log('on time') },
        };";
    let dev = Dev::new()
        .worker("front", code)
        .config("front", &format!("limits = {{ cpu_ms = 30 }}\nmigrations = [{{ tag = \"v1\", new_sqlite_classes = [\"Room\"] }}]\n{WATCHED}"))
        .worker("watcher", WATCHER)
        .start();
    dev.get("/").body("hello you 1");
    dev.get("/cdn-cgi/handler/scheduled?cron=*+*+*+*+*&time=5000").status(200);
    dev.get("/spin").status(503);
    dev.says("✖ front Worker exceeded CPU time limit.");
    let all: Vec<Value> = told(&dev, 5).into_iter().map(|events| events[0].clone()).collect();
    let find = |key: &str, value: &str| {
        all.iter().find(|item| item[key] == value).unwrap_or_else(|| panic!("{key} {value} in {all:#?}"))
    };
    assert_eq!(find("entrypoint", "Api")["event"], json!({ "rpcMethod": "greet" }));
    let room = find("executionModel", "durableObject");
    assert_eq!((&room["entrypoint"], &room["logs"][0]["message"][0]), (&json!("Room"), &json!("in the room")));
    assert_eq!(room["durableObjectId"].as_str().expect("an id").len(), 64);
    assert_eq!(find("outcome", "exceededCpu")["exceptions"][0]["message"], "Worker exceeded CPU time limit.");
    let on_time = all.iter().find(|item| item["event"]["cron"] == "* * * * *").expect("it was on time");
    assert_eq!(
        (&on_time["event"]["scheduledTime"], &on_time["logs"][0]["message"][0]),
        (&json!(5000), &json!("on time"))
    );
}

#[test]
fn tail_workers_that_throw_loop_or_are_not_there_harm_nobody() {
    let hello = "export default { fetch: () => new Response('hello') };";
    let looping = "let turns = 0;
        export default { fetch: () => new Response(`${turns}`), async tail(events, env) { turns++; await env.SELF.fetch('http://x/') } };";
    let dev = Dev::new()
        .worker("front", hello)
        .config("front", "tail_consumers = [{ service = \"broken\" }, { service = \"looping\" }, { service = \"nobody\" }, { service = \"deaf\" }]")
        .worker("broken", "export default { fetch: () => new Response('also hello'), tail() { throw new Error('what a tale') } };")
        .worker("looping", looping)
        .config("looping", "services = [{ binding = \"SELF\", service = \"looping\" }]\ntail_consumers = [{ service = \"looping\" }]")
        .worker("deaf", hello)
        .start();
    dev.may_say("`tail_consumers` names the Worker `nobody`");
    for _ in 0..3 {
        dev.get("/").body("hello");
    }
    dev.says("✖ broken Error: what a tale");
    dev.says("Handler does not export a tail() function.");
    // Each request makes one tail event, these here as well, and a tail event makes none.
    let (mut asked, mut turns) = (0, 0);
    while turns < 3 {
        turns = dev.ask("GET", "/").host("looping.localhost").send().text().parse().expect("a number");
        assert!(turns <= 3 + asked, "{turns} events of {asked} requests");
        asked += 1;
    }
}

#[test]
fn what_is_too_long_to_be_told_is_left_out() {
    let code = "export default { fetch() { for (let at = 0; at < 10; at++) console.log('x'.repeat(50_000)); return new Response() } };";
    let dev = Dev::new().worker("front", code).config("front", WATCHED).worker("watcher", WATCHER).start();
    dev.get("/");
    let item = &told(&dev, 1)[0][0];
    assert_eq!((&item["truncated"], item["logs"].as_array().map(Vec::len)), (&json!(true), Some(5)));
}

#[test]
fn uploads_have_tail_workers_from_the_call_that_sets_them_on() {
    let dev = Dev::api().start();
    let metadata = |more: &str| format!(r#"{{"main_module":"index.js","compatibility_date":"2026-01-01"{more}}}"#);
    let upload = |name: &str, more: &str, code: &str| {
        dev.api("PUT", &format!("/workers/scripts/{name}")).form(Form::upload(&metadata(more), code)).send().done();
    };
    upload("watcher", "", WATCHER);
    upload(
        "front",
        r#","tags":["plan:free"],"tail_consumers":[{"service":"watcher"}]"#,
        "export default { fetch: () => new Response('hello') };",
    );
    let ask = || dev.ask("GET", "/").host("front.localhost").send().body("hello");
    ask();
    let first = &told(&dev, 1)[0][0];
    assert_eq!(first["scriptTags"], json!(["plan:free"]));
    assert_eq!(first["scriptVersion"]["id"].as_str().expect("an id").len(), 36);
    dev.api("PATCH", "/workers/scripts/front/script-settings").json(r#"{"tail_consumers":null}"#).send().done();
    ask();
    dev.api("PATCH", "/workers/scripts/front/script-settings")
        .json(r#"{"tail_consumers":[{"service":"watcher"}]}"#)
        .send()
        .done();
    ask();
    assert_eq!(told(&dev, 2).len(), 2);
}

/// Follows the log of a script, as clients do, while it is asked.
const FOLLOWER: &str = "const api = 'https://api.cloudflare.com/client/v4/accounts/0123456789abcdef0123456789abcdef/workers';
    const ask = async (method, path, body) => {
      const answer = await fetch(`${api}${path}`, { method, headers: { Authorization: 'Bearer x' }, body: body && JSON.stringify(body) });
      return answer.json();
    };
    const opened = (socket) => new Promise((resolve, reject) => { socket.addEventListener('open', resolve); socket.addEventListener('error', reject) });
    const heard = (socket) => new Promise((resolve) => socket.addEventListener('message', ({ data }) => resolve(JSON.parse(data)), { once: true }));
    const closed = (socket) => new Promise((resolve) => { socket.addEventListener('close', () => resolve('closed')); socket.addEventListener('error', () => resolve('closed')) });
    const tried = (url, protocol) => opened(new WebSocket(url, protocol)).then(() => 'opened', () => 'refused');
    export default { async fetch(request, env) {
      const script = '/dispatch/namespaces/staging/scripts/ann';
      const { result } = await ask('POST', `${script}/tails`, { filters: [{ query: 'wanted' }] });
      const seen = [Object.keys(result), Date.parse(result.expires_at) > Date.now(), await tried(result.url, 'other'), await tried(result.url.slice(0, -1) + 'g', 'trace-v1')];
      const socket = new WebSocket(result.url, 'trace-v1');
      await opened(socket);
      const message = heard(socket);
      for (const word of ['other', 'wanted']) await env.dispatcher.get('ann').fetch(`http://x/${word}`);
      const { logs, scriptName, dispatchNamespace, event } = await message;
      seen.push(logs[0].message, scriptName, dispatchNamespace, event.request.url, event.response);
      seen.push(await tried(result.url, 'trace-v1'), (await ask('GET', `${script}/tails`)).result.length);
      const end = closed(socket);
      seen.push((await ask('DELETE', `${script}/tails/${result.id}`)).success, await end, (await ask('DELETE', `${script}/tails/${result.id}`)).success);
      const many = [];
      for (let at = 0; at < 11; at++) many.push((await ask('POST', `${script}/tails`)).success);
      seen.push(many.filter(Boolean).length, (await ask('POST', '/scripts/nobody/tails')).errors[0].code);
      return Response.json(seen);
    } };";

#[test]
fn a_log_is_followed_by_whoever_has_its_address_once() {
    let dev = Dev::new()
        .dispatcher("front", FOLLOWER)
        .user(
            "staging",
            "ann",
            "export default { fetch(request) { console.log(request.url.slice(9)); return new Response() } };",
        )
        .start();
    dev.get("/").json(
        r#"[["id", "url", "expires_at"], true, "refused", "refused", ["wanted"], "ann", "staging", "http://x/wanted", {"status":200},
        "refused", 1, true, "closed", false, 10, 10007]"#,
    );
}

#[test]
fn devflare_tail_tells_what_a_worker_does() {
    let folder = Folder::new();
    let code = "export default { fetch(request) { console.log('hello', { a: 1 }); if (request.url.endsWith('/throw')) throw new Error('no'); return new Response() } };";
    folder.project("front", "", code);
    let dev = folder.serve(&["dev", "front"]);
    let api = dev.ready["api_url"].as_str().expect("a URL").to_owned();
    let mut command =
        folder.devflare(&["tail", "front", "--api-url", &api, "--log-format", "json", "--status", "error"]);
    let tail = Running::start(&mut command);
    tail.event("note");
    assert_eq!((dev.get("/").0, dev.get("/throw").0), (200, 500));
    let trace = &tail.event("tail")["trace"];
    assert_eq!((&trace["outcome"], &trace["logs"][0]["message"]), (&json!("exception"), &json!(["hello", { "a": 1 }])));
    let none = folder.run(&["tail", "nobody", "--api-url", &api]);
    assert!(none.status != Some(0) && none.error.contains("does not exist"), "{}{}", none.out, none.error);
}
