// node:readline: nobody types to a Worker.
import { Interface } from "node:internal/readline";
import promises from "node:readline/promises";

export const clearLine = () => false;
export const clearScreenDown = () => false;
export const cursorTo = () => false;
export const moveCursor = () => false;
export const emitKeypressEvents = () => undefined;
export const createInterface = () => new Interface();
export { Interface, promises };
export default { clearLine, clearScreenDown, createInterface, cursorTo, emitKeypressEvents, moveCursor, Interface, promises };
