// HTMLRewriter: lol_html behind a transformed Response. The parser stops at each handler and goes on when that is done, so
// handlers may be asynchronous; input is read as output is, a bounded piece ahead, so that handlers run without a reader.

import { host } from "internal:host";
import { Response, responseParts } from "internal:response";
import { USVString, interface_, isObject, requiredArguments, wrongType } from "internal:webidl";
import { ReadableStreamDefaultReader, stateOf } from "internal:streams_readable";
import { createNativeReadable } from "internal:streams";
import { bytesOf } from "internal:buffers";
import { Comment, Doctype, DocumentEnd, Element, EndTag, Text } from "internal:html_tokens";

const { apply } = Reflect;

/** Output made ahead of the reader, about. */
const AHEAD = 64 << 10;
const NOTHING = -1;

/** A registered function: what kind of token it gets, and its object. */
class Handler {
  constructor(Token, call, self) {
    this.Token = Token;
    this.call = call;
    this.self = self;
  }
}

/** A stream to be written where it was inserted. */
class Inserted {
  constructor(stream, html) {
    this.stream = stream;
    this.html = html;
  }
}

/** One Response on its way through the parser. */
export class Rewriting {
  constructor(native, handlers, body, enter) {
    this.native = native;
    this.handlers = handlers;
    this.reader = new ReadableStreamDefaultReader(body);
    stateOf(body).disturbed = true;
    this.enter = enter;
    /** The token whose handler runs: all others are over. */
    this.token = undefined;
    /** The number of the handler that is due. */
    this.due = NOTHING;
    this.ended = false;
    this.stopped = false;
    this.failed = false;
    this.error = undefined;
    /** Wakes the one who waits: the reader for output, or the parser for room. */
    this.wake = () => {};
  }

  /** A number for what the parser asks for later. */
  number(entry) {
    return this.handlers.push(entry) - 1;
  }

  addEndTag(callback) {
    return this.number(new Handler(EndTag, callback, undefined));
  }

  addStream(stream, html) {
    return this.number(new Inserted(stream, html));
  }

  /** The next piece of output; null at the end. */
  pull() {
    const piece = this.native.take();
    if (piece !== undefined) {
      this.wake();
      return piece;
    }
    if (this.failed) throw this.error;
    if (this.stopped) {
      this.native.stop();
      return null;
    }
    return new Promise((resolve) => { this.wake = resolve; }).then(() => this.pull());
  }

  /** Reads and parses all of the input, some output ahead of the reader. */
  async run() {
    try {
      while (!this.stopped && !(this.ended && this.due === NOTHING)) {
        if (this.native.ahead() >= AHEAD) await new Promise((resolve) => { this.wake = resolve; });
        else if (this.due === NOTHING) await this.read();
        else await this.work();
        if (this.native.ahead() > 0) this.wake();
      }
    } catch (error) {
      this.fail(error);
    }
    this.stopped = true;
    this.wake();
  }

  fail(error) {
    if (this.stopped) return;
    this.stop();
    this.failed = true;
    this.error = error;
    this.reader.cancel(error).catch(() => {});
  }

  async read() {
    const { done, value } = await this.reader.read();
    if (this.stopped) return;
    if (done) {
      this.ended = true;
      this.due = this.native.end();
    } else {
      const bytes = bytesOf(value);
      if (bytes === undefined) throw new TypeError("HTMLRewriter takes a body of bytes.");
      this.due = this.native.write(bytes);
    }
  }

  /** Runs handlers up to one that waits, or until there is enough output. */
  work() {
    while (this.due !== NOTHING && this.native.ahead() < AHEAD) {
      const pending = this.call(this.handlers[this.due]);
      if (pending !== undefined) return this.waited(pending);
      this.due = this.native.resume();
    }
    return undefined;
  }

  call(entry) {
    if (entry instanceof Inserted) return this.write(entry);
    const token = (this.token = new entry.Token(this));
    const value = this.enter(entry.call, entry.self, token);
    if (isObject(value) && typeof value.then === "function") return value;
    this.token = undefined;
    return undefined;
  }

  async waited(pending) {
    await pending;
    this.token = undefined;
    if (!this.stopped) this.due = this.native.resume();
  }

  async write({ stream, html }) {
    const reader = new ReadableStreamDefaultReader(stream);
    for (let step; !(step = await reader.read()).done; ) {
      if (this.stopped) return void reader.cancel().catch(() => {});
      const bytes = bytesOf(step.value);
      if (bytes === undefined) throw new TypeError("HTMLRewriter inserts streams of bytes.");
      this.native.content(bytes, html);
    }
  }

  cancel(reason) {
    this.stop();
    return this.reader.cancel(reason);
  }

  stop() {
    this.stopped = true;
    this.token = undefined;
    this.native.stop();
    this.wake();
  }
}

// ---- handlers

function member(handlers, name, what) {
  const value = handlers[name];
  if (value === undefined) return undefined;
  if (typeof value !== "function") throw wrongType(what, `member '${name}'`, "function");
  return value;
}

/** As the native half wants them: [selector or null, element, comments, text, doctype, end]. */
const ORDER = [["element", Element], ["comments", Comment], ["text", Text], ["doctype", Doctype], ["end", DocumentEnd]];

class Registration {
  constructor(selector, handlers, names, what) {
    this.selector = selector;
    this.self = handlers;
    this.calls = ORDER.map(([name]) => (names.includes(name) ? member(handlers, name, what) : undefined));
  }

  /** Enters its functions in the table and answers their numbers. */
  enter(table) {
    const numbers = this.calls.map((call, at) => {
      return call === undefined ? NOTHING : table.push(new Handler(ORDER[at][1], call, this.self)) - 1;
    });
    return [this.selector, ...numbers];
  }
}

function objectOf(value, what, at) {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) throw wrongType(what, at);
  return value;
}

const runner = () => {
  const run = (call, self, token) => apply(call, self, [token]);
  return host.bindContext === undefined ? run : host.bindContext(run);
};

function charsetOf(state) {
  const type = state.list.get("content-type") ?? null;
  return type === null ? "utf-8" : (charsetIn(type) ?? "utf-8");
}

const CHARSET = /;\s*charset\s*=\s*(?:"([^"]*)"|([^\s;]*))/i;

function charsetIn(type) {
  const found = CHARSET.exec(type);
  return found === null ? undefined : (found[1] ?? found[2]);
}

export class HTMLRewriter {
  #registrations = [];

  on(selector, handlers) {
    const what = "Failed to execute 'on' on 'HTMLRewriter'";
    requiredArguments(arguments.length, 2, what);
    const text = USVString(selector, what, "parameter 1");
    host.htmlSelector(text);
    const given = objectOf(handlers, what, "parameter 2");
    this.#registrations.push(new Registration(text, given, ["element", "comments", "text"], what));
    return this;
  }

  onDocument(handlers) {
    const what = "Failed to execute 'onDocument' on 'HTMLRewriter'";
    requiredArguments(arguments.length, 1, what);
    const given = objectOf(handlers, what, "parameter 1");
    this.#registrations.push(new Registration(null, given, ["doctype", "comments", "text", "end"], what));
    return this;
  }

  transform(response) {
    const state = responseParts(response);
    if (state === undefined) throw wrongType("Failed to execute 'transform' on 'HTMLRewriter'", "parameter 1", "Response");
    if (state.type === "error") throw new TypeError("HTMLRewriter cannot transform an error response");
    const { body } = response;
    if (body === null) return response;
    const table = [];
    const handlers = this.#registrations.map((registration) => registration.enter(table));
    const esi = host.flag("html_rewriter_treats_esi_include_as_void_tag");
    const native = host.htmlStart(handlers, charsetOf(state), esi);
    const rewriting = new Rewriting(native, table, body, runner());
    const result = new Response(createNativeReadable(rewriting), response);
    Promise.resolve().then(() => rewriting.run());
    return result;
  }
}
interface_(HTMLRewriter);
