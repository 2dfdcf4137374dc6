// Serves index.js of a folder with every store bound and kept on disk: miniflare-data.mjs NODE_MODULES DIR PORT DATE
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, dir, port, compatibilityDate] = process.argv.slice(2);
const { Miniflare } = await import(pathToFileURL(createRequire(path.join(modules, 'x.js')).resolve('miniflare')));
const kept = (name) => path.join(dir, 'state', name);

const miniflare = new Miniflare({
  host: '127.0.0.1',
  port: Number(port),
  name: 'data',
  modules: true,
  scriptPath: path.join(dir, 'index.js'),
  compatibilityDate,
  kvNamespaces: ['KV'],
  kvPersist: kept('kv'),
  d1Databases: ['DB'],
  d1Persist: kept('d1'),
  r2Buckets: ['R2'],
  r2Persist: kept('r2'),
  durableObjects: { COUNTER: { className: 'Counter', useSQLite: true } },
  durableObjectsPersist: kept('do'),
  queueProducers: { QUEUE: 'jobs' },
  queueConsumers: { jobs: { maxBatchSize: 100, maxBatchTimeout: 0 } },
});
process.on('SIGTERM', () => miniflare.dispose().finally(() => process.exit(0)));
await miniflare.ready;
