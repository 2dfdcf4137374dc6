// The structured frames that `Error.prepareStackTrace` receives, read back from the text of a stack. Loaded on first use.
//
// Differs: call sites know function, file, line and column only; QuickJS keeps no receivers, types or positions of functions.

class CallSite {
  #text;
  #function;
  #file;
  #line;
  #column;

  constructor(text) {
    this.#text = text;
    const place = /^(?:(.*) \()?(.*?)(?::(\d+)(?::(\d+))?)?\)?$/.exec(text);
    const [, name, file, line, column] = place;
    this.#function = name ?? null;
    this.#file = file === "<anonymous>" ? undefined : file;
    this.#line = line === undefined ? null : Number(line);
    this.#column = column === undefined ? null : Number(column);
  }

  getColumnNumber() { return this.#column; }
  getEnclosingColumnNumber() { return this.#column; }
  getEnclosingLineNumber() { return this.#line; }
  getEvalOrigin() { return undefined; }
  getFileName() { return this.#file; }
  getFunction() { return undefined; }
  getFunctionName() { return this.#function; }
  getLineNumber() { return this.#line; }
  getMethodName() { return null; }
  getPosition() { return 0; }
  getPromiseIndex() { return null; }
  getScriptHash() { return ""; }
  getScriptNameOrSourceURL() { return this.#file; }
  getThis() { return undefined; }
  getTypeName() { return null; }
  isAsync() { return false; }
  isConstructor() { return false; }
  isEval() { return false; }
  isNative() { return this.#line === null; }
  isPromiseAll() { return false; }
  isToplevel() { return true; }
  toString() { return this.#text; }
}

/** One CallSite per line of the frames of a stack. */
export function callSites(frames) {
  const sites = [];
  for (const line of frames.split("\n")) {
    const text = line.trim();
    if (text.startsWith("at ")) sites.push(new CallSite(text.slice(3)));
  }
  return sites;
}
