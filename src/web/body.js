// The Body mixin of the Fetch standard, for Request and Response. A body is a payload (a native handle, bytes or text)
// until somebody asks for its stream; one that is only passed on stays a payload.
//
// extract(value) -> { body, type }; emptyOr(payload) -> BodyState or null; payloadOf(body) moves a body out to be sent:
// { payload, done } where `done` is a promise while a stream of JavaScript is written; cloneBody(body); bodyMixin(Class,
// inside) installs the members, `inside(object)` answers { body, list }.
import { host, lazy } from "internal:host";
import { DOMString, isObject } from "internal:webidl";

const streams = lazy("streams");
const blobs = lazy("blob");
const forms = lazy("formdata");
const urls = lazy("url");
const encoding = lazy("encoding");
const types = lazy("webidl_types");
const { apply } = Reflect;
const { slice } = Uint8Array.prototype;
const { isView } = ArrayBuffer;

class BodyState {
  constructor(payload, stream) {
    this.payload = payload;
    this.stream = stream;
    this.used = false;
  }
}

/** A body over what the host gave, null where it gave none. */
export const emptyOr = (payload) => (payload === null || payload === undefined ? null : new BodyState(payload, undefined));

const isUsed = (body) => body.used || (body.stream !== undefined && streams().isDisturbed(body.stream));
export const isUnusable = (body) => isUsed(body) || (body.stream !== undefined && streams().isLocked(body.stream));

const alreadyUsed = () =>
  new TypeError("Body has already been used. It can only be used once. Use tee() first if you need to read it twice.");

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
  return undefined;
}

const joined = (chunks) => blobs().join(chunks, chunks.reduce((length, chunk) => length + chunk.length, 0));

function fromStream(stream) {
  if (streams().isDisturbed(stream)) {
    throw new TypeError("This ReadableStream is disturbed (has already been read from), and cannot be used as a body.");
  }
  if (streams().isLocked(stream)) {
    throw new TypeError("This ReadableStream is currently locked to a reader, and cannot be used as a body.");
  }
  return new BodyState(undefined, stream);
}

export function extract(value) {
  if (typeof value === "string") return { body: new BodyState(value.toWellFormed()), type: TEXT };
  const known = isObject(value) ? extractObject(value) : undefined;
  return known ?? { body: new BodyState(DOMString(value).toWellFormed()), type: TEXT };
}

// ---- streams

function sourceOf(payload) {
  if (typeof payload === "string" || isView(payload)) {
    let rest = payload;
    const pull = () => {
      const chunk = rest;
      rest = null;
      return typeof chunk === "string" ? encoding().utf8(chunk) : chunk && apply(slice, chunk, []);
    };
    return { pull, cancel() {}, handle: payload };
  }
  return { pull: () => host.bodyPull(payload), cancel: () => host.bodyCancel(payload), handle: payload };
}

function streamOf(body) {
  if (body.stream === undefined) {
    body.stream = streams().createNativeReadable(sourceOf(body.payload));
    if (body.used) streams().takeNative(body.stream);
  }
  return body.stream;
}

/** Moves a body out to be sent on. */
export function payloadOf(body) {
  if (body === null) return { payload: null, done: undefined };
  if (isUnusable(body)) throw alreadyUsed();
  body.used = true;
  const payload = body.stream === undefined ? body.payload : streams().takeNative(body.stream);
  return payload === undefined ? written(body.stream) : { payload, done: undefined };
}

function written(stream) {
  const [writer, payload, gone] = host.bodyChannel(streams().fixedLengthOf(stream) ?? NaN);
  const sink = {
    write: (bytes) => host.bodyWrite(writer, bytes),
    close: () => host.bodyEnd(writer),
    abort: (reason) => host.bodyAbort(writer, `${reason?.message ?? reason}`),
    gone: gone.then(() => new Error("The client disconnected.")),
  };
  return { payload, done: streams().pumpTo(stream, sink) };
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

const asText = (bytes) => (typeof bytes === "string" ? bytes : encoding().fromUtf8(bytes));
const asBytes = (bytes) => (typeof bytes === "string" ? encoding().utf8(bytes) : bytes);

// Bytes or text, at once or as a promise.
function drain(body, wantsText) {
  if (body === null) return "";
  if (isUnusable(body)) throw alreadyUsed();
  body.used = true;
  let { payload } = body;
  if (body.stream !== undefined) {
    payload = streams().takeNative(body.stream);
    if (payload === undefined) return streams().readAllBytes(body.stream);
  }
  if (typeof payload === "string") return payload;
  if (isView(payload)) return wantsText ? payload : apply(slice, payload, []);
  return wantsText ? host.bodyText(payload) : host.bodyBytes(payload);
}

const USES = {
  arrayBuffer: { convert: (bytes) => asBytes(bytes).buffer },
  blob: { convert: (bytes, type) => blobs().blobFrom([asBytes(bytes)], type === null ? "" : host.mimeType(type)) },
  bytes: { convert: asBytes },
  formData: { convert: (bytes, type) => parseForm(asBytes(bytes), type) },
  json: { text: true, convert: (text) => JSON.parse(asText(text)) },
  text: { text: true, convert: asText },
};

function parseForm(bytes, type) {
  if (type === null) throw new TypeError("Parsing a Body as FormData requires a Content-Type header.");
  return forms().parseFormData(bytes, type);
}

export function bodyMixin(Class, inside) {
  const members = {
    get body() {
      const { body } = inside(this);
      return body === null ? null : streamOf(body);
    },
    get bodyUsed() {
      const { body } = inside(this);
      return body !== null && isUsed(body);
    },
  };
  const { defineProperties, getOwnPropertyDescriptors } = Object;
  defineProperties(Class.prototype, getOwnPropertyDescriptors(members));
  for (const name of Object.keys(USES)) Class.prototype[name] = consumer(inside, USES[name], name);
}

function consumer(inside, { convert, text = false }, name) {
  return {
    async [name]() {
      const { body, list } = inside(this);
      return convert(await drain(body, text), list.get("content-type") ?? null);
    },
  }[name];
}
