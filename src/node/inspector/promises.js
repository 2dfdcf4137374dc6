// node:inspector/promises: as node:inspector, whose functions for the process throw here.
import { ERR_METHOD_NOT_IMPLEMENTED } from "node:internal/errors";
import inspector, { Network, Session, console } from "node:inspector";

const refused = (name) => ({ [name]() { throw new ERR_METHOD_NOT_IMPLEMENTED(`inspector.${name}`); } })[name];
export const [close, open, url, waitForDebugger] = ["close", "open", "url", "waitForDebugger"].map(refused);
export { Network, Session, console };
export default { ...inspector, close, open, url, waitForDebugger };
