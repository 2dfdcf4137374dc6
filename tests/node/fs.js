// Streams and handles of the files in memory.
import fs, { promises } from "node:fs";

const text = async (stream) => {
  let all = "";
  for await (const chunk of stream) all += chunk;
  return all;
};

test("a stream reads part of a file, also after somebody took its open() away", async () => {
  fs.writeFileSync("/tmp/part.txt", "abcdef");
  equal(await text(fs.createReadStream("/tmp/part.txt", { start: 1, end: 3 })), "bcd");
  delete fs.ReadStream.prototype.open;
  equal(await text(fs.createReadStream("/tmp/part.txt", { encoding: "utf8" })), "abcdef");
});

test("a handle is closed by who read it to the end, and has no number then", async () => {
  fs.writeFileSync("/tmp/handle.txt", "text");
  const handle = await promises.open("/tmp/handle.txt");
  equal(typeof handle.fd, "number");
  equal(throws("TypeError", () => handle.createReadStream({ signal: 1 })).code, "ERR_INVALID_ARG_TYPE");
  equal(await new Response(handle.readableWebStream()).text(), "text");
  equal(handle.fd, undefined);
  equal(await handle.stat().catch((error) => error.code), "EBADF");
});

test("a file that stays open tells of errors and nothing else", async () => {
  const stream = fs.createReadStream(null, { fd: 4711, autoClose: false });
  const error = await new Promise((resolve) => stream.on("error", resolve).resume());
  equal([error.code, stream.destroyed], ["EBADF", false]);
});

test("directories with something in them are removed only when asked for", () => {
  const made = fs.mkdtempSync("/tmp/made-");
  equal(/^\/tmp\/made-\d+$/.test(made), true);
  fs.writeFileSync(`${made}/file`, "");
  equal(throws("Error", () => fs.rmSync(made)).code, "ENOTEMPTY");
  fs.rmSync(made, { recursive: true });
  equal(fs.existsSync(made), false);
});

test("a file is a blob at once, and its options are checked", async () => {
  fs.writeFileSync("/tmp/blob.txt", "123");
  const blob = fs.openAsBlob("/tmp/blob.txt", { type: "text/plain" });
  equal([blob.size, blob.type, await blob.text()], [3, "text/plain", "123"]);
  equal(throws("TypeError", () => fs.openAsBlob("/tmp/blob.txt", { type: 1 })).code, "ERR_INVALID_ARG_TYPE");
});
