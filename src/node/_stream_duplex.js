// node:_stream_duplex: the old place of stream.Duplex.
import { Duplex } from "node:stream";

export { Duplex };
export default Duplex;
