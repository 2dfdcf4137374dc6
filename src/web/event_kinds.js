// The events that user code may construct, beyond Event itself: CustomEvent, ErrorEvent, MessageEvent, CloseEvent and
// PromiseRejectionEvent.

import { Event, eventInitMembers } from "internal:event";
import { DOMString, USVString, any, boolean, interface_, requiredArguments, sequence, wrongType } from "internal:webidl";
import { REQUIRED, dictionary, unsignedLong, unsignedShort } from "internal:webidl_types";

const CustomEventInit = dictionary("CustomEventInit", { ...eventInitMembers, detail: [any, null] });

export class CustomEvent extends Event {
  #detail;

  constructor(type, eventInitDict = undefined) {
    requiredArguments(arguments.length, 1, "Failed to construct 'CustomEvent'");
    super(type, eventInitDict);
    this.#detail = CustomEventInit(eventInitDict).detail;
  }

  get detail() { return this.#detail; }
}

const ErrorEventInit = dictionary("ErrorEventInit", {
  ...eventInitMembers, colno: [unsignedLong, 0], error: [any, undefined], filename: [USVString, ""], lineno: [unsignedLong, 0], message: [DOMString, ""],
});

export class ErrorEvent extends Event {
  #init;

  constructor(type, eventInitDict = undefined) {
    requiredArguments(arguments.length, 1, "Failed to construct 'ErrorEvent'");
    super(type, eventInitDict);
    this.#init = ErrorEventInit(eventInitDict, "Failed to construct 'ErrorEvent'", "constructor parameter 2");
  }

  get filename() { return this.#init.filename; }
  get message() { return this.#init.message; }
  get lineno() { return this.#init.lineno; }
  get colno() { return this.#init.colno; }
  get error() { return this.#init.error; }
}

const MessageEventInit = dictionary("MessageEventInit", {
  ...eventInitMembers, data: [any, null], lastEventId: [DOMString, ""], origin: [USVString, ""], ports: [sequence(any), () => []], source: [any, null],
});

export class MessageEvent extends Event {
  #init;

  constructor(type, eventInitDict = undefined) {
    requiredArguments(arguments.length, 1, "Failed to construct 'MessageEvent'");
    super(type, eventInitDict);
    this.#init = MessageEventInit(eventInitDict, "Failed to construct 'MessageEvent'", "constructor parameter 2");
    Object.freeze(this.#init.ports);
  }

  get data() { return this.#init.data; }
  get origin() { return this.#init.origin; }
  get lastEventId() { return this.#init.lastEventId; }
  get source() { return this.#init.source; }
  get ports() { return this.#init.ports; }
}

const CloseEventInit = dictionary("CloseEventInit", {
  ...eventInitMembers, code: [unsignedShort, 0], reason: [USVString, ""], wasClean: [boolean, false],
});

export class CloseEvent extends Event {
  #init;

  constructor(type, eventInitDict = undefined) {
    requiredArguments(arguments.length, 1, "Failed to construct 'CloseEvent'");
    super(type, eventInitDict);
    this.#init = CloseEventInit(eventInitDict, "Failed to construct 'CloseEvent'", "constructor parameter 2");
  }

  get wasClean() { return this.#init.wasClean; }
  get code() { return this.#init.code; }
  get reason() { return this.#init.reason; }
}

function promise(value, prefix, what) {
  if (typeof value !== "object" || value === null) throw wrongType(prefix, what, "Promise");
  return value;
}

const PromiseRejectionEventInit = dictionary("PromiseRejectionEventInit", { ...eventInitMembers, promise: [promise, REQUIRED], reason: [any, undefined] });

export class PromiseRejectionEvent extends Event {
  #init;

  constructor(type, eventInitDict) {
    requiredArguments(arguments.length, 2, "Failed to construct 'PromiseRejectionEvent'");
    super(type, eventInitDict);
    this.#init = PromiseRejectionEventInit(eventInitDict, "Failed to construct 'PromiseRejectionEvent'", "constructor parameter 2");
  }

  get promise() { return this.#init.promise; }
  get reason() { return this.#init.reason; }
}

for (const Class of [CustomEvent, ErrorEvent, MessageEvent, CloseEvent, PromiseRejectionEvent]) interface_(Class);

const PLACE = /(?:\(|at )([^\s()]+):(\d+):(\d+)\)?$/m;

/** The event that reports an exception. Its place is the first that a stack names: the error's, or else that of the report. */
export function errorEventOf(error) {
  let message = "Uncaught exception";
  let place;
  try {
    message = `Uncaught ${error}`;
    place = PLACE.exec(error?.stack);
    if (place === null) [place] = [PLACE.exec(new Error().stack)].map((found) => found && [...found.slice(0, 3), 0]);
  } catch {
    // A hostile toString() or stack: the event carries the value alone.
  }
  const [, filename = "", lineno = 0, colno = 0] = place ?? [];
  return new ErrorEvent("error", { cancelable: true, message, filename, lineno: Number(lineno), colno: Number(colno), error });
}

export const rejectionEvent = (type, promise, reason = undefined) => new PromiseRejectionEvent(type, { cancelable: true, promise, reason });
