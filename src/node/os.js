// node:os: what Workers may know of the machine, which is nothing.
import constants from "node:internal/os_constants";
import { Buffer } from "node:buffer";
import { ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE } from "node:internal/errors";
import { validateInt32 } from "node:internal/validators";

export const EOL = "\n";
export const devNull = "/dev/null";
/** A function that also is its answer when it is used as text. */
const getter = (name, value) => {
  const fn = { [name]: () => value }[name];
  fn[Symbol.toPrimitive] = () => value;
  return fn;
};
export const arch = getter("arch", "x64");
export const availableParallelism = getter("availableParallelism", 1);
export const endianness = getter("endianness", "LE");
export const homedir = getter("homedir", "/tmp/");
export const hostname = getter("hostname", "localhost");
export const machine = getter("machine", "x86_64");
export const platform = getter("platform", "linux");
export const release = getter("release", "");
export const tmpdir = getter("tmpdir", "/tmp/");
export const type = getter("type", "Linux");
export const version = getter("version", "");
export const freemem = getter("freemem", 0);
export const totalmem = getter("totalmem", 0);
export const uptime = getter("uptime", 0);
export const cpus = () => [];
export const loadavg = () => [0, 0, 0];
export const networkInterfaces = () => ({});

export function userInfo(options = undefined) {
  if (options !== undefined && (options === null || typeof options !== "object")) throw new ERR_INVALID_ARG_TYPE("options", "Object", options);
  if (options?.encoding !== undefined && !(typeof options.encoding === "string" && Buffer.isEncoding(options.encoding))) {
    throw new ERR_INVALID_ARG_VALUE("options.encoding", options.encoding);
  }
  return {};
}

export function getPriority(pid = 0) {
  validateInt32(pid, "pid");
  return 0;
}

export function setPriority(pid, priority = undefined) {
  const [process, value] = priority === undefined ? [0, pid] : [pid, priority];
  validateInt32(process, "pid");
  validateInt32(value, "priority", -20, 19);
}

export { constants };
export default {
  arch, availableParallelism, constants, cpus, devNull, endianness, EOL, freemem, getPriority, homedir, hostname, loadavg, machine,
  networkInterfaces, platform, release, setPriority, tmpdir, totalmem, type, uptime, userInfo, version,
};
