// node:_stream_transform: the old place of stream.Transform.
import { Transform } from "node:stream";

export { Transform };
export default Transform;
