// Serves dispatcher.js -> customer.js of a folder with miniflare: miniflare-server.mjs NODE_MODULES DIR PORT DATE
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, dir, port, compatibilityDate] = process.argv.slice(2);
const { Miniflare } = await import(pathToFileURL(createRequire(path.join(modules, 'x.js')).resolve('miniflare')));
const worker = (name, more = {}) => ({ name, modules: true, scriptPath: path.join(dir, `${name}.js`), compatibilityDate, ...more });

const miniflare = new Miniflare({
  host: '127.0.0.1',
  port: Number(port),
  workers: [worker('dispatcher', { serviceBindings: { customer: 'customer' } }), worker('customer')],
});
process.on('SIGTERM', () => miniflare.dispose().finally(() => process.exit(0)));
await miniflare.ready;
