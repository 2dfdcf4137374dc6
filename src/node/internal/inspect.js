// util.inspect() for Node.js's modules, which is the console's.
export { format, inspect } from "internal:inspect";
