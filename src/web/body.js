// The Body mixin of the Fetch standard, for Request and Response. A body is a payload (a native handle, bytes or text)
// until somebody asks for its stream; one that is only passed on stays a payload.
//
// extract(value) -> { body, type }; emptyOr(payload) -> BodyState or null; breakable(payload, signal) the same for a body
// that ends with its signal; payloadOf(body, why) moves a body out to be sent: { payload, done } where `done` is a promise
// while a stream of JavaScript is written, and `why()` the error its source hears when nobody reads on; movedOut(body) a
// body for another Request; cloneBody(body); hold(Class, inside) makes a class's objects Bodies: `inside(value)` answers
// { body, list }, or undefined for other values.
import { host, lazy } from "internal:host";
import { DOMString, illegalConstructor, interface_, isObject } from "internal:webidl";

const streams = lazy("streams");
const readables = lazy("streams_readable");
const blobs = lazy("blob");
const forms = lazy("formdata");
const urls = lazy("url");
const encoding = lazy("encoding");
const types = lazy("webidl_types");
const aborts = lazy("abort");
const { apply } = Reflect;
const { prototype: ObjectPrototype, setPrototypeOf } = Object;
const { slice } = Uint8Array.prototype;
const { isView } = ArrayBuffer;

class BodyState {
  constructor(payload, stream) {
    this.payload = payload;
    this.stream = stream;
    this.used = false;
    /** The signal that breaks the payload off. */
    this.signal = undefined;
  }
}

/** A body over what the host gave; null stays null. */
export const emptyOr = (payload) => (payload === null ? null : new BodyState(payload, undefined));

export function breakable(payload, signal) {
  const body = emptyOr(payload);
  if (body !== null) body.signal = signal;
  return body;
}

const isUsed = (body) => body.used || (body.stream !== undefined && streams().isDisturbed(body.stream));
const isLocked = (body) => body.stream !== undefined && streams().isLocked(body.stream);
export const isUnusable = (body) => isUsed(body) || isLocked(body);

function refuseUsed(body) {
  if (isUsed(body)) {
    throw new TypeError("Body has already been used. It can only be used once. Use tee() first if you need to read it twice.");
  }
  if (isLocked(body)) throw new TypeError("This ReadableStream is currently locked to a reader.");
}

// ---- from values

const TEXT = "text/plain;charset=UTF-8";
const FORM = "application/x-www-form-urlencoded;charset=UTF-8";

// What an object says it is; its module is only loaded to check that it really is.
function extractObject(value) {
  if (types().isBufferSource(value)) return { body: new BodyState(apply(slice, types().bytesOf(value), [])), type: null };
  const tag = value[Symbol.toStringTag];
  if (tag === "ReadableStream" && streams().isReadableStream(value)) return { body: fromStream(value), type: null };
  if ((tag === "Blob" || tag === "File") && blobs().isBlob(value)) {
    return { body: new BodyState(joined(blobs().chunksOf(value))), type: value.type || null };
  }
  if (tag === "FormData" && forms().isFormData(value)) {
    const { chunks, contentType } = forms().encodeMultipart(value);
    return { body: new BodyState(joined(chunks)), type: contentType };
  }
  if (tag === "URLSearchParams" && value instanceof urls().URLSearchParams) {
    return { body: new BodyState(value.toString()), type: FORM };
  }
  if (givesChunks(value)) return { body: fromStream(streams().ReadableStream.from(value)), type: null };
  return undefined;
}

const joined = (chunks) => blobs().join(chunks, chunks.reduce((length, chunk) => length + chunk.length, 0));

// Workers take iterables of bytes as bodies: asynchronous ones, and others unless they say what text they are.
function givesChunks(value) {
  if (!host.flag("fetch_iterable_type_support")) return false;
  if (typeof value[Symbol.asyncIterator] === "function") return true;
  if (typeof value[Symbol.iterator] !== "function" || value[Symbol.toPrimitive] !== undefined) return false;
  return value.toString === ObjectPrototype.toString || value.toString === Array.prototype.toString;
}

function fromStream(stream) {
  if (streams().isDisturbed(stream)) {
    throw new TypeError("This ReadableStream is disturbed (has already been read from), and cannot be used as a body.");
  }
  if (streams().isLocked(stream)) {
    throw new TypeError("This ReadableStream is locked to a reader, and cannot be used as a body.");
  }
  return new BodyState(undefined, stream);
}

export function extract(value) {
  if (typeof value === "string") return { body: new BodyState(value.toWellFormed()), type: TEXT };
  const known = isObject(value) ? extractObject(value) : undefined;
  return known ?? { body: new BodyState(DOMString(value).toWellFormed()), type: TEXT };
}

/** Whether a body is known to hold nothing. */
export const isEmpty = ({ payload }) => payload?.length === 0;

// ---- streams

function sourceOf({ payload, signal }) {
  if (typeof payload === "string" || isView(payload)) {
    let rest = payload;
    const pull = () => {
      const chunk = rest;
      rest = null;
      return typeof chunk === "string" ? encoding().utf8(chunk) : chunk && apply(slice, chunk, []);
    };
    return { pull, cancel() {}, handle: payload };
  }
  const pull = () => host.bodyPull(payload);
  return { pull: signal === undefined ? pull : () => orItsReason(pull, signal), cancel: () => host.bodyCancel(payload), handle: payload };
}

// What a signal broke off fails with the signal's reason.
async function orItsReason(read, signal) {
  try {
    return await read();
  } catch (error) {
    throw aborts().isAborted(signal) ? aborts().abortReason(signal) : error;
  }
}

function streamOf(body) {
  if (body.stream === undefined) {
    body.stream = streams().createNativeReadable(sourceOf(body));
    if (body.used) streams().takeNative(body.stream);
  }
  return body.stream;
}

const NOTHING = { payload: null, done: undefined };

/** Moves a body out to be sent on. */
export function payloadOf(body, why) {
  if (body === null) return NOTHING;
  refuseUsed(body);
  body.used = true;
  const payload = body.stream === undefined ? body.payload : streams().takeNative(body.stream);
  return payload === undefined ? written(body.stream, why) : { payload, done: undefined };
}

function written(stream, why) {
  const leave = () => {
    throw why();
  };
  const [writer, payload, gone] = host.bodyChannel(streams().fixedLengthOf(stream) ?? NaN);
  const sink = {
    write: (bytes) => {
      try {
        return host.bodyWrite(writer, bytes)?.catch(leave);
      } catch {
        leave();
      }
    },
    close: () => host.bodyEnd(writer),
    abort: (reason) => host.bodyAbort(writer, reason),
    gone: gone.then(why),
  };
  return { payload, done: streams().pumpTo(stream, sink) };
}

/** Ends a body that nobody will read. */
export function discard(body, reason) {
  const { stream } = body;
  if (stream !== undefined && streams().takeNative(stream) === undefined) stream.cancel(reason).catch(() => {});
  body.used = true;
}

/** The body for another Request; this one counts as used from now on. */
export function movedOut(body) {
  const { stream, signal } = body;
  const payload = stream === undefined ? body.payload : streams().takeNative(stream);
  const taken = new BodyState(payload, undefined);
  taken.signal = signal;
  if (payload === undefined) taken.stream = readables().moveReadable(stream);
  body.used = true;
  return taken;
}

export function cloneBody(body) {
  if (body === null) return null;
  if (isUnusable(body)) throw new TypeError("Body has already been used and cannot be cloned.");
  if (body.stream === undefined && (typeof body.payload === "string" || isView(body.payload))) {
    return new BodyState(body.payload);
  }
  const [kept, copy] = streams().teeBody(streamOf(body));
  body.payload = undefined;
  body.stream = kept;
  return new BodyState(undefined, copy);
}

// ---- consuming

const BOM = 0xfeff;
const withoutBom = (text) => (text.charCodeAt(0) === BOM ? text.slice(1) : text);
const asText = (bytes) => (typeof bytes === "string" ? withoutBom(bytes) : encoding().fromUtf8(bytes));
const asBytes = (bytes) => (typeof bytes === "string" ? encoding().utf8(bytes) : bytes);
const typeIn = (list) => list.get("content-type") ?? null;

// Bytes or text, at once or as a promise.
function drain(body, wantsText) {
  if (body === null) return "";
  refuseUsed(body);
  body.used = true;
  let { payload } = body;
  if (body.stream !== undefined) {
    payload = streams().takeNative(body.stream);
    if (payload === undefined) return streams().readAllBytes(body.stream);
  }
  if (typeof payload === "string") return payload;
  if (isView(payload)) return wantsText ? payload : apply(slice, payload, []);
  const read = () => (wantsText ? host.bodyText(payload) : host.bodyBytes(payload));
  return body.signal === undefined ? read() : orItsReason(read, body.signal);
}

async function consume({ body, list }, convert, wantsText) {
  const drained = drain(body, wantsText);
  return convert(typeof drained === "string" || isView(drained) ? drained : await drained, list);
}

const toBlob = (bytes, list) => {
  const type = typeIn(list);
  return blobs().blobFrom([asBytes(bytes)], type === null ? "" : host.mimeType(type));
};

function toForm(bytes, list) {
  const type = typeIn(list);
  if (type === null) throw new TypeError("Parsing a Body as FormData requires a Content-Type header.");
  return forms().parseFormData(asBytes(bytes), type);
}

const ILLEGAL_THIS =
  "Illegal invocation: function called with incorrect `this` reference. See https://developers.cloudflare.com/workers/observability/errors/#illegal-invocation-errors for details.";

/** The TypeError for a member that is called on something else. */
export const illegalThis = () => new TypeError(ILLEGAL_THIS);

const holders = [];

function holder(value) {
  for (let at = 0; at < holders.length; at++) {
    const state = holders[at](value);
    if (state !== undefined) return state;
  }
  throw illegalThis();
}

export class Body {
  constructor() {
    illegalConstructor();
  }

  get body() {
    const { body } = holder(this);
    return body === null ? null : streamOf(body);
  }

  get bodyUsed() {
    const { body } = holder(this);
    return body !== null && isUsed(body);
  }

  arrayBuffer() { return consume(holder(this), (bytes) => asBytes(bytes).buffer, false); }
  blob() { return consume(holder(this), toBlob, false); }
  bytes() { return consume(holder(this), asBytes, false); }
  formData() { return consume(holder(this), toForm, false); }
  json() { return consume(holder(this), (text) => JSON.parse(asText(text)), true); }
  text() { return consume(holder(this), asText, true); }
}
interface_(Body);

export function hold(Class, inside) {
  holders.push(inside);
  setPrototypeOf(Class.prototype, Body.prototype);
}
