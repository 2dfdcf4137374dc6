// node:fs: the file system in memory (`internal/fs/volume.js`), in three forms: synchronous, with callbacks, promises.
import { lazy } from "internal:host";
import { Buffer } from "node:buffer";
import { ERR_INVALID_ARG_TYPE, ERR_METHOD_NOT_IMPLEMENTED } from "node:internal/errors";
import { constants } from "node:internal/fs_constants";
import { fdOf, pathOf } from "node:internal/fs/arguments";
import { cp as copy } from "node:internal/fs/copy";
import { Dir, opendir as openDirectory } from "node:internal/fs/dir";
import { glob as search } from "node:internal/fs/find";
import { operations } from "node:internal/fs/operations";
import { BigIntStats, Dirent, Stats } from "node:internal/fs/stats";
import { ReadStream, WriteStream, createReadStream, createWriteStream } from "node:internal/fs/streams";
import * as volume from "node:internal/fs/volume";
import { process } from "node:internal/process";
import { customArgs } from "node:internal/promisify";
import { validateFunction, validateObject, validateString } from "node:internal/validators";

const promises_ = lazy("node:fs/promises");
const all = { ...operations, cp: copy, opendir: openDirectory, glob: search };

/** The operation at once. */
const synchronous = (name) => ({ [`${name}Sync`]: (...args) => all[name](...args)() })[`${name}Sync`];

/** Arguments are checked at once, the rest is told to the callback; `more` adds to what it gets. */
function calling(name, more = () => [], least = 0) {
  return {
    [name](...args) {
      const at = args.findLastIndex((one) => typeof one === "function");
      const callback = at < 0 ? args.at(-1) : args[at];
      const given = at < 0 ? args : args.slice(0, at);
      const run = all[name](...given);
      if (at < 0 || args.length <= least) validateFunction(at < 0 && args.length < 1 ? undefined : callback, "callback");
      let results;
      try {
        results = [null, run()];
        results.push(...more(given));
      } catch (error) {
        results = [error];
      }
      if (results[1] === undefined) results.length = 1;
      process.nextTick(callback, ...results);
    },
  }[name];
}

export const [
  accessSync, openSync, closeSync, statSync, lstatSync, fstatSync, statfsSync, readSync, writeSync, readvSync, writevSync, readFileSync,
  writeFileSync_, appendFileSync_, truncateSync, ftruncateSync, fsyncSync, fdatasyncSync, chmodSync, lchmodSync, fchmodSync, chownSync, lchownSync,
  fchownSync, utimesSync, lutimesSync, futimesSync, renameSync, copyFileSync, linkSync, symlinkSync, readlinkSync, realpathSync, unlinkSync,
  mkdirSync, mkdtempSync, rmdirSync, rmSync, readdirSync, cpSync, opendirSync, globSync,
] = [
  "access", "open", "close", "stat", "lstat", "fstat", "statfs", "read", "write", "readv", "writev", "readFile", "writeFile", "appendFile",
  "truncate", "ftruncate", "fsync", "fdatasync", "chmod", "lchmod", "fchmod", "chown", "lchown", "fchown", "utimes", "lutimes", "futimes", "rename",
  "copyFile", "link", "symlink", "readlink", "realpath", "unlink", "mkdir", "mkdtemp", "rmdir", "rm", "readdir", "cp", "opendir", "glob",
].map(synchronous);
export const writeFileSync = (path, data, options = undefined) => writeFileSync_(path, data, options); // the bytes written, as workerd has it
export const appendFileSync = (path, data, options = undefined) => appendFileSync_(path, data, options);
export const existsSync = (path) => {
  try {
    return volume.lookup(pathOf(path)) !== undefined;
  } catch {
    return false;
  }
};
realpathSync.native = realpathSync;

export const [
  access, open, stat, lstat, fstat, statfs, readFile, truncate, ftruncate, fsync, fdatasync, chmod, lchmod, fchmod, chown, lchown, fchown, utimes,
  lutimes, futimes, rename, copyFile, link, symlink, readlink, realpath, unlink, mkdir, mkdtemp, rmdir, rm, readdir, cp, opendir, glob,
] = [
  "access", "open", "stat", "lstat", "fstat", "statfs", "readFile", "truncate", "ftruncate", "fsync", "fdatasync", "chmod", "lchmod", "fchmod",
  "chown", "lchown", "fchown", "utimes", "lutimes", "futimes", "rename", "copyFile", "link", "symlink", "readlink", "realpath", "unlink", "mkdir",
  "mkdtemp", "rmdir", "rm", "readdir", "cp", "opendir", "glob",
].map((name) => calling(name));
realpath.native = realpath;

const quiet = (name) => ({
  [name](path, data, options, callback = options) {
    validateFunction(callback, "callback");
    const run = all[name](path, data, typeof options === "function" ? undefined : options);
    let error = null;
    try {
      run();
    } catch (thrown) {
      error = thrown;
    }
    process.nextTick(callback, error);
  },
})[name];
export const [writeFile, appendFile] = ["writeFile", "appendFile"].map(quiet);

export function close(fd, callback = undefined) {
  fdOf(fd);
  if (callback !== undefined) validateFunction(callback, "callback");
  volume.close(fd);
  process.nextTick(callback ?? (() => {}), null);
}

/** `read(fd, callback)` and `read(fd, options, callback)` as well. */
export function read(fd, ...rest) {
  const callback = rest.pop();
  fdOf(fd);
  let [buffer, offset, length, position] = rest;
  if (!ArrayBuffer.isView(buffer)) {
    if (buffer !== undefined && buffer !== null && typeof buffer !== "object") throw new ERR_INVALID_ARG_TYPE("buffer", ["Buffer", "TypedArray", "DataView"], buffer);
    ({ buffer = Buffer.alloc(16384), offset, length, position } = buffer ?? {});
  }
  const run = all.read(fd, buffer, offset, length, position);
  validateFunction(callback, "cb");
  tell(run, callback, [buffer]);
}

export function write(fd, data, ...rest) {
  const callback = rest.pop();
  const run = all.write(fd, data, ...rest);
  validateFunction(callback, "cb");
  tell(run, callback, [data]);
}

function tell(run, callback, more) {
  let results;
  try {
    results = [null, run(), ...more];
  } catch (error) {
    results = [error];
  }
  process.nextTick(callback, ...results);
}

const vectored = (name) => ({
  [name](fd, buffers, ...rest) {
    const callback = rest.pop();
    const run = all[name](fd, buffers, ...rest);
    validateFunction(callback, "callback");
    tell(run, callback, [buffers]);
  },
})[name];
export const [readv, writev] = ["readv", "writev"].map(vectored);

Object.defineProperty(read, customArgs, { value: ["bytesRead", "buffer"] });
Object.defineProperty(write, customArgs, { value: ["bytesWritten", "buffer"] });
Object.defineProperty(readv, customArgs, { value: ["bytesRead", "buffers"] });
Object.defineProperty(writev, customArgs, { value: ["bytesWritten", "buffers"] });

export function exists(path, callback) {
  validateFunction(callback, "cb");
  process.nextTick(callback, existsSync(path));
}
Object.defineProperty(exists, Symbol.for("nodejs.util.promisify.custom"), { value: async (path) => existsSync(path) });

/** At once, not by a promise: as workerd has it. */
export function openAsBlob(path, options = {}) {
  const place = pathOf(path);
  validateObject(options, "options");
  const { type = "" } = options;
  validateString(type, "options.type");
  return new Blob([readFileSync(place)], { type });
}

const refused = (name) => ({
  [name]() { throw new ERR_METHOD_NOT_IMPLEMENTED(`fs.${name}`); },
})[name];
export const [watch, watchFile, unwatchFile] = ["watch", "watchFile", "unwatchFile"].map(refused);
export const { F_OK, R_OK, W_OK, X_OK } = constants;
export const FileReadStream = ReadStream;
export const FileWriteStream = WriteStream;
export const _toUnixTimestamp = (time) => (time instanceof Date ? time.getTime() / 1000 : Number(time));
const mkdtempDisposableSync_ = (prefix, options = undefined) => {
  const path = mkdtempSync(prefix, options);
  const remove = () => rmSync(path, { recursive: true, force: true });
  return { path, remove, [Symbol.dispose]: remove };
};
export const mkdtempDisposableSync = mkdtempDisposableSync_;
export { BigIntStats, Dir, Dirent, ReadStream, Stats, WriteStream, constants, createReadStream, createWriteStream };
export const promises = promises_().default;

export default {
  access, accessSync, appendFile, appendFileSync, chmod, chmodSync, chown, chownSync, close, closeSync, constants, copyFile, copyFileSync, cp, cpSync,
  createReadStream, createWriteStream, Dir, Dirent, exists, existsSync, F_OK, fchmod, fchmodSync, fchown, fchownSync, fdatasync, fdatasyncSync,
  FileReadStream, FileWriteStream, fstat, fstatSync, fsync, fsyncSync, ftruncate, ftruncateSync, futimes, futimesSync, glob, globSync, lchmod,
  lchmodSync, lchown, lchownSync, link, linkSync, lstat, lstatSync, lutimes, lutimesSync, mkdir, mkdirSync, mkdtemp, mkdtempDisposableSync,
  mkdtempSync, open, openAsBlob, opendir, opendirSync, openSync, promises, R_OK, read, readdir, readdirSync, readFile, readFileSync, readlink,
  readlinkSync, ReadStream, readSync, readv, readvSync, realpath, realpathSync, rename, renameSync, rm, rmdir, rmdirSync, rmSync, stat, statfs,
  statfsSync, Stats, statSync, symlink, symlinkSync, _toUnixTimestamp, truncate, truncateSync, unlink, unlinkSync, unwatchFile, utimes, utimesSync,
  W_OK, watch, watchFile, write, writeFile, writeFileSync, WriteStream, writeSync, writev, writevSync, X_OK,
};
