//! Events of the platform's own: sent by hand at wrangler's addresses.

use crate::support::Dev;

#[test]
fn scheduled_events_are_sent_by_hand() {
    let dev = Dev::new()
        .worker(
            "clock",
            "let last = 'none';
             export default {
               fetch: () => new Response(last),
               async scheduled(controller, env, ctx) {
                 if (controller.cron === 'calm') controller.noRetry();
                 ctx.waitUntil(scheduler.wait(5).then(() => { last = `${controller.cron} at ${controller.scheduledTime}` }));
                 if (controller.cron === 'fail') throw new Error('no');
                 if (controller.cron === 'late') ctx.waitUntil(Promise.reject(new Error('too late')));
               },
             };",
        )
        .worker("none", "export default { fetch: () => new Response() }")
        .start();
    dev.get("/cdn-cgi/handler/scheduled?cron=*+*+*+*+*&time=5000").status(200).body("ok");
    dev.get("/").body("* * * * * at 5000");
    dev.get("/cdn-cgi/mf/scheduled?cron=x").status(200);
    dev.get("/cdn-cgi/handler/scheduled?cron=calm&format=json").status(200).body(r#"{"outcome":"ok","noRetry":true}"#);
    dev.get("/cdn-cgi/handler/scheduled?cron=fail").status(500).body("exception");
    dev.says("no");
    dev.get("/cdn-cgi/handler/scheduled?cron=late").status(500);
    dev.says("too late");
    dev.ask("GET", "/cdn-cgi/handler/scheduled").host("none.localhost").send().status(500);
    dev.says("Handler does not export a scheduled() function.");
    dev.get("/cdn-cgi/handler/other").status(404);
}

#[test]
fn scheduled_events_reach_scripts_with_listeners() {
    let dev = Dev::new()
        .worker(
            "old",
            "let last = 'none';
             addEventListener('fetch', (event) => event.respondWith(new Response(last)));
             addEventListener('scheduled', (event) => event.waitUntil((async () => { last = event.cron })()));",
        )
        .start();
    dev.get("/cdn-cgi/handler/scheduled?cron=0+0+*+*+*").status(200);
    dev.get("/").body("0 0 * * *");
}

#[test]
fn batches_of_messages_are_sent_by_hand() {
    let dev = Dev::new()
        .worker(
            "consumer",
            "export default {
               fetch: () => new Response(),
               queue(batch) {
                 for (const message of batch.messages) {
                   console.log(batch.queue, message.attempts, message.body.n, message.timestamp instanceof Date);
                   if (message.body.n === 1) message.ack();
                   if (message.body.n === 2) message.retry({ delaySeconds: 7 });
                   if (message.body.n === 3) throw new Error('three');
                 }
               },
             };",
        )
        .start();
    let post = |body: &str| dev.ask("POST", "/cdn-cgi/handler/queue?queue=jobs").body(body).send();
    let told: serde_json::Value = serde_json::from_str(&post(r#"[{"n":1},{"n":2}]"#).status(200).text()).expect("JSON");
    assert_eq!(told["explicitAcks"].as_array().map(Vec::len), Some(1));
    assert_eq!(told["retryMessages"][0]["delaySeconds"], 7);
    dev.says("jobs 1 2 true");
    post(r#"{"n":3}"#).status(500);
    dev.says("three");
    post("[]").status(400);
}

#[test]
fn emails_are_sent_by_hand() {
    let dev = Dev::new()
        .worker(
            "post",
            "export default {
               fetch: () => new Response(),
               async email(message, env, ctx) {
                 if (message.headers.get('subject') === 'spam') return message.setReject('no spam');
                 const raw = await new Response(message.raw).text();
                 console.log(message.from, message.to, message.rawSize === raw.length, message.headers.get('subject'));
                 await message.forward('boss@example.com');
               },
             };",
        )
        .start();
    let post = |query: &str, body: &str| dev.ask("POST", &format!("/cdn-cgi/handler/email?{query}")).body(body).send();
    let mail = "Message-ID: <1@x>\r\nSubject: hello\r\n  there\r\n\r\ntext\r\n";
    post("from=a@x.com&to=b@y.com", mail).status(200).body("Worker successfully processed email");
    dev.says("a@x.com b@y.com true hello there");
    dev.says("forwarded to boss@example.com");
    post("from=a@x.com&to=b@y.com", "Subject: spam\r\n\r\n")
        .status(400)
        .body("Worker rejected email with the following reason: no spam");
    post("from=a@x.com", mail).status(400);
}

#[test]
fn a_cron_expression_that_is_not_valid_is_an_error_with_its_place() {
    let said =
        Dev::new().worker("a", "export default {}").config("a", "triggers = { crons = [\"61 * * * *\"] }").refused();
    assert!(said[0].contains("\"61 * * * *\" is not valid: \"61\" is no minute"), "{said:?}");
}
