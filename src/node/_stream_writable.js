// node:_stream_writable: the old place of stream.Writable.
import { Writable } from "node:stream";

export { Writable };
export default Writable;
