// What node:readline and node:readline/promises share: lines that nobody types.
import { EventEmitter } from "node:events";

export class Interface extends EventEmitter {
  terminal = false;
  line = "";
  cursor = 0;

  getPrompt() { return ""; }
  setPrompt() {}
  prompt() {}
  close() {}
  write() {}
  getCursorPos() { return { rows: 0, cols: 0 }; }
  pause() { return this; }
  resume() { return this; }
  question(_, options, callback = undefined) { (typeof options === "function" ? options : callback)?.(""); }
  async *[Symbol.asyncIterator]() {}
  [Symbol.dispose]() { this.close(); }
}

export class PromisesInterface extends Interface {
  async question() { return ""; }
}
Object.defineProperty(PromisesInterface, "name", { value: "Interface" });

export class Readline {
  clearLine() { return this; }
  clearScreenDown() { return this; }
  cursorTo() { return this; }
  moveCursor() { return this; }
  rollback() { return this; }
  async commit() {}
}
