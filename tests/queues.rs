//! Queues: producers, consumers, and what becomes of messages.

use crate::support::Dev;

/// Sends what the path says, and tells what its consumer was given.
const BOTH: &str = "
    let seen = [];
    export default {
      async fetch(request, env) {
        const url = new URL(request.url);
        const body = url.searchParams.get('body');
        if (url.pathname === '/send') await env.JOBS.send(JSON.parse(body), Object.fromEntries(url.searchParams));
        if (url.pathname === '/batch') await env.JOBS.sendBatch(JSON.parse(body).map((body) => ({ body })));
        if (url.pathname === '/seen') {
          const count = +url.searchParams.get('count');
          while (seen.length < count) await scheduler.wait(3);
          return new Response(seen.splice(0).join('; '));
        }
        return new Response('sent');
      },
      queue(batch, env, ctx) {
        const said = batch.messages.map(({ body, attempts }) => `${JSON.stringify(body)} ${attempts}`);
        seen.push(`${batch.queue}: ${said.join(', ')}`);
        for (const message of batch.messages) {
          const { body } = message;
          if (body === 'ack then throw') message.ack();
          if (body === 'later') message.retry({ delaySeconds: 0 });
          if (body === 'again') batch.retryAll();
        }
        if (batch.queue === 'jobs' && batch.messages.some(({ body }) => body.includes?.('throw'))) throw new Error('thrown');
      },
    };";

const JOBS: &str = "
    [[queues.producers]]
    binding = \"JOBS\"
    queue = \"jobs\"

    [[queues.consumers]]
    queue = \"jobs\"
    max_batch_size = 3
    max_batch_timeout = 0
    max_retries = 1
    dead_letter_queue = \"dead\"

    [[queues.consumers]]
    queue = \"dead\"
    max_batch_timeout = 0
";

fn both() -> Dev {
    Dev::new().worker("both", BOTH).config("both", JOBS)
}

#[test]
fn messages_reach_their_consumer_in_batches() {
    let dev = both().start();
    dev.get("/send?body=%7B%22n%22:1%7D").body("sent");
    dev.get("/seen?count=1").body(r#"jobs: {"n":1} 1"#);
    dev.get("/batch?body=[1,2,3,4]").body("sent");
    dev.get("/seen?count=2").body("jobs: 1 1, 2 1, 3 1; jobs: 4 1");
    dev.says("queue jobs, 3 messages ok");
}

#[test]
fn messages_are_tried_again_and_then_given_to_the_dead_letter_queue() {
    let dev = both().start();
    dev.get("/send?body=%22throw%22").body("sent");
    dev.get("/seen?count=3").body("jobs: \"throw\" 1; jobs: \"throw\" 2; dead: \"throw\" 1");
    dev.says("thrown");
    dev.get("/send?body=%22later%22").body("sent");
    dev.get("/seen?count=3").contains("jobs: \"later\" 1; jobs: \"later\" 2; dead: \"later\" 1");
}

#[test]
fn a_message_that_was_acknowledged_does_not_come_again() {
    let dev = both().start();
    dev.get("/batch?body=[%22ack%20then%20throw%22,%22b%22]").body("sent");
    dev.says("thrown");
    dev.get("/seen?count=2").body("jobs: \"ack then throw\" 1, \"b\" 1; jobs: \"b\" 2");
}

#[test]
fn messages_of_all_types_arrive_as_they_were() {
    let dev = Dev::new()
        .worker(
            "types",
            "export default {
               async fetch(request, env) {
                 await env.JOBS.send({ a: [1] });
                 await env.JOBS.send('text', { contentType: 'text' });
                 await env.JOBS.send(new Uint8Array([1, 2]), { contentType: 'bytes' });
                 await env.JOBS.send(new Map([[1, new Date(5)]]), { contentType: 'v8' });
                 const wrong = [];
                 const refused = async (...args) => wrong.push(await env.JOBS.send(...args).then(() => 'sent', (e) => `${e.name}: ${e.message}`));
                 await refused(undefined);
                 await refused(1, { contentType: 'text' });
                 await refused('x', { contentType: 'other' });
                 await refused('x'.repeat(128_000));
                 await env.JOBS.sendBatch(Array(101).fill({ body: 1 })).catch((e) => wrong.push(e.message));
                 return new Response(wrong.join('|'));
               },
               queue(batch) {
                 const told = ({ body }) => body instanceof Map ? `map ${body.get(1).getTime()}` : body instanceof ArrayBuffer ? `buffer ${body.byteLength}` : JSON.stringify(body);
                 console.log(batch.messages.map(told).join(' '));
               },
             };",
        )
        .config("types", "queues = { producers = [{ binding = \"JOBS\", queue = \"q\" }], consumers = [{ queue = \"q\", max_batch_size = 4 }] }")
        .start();
    dev.get("/").body(
        "TypeError: Message body cannot be undefined|TypeError: Content Type \"text\" requires a value of type string, but \
         received: number|TypeError: Unsupported queue message content type: other|Error: Queue send failed: message length \
         of 128002 bytes exceeds limit of 128000|Queue sendBatch failed: batch message count of 101 exceeds limit of 100",
    );
    dev.says("{\"a\":[1]} \"text\" buffer 2 map 5");
}

#[test]
fn a_consumer_that_comes_later_gets_what_waits() {
    let dev = Dev::new()
        .worker("from", "export default { async fetch(_, env) { await env.Q.send('early'); return new Response('sent') } }")
        .config("from", "queues = { producers = [{ binding = \"Q\", queue = \"later\" }] }")
        .worker("to", "export default { fetch: () => new Response(), queue(batch) { console.log('got', batch.messages[0].body) } }")
        .start();
    dev.ask("GET", "/").host("from.localhost").send().body("sent");
    dev.configure("to", "queues = { consumers = [{ queue = \"later\", max_batch_timeout = 0 }] }");
    dev.ask("GET", "/").host("to.localhost").send().status(200);
    dev.says("got early");
}
