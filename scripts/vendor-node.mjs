#!/usr/bin/env node
// Makes src/node/vendor/*.js anew from packages of the npm registry: each one ES module without dependencies but our own.
// Run it after changing a version here; commit what it writes. Needs node and npm.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const PACKAGES = [
  { name: "readable-stream", version: "4.8.0", file: "readable_stream", entry: "readable-stream/lib/ours/browser.js" },
  { name: "punycode", version: "2.3.1", file: "punycode", entry: "punycode/punycode.js" },
];
const ESBUILD = "0.28.0";
/** What the packages require of Node.js is here already. */
const OURS = {
  events: "node:events",
  buffer: "node:buffer",
  "process/": "node:internal/process",
  process: "node:internal/process",
  string_decoder: "node:string_decoder",
  "string_decoder/": "node:string_decoder",
  "abort-controller": "node:internal/abort",
};

const here = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), "..");
const target = path.join(here, "src/node/vendor");
const work = mkdtempSync(path.join(tmpdir(), "vendor-node-"));
writeFileSync(path.join(work, "package.json"), "{}");
const wanted = [...PACKAGES.map(({ name, version }) => `${name}@${version}`), `esbuild@${ESBUILD}`];
execFileSync("npm", ["install", "--no-audit", "--no-fund", "--silent", ...wanted], { cwd: work, stdio: "inherit" });
const esbuild = await import(path.join(work, "node_modules/esbuild/lib/main.js"));

const ours = {
  name: "ours",
  setup(build) {
    build.onResolve({ filter: /.*/ }, ({ path: wanted }) => {
      if (wanted in OURS) return { path: wanted, namespace: "ours" };
      return wanted.startsWith("node:") ? { path: wanted, external: true } : undefined;
    });
    build.onLoad({ filter: /.*/, namespace: "ours" }, ({ path: wanted }) => ({
      contents: `module.exports = ours[${JSON.stringify(OURS[wanted])}];`,
    }));
  },
};

for (const { name, version, file, entry } of PACKAGES) {
  const result = await esbuild.build({
    stdin: { contents: `import all from ${JSON.stringify(`./node_modules/${entry}`)}; export default all;`, resolveDir: work },
    absWorkingDir: work, bundle: true, write: false, format: "esm", target: "es2024", platform: "neutral", legalComments: "none", plugins: [ours],
    define: { "process.env.NODE_DEBUG": "undefined", "process.env.READABLE_STREAM": "undefined" }, charset: "utf8",
    minifySyntax: true, minifyWhitespace: false,
  });
  const head = `// ${name} ${version}, third party: see ${file}.LICENSE. Written by scripts/vendor-node.mjs; do not edit.\n`;
  const text = result.outputFiles[0].text;
  const used = [...new Set(Object.values(OURS))].filter((one) => text.includes(`ours["${one}"]`));
  const imports = used.map((one, at) => `import ours${at} from ${JSON.stringify(one)};\n`).join("");
  const table = used.length > 0 ? `const ours = { ${used.map((one, at) => `${JSON.stringify(one)}: ours${at}`).join(", ")} };\n` : "";
  writeFileSync(path.join(target, `${file}.js`), head + imports + table + text);
  const folder = path.join(work, "node_modules", name);
  const license = ["LICENSE", "LICENSE-MIT.txt", "LICENSE.md"].find((one) => {
    try { return readFileSync(path.join(folder, one)); } catch { return undefined; }
  });
  cpSync(path.join(folder, license), path.join(target, `${file}.LICENSE`));
}
