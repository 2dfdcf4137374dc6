// Buffer's readUInt8() to writeDoubleLE(): numbers of every width, over one DataView per call.
import { ERR_BUFFER_OUT_OF_BOUNDS, ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE } from "node:internal/errors";

const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function checkOffset(bytes, offset, width) {
  if (offset === undefined || typeof offset !== "number") throw new ERR_INVALID_ARG_TYPE("offset", "number", offset);
  const last = bytes.length - width;
  if (Number.isInteger(offset) && offset >= 0 && offset <= last) return;
  if (Math.floor(offset) !== offset) throw new ERR_OUT_OF_RANGE("offset", "an integer", offset);
  if (last < 0) throw new ERR_BUFFER_OUT_OF_BOUNDS();
  throw new ERR_OUT_OF_RANGE("offset", `>= 0 and <= ${last}`, offset);
}

function checkValue(value, min, max, width) {
  if (value <= max && value >= min) return;
  if (Number.isNaN(value)) return;
  const n = typeof min === "bigint" ? "n" : "";
  let range;
  if (width > 4 || n !== "") {
    const bits = width * 8;
    if (min === 0 || min === 0n) range = `>= 0${n} and < 2${n} ** ${bits}${n}`;
    else range = `>= -(2${n} ** ${bits - 1}${n}) and < 2${n} ** ${bits - 1}${n}`;
  } else {
    range = `>= ${min}${n} and <= ${max}${n}`;
  }
  throw new ERR_OUT_OF_RANGE("value", range, value);
}

function checkWidth(width) {
  if (width === undefined || typeof width !== "number") throw new ERR_INVALID_ARG_TYPE("byteLength", "number", width);
  if (Number.isInteger(width) && width >= 1 && width <= 6) return;
  if (Math.floor(width) !== width) throw new ERR_OUT_OF_RANGE("byteLength", "an integer", width);
  throw new ERR_OUT_OF_RANGE("byteLength", ">= 1 and <= 6", width);
}

function read(bytes, offset, width, little, signed) {
  let value = 0;
  for (let at = 0; at < width; at++) value = value * 256 + bytes[little ? offset + width - 1 - at : offset + at];
  const half = 2 ** (width * 8 - 1);
  return signed && value >= half ? value - half * 2 : value;
}

function write(bytes, value, offset, width, little, signed) {
  const given = +value;
  const half = 2 ** (width * 8 - 1);
  checkValue(given, signed ? -half : 0, signed ? half - 1 : half * 2 - 1, width);
  checkOffset(bytes, offset, width);
  let rest = Math.trunc(given) || 0;
  if (rest < 0) rest += half * 2;
  for (let at = 0; at < width; at++) {
    bytes[little ? offset + at : offset + width - 1 - at] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return offset + width;
}

function integers(define) {
  for (const signed of [false, true]) {
    for (const width of [1, 2, 4]) {
      for (const little of width === 1 ? [undefined] : [true, false]) {
        const end = little === undefined ? "" : little ? "LE" : "BE";
        const bits = width * 8;
        for (const name of signed ? [`Int${bits}${end}`] : [`UInt${bits}${end}`, `Uint${bits}${end}`]) {
          define({
            [`read${name}`](offset = 0) {
              checkOffset(this, offset, width);
              return read(this, offset, width, little, signed);
            },
            [`write${name}`](value, offset = 0) { return write(this, value, offset, width, little, signed); },
          });
        }
      }
    }
    for (const little of [true, false]) {
      const end = little ? "LE" : "BE";
      for (const name of signed ? [`Int${end}`] : [`UInt${end}`, `Uint${end}`]) {
        define({
          [`read${name}`](offset, byteLength) {
            if (offset === undefined) throw new ERR_INVALID_ARG_TYPE("offset", "number", offset);
            checkWidth(byteLength);
            checkOffset(this, offset, byteLength);
            return read(this, offset, byteLength, little, signed);
          },
          [`write${name}`](value, offset, byteLength) {
            checkWidth(byteLength);
            return write(this, value, offset, byteLength, little, signed);
          },
        });
      }
    }
  }
}

function wholeNumbers(define) {
  for (const signed of [false, true]) {
    const [min, max] = signed ? [-(2n ** 63n), 2n ** 63n - 1n] : [0n, 2n ** 64n - 1n];
    for (const little of [true, false]) {
      const end = little ? "LE" : "BE";
      const kind = signed ? "BigInt64" : "BigUint64";
      for (const name of signed ? [`BigInt64${end}`] : [`BigUInt64${end}`, `BigUint64${end}`]) {
        define({
          [`read${name}`](offset = 0) {
            checkOffset(this, offset, 8);
            return viewOf(this)[`get${kind}`](offset, little);
          },
          [`write${name}`](value, offset = 0) {
            if (typeof value !== "bigint") throw new ERR_INVALID_ARG_TYPE("value", "bigint", value);
            checkValue(value, min, max, 8);
            checkOffset(this, offset, 8);
            viewOf(this)[`set${kind}`](offset, value, little);
            return offset + 8;
          },
        });
      }
    }
  }
}

function floats(define) {
  for (const [name, kind, width] of [["Float", "Float32", 4], ["Double", "Float64", 8]]) {
    for (const little of [true, false]) {
      const end = little ? "LE" : "BE";
      define({
        [`read${name}${end}`](offset = 0) {
          checkOffset(this, offset, width);
          return viewOf(this)[`get${kind}`](offset, little);
        },
        [`write${name}${end}`](value, offset = 0) {
          checkOffset(this, offset, width);
          viewOf(this)[`set${kind}`](offset, value, little);
          return offset + width;
        },
      });
    }
  }
}

/** Puts the methods on Buffer's prototype. */
export function defineNumberMethods(define) {
  integers(define);
  wholeNumbers(define);
  floats(define);
}
