// node:_stream_readable: the old place of stream.Readable.
import { Readable } from "node:stream";

export { Readable };
export default Readable;
