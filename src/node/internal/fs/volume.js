// The file system of Workers, in memory: `/bundle` (read-only), `/tmp` (a new one for each request) and `/dev`.
import { host } from "internal:host";
import { Buffer } from "node:buffer";
import { cwd } from "node:internal/cwd";
import { numbers, textOf } from "node:internal/system_errors";

const MOST_LINKS = 40;
const MOST_BYTES = 0x08000000;
const MOST_PATH = 4096;
const MOST_SEGMENTS = 48;

/** An error of the file system: `ENOENT: no such file or directory, open '/a'`. */
export function fsError(code, syscall, path = undefined, dest = undefined) {
  const place = path === undefined ? "" : ` '${path}'${dest === undefined ? "" : ` -> '${dest}'`}`;
  const text = path === undefined ? textOf(code) : `${code}: ${textOf(code)}, ${syscall}${place}`;
  const error = Object.assign(new Error(text), { errno: numbers[code], code, syscall });
  if (path !== undefined) error.path = path;
  if (dest !== undefined) error.dest = dest;
  return error;
}

let nextInode = 1;

class Node {
  constructor(kind, writable) {
    this.kind = kind;
    this.writable = writable;
    this.inode = nextInode++;
    this.links = 1;
    this.mtime = 0;
  }

  touch() { this.mtime = Date.now(); }
  get size() { return 0; }
}

export class File extends Node {
  #bytes = new Uint8Array(0);
  #size = 0;

  constructor(writable = true) {
    super("file", writable);
  }

  get size() { return this.#size; }

  resize(size) {
    if (size > MOST_BYTES) throw Object.assign(new Error("File size limit exceeded"), { code: "EFBIG", errno: numbers.EFBIG });
    if (size > this.#bytes.length) {
      const grown = new Uint8Array(size > 65536 ? size : Math.max(size, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.#size));
      this.#bytes = grown;
    } else if (size < this.#size) {
      this.#bytes.fill(0, size, this.#size);
    }
    this.#size = size;
    this.touch();
  }

  read(target, position) {
    if (position >= this.#size) return 0;
    const count = Math.min(target.length, this.#size - position);
    target.set(this.#bytes.subarray(position, position + count));
    return count;
  }

  write(source, position) {
    if (position + source.length > this.#size) this.resize(position + source.length);
    this.#bytes.set(source, position);
    this.touch();
    return source.length;
  }

  replace(bytes) {
    this.resize(0);
    if (bytes.length > 0) this.write(bytes, 0);
  }

  whole() { return Buffer.from(this.#bytes.subarray(0, this.#size)); }
}

export class Directory extends Node {
  constructor(writable = true) {
    super("directory", writable);
    this.entries = new Map();
  }
}

class Link extends Node {
  constructor(target) {
    super("link", true);
    this.target = target;
  }
}

class Device extends Node {
  constructor(behaviour) {
    super("device", true);
    Object.assign(this, behaviour);
  }

  resize() {}
  replace(bytes) { this.write(bytes); }
  whole() { return Buffer.alloc(0); }
}

const filled = (bytes, fill) => {
  fill(bytes);
  return bytes.length;
};
const swallow = (bytes) => bytes.length;

const root = new Directory(false);
const bundle = new Directory(false);
const devices = new Directory(false);
root.entries.set("bundle", bundle).set("dev", devices);
bundle.entries.set("worker", new File(false));
devices.entries
  .set("null", new Device({ read: () => 0, write: swallow }))
  .set("zero", new Device({ read: (bytes) => filled(bytes, (all) => all.fill(0)), write: swallow }))
  .set("random", new Device({ read: (bytes) => filled(bytes, (all) => crypto.getRandomValues(all)), write: swallow }))
  .set("full", new Device({ read: (bytes) => filled(bytes, (all) => all.fill(0)), write() { throw fsError("ENOSPC", "write"); } }));

/** `/tmp` by request; those of requests that have ended go as new ones come. */
const temporaries = new Map();
const KEPT = 32;

function temporary() {
  const request = host.invocationId?.() ?? 0;
  if (!temporaries.has(request)) {
    for (const old of [...temporaries.keys()].slice(0, Math.max(0, temporaries.size - KEPT))) temporaries.delete(old);
    temporaries.set(request, new Directory());
  }
  return temporaries.get(request);
}

const childOf = (directory, name) => (directory === root && name === "tmp" ? temporary() : directory.entries.get(name));

export const namesIn = (directory) => (directory === root ? ["bundle", "tmp", "dev"] : [...directory.entries.keys()]);
export const entriesOf = (directory) => namesIn(directory).map((name) => [name, childOf(directory, name)]);

function partsOf(path) {
  if (path.length > MOST_PATH) throw new Error("File path is too long");
  const whole = path.startsWith("/") ? path : `${cwd()}/${path}`;
  const parts = [];
  for (const part of whole.split("/")) if (part !== "" && part !== ".") parts.push(part);
  if (parts.length > MOST_SEGMENTS) throw new Error("File path has too many segments");
  return parts;
}

/** `{ parent, name, node, path }`: `node` is undefined if only the last part is missing. */
export function locate(path, syscall, follow = true) {
  return walk(partsOf(path), { path, syscall, follow, links: 0 });
}

function walk(parts, state) {
  const stack = [{ node: root, name: "" }];
  for (let at = 0; at < parts.length; at++) {
    const part = parts[at];
    const last = at === parts.length - 1;
    const here = stack.at(-1).node;
    if (here.kind !== "directory") throw fsError("ENOTDIR", state.syscall, state.path);
    if (part === "..") {
      if (stack.length > 1) stack.pop();
      continue;
    }
    const node = childOf(here, part);
    if (node === undefined) {
      if (last) return { parent: here, name: part, node: undefined, path: pathOf(stack, part) };
      throw fsError("ENOENT", state.syscall, state.path);
    }
    if (node.kind === "link" && (!last || state.follow)) {
      if (++state.links > MOST_LINKS) throw fsError("ELOOP", state.syscall, state.path);
      const start = node.target.startsWith("/") ? [] : stack.slice(1).map(({ name }) => name);
      const onward = node.target.split("/").filter((one) => one !== "" && one !== ".");
      return walk([...start, ...onward, ...parts.slice(at + 1)], state);
    }
    stack.push({ node, name: part });
  }
  const { node, name } = stack.at(-1);
  return { parent: stack.at(-2)?.node, name, node, path: pathOf(stack.slice(0, -1), name) };
}

const pathOf = (stack, name) => `/${[...stack.slice(1).map((one) => one.name), name].filter((one) => one !== "").join("/")}`;

/** The node at a path; there must be one. */
export function find(path, syscall, follow = true) {
  const { node } = locate(path, syscall, follow);
  if (node === undefined) throw fsError("ENOENT", syscall, path);
  return node;
}

export function lookup(path, follow = true) {
  try {
    return locate(path, "stat", follow).node;
  } catch {
    return undefined;
  }
}

export function realDirectory(path) {
  const found = locate(path, "chdir");
  if (found.node === undefined) throw fsError("ENOENT", "chdir", path);
  if (found.node.kind !== "directory") throw fsError("ENOTDIR", "chdir", path);
  return found.path;
}

const requireWritable = (node, syscall, path) => {
  if (!node.writable) throw fsError("EPERM", syscall, path);
};

/** Puts a node where there is none. */
export function attach(spot, node, syscall, path) {
  requireWritable(spot.parent, syscall, path);
  spot.parent.entries.set(spot.name, node);
  node.touch();
  spot.parent.touch();
  return node;
}

export function detach(spot, syscall, path) {
  if (spot.parent === undefined || !spot.parent.writable) throw fsError("EPERM", syscall, path);
  spot.parent.entries.delete(spot.name);
  spot.parent.touch();
  spot.node.links--;
}

export const makeLink = (spot, target, syscall, path) => attach(spot, new Link(target), syscall, path);
export { requireWritable };

// ---- open files

const READ = 1;
const WRITE = 2;
const opened = new Map();
let nextFd = 3;

/** Opens by flags that are taken apart: `{ read, write, append, create, exclusive, truncate, noFollow }`. */
export function open(path, flags) {
  const spot = locate(path, "open", !flags.noFollow);
  let { node } = spot;
  if (node === undefined) {
    if (!flags.create) throw fsError("ENOENT", "open", path);
    node = attach(spot, new File(), "open", path);
  } else if (flags.create && flags.exclusive) {
    throw fsError("EEXIST", "open", path);
  }
  if (node.kind === "directory" && (flags.write || flags.directoryRefused)) throw fsError("EISDIR", "open", path);
  if (node.kind === "link") throw fsError("ELOOP", "open", path);
  if (flags.write) requireWritable(node, "open", path);
  if (flags.truncate && flags.write) node.resize(0);
  const fd = nextFd++;
  opened.set(fd, { fd, node, path: spot.path, position: 0, append: flags.append, mode: (flags.read ? READ : 0) | (flags.write ? WRITE : 0) });
  return fd;
}

export function handleOf(fd, syscall) {
  const handle = opened.get(fd);
  if (handle === undefined) throw fsError("EBADF", syscall);
  return handle;
}

export const close = (fd) => opened.delete(fd);
export const isOpen = (fd) => opened.has(fd);

export function readAt(handle, target, position) {
  if ((handle.mode & READ) === 0) throw fsError("EBADF", "read");
  if (handle.node.kind === "directory") throw fsError("EISDIR", "read");
  const count = handle.node.read(target, position ?? handle.position);
  if (position === null || position === undefined) handle.position += count;
  return count;
}

export function writeAt(handle, source, position) {
  if ((handle.mode & WRITE) === 0) throw fsError("EBADF", "write");
  const { node } = handle;
  if (handle.append) {
    const count = node.write(source, node.size);
    handle.position = node.size;
    return count;
  }
  const count = node.write(source, position ?? handle.position);
  if (position === null || position === undefined) handle.position += count;
  return count;
}
