// fs.cp(): copies files, links and whole directories.
import * as take from "node:internal/fs/arguments";
import * as volume from "node:internal/fs/volume";
import { operations } from "node:internal/fs/operations";
import { ERR_FS_CP_DIR_TO_NON_DIR, ERR_FS_CP_EEXIST, ERR_FS_CP_EINVAL, ERR_FS_CP_NON_DIR_TO_DIR, ERR_FS_EISDIR } from "node:internal/errors";
import { posix } from "node:internal/paths";
import { validateFunction, validateInteger } from "node:internal/validators";

const place = (path, message) => ({ path, syscall: "cp", message });
const complain = (Class, from, to, text) => {
  throw Object.assign(new Class(`${text}: cp returned (${text}) ${to}`), place(to, `${text} ${from} ${to}`));
};

/** `cp(src, dest, options)`: checks now, copies when the answer is called. */
export function cp(src, dest, options = undefined) {
  const given = take.flagsIn(options, "dereference", "errorOnExist", "force", "preserveTimestamps", "recursive", "verbatimSymlinks");
  const settings = { dereference: false, errorOnExist: false, force: true, preserveTimestamps: false, recursive: false, verbatimSymlinks: false, mode: 0, ...given };
  if (settings.mode !== 0) validateInteger(settings.mode, "options.mode", 0, 7);
  if (settings.filter !== undefined) validateFunction(settings.filter, "options.filter");
  const [from, to] = [take.pathOf(src, "src"), take.pathOf(dest, "dest")];
  return () => copy(from, to, settings);
}

function copy(from, to, settings) {
  if (settings.filter !== undefined && !settings.filter(from, to)) return;
  const source = volume.locate(from, "cp", settings.dereference);
  if (source.node === undefined) throw volume.fsError("ENOENT", "cp", from);
  const target = located(to, settings.dereference);
  if (source.node.kind === "directory") {
    if (`${target.path}/`.startsWith(`${source.path}/`)) complain(ERR_FS_CP_EINVAL, from, to, "cannot copy a directory to itself or below itself");
    return copyDirectory(from, to, source, target, settings);
  }
  if (target.node !== undefined && target.node === source.node) complain(ERR_FS_CP_EINVAL, from, to, "src and dest cannot be the same");
  if (source.node.kind === "link") return copyLink(from, to, source, target, settings);
  if (target.node?.kind === "directory") complain(ERR_FS_CP_NON_DIR_TO_DIR, from, to, "cannot overwrite a directory with a file");
  return copyFile(from, to, source, target, settings);
}

/** The spot at `to`, its directories made if need be. */
function located(to, follow) {
  operations.mkdir(posix.dirname(to), { recursive: true })();
  return volume.locate(to, "cp", follow);
}

/** Whether what is there may be overwritten. */
function mayReplace(from, to, target, settings) {
  if (target.node === undefined || settings.force) return true;
  if (settings.errorOnExist) complain(ERR_FS_CP_EEXIST, from, to, "the destination exists");
  return false;
}

function copyFile(from, to, source, target, settings) {
  if (!mayReplace(from, to, target, settings)) return;
  let file = target.node;
  if (file === undefined || file.kind === "link") file = volume.attach(target, new volume.File(), "cp", to);
  volume.requireWritable(file, "cp", to);
  file.replace(source.node.whole());
  if (settings.preserveTimestamps) file.mtime = source.node.mtime;
}

function copyLink(from, to, source, target, settings) {
  if (target.node?.kind === "directory") throw volume.fsError("ENOTDIR", "cp", from, to);
  if (!mayReplace(from, to, target, settings)) return;
  const goal = source.node.target;
  const resolved = settings.verbatimSymlinks || goal.startsWith("/") ? goal : posix.resolve(posix.dirname(source.path), goal);
  if (target.node !== undefined) volume.detach(target, "cp", to);
  volume.makeLink(target, resolved, "cp", to);
}

function copyDirectory(from, to, source, target, settings) {
  if (!settings.recursive) complain(ERR_FS_EISDIR, from, to, "Recursive option not enabled, cannot copy a directory");
  if (target.node !== undefined && target.node.kind !== "directory") complain(ERR_FS_CP_DIR_TO_NON_DIR, from, to, "cannot overwrite a non-directory with a directory");
  if (target.node === undefined) volume.attach(target, new volume.Directory(), "cp", to);
  for (const name of volume.namesIn(source.node)) copy(`${from.replace(/\/$/, "")}/${name}`, `${to.replace(/\/$/, "")}/${name}`, settings);
}
