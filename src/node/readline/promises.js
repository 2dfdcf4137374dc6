// node:readline/promises.
import { PromisesInterface as Interface, Readline } from "node:internal/readline";

export const createInterface = () => new Interface();
export { Interface, Readline };
export default { Interface, Readline, createInterface };
