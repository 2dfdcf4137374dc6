// fs.Dir: a directory that is read entry by entry.
import { operations } from "node:internal/fs/operations";
import { optionsOf, pathOf } from "node:internal/fs/arguments";
import { Buffer } from "node:buffer";
import { ERR_DIR_CLOSED, ERR_INVALID_ARG_VALUE } from "node:internal/errors";
import { validateFunction } from "node:internal/validators";
import { process } from "node:internal/process";

export class Dir {
  #entries;
  #path;
  #closed = false;

  constructor(entries, path) {
    this.#entries = entries;
    this.#path = path;
  }

  get path() { return this.#path; }

  #check() {
    if (this.#closed) throw new ERR_DIR_CLOSED();
  }

  readSync() {
    this.#check();
    return this.#entries.shift() ?? null;
  }

  read(callback = undefined) {
    if (callback === undefined) return (async () => this.readSync())();
    validateFunction(callback, "callback");
    this.#check();
    const entry = this.readSync();
    process.nextTick(callback, null, entry);
    return undefined;
  }

  closeSync() {
    this.#check();
    this.#closed = true;
  }

  close(callback = undefined) {
    if (callback === undefined) return (async () => this.closeSync())();
    validateFunction(callback, "callback");
    this.closeSync();
    process.nextTick(callback, null);
    return undefined;
  }

  async *entries() {
    try {
      for (let entry = this.readSync(); entry !== null; entry = this.readSync()) yield entry;
    } finally {
      if (!this.#closed) this.closeSync();
    }
  }

  [Symbol.asyncIterator]() { return this.entries(); }
  [Symbol.dispose]() { if (!this.#closed) this.closeSync(); }
  async [Symbol.asyncDispose]() { if (!this.#closed) this.closeSync(); }
}

/** Checks the arguments; what it answers opens the directory. */
export function opendir(path, options = undefined) {
  const given = optionsOf(options);
  if (given.encoding !== undefined && given.encoding !== null && given.encoding !== "buffer" && !Buffer.isEncoding(given.encoding)) {
    throw new ERR_INVALID_ARG_VALUE("options.encoding", given.encoding);
  }
  const place = pathOf(path);
  const list = operations.readdir(place, { encoding: given.encoding, recursive: given.recursive ?? false, withFileTypes: true });
  return () => new Dir(list(), place);
}
