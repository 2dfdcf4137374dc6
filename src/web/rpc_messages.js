// Objects of the platform in calls between Workers: requests, responses, headers, streams and blobs.
//
// describePlatform(value)   [kind, ...values] as `serial.js` has it, undefined for what cannot be sent.
// revivers[kind](...values) the way back.
import { host, lazy } from "internal:host";
import { Request, disconnected, partsOf } from "internal:request";
import { Response, responseParts } from "internal:response";
import { payloadOf } from "internal:body";
import { Headers } from "internal:headers";

const streams = lazy("streams");
const writables = lazy("streams_writable");
const blobs = lazy("blob");
const types = lazy("webidl_types");
const nothing = () => {};

// A body that is written here keeps its event going until its end.
function payload(body) {
  const { payload: handle, done } = payloadOf(body, disconnected);
  if (done !== undefined) host.eventOf(host.invocationId())?.until(done);
  return handle;
}

function describeRequest(request, { method, url, body, redirect }) {
  return ["Request", url, method, [...request.headers], payload(body), redirect, request.cf];
}

function describeResponse(response, { status, body, cf }) {
  return ["Response", status, response.statusText, [...response.headers], payload(body), cf];
}

function describeReadable(stream) {
  if (streams().isLocked(stream)) throw new TypeError("The ReadableStream has been locked to a reader.");
  const length = streams().fixedLengthOf(stream);
  return ["Readable", payload({ payload: undefined, stream, used: false }), length];
}

// The receiver writes into a channel, and what comes out of it is written here.
function describeWritable(stream) {
  if (stream.locked) throw new TypeError("The WritableStream has been locked to a writer.");
  const [writer, handle, gone] = host.bodyChannel(NaN);
  gone.catch(nothing);
  host.eventOf(host.invocationId())?.until(readableOf(handle).pipeTo(stream).catch(nothing));
  return ["Writable", writer];
}

export function describePlatform(value) {
  const request = partsOf(value);
  if (request !== undefined) return describeRequest(value, request);
  const response = responseParts(value);
  if (response !== undefined) return describeResponse(value, response);
  if (value instanceof Headers) return ["Headers", [...value]];
  const tag = value[Symbol.toStringTag];
  if (tag === "ReadableStream" && streams().isReadableStream(value)) return describeReadable(value);
  if (tag === "WritableStream" && writables().writableStateFor(value) !== undefined) return describeWritable(value);
  if (tag === "Blob" && blobs().isBlob(value)) {
    const chunks = blobs().chunksOf(value);
    return ["Blob", value.type, blobs().join(chunks, value.size).slice()];
  }
  return undefined;
}

function readableOf(handle) {
  if (handle === null) return null;
  if (typeof handle === "string" || ArrayBuffer.isView(handle)) return new Response(handle).body;
  const pull = () => host.bodyPull(handle);
  return streams().createNativeReadable({ pull, cancel: () => host.bodyCancel(handle), handle });
}

function writableOf(writer) {
  return new (writables().WritableStream)({
    write(chunk) {
      const bytes = types().isBufferSource(chunk) ? types().bytesOf(chunk) : undefined;
      if (bytes === undefined) throw new TypeError("This WritableStream only supports writing byte types.");
      return host.bodyWrite(writer, bytes);
    },
    close: () => host.bodyEnd(writer),
    abort: (reason) => host.bodyAbort(writer, reason),
  });
}

export const revivers = {
  __proto__: null,
  Headers: (pairs) => new Headers(pairs),
  Readable: (handle) => readableOf(handle),
  Writable: (writer) => writableOf(writer),
  Blob: (type, bytes) => blobs().blobFrom([bytes], type),
  Request: (url, method, headers, body, redirect, cf) =>
    new Request(url, { method, headers, body: readableOf(body), redirect, cf }),
  Response: (status, statusText, headers, body, cf) => new Response(readableOf(body), { status, statusText, headers, cf }),
};
