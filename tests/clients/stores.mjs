// Cloudflare's SDK against the API that CLOUDFLARE_BASE_URL names: its methods for what Workers store things in.
import assert from 'node:assert/strict';
import { NotFoundError, default as Cloudflare, toFile } from 'cloudflare';

const account_id = process.env.CLOUDFLARE_ACCOUNT_ID;
const client = new Cloudflare();
const at = { account_id };
const all = async (list) => { const found = []; for await (const one of list) found.push(one); return found; };

async function keyValues() {
  const { namespaces } = client.kv;
  const made = await namespaces.create({ ...at, title: 'one' });
  const { id } = made;
  assert.match(id, /^[0-9a-f]{32}$/);
  assert.deepEqual(made, { id, title: 'one', supports_url_encoding: true });
  assert.deepEqual((await all(namespaces.list({ ...at }))).map((one) => one.title), ['one']);
  assert.equal((await namespaces.get(id, at)).title, 'one');
  await namespaces.update(id, { ...at, title: 'two' });
  assert.equal((await namespaces.get(id, at)).title, 'two');
  await assert.rejects(namespaces.get('0'.repeat(32), at), NotFoundError);
  await namespaces.values.update(id, 'k', { ...at, value: 'v', metadata: { m: [1] } });
  assert.equal(await (await namespaces.values.get(id, 'k', at)).text(), 'v');
  assert.deepEqual(await namespaces.metadata.get(id, 'k', at), { m: [1] });
  await assert.rejects(namespaces.values.get(id, 'missing', at), NotFoundError);
  await namespaces.values.update(id, 'dir/é x', { ...at, value: 'w', expiration_ttl: 600 });
  assert.equal(await (await namespaces.values.get(id, 'dir/é x', at)).text(), 'w');
  const put = await namespaces.bulkUpdate(id, { ...at, body: Array.from({ length: 1500 }, (_, i) => ({ key: `b${i}`, value: `${i}` })) });
  assert.equal(put.successful_key_count, 1500);
  const keys = await all(namespaces.keys.list(id, { ...at, prefix: 'b' }));
  assert.equal(keys.length, 1500);
  const got = await namespaces.bulkGet(id, { ...at, keys: ['b7', 'k', 'none'], withMetadata: true });
  assert.deepEqual(got.values, { b7: { value: '7', metadata: null }, k: { value: 'v', metadata: { m: [1] } }, none: null });
  await namespaces.bulkDelete(id, { ...at, body: keys.map((key) => key.name) });
  assert.deepEqual((await all(namespaces.keys.list(id, at))).map((key) => key.name), ['dir/é x', 'k']);
  await namespaces.values.delete(id, 'k', at);
  await namespaces.delete(id, at);
  assert.deepEqual(await all(namespaces.list({ ...at })), []);
}

async function databases() {
  const { database } = client.d1;
  const { uuid } = await database.create({ ...at, name: 'data' });
  assert.deepEqual((await all(database.list(at))).map((one) => [one.uuid, one.name]), [[uuid, 'data']]);
  const query = async (sql, params) => (await all(database.query(uuid, { ...at, sql, params })));
  await query('CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 2)');
  const [answer] = await query('SELECT a, ? AS c FROM t', ['x']);
  assert.deepEqual(answer.results, [{ a: 1, c: 'x' }]);
  assert.equal(answer.success, true);
  assert.equal(answer.meta.changes, 0);
  const [raw] = await all(database.raw(uuid, { ...at, sql: 'SELECT a, b FROM t' }));
  assert.deepEqual(raw.results, { columns: ['a', 'b'], rows: [[1, 2]] });
  await assert.rejects(query('SELEKT'), /syntax error/);
  assert.equal((await database.get(uuid, at)).num_tables, 1);
  const exported = await database.export(uuid, { ...at, output_format: 'polling' });
  assert.match(await (await fetch(exported.result.signed_url)).text(), /INSERT INTO "t" \("a","b"\) VALUES\(1,2\);/);
  await database.delete(uuid, at);
  await assert.rejects(database.get(uuid, at), NotFoundError);
}

async function buckets() {
  const { buckets } = client.r2;
  const made = await buckets.create({ ...at, name: 'my-bucket' });
  assert.equal(made.name, 'my-bucket');
  assert.deepEqual((await buckets.list(at)).buckets.map((one) => one.name), ['my-bucket']);
  assert.equal((await buckets.get('my-bucket', at)).storage_class, 'Standard');
  await assert.rejects(buckets.get('none', at), NotFoundError);
  await buckets.delete('my-bucket', at);
}

await keyValues();
await databases();
await buckets();
console.log('the SDK is content');
