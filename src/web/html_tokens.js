// The tokens that HTMLRewriter's handlers get: each is good while its handler runs, and asks the parser for what it says.

import { illegalThis } from "internal:body";
import { responseParts } from "internal:response";
import { isReadableStream } from "internal:streams";
import { USVString, interface_, isObject, requiredArguments, wrongType } from "internal:webidl";

const OVER =
  "This content token is no longer valid. Content tokens are only valid during the execution of the relevant content handler.";
const MUTATED =
  "The attributes of this element have been modified during iteration. You must create a new iterator after modifying attributes.";

let rewritingIn;

class Token {
  #rewriting;

  constructor(rewriting) {
    this.#rewriting = rewriting;
  }

  static {
    rewritingIn = (token) => {
      if (!isObject(token) || !(#rewriting in token)) throw illegalThis();
      return token.#rewriting;
    };
  }
}

/** The rewriting whose current token this is. */
function current(token) {
  const rewriting = rewritingIn(token);
  if (rewriting.token !== token) throw new TypeError(OVER);
  return rewriting;
}

const ask = (token, what, a = "", b = "") => current(token).native.ask(what, a, b);

function isHtml(options, what) {
  if (options === undefined || options === null) return false;
  if (!isObject(options)) throw wrongType(what, "parameter 2");
  return !!options.html;
}

/** What was given, as a stream or as a string. */
function contentOf(value, what) {
  if (isObject(value)) {
    if (isReadableStream(value)) return value;
    if (responseParts(value) !== undefined) return value.body;
  }
  return USVString(value, what, "parameter 1");
}

/** A method that inserts content in a place. */
function inserts(Class, place, takesStreams = true) {
  const { name } = Class;
  const what = `Failed to execute '${place}' on '${name}'`;
  const { [place]: method } = {
    [place](content, options = undefined) {
      requiredArguments(arguments.length, 1, what);
      const given = contentOf(content, what);
      const html = isHtml(options, what);
      const rewriting = current(this);
      if (typeof given === "string") rewriting.native.insert(place, given, html);
      else if (!takesStreams) {
        throw new TypeError(`${what}: Content of a ReadableStream or Response is not implemented here. You must provide a string.`);
      } else if (given !== null) rewriting.native.insertStream(place, rewriting.addStream(given, html));
      return this;
    },
  };
  Object.defineProperty(Class.prototype, place, { value: method, writable: true, configurable: true });
}

function removes(Class, method = "remove") {
  const { [method]: remove } = {
    [method]() {
      ask(this, method);
      return this;
    },
  };
  Object.defineProperty(Class.prototype, method, { value: remove, writable: true, configurable: true });
}

const methodOf = (name, method) => `Failed to execute '${method}' on '${name}'`;

/** Element's attributes, as they were when it was made. */
const IteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));

class AttributesIterator {
  #element;
  #texts;
  #changes;
  #at = 0;

  constructor(element, texts, changes) {
    this.#element = element;
    this.#texts = texts;
    this.#changes = changes;
  }

  next() {
    const { changes } = current(this.#element);
    if (changes !== this.#changes) throw new Error(MUTATED);
    const at = this.#at;
    if (at >= this.#texts.length) return { done: true, value: undefined };
    this.#at += 2;
    return { done: false, value: [this.#texts[at], this.#texts[at + 1]] };
  }

  [Symbol.iterator]() {
    return this;
  }
}
Object.setPrototypeOf(AttributesIterator.prototype, IteratorPrototype);

export class Element extends Token {
  constructor(rewriting) {
    super(rewriting);
    rewriting.changes = 0;
  }

  get tagName() { return ask(this, "name"); }
  set tagName(name) { ask(this, "setName", USVString(name)); }
  get attributes() { return new AttributesIterator(this, ask(this, "attributes"), rewritingIn(this).changes); }
  get removed() { return ask(this, "isRemoved"); }
  get namespaceURI() { return ask(this, "namespace"); }

  getAttribute(name) {
    requiredArguments(arguments.length, 1, methodOf("Element", "getAttribute"));
    return ask(this, "attribute", USVString(name));
  }

  hasAttribute(name) {
    requiredArguments(arguments.length, 1, methodOf("Element", "hasAttribute"));
    return ask(this, "hasAttribute", USVString(name));
  }

  setAttribute(name, value) {
    requiredArguments(arguments.length, 2, methodOf("Element", "setAttribute"));
    ask(this, "setAttribute", USVString(name), USVString(value));
    rewritingIn(this).changes += 1;
    return this;
  }

  removeAttribute(name) {
    requiredArguments(arguments.length, 1, methodOf("Element", "removeAttribute"));
    ask(this, "removeAttribute", USVString(name));
    rewritingIn(this).changes += 1;
    return this;
  }

  onEndTag(handler) {
    if (typeof handler !== "function") throw wrongType(methodOf("Element", "onEndTag"), "parameter 1", "function");
    const rewriting = current(this);
    rewriting.native.onEndTag(rewriting.addEndTag(handler));
  }
}
for (const place of ["before", "after", "prepend", "append", "replace", "setInnerContent"]) inserts(Element, place);
removes(Element);
removes(Element, "removeAndKeepContent");

export class EndTag extends Token {
  get name() { return ask(this, "name"); }
  set name(name) { ask(this, "setName", USVString(name)); }
}
for (const place of ["before", "after"]) inserts(EndTag, place);
removes(EndTag);

export class Comment extends Token {
  get text() { return ask(this, "text"); }
  set text(text) { ask(this, "setText", USVString(text)); }
  get removed() { return ask(this, "isRemoved"); }
}
for (const place of ["before", "after", "replace"]) inserts(Comment, place, false);
removes(Comment);

export class Text extends Token {
  get text() { return ask(this, "text"); }
  get lastInTextNode() { return ask(this, "isLast"); }
  get removed() { return ask(this, "isRemoved"); }
}
for (const place of ["before", "after", "replace"]) inserts(Text, place);
removes(Text);

export class Doctype extends Token {
  get name() { return ask(this, "name"); }
  get publicId() { return ask(this, "publicId"); }
  get systemId() { return ask(this, "systemId"); }
}

export class DocumentEnd extends Token {}
inserts(DocumentEnd, "append", false);

for (const Class of [Element, EndTag, Comment, Text, Doctype, DocumentEnd]) interface_(Class);
