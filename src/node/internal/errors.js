// Errors with codes, as Node.js's modules throw them: `new ERR_OUT_OF_RANGE("offset", ">= 0", -1)`.
import { lazy } from "internal:host";

const inspector = lazy("node:internal/inspect");
const inspect = (value, options = undefined) => inspector().inspect(value, options);

/** A class of errors; `message` makes their text from the constructor's arguments, and may set properties. */
function define(code, message, ...Bases) {
  const make = (Base) => {
    const Class = class NodeError extends Base {
      constructor(...args) {
        super();
        const text = typeof message === "function" ? message.apply(this, args) : message;
        Object.defineProperties(this, {
          message: { value: text, enumerable: false, writable: true, configurable: true },
          toString: { value() { return `${this.name} [${code}]: ${this.message}`; }, enumerable: false, writable: true, configurable: true },
        });
        this.code = code;
      }
    };
    // Errors are told apart by their code; to the outside they are of the standard's classes.
    Object.defineProperty(Class, "name", { value: Base.name });
    Object.defineProperty(Class.prototype, "constructor", { value: Base, writable: true, enumerable: false, configurable: true });
    return Class;
  };
  const Class = make(Bases[0]);
  for (const Other of Bases.slice(1)) Class[Other.name] = make(Other);
  return Class;
}

export function hideStackFrames(callback) {
  callback.withoutStackTrace = callback;
  return callback;
}

/** `a value` in words, behind "Received". */
export function received(value) {
  if (value === null || value === undefined) return ` Received ${value}`;
  if (typeof value === "function") return ` Received function ${value.name}`;
  if (typeof value === "object") {
    const name = value.constructor?.name;
    return name ? ` Received an instance of ${name}` : ` Received ${inspect(value, { depth: -1 })}`;
  }
  let text = inspect(value, { colors: false });
  if (text.length > 28) text = `${text.slice(0, 25)}...`;
  return ` Received type ${typeof value} (${text})`;
}

const TYPES = ["string", "function", "number", "object", "Function", "Object", "boolean", "bigint", "symbol"];

const list = (words, last) => {
  if (words.length <= 2) return words.join(` ${last} `);
  return `${words.slice(0, -1).join(", ")}, ${last} ${words.at(-1)}`;
};

function expectation(expected) {
  const types = [];
  const instances = [];
  const others = [];
  for (const value of Array.isArray(expected) ? expected : [expected]) {
    if (TYPES.includes(value)) types.push(value.toLowerCase());
    else if (/^([A-Z][a-z0-9]*)+$/.test(value)) instances.push(value);
    else others.push(value);
  }
  // With classes named as well, "object" is one of them.
  if (instances.length > 0 && types.includes("object")) {
    types.splice(types.indexOf("object"), 1);
    instances.push("Object");
  }
  const parts = [];
  if (types.length > 0) parts.push(`${types.length > 1 ? "one of type" : "of type"} ${list(types, "or")}`);
  if (instances.length > 0) parts.push(`an instance of ${list(instances, "or")}`);
  if (others.length > 1) parts.push(`one of ${list(others, "or")}`);
  else if (others.length === 1) parts.push(others[0].toLowerCase() === others[0] ? others[0] : `${/^[A-Z]/.test(others[0]) ? "an " : ""}${others[0]}`);
  return parts.join(" or ");
}

const argument = (name) => (name.endsWith(" argument") ? name : `"${name}" ${name.includes(".") ? "property" : "argument"}`);

export const ERR_INVALID_ARG_TYPE = define("ERR_INVALID_ARG_TYPE",
  (name, expected, actual) => `The ${argument(name)} must be ${expectation(expected)}.${received(actual)}`, TypeError);

export const ERR_INVALID_ARG_VALUE = define("ERR_INVALID_ARG_VALUE", (name, value, reason = "is invalid") => {
  let text = inspect(value);
  if (text.length > 128) text = `${text.slice(0, 128)}...`;
  return `The ${name.includes(".") ? "property" : "argument"} '${name}' ${reason}. Received ${text}`;
}, TypeError, RangeError);

/** 1234567 -> 1_234_567 */
function grouped(text) {
  let result = "";
  let end = text.length;
  const start = text[0] === "-" ? 1 : 0;
  for (; end >= start + 4; end -= 3) result = `_${text.slice(end - 3, end)}${result}`;
  return `${text.slice(0, end)}${result}`;
}

export const ERR_OUT_OF_RANGE = define("ERR_OUT_OF_RANGE", (name, range, input, replaceDefault = false) => {
  let text;
  if (Number.isInteger(input) && Math.abs(input) > 2 ** 32) text = grouped(String(input));
  else if (typeof input === "bigint") text = `${input > 2n ** 32n || input < -(2n ** 32n) ? grouped(String(input)) : input}n`;
  else text = inspect(input);
  return `${replaceDefault ? name : `The value of "${name}" is out of range.`} It must be ${range}. Received ${text}`;
}, RangeError);


export const ERR_ARG_NOT_ITERABLE = define("ERR_ARG_NOT_ITERABLE", (name) => `${name} must be iterable`, TypeError);
export const ERR_AMBIGUOUS_ARGUMENT = define("ERR_AMBIGUOUS_ARGUMENT", (name, reason) => `The "${name}" argument is ambiguous. ${reason}`, TypeError);
export const ERR_ASSERTION = define("ERR_ASSERTION", (text) => text, Error);
export const ERR_ASYNC_CALLBACK = define("ERR_ASYNC_CALLBACK", (name) => `${name} must be a function`, TypeError);
export const ERR_ASYNC_TYPE = define("ERR_ASYNC_TYPE", (name) => `Invalid name for async "type": ${name}`, TypeError);
export const ERR_BROTLI_INVALID_PARAM = define("ERR_BROTLI_INVALID_PARAM", (name) => `${name} is not a valid Brotli parameter`, RangeError);
export const ERR_ZSTD_INVALID_PARAM = define("ERR_ZSTD_INVALID_PARAM", (name) => `${name} is not a valid zstd parameter`, RangeError);
export const ERR_BUFFER_OUT_OF_BOUNDS = define("ERR_BUFFER_OUT_OF_BOUNDS",
  (name) => (name ? `"${name}" is outside of buffer bounds` : "Attempt to access memory outside buffer bounds"), RangeError);
export const ERR_BUFFER_TOO_LARGE = define("ERR_BUFFER_TOO_LARGE", (limit) => `Cannot create a Buffer larger than ${limit} bytes`, RangeError);
export const ERR_CONSTRUCT_CALL_REQUIRED = define("ERR_CONSTRUCT_CALL_REQUIRED", "Class constructor cannot be invoked without `new`", TypeError);
export const ERR_CRYPTO_FIPS_UNAVAILABLE = define("ERR_CRYPTO_FIPS_UNAVAILABLE", "Cannot set FIPS mode in a non-FIPS build.", Error);
export const ERR_CRYPTO_HASH_FINALIZED = define("ERR_CRYPTO_HASH_FINALIZED", "Digest already called", Error);
export const ERR_CRYPTO_HASH_UPDATE_FAILED = define("ERR_CRYPTO_HASH_UPDATE_FAILED", "Hash update failed", Error);
export const ERR_CRYPTO_INVALID_DIGEST = define("ERR_CRYPTO_INVALID_DIGEST", (name) => `Invalid digest: ${name}`, TypeError);
export const ERR_CRYPTO_INVALID_KEYLEN = define("ERR_CRYPTO_INVALID_KEYLEN", "Invalid key length", RangeError);
export const ERR_CRYPTO_INVALID_SCRYPT_PARAMS = define("ERR_CRYPTO_INVALID_SCRYPT_PARAMS", (text) => (text ? `Invalid scrypt params: ${text}` : "Invalid scrypt params"), RangeError);
export const ERR_CRYPTO_INVALID_STATE = define("ERR_CRYPTO_INVALID_STATE", (name) => `Invalid state for operation ${name}`, Error);
export const ERR_CRYPTO_INVALID_IV = define("ERR_CRYPTO_INVALID_IV", "Invalid initialization vector", TypeError);
export const ERR_CRYPTO_INVALID_AUTH_TAG = define("ERR_CRYPTO_INVALID_AUTH_TAG", (text) => text, TypeError);
export const ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE = define("ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE", (actual, wanted) => `Invalid key object type ${actual}, expected ${wanted}.`, TypeError);
export const ERR_CRYPTO_INVALID_JWK = define("ERR_CRYPTO_INVALID_JWK", "Invalid JWK data", TypeError);
export const ERR_CRYPTO_INCOMPATIBLE_KEY = define("ERR_CRYPTO_INCOMPATIBLE_KEY", (name, expected) => `Incompatible ${name}: ${expected}`, Error);
export const ERR_CRYPTO_INCOMPATIBLE_KEY_OPTIONS = define("ERR_CRYPTO_INCOMPATIBLE_KEY_OPTIONS", (kind, reason) => `The selected key encoding ${kind} ${reason}.`, Error);
export const ERR_CRYPTO_ECDH_INVALID_FORMAT = define("ERR_CRYPTO_ECDH_INVALID_FORMAT", (format) => `Invalid ECDH format: ${format}`, TypeError);
export const ERR_CRYPTO_ECDH_INVALID_PUBLIC_KEY = define("ERR_CRYPTO_ECDH_INVALID_PUBLIC_KEY", "Public key is not valid for specified curve", Error);
export const ERR_CRYPTO_SIGN_KEY_REQUIRED = define("ERR_CRYPTO_SIGN_KEY_REQUIRED", "No key provided to sign", Error);
export const ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH = define("ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH", "Input buffers must have the same byte length", RangeError);
export const ERR_CRYPTO_UNKNOWN_CIPHER = define("ERR_CRYPTO_UNKNOWN_CIPHER", "Unknown cipher", Error);
export const ERR_CRYPTO_UNKNOWN_DH_GROUP = define("ERR_CRYPTO_UNKNOWN_DH_GROUP", "Unknown DH group", Error);
export const ERR_CRYPTO_UNSUPPORTED_OPERATION = define("ERR_CRYPTO_UNSUPPORTED_OPERATION", "Unsupported crypto operation", Error);
export const ERR_DIR_CLOSED = define("ERR_DIR_CLOSED", "Directory handle was closed", Error);
export const ERR_DIR_CONCURRENT_OPERATION = define("ERR_DIR_CONCURRENT_OPERATION", "Cannot do synchronous work on directory handle with concurrent asynchronous operations", Error);
export const ERR_ENCODING_INVALID_ENCODED_DATA = define("ERR_ENCODING_INVALID_ENCODED_DATA", (encoding) => `The encoded data was not valid for encoding ${encoding}`, TypeError);
export const ERR_EVENT_RECURSION = define("ERR_EVENT_RECURSION", (type) => `The event "${type}" is already being dispatched`, Error);
export const ERR_FALSY_VALUE_REJECTION = define("ERR_FALSY_VALUE_REJECTION", function (reason) {
  this.reason = reason;
  return "Promise was rejected with falsy value";
}, Error);
export const ERR_FEATURE_UNAVAILABLE_ON_PLATFORM = define("ERR_FEATURE_UNAVAILABLE_ON_PLATFORM", (name) => `The feature ${name} is unavailable on the current platform, which is being used to run Node.js`, TypeError);
export const ERR_FS_CP_DIR_TO_NON_DIR = define("ERR_FS_CP_DIR_TO_NON_DIR", (text) => text, Error);
export const ERR_FS_CP_EINVAL = define("ERR_FS_CP_EINVAL", (text) => text, Error);
export const ERR_FS_CP_EEXIST = define("ERR_FS_CP_EEXIST", (text) => text, Error);
export const ERR_FS_CP_NON_DIR_TO_DIR = define("ERR_FS_CP_NON_DIR_TO_DIR", (text) => text, Error);
export const ERR_FS_EISDIR = define("ERR_FS_EISDIR", (text) => text, Error);
export const ERR_FS_FILE_TOO_LARGE = define("ERR_FS_FILE_TOO_LARGE", (size) => `File size (${size}) is greater than 2 GiB`, RangeError);
export const ERR_FS_INVALID_SYMLINK_TYPE = define("ERR_FS_INVALID_SYMLINK_TYPE", (type) => `Symlink type must be one of "dir", "file", or "junction". Received "${type}"`, Error);
export const ERR_HTTP_HEADERS_SENT = define("ERR_HTTP_HEADERS_SENT", (what) => `Cannot ${what} headers after they are sent to the client`, Error);
export const ERR_HTTP_INVALID_HEADER_VALUE = define("ERR_HTTP_INVALID_HEADER_VALUE", (value, name) => `Invalid value "${value}" for header "${name}"`, TypeError);
export const ERR_HTTP_INVALID_STATUS_CODE = define("ERR_HTTP_INVALID_STATUS_CODE", (code) => `Invalid status code: ${code}`, RangeError);
export const ERR_HTTP_BODY_NOT_ALLOWED = define("ERR_HTTP_BODY_NOT_ALLOWED", "Adding content for this request method or response status is not allowed.", Error);
export const ERR_HTTP_CONTENT_LENGTH_MISMATCH = define("ERR_HTTP_CONTENT_LENGTH_MISMATCH", (actual, wanted) => `Response body's content-length of ${actual} byte(s) does not match the content-length of ${wanted} byte(s) set in header`, Error);
export const ERR_HTTP_TRAILER_INVALID = define("ERR_HTTP_TRAILER_INVALID", "Trailers are invalid with this transfer encoding", Error);
export const ERR_INVALID_CHAR = define("ERR_INVALID_CHAR", (name, field = undefined) => `Invalid character in ${name}${field === undefined ? "" : ` ["${field}"]`}`, TypeError);
export const ERR_INVALID_HTTP_TOKEN = define("ERR_INVALID_HTTP_TOKEN", (name, field) => `${name} must be a valid HTTP token ["${field}"]`, TypeError);
export const ERR_INVALID_PROTOCOL = define("ERR_INVALID_PROTOCOL", (actual, wanted) => `Protocol "${actual}" not supported. Expected "${wanted}"`, TypeError);
export const ERR_UNESCAPED_CHARACTERS = define("ERR_UNESCAPED_CHARACTERS", (name) => `${name} contains unescaped characters`, TypeError);
export const ERR_ILLEGAL_CONSTRUCTOR = define("ERR_ILLEGAL_CONSTRUCTOR", "Illegal constructor", TypeError);
export const ERR_INCOMPATIBLE_OPTION_PAIR = define("ERR_INCOMPATIBLE_OPTION_PAIR", (one, other) => `Option "${one}" cannot be used in combination with option "${other}"`, TypeError);
export const ERR_INSPECTOR_NOT_AVAILABLE = define("ERR_INSPECTOR_NOT_AVAILABLE", "Inspector is not available", Error);
export const ERR_INVALID_ADDRESS = define("ERR_INVALID_ADDRESS", (address) => `Invalid address: ${address}`, Error);
export const ERR_INVALID_BUFFER_SIZE = define("ERR_INVALID_BUFFER_SIZE", (multiple) => `Buffer size must be a multiple of ${multiple}`, RangeError);
export const ERR_INVALID_CURSOR_POS = define("ERR_INVALID_CURSOR_POS", "Cannot set cursor row without setting its column", TypeError);
export const ERR_INVALID_FD = define("ERR_INVALID_FD", (fd) => `"fd" must be a positive integer: ${fd}`, RangeError);
export const ERR_INVALID_FILE_URL_HOST = define("ERR_INVALID_FILE_URL_HOST", (platform) => `File URL host must be "localhost" or empty on ${platform}`, TypeError);
export const ERR_INVALID_FILE_URL_PATH = define("ERR_INVALID_FILE_URL_PATH", (reason) => `File URL path ${reason}`, TypeError);
export const ERR_INVALID_IP_ADDRESS = define("ERR_INVALID_IP_ADDRESS", (address) => `Invalid IP address: ${address}`, TypeError);
export const ERR_INVALID_MIME_SYNTAX = define("ERR_INVALID_MIME_SYNTAX", (production, text, at) => `The MIME syntax for a ${production} in "${text}" is invalid${at === -1 || at === undefined ? "" : ` at ${at}`}`, TypeError);
export const ERR_INVALID_RETURN_VALUE = define("ERR_INVALID_RETURN_VALUE", (input, name, value) => {
  const type = value?.constructor?.name ? `instance of ${value.constructor.name}` : `type ${typeof value}`;
  return `Expected ${input} to be returned from the "${name}" function but got ${type}.`;
}, TypeError);
export const ERR_INVALID_STATE = define("ERR_INVALID_STATE", (text) => `Invalid state: ${text}`, Error, TypeError, RangeError);
export const ERR_INVALID_THIS = define("ERR_INVALID_THIS", (type) => `Value of "this" must be of type ${type}`, TypeError);
export const ERR_INVALID_TUPLE = define("ERR_INVALID_TUPLE", (name, kind) => `${name} must be an iterable ${kind} tuple`, TypeError);
export const ERR_INVALID_URI = define("ERR_INVALID_URI", "URI malformed", URIError);
export const ERR_INVALID_URL = define("ERR_INVALID_URL", function (input, base = undefined) {
  Object.defineProperty(this, "input", { value: input, enumerable: false, writable: true, configurable: true });
  if (base !== undefined) this.base = base;
  return "Invalid URL";
}, TypeError);
export const ERR_INVALID_URL_SCHEME = define("ERR_INVALID_URL_SCHEME", (expected) => `The URL must be of scheme ${[expected].flat().join(" or ")}`, TypeError);
export const ERR_METHOD_NOT_IMPLEMENTED = define("ERR_METHOD_NOT_IMPLEMENTED", (name) => `The ${name} method is not implemented`, Error);
export const ERR_OPTION_NOT_IMPLEMENTED = define("ERR_OPTION_NOT_IMPLEMENTED", (name) => `The ${name} option is not implemented`, Error);
export const ERR_MISSING_ARGS = define("ERR_MISSING_ARGS", (...names) => {
  const words = names.map((name) => (Array.isArray(name) ? name.map((one) => `"${one}"`).join(" or ") : `"${name}"`));
  return `The ${list(words, "and")} argument${names.length > 1 ? "s" : ""} must be specified`;
}, TypeError);
export const ERR_MISSING_OPTION = define("ERR_MISSING_OPTION", (name) => `${name} is required`, TypeError);
export const ERR_MULTIPLE_CALLBACK = define("ERR_MULTIPLE_CALLBACK", "Callback called multiple times", Error);
export const ERR_PARSE_ARGS_INVALID_OPTION_VALUE = define("ERR_PARSE_ARGS_INVALID_OPTION_VALUE", (text) => text, TypeError);
export const ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL = define("ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL", (text) => `Unexpected argument '${text}'. This command does not take positional arguments`, TypeError);
export const ERR_PARSE_ARGS_UNKNOWN_OPTION = define("ERR_PARSE_ARGS_UNKNOWN_OPTION", (option, positionals) => `Unknown option '${option}'${positionals ? `. To specify a positional argument starting with a '-', place it at the end of the command after '--', as in '-- "${option}"` : ""}`, TypeError);
export const ERR_PERFORMANCE_INVALID_TIMESTAMP = define("ERR_PERFORMANCE_INVALID_TIMESTAMP", (value) => `${value} is not a valid timestamp`, TypeError);
export const ERR_SERVER_ALREADY_LISTEN = define("ERR_SERVER_ALREADY_LISTEN", "Listen method has been called more than once without closing.", Error);
export const ERR_SERVER_NOT_RUNNING = define("ERR_SERVER_NOT_RUNNING", "Server is not running.", Error);
export const ERR_SOCKET_BAD_PORT = define("ERR_SOCKET_BAD_PORT", (name, port, allowZero = true) => `${name} should be ${allowZero ? ">=" : ">"} 0 and < 65536.${received(port)}.`, RangeError);
export const ERR_SOCKET_CLOSED = define("ERR_SOCKET_CLOSED", "Socket is closed", Error);
export const ERR_SOCKET_CLOSED_BEFORE_CONNECTION = define("ERR_SOCKET_CLOSED_BEFORE_CONNECTION", "Socket closed before the connection was established", Error);
export const ERR_SOCKET_CONNECTING = define("ERR_SOCKET_CONNECTING", "Socket is already connecting", Error);
export const ERR_STREAM_ALREADY_FINISHED = define("ERR_STREAM_ALREADY_FINISHED", (name) => `Cannot call ${name} after a stream was finished`, Error);
export const ERR_STREAM_CANNOT_PIPE = define("ERR_STREAM_CANNOT_PIPE", "Cannot pipe, not readable", Error);
export const ERR_STREAM_DESTROYED = define("ERR_STREAM_DESTROYED", (name) => `Cannot call ${name} after a stream was destroyed`, Error);
export const ERR_STREAM_NULL_VALUES = define("ERR_STREAM_NULL_VALUES", "May not write null values to stream", TypeError);
export const ERR_STREAM_PREMATURE_CLOSE = define("ERR_STREAM_PREMATURE_CLOSE", "Premature close", Error);
export const ERR_STREAM_PUSH_AFTER_EOF = define("ERR_STREAM_PUSH_AFTER_EOF", "stream.push() after EOF", Error);
export const ERR_STREAM_UNSHIFT_AFTER_END_EVENT = define("ERR_STREAM_UNSHIFT_AFTER_END_EVENT", "stream.unshift() after end event", Error);
export const ERR_STREAM_WRITE_AFTER_END = define("ERR_STREAM_WRITE_AFTER_END", "write after end", Error);
export const ERR_TLS_CERT_ALTNAME_FORMAT = define("ERR_TLS_CERT_ALTNAME_FORMAT", "Invalid subject alternative name string", SyntaxError);
export const ERR_TLS_CERT_ALTNAME_INVALID = define("ERR_TLS_CERT_ALTNAME_INVALID", function (reason, host, cert) {
  Object.assign(this, { reason, host, cert });
  return `Hostname/IP does not match certificate's altnames: ${reason}`;
}, Error);
export const ERR_TLS_INVALID_CONTEXT = define("ERR_TLS_INVALID_CONTEXT", (name) => `${name} must be a SecureContext`, TypeError);
export const ERR_TRACE_EVENTS_CATEGORY_REQUIRED = define("ERR_TRACE_EVENTS_CATEGORY_REQUIRED", "At least one category is required", TypeError);
export const ERR_UNAVAILABLE_DURING_EXIT = define("ERR_UNAVAILABLE_DURING_EXIT", "Cannot call function in process exit handler", Error);
export const ERR_UNHANDLED_ERROR = define("ERR_UNHANDLED_ERROR", (error = undefined) => (error === undefined ? "Unhandled error." : `Unhandled error. (${error})`), Error);
export const ERR_UNKNOWN_ENCODING = define("ERR_UNKNOWN_ENCODING", (encoding) => `Unknown encoding: ${encoding}`, TypeError);
export const ERR_UNKNOWN_SIGNAL = define("ERR_UNKNOWN_SIGNAL", (signal) => `Unknown signal: ${signal}`, TypeError);
export const ERR_UNSUPPORTED_OPERATION = define("ERR_UNSUPPORTED_OPERATION", "The requested operation is unsupported", Error);
export const ERR_USE_AFTER_CLOSE = define("ERR_USE_AFTER_CLOSE", (name) => `${name} was closed`, Error);
export const ERR_VALID_PERFORMANCE_ENTRY_TYPE = define("ERR_VALID_PERFORMANCE_ENTRY_TYPE", "At least one valid performance entry type is required", Error);
export const ERR_WORKER_UNSUPPORTED_OPERATION = define("ERR_WORKER_UNSUPPORTED_OPERATION", (name) => `${name} is not supported in workers`, TypeError);
export const ERR_ZLIB_INITIALIZATION_FAILED = define("ERR_ZLIB_INITIALIZATION_FAILED", "Initialization failed", Error);

export class AbortError extends Error {
  constructor(message = "The operation was aborted", options = undefined) {
    super(message, options);
    this.code = "ABORT_ERR";
    this.name = "AbortError";
  }
}

/** An error of the system: code, call and number. */
export function systemError(code, number, syscall, text, more = {}) {
  return Object.assign(new Error(`${code}: ${text}`), { errno: number, code, syscall, ...more });
}

export function aggregateTwoErrors(inner, outer) {
  if (!inner || !outer || inner === outer) return inner || outer;
  if (Array.isArray(outer.errors)) {
    outer.errors.push(inner);
    return outer;
  }
  const both = new AggregateError([outer, inner], outer.message);
  both.code = outer.code;
  return both;
}

/** A method that the platform has not: throws when it is called. */
export const notImplemented = (name) => ({
  [name]() { throw new ERR_METHOD_NOT_IMPLEMENTED(name); },
})[name];
