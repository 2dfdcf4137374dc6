// node:fs/promises, and the FileHandle that it opens.
import { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import { lazy } from "internal:host";
import { AbortError, ERR_METHOD_NOT_IMPLEMENTED } from "node:internal/errors";
import { constants } from "node:internal/fs_constants";
import { dataOf, optionsOf } from "node:internal/fs/arguments";
import { cp as copy } from "node:internal/fs/copy";
import { opendir as openDirectory } from "node:internal/fs/dir";
import { glob as search } from "node:internal/fs/find";
import { operations } from "node:internal/fs/operations";
import * as volume from "node:internal/fs/volume";

const streams = lazy("node:internal/fs/streams");
const readers = lazy("node:readline");
const token = Symbol("FileHandle");

export class FileHandle extends EventEmitter {
  #fd;

  constructor(given, fd) {
    if (given !== token) throw new TypeError("Illegal constructor");
    super();
    this.#fd = fd;
  }

  get fd() { return this.#fd === -1 ? undefined : this.#fd; }
  #run(name, ...args) {
    if (this.#fd === -1) throw volume.fsError("EBADF", name);
    return operations[name](this.#fd, ...args)();
  }

  async appendFile(data, options = undefined) { this.#run("appendFile", data, options); }
  async chmod(mode) { this.#run("fchmod", mode); }
  async chown(uid, gid) { this.#run("fchown", uid, gid); }
  async datasync() { this.#run("fdatasync"); }
  async sync() { this.#run("fsync"); }
  async stat(options = undefined) { return this.#run("fstat", options); }
  async truncate(length = undefined) { this.#run("ftruncate", length); }
  async utimes(atime, mtime) { this.#run("futimes", atime, mtime); }
  async readFile(options = undefined) { return this.#run("readFile", options); }

  async writeFile(data, options = undefined) {
    const { encoding } = optionsOf(options);
    volume.writeAt(volume.handleOf(this.#fd, "write"), dataOf(data, encoding), null);
  }

  async read(buffer = undefined, offset = undefined, length = undefined, position = undefined) {
    let [target, from, count, at] = [buffer, offset, length, position];
    if (!ArrayBuffer.isView(target)) ({ buffer: target = Buffer.alloc(16384), offset: from, length: count, position: at } = target ?? {});
    return { bytesRead: this.#run("read", target, from, count, at), buffer: target };
  }

  async write(data, offset = undefined, length = undefined, position = undefined) {
    return { bytesWritten: this.#run("write", data, offset, length, position), buffer: data };
  }

  async readv(buffers, position = undefined) { return { bytesRead: this.#run("readv", buffers, position), buffers }; }
  async writev(buffers, position = undefined) { return { bytesWritten: this.#run("writev", buffers, position), buffers }; }
  createReadStream(options = undefined) { return new (streams().ReadStream)(undefined, { ...options, fd: this }); }
  createWriteStream(options = undefined) { return new (streams().WriteStream)(undefined, { ...options, fd: this }); }
  readLines() { return readers().createInterface(); }

  readableWebStream({ autoClose = true } = {}) {
    const handle = volume.handleOf(this.#fd, "read");
    return new ReadableStream({
      type: "bytes",
      pull: async (controller) => {
        const bytes = new Uint8Array(16384);
        const count = this.#fd === -1 ? 0 : volume.readAt(handle, bytes, null);
        if (count === 0) {
          controller.close();
          return void (autoClose && (await this.close()));
        }
        controller.enqueue(bytes.subarray(0, count));
      },
    });
  }

  async close() {
    if (this.#fd === -1) return;
    volume.close(this.#fd);
    this.#fd = -1; // no number of a file: whatever is asked now fails
    this.emit("close");
  }

  async [Symbol.asyncDispose]() { await this.close(); }
}

/** A path, or the handle of an open file. */
const unhandled = (value) => (value instanceof FileHandle ? value.fd ?? -1 : value);
const promised = (name) => ({ async [name](...args) { return operations[name](...args)(); } })[name];

export const [
  access, stat, lstat, statfs, truncate, chmod, lchmod, chown, lchown, utimes, lutimes, rename, copyFile, link, symlink, readlink, realpath, unlink,
  mkdir, mkdtemp, rmdir, rm, readdir,
] = [
  "access", "stat", "lstat", "statfs", "truncate", "chmod", "lchmod", "chown", "lchown", "utimes", "lutimes", "rename", "copyFile", "link", "symlink",
  "readlink", "realpath", "unlink", "mkdir", "mkdtemp", "rmdir", "rm", "readdir",
].map(promised);

export async function open(path, flags = undefined, mode = undefined) {
  return new FileHandle(token, operations.open(path, flags, mode)());
}

const checkAborted = (options) => {
  if (options?.signal?.aborted) throw new AbortError(undefined, { cause: options.signal.reason });
};

export async function readFile(path, options = undefined) {
  checkAborted(options);
  return operations.readFile(unhandled(path), options)();
}

/** Streams and iterables are collected first. */
async function contentOf(data) {
  const iterable = typeof data === "object" && data !== null && !ArrayBuffer.isView(data) && (data[Symbol.asyncIterator] ?? data[Symbol.iterator]);
  if (!iterable) return data;
  const chunks = [];
  for await (const chunk of data) chunks.push(dataOf(chunk));
  return Buffer.concat(chunks);
}

export async function writeFile(path, data, options = undefined) {
  checkAborted(options);
  operations.writeFile(unhandled(path), await contentOf(data), options)();
}

export async function appendFile(path, data, options = undefined) {
  operations.appendFile(unhandled(path), data, options)();
}

export async function cp(from, to, options = undefined) { return copy(from, to, options)(); }
export async function opendir(path, options = undefined) { return openDirectory(path, options)(); }

export function glob(pattern, options = undefined) {
  const list = search(pattern, options);
  return (async function* () { yield* list(); })();
}

export async function mkdtempDisposable(prefix, options = undefined) {
  const path = await mkdtemp(prefix, options);
  const remove = () => rm(path, { recursive: true, force: true });
  return { path, remove, [Symbol.asyncDispose]: remove };
}

export async function* watch() {
  throw new ERR_METHOD_NOT_IMPLEMENTED("fs.watch");
}

export { constants };
export default {
  access, appendFile, chmod, chown, constants, copyFile, cp, glob, lchmod, lchown, link, lstat, lutimes, mkdir, mkdtemp, mkdtempDisposable, open,
  opendir, readdir, readFile, readlink, realpath, rename, rm, rmdir, stat, statfs, symlink, truncate, unlink, utimes, watch, writeFile, FileHandle,
};
