// fs.glob(): the paths below a directory that patterns match.
import * as take from "node:internal/fs/arguments";
import * as volume from "node:internal/fs/volume";
import { Dirent } from "node:internal/fs/stats";
import { expandBraces, matchesGlob, segmentSource } from "node:internal/glob";
import { cwd as currentDirectory } from "node:internal/cwd";
import { posix } from "node:internal/paths";
import { ERR_INVALID_ARG_TYPE } from "node:internal/errors";
import { validateBoolean, validateObject, validateString, validateStringArray } from "node:internal/validators";

/** Checks the arguments; what it answers lists the paths. */
export function glob(pattern, options = undefined) {
  const patterns = Array.isArray(pattern) ? pattern : [pattern];
  if (Array.isArray(pattern)) validateStringArray(pattern, "patterns");
  else validateString(pattern, "patterns");
  const given = options === undefined || typeof options === "function" ? {} : options;
  validateObject(given, "options");
  const { withFileTypes = false, exclude } = given;
  validateBoolean(withFileTypes, "options.withFileTypes");
  if (exclude !== undefined && exclude !== null && typeof exclude !== "function") {
    if (!Array.isArray(exclude)) throw new ERR_INVALID_ARG_TYPE("options.exclude", ["Function", "string[]"], exclude);
    validateStringArray(exclude, "options.exclude");
  }
  const cwd = given.cwd === undefined ? currentDirectory() : take.pathOf(given.cwd, "options.cwd");
  return () => new Search(cwd, withFileTypes, exclude).all(patterns);
}

class Search {
  constructor(cwd, withFileTypes, exclude) {
    this.cwd = cwd;
    this.withFileTypes = withFileTypes;
    this.exclude = exclude;
    this.found = new Map();
  }

  all(patterns) {
    for (const pattern of patterns.flatMap(expandBraces)) {
      const absolute = pattern.startsWith("/");
      const parts = pattern.split("/").filter((part) => part !== "" && part !== ".");
      const start = absolute ? "/" : this.cwd;
      if (volume.lookup(start)?.kind === "directory") this.descend(start, absolute ? "/" : "", parts);
    }
    return [...this.found.values()];
  }

  excluded(path, node) {
    if (this.exclude === undefined || this.exclude === null) return false;
    if (Array.isArray(this.exclude)) return this.exclude.some((pattern) => matchesGlob(path, pattern));
    return this.exclude(this.withFileTypes ? this.entry(path, node) : path);
  }

  entry(path, node) {
    const place = posix.resolve(this.cwd, path);
    return new Dirent(posix.basename(place), node.kind, posix.dirname(place));
  }

  take(path, node) {
    const name = path === "" ? "." : path;
    if (!this.found.has(name)) this.found.set(name, this.withFileTypes ? this.entry(name, node) : name);
  }

  descend(directory, path, [part, ...rest]) {
    const node = volume.lookup(directory);
    if (part === undefined) return node && this.take(path, node);
    if (part === "..") return this.descend(posix.dirname(directory), path === "" ? ".." : posix.normalize(`${path}/..`).replace(/^\.$/, ""), rest);
    if (node?.kind !== "directory") return undefined;
    const join = (name) => (path === "" ? name : path === "/" ? `/${name}` : `${path}/${name}`);
    if (part === "**") {
      this.descend(directory, path, rest);
      for (const [name, child] of volume.entriesOf(node)) {
        const below = join(name);
        if (this.excluded(below, child)) continue;
        if (child.kind === "directory") this.descend(`${directory}/${name}`, below, [part, ...rest]);
        else if (rest.length === 0) this.take(below, child);
      }
      return undefined;
    }
    const expression = new RegExp(`^${segmentSource(part, true)}$`);
    for (const [name, child] of volume.entriesOf(node)) {
      const below = join(name);
      if (!expression.test(name) || this.excluded(below, child)) continue;
      if (rest.length === 0) this.take(below, child);
      else this.descend(`${directory}/${name}`, below, rest);
    }
    return undefined;
  }
}
