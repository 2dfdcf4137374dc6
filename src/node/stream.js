// node:stream: the readable-stream package, which is Node.js's own streams, joined to the platform's.
import { lazy } from "internal:host";
import Stream from "node:vendor/readable_stream";

// As in Node.js 22; the package has its older number.
Stream.setDefaultHighWaterMark(false, 64 * 1024);
const web = lazy("node:internal/web_streams");

const adapters = {
  Readable: { fromWeb: "readableFromWeb", toWeb: "readableToWeb" },
  Writable: { fromWeb: "writableFromWeb", toWeb: "writableToWeb" },
  Duplex: { fromWeb: "duplexFromWeb", toWeb: "duplexToWeb" },
};
for (const [Class, methods] of Object.entries(adapters)) {
  for (const [name, adapter] of Object.entries(methods)) {
    Stream[Class][name] = { [name](...args) { return web()[adapter](...args); } }[name];
  }
}

export const {
  Readable, Writable, Duplex, Transform, PassThrough, addAbortSignal, compose, destroy, finished, pipeline, promises, isDestroyed,
  isDisturbed, isErrored, isReadable, isWritable, setDefaultHighWaterMark, getDefaultHighWaterMark, _uint8ArrayToBuffer, _isUint8Array,
  _isArrayBufferView,
} = Stream;
export const duplexPair = Stream.duplexPair ??= function duplexPair(options = undefined) {
  const make = () => {
    let other;
    let resume;
    const side = new Duplex({
      ...options,
      read() {
        const go = resume;
        resume = undefined;
        go?.();
      },
      write(chunk, encoding, callback) {
        if (chunk.length === 0) return void queueMicrotask(callback);
        other.side.push(chunk, encoding);
        other.wait(callback);
      },
      final(callback) {
        other.side.on("end", callback);
        other.side.push(null);
      },
    });
    return { side, join(value) { other = value; }, wait(callback) { resume = callback; } };
  };
  const [one, two] = [make(), make()];
  one.join(two);
  two.join(one);
  return [one.side, two.side];
};

export { Stream };
export default Stream;
