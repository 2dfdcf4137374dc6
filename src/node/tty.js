// node:tty: there are no terminals.
import { Duplex } from "node:stream";

export const isatty = () => false;

export function ReadStream(fd) {
  if (!new.target) return new ReadStream(fd);
  Duplex.call(this);
  this.fd = fd;
  this.isRaw = false;
  this.isTTY = false;
  return this;
}
Object.setPrototypeOf(ReadStream.prototype, Duplex.prototype);
ReadStream.prototype.setRawMode = function (mode) {
  this.isRaw = Boolean(mode);
  return this;
};

export function WriteStream(fd) {
  if (!new.target) return new WriteStream(fd);
  Duplex.call(this);
  this.fd = fd;
  this.columns = 0;
  this.rows = 0;
  return this;
}
Object.setPrototypeOf(WriteStream.prototype, Duplex.prototype);
for (const name of ["clearLine", "clearScreenDown", "cursorTo", "moveCursor"]) {
  WriteStream.prototype[name] = function (...args) {
    const callback = args.at(-1);
    if (typeof callback === "function") callback();
    return false;
  };
}
Object.assign(WriteStream.prototype, {
  // As workerd has it, though nothing here is a terminal.
  isTTY: true,
  _refreshSize() {},
  getColorDepth: () => 8,
  getWindowSize() { return [this.columns, this.rows]; },
  hasColors: () => false,
});

export default { isatty, ReadStream, WriteStream };
