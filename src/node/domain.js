// node:domain: domains that guard nothing.
import { EventEmitter } from "node:events";

export class Domain extends EventEmitter {
  members = undefined;
  _errorHandler(error) { throw error; }
  enter() {}
  exit() {}
  add() {}
  remove() {}
  run(callback, ...args) { return Reflect.apply(callback, this, args); }
  intercept(callback) { return callback; }
  bind(callback) { return callback; }
}

export const createDomain = () => new Domain();
export const create = createDomain();
export const active = null;
export const _stack = [];
export default { Domain, active, create, createDomain, _stack };
