//! Workflows: steps, what becomes of them when they fail, sleep or wait, and that none is done twice.

use crate::process::{Folder, Running};
use crate::support::Dev;

const CONFIG: &str = "workflows = [{ name = \"orders\", binding = \"FLOW\", class_name = \"Orders\" }]\n";

/// `/create/ID?BODY` makes an instance whose `run()` evaluates nothing: it does what `params.todo` names.
const WORKER: &str = "
    import { WorkflowEntrypoint } from 'cloudflare:workers';
    import { NonRetryableError } from 'cloudflare:workflows';
    let done = [];
    const todo = {
      async steps(event, step) {
        const a = await step.do('first', async () => { done.push('first'); return new Map([['n', event.payload.n]]); });
        const again = [];
        for (let i = 0; i < 2; i++) again.push(await step.do('same name', async ({ attempt, step }) => `${attempt} ${step.count}`));
        await step.sleep('a moment', '20 ms');
        await step.sleepUntil('another', new Date(Date.now() + 20));
        return { n: a.get('n') + 1, again, id: event.instanceId, at: event.timestamp instanceof Date };
      },
      async retries(_, step) {
        let tries = 0;
        const retries = { limit: 3, delay: 1, backoff: 'linear' };
        const value = await step.do('flaky', { retries }, async () => { if (++tries < 3) throw new Error('not yet'); return tries; });
        const caught = await step.do('never', { retries: { limit: 1, delay: 1 } }, async () => { tries++; throw new RangeError('no'); }).catch((e) => `${e.name}: ${e.message}`);
        const late = await step.do('late', { retries: { limit: 0, delay: 1 }, timeout: 5 }, () => new Promise(() => {})).catch((e) => `${e.name}: ${e.message}`);
        const large = await step.do('large', { retries: { limit: 0, delay: 1 } }, async () => 'x'.repeat(1 << 20)).catch((e) => e.message);
        return { value, caught, tries, late, large };
      },
      async fatal(_, step) {
        await step.do('fatal', async () => { done.push('fatal'); throw new NonRetryableError('not again'); });
      },
      async waits(_, step) {
        const { payload, type } = await step.waitForEvent('approval', { type: 'approved', timeout: '1 hour' });
        const late = await step.waitForEvent('nothing', { type: 'never', timeout: 5 }).catch((e) => e.message);
        return { payload, type, late };
      },
      async paused(_, step) {
        await step.waitForEvent('go', { type: 'go' });
        await step.do('after', async () => void done.push('after'));
        return 'went on';
      },
    };
    export class Orders extends WorkflowEntrypoint {
      run(event, step) { return todo[event.payload.todo].call(this, event, step); }
    }
    const settled = ['complete', 'errored', 'terminated', 'paused'];
    export default {
      async fetch(request, { FLOW }) {
        const url = new URL(request.url);
        const [, what, id, more] = url.pathname.split('/');
        const body = url.searchParams.get('body') ?? undefined;
        try {
          if (what === 'create') return new Response((await FLOW.create({ id, params: JSON.parse(body) })).id);
          if (what === 'batch') return Response.json((await FLOW.createBatch(JSON.parse(body))).map(({ id }) => id));
          if (what === 'done') return Response.json(done);
          const instance = await FLOW.get(id);
          if (what === 'event') await instance.sendEvent({ type: more, payload: JSON.parse(body) });
          if (what === 'command') await instance[more]();
          if (what === 'until') while ((await instance.status()).status !== more) await scheduler.wait(3);
          if (what === 'end') while (!settled.includes((await instance.status()).status)) await scheduler.wait(3);
          return Response.json(await instance.status());
        } catch (error) {
          return new Response(`${error.name}: ${error.message}`);
        }
      },
    };";

fn orders() -> Dev {
    Dev::new().worker("orders", WORKER).config("orders", CONFIG)
}

#[test]
fn an_instance_runs_its_steps_and_tells_its_output() {
    let dev = orders().start();
    dev.get("/create/one?body={%22todo%22:%22steps%22,%22n%22:1}").body("one");
    dev.get("/end/one")
        .json(r#"{"status":"complete","error":null,"output":{"n":2,"again":["1 1","1 2"],"id":"one","at":true}}"#);
    dev.get("/done").json(r#"["first"]"#);
    dev.says("workflow orders one");
}

#[test]
fn ids_are_checked_and_unique() {
    let dev = orders().start();
    dev.get("/create/one?body={%22todo%22:%22steps%22}").body("one");
    dev.get("/create/one?body={%22todo%22:%22steps%22}")
        .body("Error: (instance.already_exists) Instance already exists");
    dev.get("/create/-one?body={%22todo%22:%22steps%22}").contains("instance.invalid_id");
    dev.get("/status/two").body("Error: (instance.not_found) Instance does not exist");
    let batch = "[{%22id%22:%22one%22},{%22id%22:%22two%22,%22params%22:{%22todo%22:%22steps%22}}]";
    dev.get(&format!("/batch?body={batch}")).json(r#"["two"]"#);
}

#[test]
fn steps_are_tried_again_as_configured() {
    let dev = orders().start();
    dev.get("/create/one?body={%22todo%22:%22retries%22}").body("one");
    dev.get("/end/one").json(
        r#"{"status":"complete","error":null,"output":{"value":3,"caught":"RangeError: no","tries":5,
            "late":"WorkflowTimeoutError: Execution timed out after 5ms",
            "large":"Step large-1 output is too large. Maximum allowed size is 1MiB."}}"#,
    );
    dev.get("/create/two?body={%22todo%22:%22fatal%22}").body("two");
    dev.get("/end/two")
        .json(r#"{"status":"errored","error":{"name":"NonRetryableError","message":"not again"},"output":null}"#);
    dev.get("/done").json(r#"["fatal"]"#);
    dev.says("not again");
}

#[test]
fn events_are_waited_for_and_kept_until_then() {
    let dev = orders().start();
    dev.get("/create/one?body={%22todo%22:%22waits%22}").body("one");
    dev.get("/until/one/waiting").contains("waiting");
    dev.get("/event/one/approved?body={%22by%22:%22me%22}").status(200);
    dev.get("/end/one").json(
        r#"{"status":"complete","error":null,
            "output":{"payload":{"by":"me"},"type":"approved","late":"Execution timed out after 5ms"}}"#,
    );
}

#[test]
fn instances_are_paused_resumed_ended_and_begun_anew() {
    let dev = orders().start();
    dev.get("/create/one?body={%22todo%22:%22paused%22}").body("one");
    dev.get("/until/one/waiting").contains("waiting");
    dev.get("/command/one/pause").status(200);
    dev.get("/until/one/paused").contains("paused");
    dev.get("/event/one/go?body=1").contains("paused");
    dev.get("/done").json("[]");
    dev.get("/command/one/resume").status(200);
    dev.get("/end/one").contains("went on");
    dev.get("/command/one/restart").status(200);
    dev.get("/until/one/waiting").contains("waiting");
    dev.get("/command/one/terminate").contains("terminated");
    dev.get("/command/one/terminate").contains("instance.cannot_terminate");
    dev.get("/done").json(r#"["after"]"#);
}

#[test]
fn a_waiting_instance_goes_on_in_new_code() {
    let dev = orders().start();
    dev.get("/create/one?body={%22todo%22:%22paused%22}").body("one");
    dev.get("/until/one/waiting").contains("waiting");
    dev.edit("orders", "src/index.js", WORKER.replace("went on", "went on in new code"));
    dev.get("/event/one/go?body=1").status(200);
    dev.get("/end/one").contains("went on in new code");
}

#[test]
fn another_worker_starts_instances_by_the_scripts_name() {
    let config = format!("{}\n", CONFIG.replace(" }]", ", script_name = \"orders\" }]"));
    let dev = orders().worker("caller", &WORKER.replace("export class Orders", "class Orders"));
    let dev = dev.config("caller", &config).start();
    let ask = |path: &str| dev.ask("GET", path).host("caller.localhost").send();
    ask("/create/one?body={%22todo%22:%22steps%22,%22n%22:5}").body("one");
    ask("/end/one").contains(r#""n":6"#);
    dev.ask("GET", "/status/one").host("orders.localhost").send().contains("complete");
}

#[test]
fn the_api_starts_and_describes_instances() {
    let dev = orders().start();
    dev.api("GET", "/workflows").send().contains(r#""name":"orders""#).contains(r#""class_name":"Orders""#);
    dev.api("PUT", "/workflows/orders").json(r#"{"script_name":"orders","class_name":"Orders"}"#).send().status(200);
    dev.api("GET", "/workflows/orders/versions").send().contains(r#""class_name":"Orders""#);
    let all = "/workflows/orders/instances";
    let made = dev.api("POST", all).json(r#"{"instance_id":"one","params":{"todo":"waits","n":[1.5,"x"]}}"#).send();
    made.contains(r#""id":"one""#);
    dev.get("/until/one/waiting").contains("waiting");
    dev.api("GET", all).send().contains(r#""status":"waiting""#);
    dev.api("POST", &format!("{all}/one/events/approved")).json(r#"{"by":"api"}"#).send().status(200);
    dev.get("/end/one").contains(r#""payload":{"by":"api"}"#);
    let described = dev.api("GET", &format!("{all}/one")).send();
    described.contains(r#""status":"complete""#).contains(r#""output":{"by":"api"}"#).contains(r#""n":[1.5,"x"]"#);
    dev.api("PATCH", &format!("{all}/one/status")).json(r#"{"status":"terminate"}"#).send().status(409);
    dev.api("GET", "/workflows/orders/instances/two").send().status(404);
    dev.api("GET", "/workflows/others").send().status(404);
}

#[test]
fn the_api_starts_many_instances_counts_them_and_deletes_them() {
    let dev = orders().start();
    let all = "/workflows/orders/instances";
    let batch =
        r#"[{"instance_id":"one","params":{"todo":"paused"}},{"instance_id":"two","params":"{\"todo\":\"paused\"}"}]"#;
    dev.api("POST", &format!("{all}/batch")).json(batch).send().contains(r#""id":"one""#).contains(r#""id":"two""#);
    dev.api("POST", &format!("{all}/batch")).json(batch).send().contains(r#""result":[]"#);
    dev.api("POST", &format!("{all}/batch")).json("[]").send().status(400);
    dev.get("/until/one/waiting").contains("waiting");
    dev.get("/until/two/waiting").contains("waiting");
    dev.api("GET", "/workflows/orders").send().contains(r#""waiting":2"#).contains(r#""triggered_on":"2"#);
    dev.api("DELETE", "/workflows/orders").send().status(200).contains(r#""status":"ok""#);
    dev.get("/status/one").body("Error: (instance.not_found) Instance does not exist");
    dev.api("GET", all).send().contains(r#""result":[]"#);
    dev.get("/done").json("[]");
}

/// Each step tells a file of the host's, by way of the terminal, that it is done.
const LASTING: &str = "
    import { WorkflowEntrypoint } from 'cloudflare:workers';
    export class Lasting extends WorkflowEntrypoint {
      async run(event, step) {
        let sum = 0;
        for (let i = 0; i < 30; i++) {
          sum += await step.do('step', async () => {
            await this.env.KV.put(`done-${i}-${crypto.randomUUID()}`, '');
            return i;
          });
          await step.sleep('rest', 5);
        }
        return sum;
      }
    }
    export default {
      async fetch(request, { FLOW, KV }) {
        if (request.url.endsWith('/create')) return new Response((await FLOW.create({ id: 'one' })).id);
        const { status, output } = await (await FLOW.get('one')).status();
        const { keys } = await KV.list();
        const counts = {};
        for (const { name } of keys) { const i = name.split('-')[1]; counts[i] = (counts[i] ?? 0) + 1; }
        return Response.json([status, output, Object.keys(counts).length, Math.max(0, ...Object.values(counts)), keys.length]);
      },
    };";

fn status(running: &Running) -> String {
    running.get("/").1
}

#[test]
fn an_instance_survives_kills_and_does_no_kept_step_again() {
    let folder = Folder::new();
    let config = "workflows = [{ name = \"lasting\", binding = \"FLOW\", class_name = \"Lasting\" }]\n\
                  kv_namespaces = [{ binding = \"KV\", id = \"kept\" }]\n";
    folder.project("lasting", config, LASTING);
    let running = folder.dev(&["lasting"]);
    assert_eq!(running.get("/create"), (200, "one".to_owned()));
    crate::process::kill(running);
    for _ in 0..3 {
        let running = folder.dev(&["lasting"]);
        let before = status(&running);
        // Something happens in each life.
        while status(&running) == before && !before.contains("complete") {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        crate::process::kill(running);
    }
    let running = folder.dev(&["lasting"]);
    while !status(&running).contains("complete") {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let told = status(&running);
    // A kill may come between what a step did and what is kept of it: four kills, four steps at the most.
    let twice: i64 = told.trim_end_matches(']').rsplit(',').next().expect("five facts").parse().expect("a count");
    assert!(told.starts_with("[\"complete\",435,30,"), "{told}");
    assert!((30..=34).contains(&twice), "{told}");
}
