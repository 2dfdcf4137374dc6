// What the modules named on the command line answer in Node.js, bundled by esbuild with the options of `wrangler dev`.
//
// node oracle.mjs DESCRIBE FILE...   prints one JSON object: file -> what its default export returned, described.

import { readFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

const { build } = createRequire(import.meta.url)("esbuild");
const [describe, ...files] = process.argv.slice(2);
process.env.TZ = "UTC";
new Function(readFileSync(describe, "utf8"))();

const environment = JSON.stringify("development");
const options = {
  bundle: true,
  format: "esm",
  target: "es2024",
  supported: { "import-source": true },
  loader: { ".js": "jsx", ".mjs": "jsx", ".cjs": "jsx" },
  keepNames: true,
  conditions: ["workerd", "worker", "browser"],
  platform: "browser",
  define: {
    "navigator.userAgent": '"Cloudflare-Workers"',
    "process.env.NODE_ENV": environment,
    "global.process.env.NODE_ENV": environment,
    "globalThis.process.env.NODE_ENV": environment,
  },
  logLevel: "silent",
  write: false,
};

const scratch = mkdtempSync(join(import.meta.dirname ?? dirname(process.argv[1]), "node_modules/.oracle-"));
const answers = {};
try {
  for (const [index, file] of files.entries()) {
    const built = await build({ ...options, entryPoints: [file], absWorkingDir: dirname(file) });
    const bundle = join(scratch, `${index}.mjs`);
    writeFileSync(bundle, built.outputFiles[0].text);
    const module = await import(pathToFileURL(bundle));
    answers[file] = globalThis.describe(await module.default());
  }
} finally {
  rmSync(scratch, { recursive: true });
}
process.stdout.write(JSON.stringify(answers));
