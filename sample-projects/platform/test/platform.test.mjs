// The platform end to end, offline: devflare test sample-projects/platform -- npm test
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';

const { port } = new URL(process.env.DEVFLARE_URL);

/** Asks a host of the platform; fetch() would not let us choose the Host. */
const ask = (host, path, { method = 'GET', body } = {}) => new Promise((resolve, reject) => {
  const sent = request({ port, path, method, headers: { host } }, async (answer) => {
    const text = (await answer.setEncoding('utf8').toArray()).join('');
    resolve({ status: answer.statusCode, text, headers: answer.headers });
  });
  sent.on('error', reject).end(body);
});

const deploy = (name, plan, body) => ask('harbour.example', `/api/customers/${name}`, {
  method: 'PUT', body: JSON.stringify({ plan, code: `export default { async fetch(request) { ${body} } };` }),
});
const json = async (path) => JSON.parse((await ask('harbour.example', path)).text);

/** The log arrives after the answer. */
async function logged(name, pattern) {
  for (let tries = 0; tries < 500; tries += 1) {
    const lines = await json(`/api/customers/${name}/logs`);
    const found = lines.find(({ text }) => pattern.test(text));
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail(`nothing like ${pattern} in the log of ${name}`);
}

test('the page is at the platform\'s own hosts', async () => {
  for (const host of ['harbour.example', `localhost:${port}`, `harbour.localhost:${port}`]) {
    assert.match((await ask(host, '/')).text, /<title>Harbour<\/title>/, host);
  }
});

test('a customer deploys, is reached by host, and reads its log', async () => {
  const made = await deploy('ann', 'dinghy', 'console.log("seen", new URL(request.url).pathname); return new Response("ahoy from ann");');
  assert.equal(made.status, 200, made.text);
  for (const host of ['ann.harbour.example', `ann.localhost:${port}`]) {
    assert.equal((await ask(host, '/first')).text, 'ahoy from ann');
  }
  assert.equal((await logged('ann', /^seen \/first$/)).level, 'log');
  await logged('ann', /^GET \/first 200$/);
  assert.deepEqual(await json('/api/plans/dinghy'), ['ann']);
  await deploy('ann', 'schooner', 'return new Response("again");');
  assert.equal((await ask('ann.harbour.example', '/')).text, 'again');
  assert.deepEqual([await json('/api/plans/dinghy'), await json('/api/plans/schooner')], [[], ['ann']]);
});

test('what does not compile is refused, and what was there stays', async () => {
  await deploy('bob', 'dinghy', 'return new Response("one");');
  const refused = await deploy('bob', 'dinghy', 'return new (;');
  assert.equal(refused.status, 400);
  assert.match(JSON.parse(refused.text).error, /SyntaxError/);
  assert.equal((await ask('bob.harbour.example', '/')).text, 'one');
  assert.equal((await deploy('Not-A-Name', 'dinghy', '')).status, 422);
  assert.equal((await deploy('bob', 'titanic', '')).status, 422);
});

test('the gate signs requests to the platform\'s API and blocks a host', async () => {
  await deploy('cleo', 'dinghy', `
    const ask = async (url) => { const answer = await fetch(url); return [answer.status, await answer.text()]; };
    return Response.json([await ask('https://quotes.harbour.example/'), await ask('https://tracker.example/')]);`);
  const [quote, tracker] = JSON.parse((await ask('cleo.harbour.example', '/')).text);
  assert.deepEqual([quote[0], JSON.parse(quote[1]).customer], [200, 'cleo']);
  assert.deepEqual(tracker, [403, 'tracker.example is off limits for cleo.\n']);
  assert.equal((await ask('quotes.harbour.example', '/')).status, 401);
});

test('a plan limits CPU time and fetches', async () => {
  await deploy('dan', 'dinghy', 'if (new URL(request.url).pathname === "/spin") for (;;); for (let i = 0; i < 5; i += 1) await fetch("https://quotes.harbour.example/"); return new Response("done");');
  const spun = await ask('dan.harbour.example', '/spin');
  assert.deepEqual([spun.status, /CPU time/.test(spun.text)], [429, true]);
  const many = await ask('dan.harbour.example', '/many');
  assert.deepEqual([many.status, /subrequests/.test(many.text)], [502, true]);
  await deploy('dan', 'schooner', 'for (let i = 0; i < 5; i += 1) await fetch("https://quotes.harbour.example/"); return new Response("done");');
  assert.equal((await ask('dan.harbour.example', '/many')).text, 'done');
  await logged('dan', /CPU time limit|exceededCpu/);
});

test('a customer with a repository of its own has files', async () => {
  const page = await ask('bakery.harbour.example', '/');
  assert.match(page.text, /Quayside Bakery/);
  assert.equal((await ask('bakery.harbour.example', '/bakery.css')).headers['content-type'], 'text/css; charset=utf-8');
  assert.equal((await ask('bakery.harbour.example', '/cake')).status, 404);
  assert.equal((await deploy('bakery', 'dinghy', '')).status, 403);
});

test('a deleted customer is gone at once', async () => {
  await deploy('eve', 'dinghy', 'return new Response("here");');
  assert.equal((await ask('eve.harbour.example', '/')).text, 'here');
  await ask('harbour.example', '/api/customers/eve', { method: 'DELETE' });
  assert.equal((await ask('eve.harbour.example', '/')).status, 404);
});
