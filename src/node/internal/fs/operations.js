// What `fs` can do. Each operation checks its arguments at once and answers the function that does the work, from which
// `node:fs` makes the synchronous form, the one with a callback, and the promise.
import { Buffer } from "node:buffer";
import * as take from "node:internal/fs/arguments";
import * as volume from "node:internal/fs/volume";
import { Dirent, statFs, statsOf } from "node:internal/fs/stats";
import { ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_METHOD_NOT_IMPLEMENTED } from "node:internal/errors";
import { validateBoolean, validateInteger, validateUint32 } from "node:internal/validators";

const { fsError } = volume;

function access(path, mode = undefined) {
  const [place, wanted] = [take.pathOf(path), take.accessOf(mode)];
  return () => {
    const node = volume.find(place, "access");
    if ((wanted & 2) !== 0 && !node.writable) throw fsError("ENOENT", "access", place);
    if ((wanted & 1) !== 0) throw fsError("ENOENT", "access", place);
  };
}

function open(path, flags = "r", mode = 0o666) {
  const place = take.pathOf(path);
  const parsed = take.flagsOf(flags);
  take.modeOf(mode, 0o666);
  return () => volume.open(place, parsed);
}

function close(fd) {
  take.fdOf(fd);
  return () => void volume.close(fd);
}

const status = (follow, syscall) => (path, options = undefined) => {
  const place = take.pathOf(path);
  const { bigint, throwIfNoEntry = true } = take.flagsIn(options, "bigint", "throwIfNoEntry");
  return () => {
    const found = throwIfNoEntry ? volume.find(place, syscall, follow) : volume.lookup(place, follow);
    return found && statsOf(found, bigint);
  };
};

function fstat(fd, options = undefined) {
  take.fdOf(fd);
  const { bigint } = take.flagsIn(options, "bigint");
  return () => statsOf(volume.handleOf(fd, "fstat").node, bigint);
}

function statfs(path, options = undefined) {
  const place = take.pathOf(path);
  const { bigint = false } = take.flagsIn(options, "bigint");
  return () => {
    volume.find(place, "statfs");
    return statFs(bigint);
  };
}

// ---- contents

function read(fd, buffer, offset = undefined, length = undefined, position = undefined) {
  take.fdOf(fd);
  if (!ArrayBuffer.isView(buffer)) throw new ERR_INVALID_ARG_TYPE("buffer", ["Buffer", "TypedArray", "DataView"], buffer);
  const part = take.partOf(buffer, offset, length, position);
  return () => volume.readAt(volume.handleOf(fd, "read"), part.bytes, part.position);
}

function write(fd, data, offset = undefined, length = undefined, position = undefined) {
  take.fdOf(fd);
  const part = take.writtenOf(data, offset, length, position);
  return () => volume.writeAt(volume.handleOf(fd, "write"), part.bytes, part.position);
}

const vector = (one, syscall) => (fd, buffers, position = undefined) => {
  take.fdOf(fd);
  const views = take.viewsOf(buffers);
  const start = take.positionOf(position);
  return () => {
    const handle = volume.handleOf(fd, syscall);
    let total = 0;
    for (const view of views) {
      const count = one(handle, view, start === null ? null : start + total);
      total += count;
      if (count < view.length) break;
    }
    return total;
  };
};

function fileOf(path, syscall) {
  const node = volume.find(path, syscall);
  if (node.kind === "directory") throw fsError("EISDIR", syscall, path);
  return node;
}

function readFile(path, options = undefined) {
  const { encoding, flag } = take.optionsOf(options, { flag: "r" });
  take.flagsOf(flag, "options.flag");
  if (typeof path === "number") {
    take.fdOf(path);
    return () => {
      const { node } = volume.handleOf(path, "read");
      if (node.kind === "directory") throw fsError("EISDIR", "read");
      return take.encoded(node.whole(), encoding);
    };
  }
  const place = take.pathOf(path);
  return () => take.encoded(fileOf(place, "open").whole(), encoding);
}

const put = (flag) => function writeFile(path, data, options = undefined) {
  const { encoding, flag: given, mode, flush = false } = take.optionsOf(options, { flag });
  validateBoolean(flush ?? false, "options.flush");
  const parsed = take.flagsOf(given, "options.flag");
  take.modeOf(mode, 0o666);
  const place = typeof path === "number" ? take.fdOf(path) : take.pathOf(path);
  const bytes = take.dataOf(data, encoding);
  return () => {
    const fd = typeof place === "number" ? place : volume.open(place, parsed);
    try {
      const handle = volume.handleOf(fd, "write");
      return volume.writeAt(handle, bytes, flag === "a" ? handle.node.size : null);
    } finally {
      if (typeof place !== "number") volume.close(fd);
    }
  };
};

function truncate(path, length = undefined) {
  const place = take.pathOf(path);
  const size = take.lengthOf(length);
  return () => {
    const node = fileOf(place, "open");
    volume.requireWritable(node, "open", place);
    node.resize(size);
  };
}

function ftruncate(fd, length = undefined) {
  take.fdOf(fd);
  const size = take.lengthOf(length);
  return () => volume.handleOf(fd, "ftruncate").node.resize(size);
}

const flush = (syscall) => (fd) => {
  take.fdOf(fd);
  return () => void volume.handleOf(fd, syscall);
};

// ---- rights and times: nothing keeps rights, so that paths are checked and nothing is done

const changeMode = (follow, syscall) => (path, mode) => {
  const place = take.pathOf(path);
  take.modeOf(mode);
  return () => void volume.find(place, syscall, follow);
};

const changeOwner = (follow, syscall) => (path, uid, gid) => {
  const place = take.pathOf(path);
  take.idOf(uid, "uid");
  take.idOf(gid, "gid");
  return () => void volume.find(place, syscall, follow);
};

function fchmod(fd, mode) {
  take.fdOf(fd);
  take.modeOf(mode);
  return () => void volume.handleOf(fd, "fstat");
}

function fchown(fd, uid, gid) {
  take.fdOf(fd);
  take.idOf(uid, "uid");
  take.idOf(gid, "gid");
  return () => void volume.handleOf(fd, "fstat");
}

const changeTimes = (follow, syscall) => (path, atime, mtime) => {
  const place = take.pathOf(path);
  take.timeOf(atime, "atime");
  const time = take.timeOf(mtime, "mtime");
  return () => {
    const node = volume.find(place, syscall, follow);
    volume.requireWritable(node, syscall, place);
    node.mtime = time;
  };
};

function futimes(fd, atime, mtime) {
  take.fdOf(fd);
  take.timeOf(atime, "atime");
  const time = take.timeOf(mtime, "mtime");
  return () => { volume.handleOf(fd, "futimes").node.mtime = time; };
}

// ---- names

function rename(oldPath, newPath) {
  const [from, to] = [take.pathOf(oldPath, "oldPath"), take.pathOf(newPath, "newPath")];
  return () => {
    const source = volume.locate(from, "rename", false);
    if (source.node === undefined) throw fsError("ENOENT", "rename", from, to);
    const target = volume.locate(to, "rename", false);
    if (target.node === source.node) return;
    if (`${target.path}/`.startsWith(`${source.path}/`)) throw fsError("EINVAL", "rename", from, to);
    if (target.node?.kind === "directory") {
      if (source.node.kind !== "directory") throw fsError("EISDIR", "rename", from, to);
      if (target.node.entries.size > 0) throw fsError("ENOTEMPTY", "rename", from, to);
    } else if (target.node !== undefined && source.node.kind === "directory") {
      throw fsError("ENOTDIR", "rename", from, to);
    }
    volume.requireWritable(source.parent, "rename", from);
    volume.attach(target, source.node, "rename", to);
    source.node.links++;
    volume.detach(source, "rename", from);
  };
}

function copyFile(from, to, mode = 0) {
  const [source, target] = [take.pathOf(from, "src"), take.pathOf(to, "dest")];
  validateInteger(mode, "mode", 0, 7);
  if ((mode & 4) !== 0) throw new ERR_INVALID_ARG_VALUE("mode", "COPYFILE_FICLONE_FORCE", "is unsupported");
  return () => {
    const node = fileOf(source, "copyfile");
    const spot = volume.locate(target, "copyfile");
    if (spot.node !== undefined && (mode & 1) !== 0) throw fsError("EEXIST", "copyfile", source, target);
    if (spot.node?.kind === "directory") throw fsError("EISDIR", "copyfile", source, target);
    const file = spot.node ?? volume.attach(spot, new volume.File(), "copyfile", target);
    volume.requireWritable(file, "copyfile", target);
    file.replace(node.whole());
  };
}

function link(existingPath, newPath) {
  const [from, to] = [take.pathOf(existingPath, "existingPath"), take.pathOf(newPath, "newPath")];
  return () => {
    const node = volume.find(from, "link", false);
    if (node.kind === "directory") throw fsError("EPERM", "link", from, to);
    const spot = volume.locate(to, "link", false);
    if (spot.node !== undefined) throw fsError("EEXIST", "link", from, to);
    volume.requireWritable(spot.parent, "link", to);
    spot.parent.entries.set(spot.name, node);
    node.links++;
  };
}

function symlink(target, path, type = undefined) {
  if (type !== undefined && type !== null) take.symlinkTypeOf(type);
  const [to, place] = [take.pathOf(target, "target"), take.pathOf(path)];
  return () => {
    const spot = volume.locate(place, "symlink", false);
    if (spot.node !== undefined) throw fsError("EEXIST", "symlink", to, place);
    volume.makeLink(spot, to, "symlink", place);
  };
}

function readlink(path, options = undefined) {
  const place = take.pathOf(path);
  const { encoding } = take.optionsOf(options);
  return () => {
    const node = volume.find(place, "readlink", false);
    if (node.kind !== "link") throw fsError("EINVAL", "readlink", place);
    return encoding === "buffer" ? Buffer.from(node.target) : Buffer.from(node.target).toString(encoding ?? "utf8");
  };
}

function realpath(path, options = undefined) {
  const place = take.pathOf(path);
  const { encoding } = take.optionsOf(options);
  return () => {
    const found = volume.locate(place, "realpath");
    if (found.node === undefined) throw fsError("ENOENT", "realpath", place);
    return encoding === "buffer" ? Buffer.from(found.path) : found.path;
  };
}

function unlink(path) {
  const place = take.pathOf(path);
  return () => {
    const spot = volume.locate(place, "unlink", false);
    if (spot.node === undefined) throw fsError("ENOENT", "unlink", place);
    if (spot.node.kind === "directory") throw fsError("EPERM", "unlink", place);
    volume.detach(spot, "unlink", place);
  };
}

// ---- directories

function mkdir(path, options = undefined) {
  let recursive = false;
  if (typeof options === "number" || (typeof options === "string" && /^[0-7]+$/.test(options))) {
    take.modeOf(options);
  } else {
    const given = take.flagsIn(options ?? undefined, "recursive");
    ({ recursive = false } = given);
    if (given.mode !== undefined) take.modeOf(given.mode);
  }
  const place = take.pathOf(path);
  return () => (recursive ? makeAll(place) : makeOne(place));
}

function makeOne(place) {
  const spot = volume.locate(place, "mkdir");
  if (spot.node?.kind === "directory") return undefined;
  if (spot.node !== undefined) throw fsError("EEXIST", "mkdir", place);
  volume.attach(spot, new volume.Directory(), "mkdir", place);
  return undefined;
}

function makeAll(place) {
  let first;
  let sofar = place.startsWith("/") ? "" : ".";
  for (const part of place.split("/").filter((one) => one !== "")) {
    sofar += `/${part}`;
    const spot = volume.locate(sofar, "mkdir");
    if (spot.node !== undefined) {
      if (spot.node.kind !== "directory") throw fsError(spot.path === volume.lookup(place) ? "EEXIST" : "ENOTDIR", "mkdir", place);
      continue;
    }
    volume.attach(spot, new volume.Directory(), "mkdir", place);
    first ??= spot.path;
  }
  return first;
}


function mkdtemp(prefix, options = undefined) {
  const start = take.pathOf(prefix, "prefix");
  const { encoding } = take.optionsOf(options);
  return () => {
    const path = `${start}${crypto.getRandomValues(new Uint32Array(1))[0]}`; // digits, as workerd has them
    makeOne(path);
    return encoding === "buffer" ? Buffer.from(path) : path;
  };
}

function rmdir(path, options = undefined) {
  const place = take.pathOf(path);
  const { recursive = false } = take.flagsIn(options, "recursive");
  if (options?.maxRetries !== undefined) validateUint32(options.maxRetries, "options.maxRetries");
  if (options?.retryDelay !== undefined) validateUint32(options.retryDelay, "options.retryDelay");
  return () => {
    const spot = volume.locate(place, "rmdir", false);
    if (spot.node === undefined) throw fsError("ENOENT", "rmdir", place);
    if (spot.node.kind !== "directory") throw fsError("ENOTDIR", "rmdir", place);
    if (!recursive && spot.node.entries.size > 0) throw fsError("ENOTEMPTY", "rmdir", place);
    volume.detach(spot, "rmdir", place);
  };
}

function rm(path, options = undefined) {
  const place = take.pathOf(path);
  const { recursive = false, force = false, maxRetries, retryDelay } = take.flagsIn(options, "recursive", "force");
  if (maxRetries !== undefined) validateUint32(maxRetries, "options.maxRetries");
  if (retryDelay !== undefined) validateUint32(retryDelay, "options.retryDelay");
  return () => {
    let spot;
    try {
      spot = volume.locate(place, "rm", false);
    } catch (error) {
      if (force && error.code === "ENOENT") return;
      throw error;
    }
    if (spot.node === undefined) {
      if (force) return;
      throw fsError("ENOENT", "rm", place);
    }
    if (!recursive && spot.node.kind === "directory" && spot.node.entries.size > 0) throw fsError("ENOTEMPTY", "rm", place);
    volume.detach(spot, "rm", place);
  };
}

function readdir(path, options = undefined) {
  const place = take.pathOf(path);
  const { encoding, withFileTypes = false, recursive = false } = take.optionsOf(options);
  validateBoolean(withFileTypes, "options.withFileTypes");
  validateBoolean(recursive, "options.recursive");
  const shown = (name) => (encoding === "buffer" ? Buffer.from(name) : name);
  return () => {
    const start = volume.find(place, "scandir");
    if (start.kind !== "directory") throw fsError("ENOTDIR", "scandir", place);
    const found = [];
    const visit = (directory, below, base) => {
      for (const [name, node] of volume.entriesOf(directory)) {
        const relative = below === "" ? name : `${below}/${name}`;
        found.push(withFileTypes ? new Dirent(shown(name), node.kind, base) : shown(relative));
        if (recursive && node.kind === "directory") visit(node, relative, `${base === "/" ? "" : base}/${name}`);
      }
    };
    visit(start, "", place.length > 1 ? place.replace(/\/+$/, "") : place);
    return found;
  };
}

const refused = (name) => () => { throw new ERR_METHOD_NOT_IMPLEMENTED(`fs.${name}`); };

export const operations = {
  access, open, close, stat: status(true, "stat"), lstat: status(false, "lstat"), fstat, statfs, read, write, readv: vector(volume.readAt, "read"),
  writev: vector(volume.writeAt, "write"), readFile, writeFile: put("w"), appendFile: put("a"), truncate, ftruncate, fsync: flush("fsync"),
  fdatasync: flush("fdatasync"), chmod: changeMode(true, "chmod"), lchmod: changeMode(false, "lchmod"), fchmod, chown: changeOwner(true, "chown"),
  lchown: changeOwner(false, "lchown"), fchown, utimes: changeTimes(true, "utimes"), lutimes: changeTimes(false, "lutimes"), futimes, rename,
  copyFile, link, symlink, readlink, realpath, unlink, mkdir, mkdtemp, rmdir, rm, readdir,
};
export { refused };
