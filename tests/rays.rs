//! One id from the client to all that its request leads to: `cf-ray`.

use serde_json::{Value, json};

use crate::process::Folder;
use crate::support::Dev;

const RAY: &str = "request.headers.get('cf-ray')";

/// A dispatcher with an outbound Worker, a user Worker that fetches and sends, a consumer of what it sends, and who hears
/// of it all.
fn platform() -> Folder {
    let folder = Folder::new();
    let front = "export default { async fetch(request, env) {
        console.log('front');
        if (request.url.endsWith('/bare')) return env.USERS.get('ann').fetch('https://other.example/bare');
        return env.USERS.get('ann').fetch(request);
    } };";
    let tail = "tail_consumers = [{ service = \"watcher\" }]\n";
    let outbound = "outbound = { service = \"gate\" }\n";
    folder.project(
        "front",
        &format!("{tail}[[dispatch_namespaces]]\nbinding = \"USERS\"\nnamespace = \"staging\"\n{outbound}"),
        front,
    );
    let ann = format!(
        "export default {{ async fetch(request, env) {{
            console.log('user');
            await env.JOBS.send('work');
            if (request.url.endsWith('/throw')) throw new Error('thrown');
            const gate = await (await fetch('https://example.com/', {{ headers: {{ 'cf-ray': 'forged' }} }})).text();
            return Response.json([{RAY}, gate]);
        }} }};"
    );
    folder.project("ann", "[[queues.producers]]\nbinding = \"JOBS\"\nqueue = \"jobs\"\n", &ann);
    folder.project("gate", "", &format!("export default {{ fetch: (request) => new Response({RAY}) }};"));
    let consumer = "export default { queue() { console.log('queue') }, fetch: () => new Response() };";
    let jobs = "[[queues.consumers]]\nqueue = \"jobs\"\nmax_batch_timeout = 0\n";
    folder.project("consumer", &format!("{tail}{jobs}"), consumer);
    let watcher = "export default { fetch: () => new Response(),
        tail: (items) => console.log(JSON.stringify(items.map(({ scriptName, rayId, event }) => [scriptName, rayId, event.request?.headers['cf-ray']]))) };";
    folder.project("watcher", "", watcher);
    folder
}

/// All lines until the batch of the queue has been handled and both tails have told.
fn told(dev: &crate::process::Running) -> Vec<Value> {
    let mut lines = Vec::new();
    let (mut batches, mut tails) = (0, 0);
    while batches < 1 || tails < 2 {
        let line = dev.line();
        batches += usize::from(line["event"] == "queue");
        tails += usize::from(line["worker"] == "watcher");
        lines.push(line);
    }
    lines
}

#[test]
fn one_id_goes_from_the_client_to_user_worker_outbound_log_tail_and_queue() {
    let folder = platform();
    let dev = folder.serve(&["dev", "front", "staging=ann", "gate", "consumer", "watcher"]);
    for path in ["/", "/bare"] {
        let (status, body) = dev.get(path);
        assert_eq!(status, 200, "{body}");
        let rays: Vec<String> = serde_json::from_str(&body).expect("a list");
        let ray = &rays[0];
        assert_eq!((ray.len(), &ray[16..], &rays[1]), (20, "-DFW", ray));
        let lines = told(&dev);
        let find = |key: &str, value: &str| lines.iter().find(|line| line[key] == value).expect("such a line");
        assert_eq!(&find("event", "request")["ray"], ray);
        assert_eq!(&find("message", "front")["ray"], ray);
        assert_eq!(&find("message", "user")["ray"], ray);
        assert_eq!(&find("message", "queue")["ray"], ray);
        assert_eq!(find("event", "queue")["rays"], json!([ray]));
        let items = lines.iter().filter(|line| line["worker"] == "watcher");
        let items: Vec<Value> =
            items.map(|line| line["message"].as_str().expect("text").parse().expect("JSON")).collect();
        assert!(items.contains(&json!([["front", ray, ray], ["ann", ray, ray]])), "{items:?}");
        assert!(items.contains(&json!([["consumer", ray, null]])), "{items:?}");
    }
    assert_eq!(dev.get("/throw").0, 500);
    let (exception, request) = (dev.event("exception"), dev.event("request"));
    assert!(request["ray"].is_string());
    assert_eq!(exception["ray"], request["ray"]);
}

#[test]
fn clients_are_told_the_id_and_cannot_choose_it() {
    let dev = Dev::new()
        .worker(
            "front",
            &format!(
                "export default {{ fetch: (request) => new Response({RAY}, {{ headers: {{ 'cf-ray': 'mine' }} }}) }};"
            ),
        )
        .start();
    let answer = dev.ask("GET", "/").header("CF-Ray", "0123456789abcdef-DFW").send().status(200);
    let ray = answer.text();
    assert_ne!(ray, "0123456789abcdef-DFW");
    assert_eq!(answer.find("cf-ray"), Some(ray.as_str()));
    let other = dev.get("/");
    assert_ne!(other.text(), ray);
    assert!(dev.ask("GET", "/").host("nobody.example.com").send().find("cf-ray").is_some());
}
