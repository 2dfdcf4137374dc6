// node:_stream_wrap: the old place of streams over sockets.
import { Duplex } from "node:stream";

export { Duplex };
export default Duplex;
