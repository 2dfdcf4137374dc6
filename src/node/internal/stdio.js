// process.stdin, stdout and stderr: what is written goes to the console, line by line.
import { Buffer } from "node:buffer";
import { Readable, Writable } from "node:stream";
import { WriteStream } from "node:tty";

function output(fd, write) {
  let line = "";
  const stream = new Writable({
    decodeStrings: false,
    write(chunk, encoding, callback) {
      line += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
      const lines = line.split("\n");
      line = lines.pop();
      for (const one of lines) write(one);
      callback();
    },
    final(callback) {
      if (line !== "") write(line);
      line = "";
      callback();
    },
  });
  Object.setPrototypeOf(stream, Object.create(Writable.prototype, { constructor: { value: WriteStream } }));
  return Object.assign(stream, { fd, _type: "fs", isTTY: undefined, destroySoon: stream.destroy, _isStdio: true, _destroy: (error, callback) => callback(error) });
}

const { log, error } = console;
export const stdin = Object.assign(new Readable({ read() { this.push(null); } }), { fd: 0, isTTY: undefined });
export const stdout = output(1, (line) => log(line));
export const stderr = output(2, (line) => error(line));
