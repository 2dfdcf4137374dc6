// Cloudflare's SDK against the API that CLOUDFLARE_BASE_URL names: each of its methods for namespaces and their scripts.
import assert from 'node:assert/strict';
import { NotFoundError, APIError, default as Cloudflare, toFile } from 'cloudflare';

const account_id = process.env.CLOUDFLARE_ACCOUNT_ID;
const client = new Cloudflare();
const { namespaces } = client.workersForPlatforms.dispatch;
const { scripts } = namespaces;
const at = { account_id };
const workers = process.env.DEVFLARE_URL;

const module = (text, name = 'worker.mjs') => toFile(new TextEncoder().encode(text), name, { type: 'application/javascript+module' });
const hello = (text) => `export default { fetch: (request, env) => Response.json({ text: '${text}', A: env.A, S: env.S }) };`;
const upload = async (name, text, metadata = {}) => scripts.update('staging', name, {
  ...at, metadata: { main_module: 'worker.mjs', compatibility_date: '2026-01-01', ...metadata }, files: [await module(text)],
});
const all = async (list) => { const found = []; for await (const one of list) found.push(one); return found; };
const refused = (promise, status, code) => assert.rejects(promise, (error) => {
  assert.ok(error instanceof APIError, String(error));
  assert.equal(error.status, status, error.message);
  if (code) assert.equal(error.errors[0].code, code, error.message);
  return true;
});
const answer = async (name) => (await fetch(`${workers}/${name}`)).json();

// Platforms rely on this: an unknown namespace throws, and then they make it.
await assert.rejects(namespaces.get('staging', at), NotFoundError);
const made = await namespaces.create({ ...at, name: 'staging' });
assert.match(made.namespace_id, /^[0-9a-f-]{36}$/);
assert.equal(made.namespace_name, 'staging');
assert.equal((await namespaces.get('staging', at)).namespace_id, made.namespace_id);
assert.deepEqual((await all(namespaces.list(at))).map((one) => one.namespace_name), ['staging']);
await refused(namespaces.create({ ...at, name: 'staging' }), 409);
await refused(namespaces.get('nowhere', at), 404);

// A dispatcher, through the account's scripts.
const dispatcher = 'export default { fetch: (request, env) => env.D.get(new URL(request.url).pathname.slice(1)).fetch(request) };';
await client.workers.scripts.update('front', {
  ...at,
  metadata: { main_module: 'worker.mjs', compatibility_date: '2026-01-01', bindings: [{ type: 'dispatch_namespace', name: 'D', namespace: 'staging' }] },
  files: [await module(dispatcher)],
});
assert.deepEqual((await all(client.workers.scripts.list(at))).map((one) => one.id), ['front']);

const uploaded = await upload('a', hello('one'), { bindings: [{ type: 'plain_text', name: 'A', text: 'x' }], tags: ['customer-1', 'free'] });
assert.equal(uploaded.id, 'a');
assert.equal(typeof uploaded.startup_time_ms, 'number');
assert.deepEqual(await answer('a'), { text: 'one', A: 'x' });
await upload('a', hello('two'), { bindings: [{ type: 'plain_text', name: 'A', text: 'y' }], tags: ['customer-1', 'free'] });
assert.deepEqual(await answer('a'), { text: 'two', A: 'y' });

const script = await scripts.get('staging', 'a', at);
assert.equal(script.dispatch_namespace, 'staging');
assert.equal(script.script.id, 'a');
await assert.rejects(scripts.get('staging', 'b', at), NotFoundError);

// Content.
assert.match(await (await scripts.content.get('staging', 'a', at)).text(), /text: 'two'/);
await scripts.content.update('staging', 'a', { ...at, metadata: { main_module: 'worker.mjs' }, files: [await module(hello('three'))] });
assert.deepEqual(await answer('a'), { text: 'three', A: 'y' });

// Settings.
const settings = await scripts.settings.get('staging', 'a', at);
assert.equal(settings.compatibility_date, '2026-01-01');
assert.deepEqual(settings.bindings, [{ type: 'plain_text', name: 'A', text: 'y' }]);
await scripts.settings.edit('staging', 'a', { ...at, settings: { bindings: [{ type: 'plain_text', name: 'A', text: 'z' }] } });
assert.deepEqual(await answer('a'), { text: 'three', A: 'z' });
assert.deepEqual(await all(scripts.bindings.get('staging', 'a', at)), [{ type: 'plain_text', name: 'A', text: 'z' }]);

// Secrets.
const secret = await scripts.secrets.update('staging', 'a', { ...at, name: 'S', text: 'hush', type: 'secret_text' });
assert.deepEqual([secret.name, secret.type, secret.text], ['S', 'secret_text', undefined]);
assert.deepEqual(await answer('a'), { text: 'three', A: 'z', S: 'hush' });
assert.deepEqual((await all(scripts.secrets.list('staging', 'a', at))).map((one) => one.name), ['S']);
assert.equal((await scripts.secrets.get('staging', 'a', 'S', at)).name, 'S');
await scripts.secrets.delete('staging', 'a', 'S', at);
await refused(scripts.secrets.get('staging', 'a', 'S', at), 404);
assert.deepEqual(await answer('a'), { text: 'three', A: 'z' });

// Tags.
assert.deepEqual((await all(scripts.tags.list('staging', 'a', at))).sort(), ['customer-1', 'free']);
await scripts.tags.update('staging', 'a', { ...at, body: ['customer-1', 'paid'] });
await scripts.tags.delete('staging', 'a', 'customer-1', at);
assert.deepEqual(await all(scripts.tags.list('staging', 'a', at)), ['paid']);
await refused(scripts.tags.update('staging', 'b', { ...at, body: ['x'] }), 404);
await refused(scripts.tags.update('staging', 'a', { ...at, body: ['a,b'] }), 400);

// What has no method of its own: by the client's get and delete.
const path = `/accounts/${account_id}/workers/dispatch/namespaces/staging/scripts`;
await upload('b', hello('b'), { tags: ['free'] });
const tagged = async (tags) => (await client.get(path, { query: { tags } })).result.map((one) => one.id);
assert.deepEqual(await tagged('free:yes'), ['b']);
assert.deepEqual(await tagged('free:no'), ['a']);
await client.delete(path, { query: { tags: 'free:yes' } });
assert.deepEqual((await client.get(path)).result.map((one) => one.id), ['a']);

// Mistakes keep what was there.
await refused(upload('a', 'export default {'), 400, 10021);
await refused(upload('a', 'throw new Error("early"); export default {};'), 400, 10021);
await refused(scripts.update('staging', 'a', { ...at, metadata: { main_module: 'worker.mjs' }, files: { 'worker.mjs': 'x' } }), 400);
assert.deepEqual(await answer('a'), { text: 'three', A: 'z' });

await scripts.delete('staging', 'a', at);
await assert.rejects(scripts.get('staging', 'a', at), NotFoundError);
await upload('a', hello('again'));
assert.deepEqual(await answer('a'), { text: 'again' });
await namespaces.delete('staging', at);
await assert.rejects(namespaces.get('staging', at), NotFoundError);
console.log('the SDK is content');
