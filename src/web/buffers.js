// Looks at buffers and views through captured built-ins: what a Worker defines on a view, or on the
// prototypes, is not consulted. All copies of bytes in the streams go through here.

const uncurry = (method) => Function.prototype.call.bind(method);
const { getOwnPropertyDescriptor, getPrototypeOf } = Object;
const getter = (prototype, key) => uncurry(getOwnPropertyDescriptor(prototype, key).get);

const TypedArrayPrototype = getPrototypeOf(Uint8Array.prototype);
const typedName = getter(TypedArrayPrototype, Symbol.toStringTag);
const typedBuffer = getter(TypedArrayPrototype, "buffer");
const typedOffset = getter(TypedArrayPrototype, "byteOffset");
const typedByteLength = getter(TypedArrayPrototype, "byteLength");
const typedLength = getter(TypedArrayPrototype, "length");
const typedSet = uncurry(TypedArrayPrototype.set);
const dataBuffer = getter(DataView.prototype, "buffer");
const dataOffset = getter(DataView.prototype, "byteOffset");
const dataByteLength = getter(DataView.prototype, "byteLength");
const bufferByteLength = getter(ArrayBuffer.prototype, "byteLength");
const sliceBuffer = uncurry(ArrayBuffer.prototype.slice);

const Bytes = Uint8Array;
const View = DataView;
const isAnyView = ArrayBuffer.isView;

export const isDetached = getter(ArrayBuffer.prototype, "detached");

const pinned = new WeakSet();
const transferBuffer = uncurry(ArrayBuffer.prototype.transfer);

/** Forbids to transfer a buffer: it shows the memory of a WebAssembly instance. */
export const pin = (buffer) => pinned.add(buffer);
export const isPinned = (buffer) => pinned.has(buffer);

/** Moves the bytes to a new buffer and detaches this one; throws a TypeError where that is not allowed. */
export function transfer(buffer) {
  if (pinned.has(buffer)) throw new TypeError("the memory of a WebAssembly instance cannot be transferred");
  return transferBuffer(buffer);
}

const CONSTRUCTORS = {
  __proto__: null,
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  BigInt64Array,
  BigUint64Array,
  Float16Array: globalThis.Float16Array,
  Float32Array,
  Float64Array,
};

export function isArrayBuffer(value) {
  try {
    bufferByteLength(value);
    return true;
  } catch {
    return false;
  }
}

export const lengthOfBuffer = (buffer) => bufferByteLength(buffer);

/** `ArrayBufferView` without [AllowShared]. Resizable buffers are taken, as in production: they are transferred at once. */
export function requireView(value, what) {
  if (!isAnyView(value)) throw new TypeError(`${what} must be an ArrayBufferView`);
  const buffer = bufferOf(value);
  if (!isArrayBuffer(buffer)) throw new TypeError(`${what} must not be backed by a SharedArrayBuffer`);
}

export const isUint8Array = (value) => isAnyView(value) && typedName(value) === "Uint8Array";
/** The constructor that makes a view of the same kind: DataView or one of the typed arrays. */
export const constructorOf = (view) => {
  const name = typedName(view);
  return name === undefined ? View : CONSTRUCTORS[name];
};
export const bufferOf = (view) => (typedName(view) === undefined ? dataBuffer(view) : typedBuffer(view));
export const byteLengthOf = (view) => (typedName(view) === undefined ? dataByteLength(view) : typedByteLength(view));
export const byteOffsetOf = (view) => (typedName(view) === undefined ? dataOffset(view) : typedOffset(view));
/** Elements in the view; bytes for a DataView. */
export const lengthOf = (view) => (typedName(view) === undefined ? dataByteLength(view) : typedLength(view));

/** The bytes under an ArrayBuffer or a view, not copied, empty when detached; undefined for anything else. */
export function bytesOf(value) {
  if (isAnyView(value)) {
    if (typedName(value) === "Uint8Array") return value;
    const buffer = bufferOf(value);
    return isDetached(buffer) ? new Bytes(0) : new Bytes(buffer, byteOffsetOf(value), byteLengthOf(value));
  }
  if (!isArrayBuffer(value)) return undefined;
  return isDetached(value) ? new Bytes(0) : new Bytes(value);
}

/** A copy of a view's bytes in a buffer of their own. */
export function copyOf(view) {
  const copy = new Bytes(byteLengthOf(view));
  typedSet(copy, bytesOf(view));
  return copy;
}

export function cloneRange(buffer, byteOffset, byteLength) {
  return sliceBuffer(buffer, byteOffset, byteOffset + byteLength);
}

export function copyRange(target, targetOffset, source, sourceOffset, byteLength) {
  typedSet(new Bytes(target, targetOffset, byteLength), new Bytes(source, sourceOffset, byteLength));
}

/** One array of all bytes of `list` (Uint8Arrays), `total` bytes long. */
export function concatenate(list, total) {
  const joined = new Bytes(total);
  let offset = 0;
  for (let i = 0; i < list.length; i += 1) {
    typedSet(joined, list[i], offset);
    offset += typedByteLength(list[i]);
  }
  return joined;
}
