// What `stat()` and `readdir()` answer: Stats, BigIntStats, StatFs, Dirent.
import { constants } from "node:internal/fs_constants";

const MODES = { file: constants.S_IFREG, directory: constants.S_IFDIR, link: constants.S_IFLNK, device: constants.S_IFCHR };
const is = (stats, kind) => (Number(stats.mode) & constants.S_IFMT) === kind;

class StatsBase {
  isFile() { return is(this, constants.S_IFREG); }
  isDirectory() { return is(this, constants.S_IFDIR); }
  isSymbolicLink() { return is(this, constants.S_IFLNK); }
  isCharacterDevice() { return is(this, constants.S_IFCHR); }
  isBlockDevice() { return false; }
  isFIFO() { return false; }
  isSocket() { return false; }
}

function valuesOf(node) {
  const rights = node.writable ? 0o666 : 0o444;
  return {
    dev: node.kind === "device" ? 1 : 0, mode: MODES[node.kind] | rights, nlink: node.links, uid: 0, gid: 0, rdev: 0, blksize: 0, ino: 0, size: node.size, blocks: 0,
  };
}

export class Stats extends StatsBase {
  constructor(node) {
    super();
    Object.assign(this, valuesOf(node), { atimeMs: 0, mtimeMs: node.mtime, ctimeMs: node.mtime, birthtimeMs: 0 });
    const dates = { atime: this.atimeMs, mtime: this.mtimeMs, ctime: this.ctimeMs, birthtime: this.birthtimeMs };
    for (const [name, time] of Object.entries(dates)) this[name] = new Date(time);
  }
}

export class BigIntStats extends StatsBase {
  constructor(node) {
    super();
    for (const [name, value] of Object.entries(valuesOf(node))) this[name] = BigInt(value);
    const times = { atime: 0, mtime: node.mtime, ctime: node.mtime, birthtime: 0 };
    for (const [name, time] of Object.entries(times)) {
      const whole = BigInt(Math.trunc(time));
      this[`${name}Ms`] = whole;
      this[`${name}Ns`] = whole * 1000000n;
      this[name] = new Date(time);
    }
  }
}

export const statsOf = (node, bigint = false) => (bigint ? new BigIntStats(node) : new Stats(node));

export function statFs(bigint) {
  const values = { type: 0, bsize: 0, blocks: 0, bfree: 0, bavail: 0, files: 0, ffree: 0 };
  return bigint ? Object.fromEntries(Object.entries(values).map(([name, value]) => [name, BigInt(value)])) : values;
}

const TYPES = { file: constants.UV_DIRENT_FILE, directory: constants.UV_DIRENT_DIR, link: constants.UV_DIRENT_LINK, device: constants.UV_DIRENT_CHAR };
const kType = Symbol("type");

export class Dirent {
  constructor(name, kind, path) {
    this.name = name;
    this.parentPath = path;
    this[kType] = TYPES[kind];
    Object.defineProperty(this, kType, { enumerable: false });
  }

  get path() { return this.parentPath; }
  isFile() { return this[kType] === constants.UV_DIRENT_FILE; }
  isDirectory() { return this[kType] === constants.UV_DIRENT_DIR; }
  isSymbolicLink() { return this[kType] === constants.UV_DIRENT_LINK; }
  isCharacterDevice() { return this[kType] === constants.UV_DIRENT_CHAR; }
  isBlockDevice() { return false; }
  isFIFO() { return false; }
  isSocket() { return false; }
}
