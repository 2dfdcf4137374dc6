// node:_stream_passthrough: the old place of stream.PassThrough.
import { PassThrough } from "node:stream";

export { PassThrough };
export default PassThrough;
