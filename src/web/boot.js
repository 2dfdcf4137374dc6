// Evaluated first in every isolate, so it is tiny: makes the bare QuickJS realm look like the V8 of Workers.
// Stack texts, `Error.prepareStackTrace`, no code from strings while a request is served, no blocking, no extras.

import { host, lazy } from "internal:host";

const callsite = lazy("callsite");
const { defineProperty, getOwnPropertyDescriptor, setPrototypeOf, construct, apply } = Reflect;
const NativeError = Error;

// ---- error.stack
// QuickJS stores the frames alone. V8 puts "Name: message" before them and formats on the first read; so do we, which
// also makes an error that nobody looks at cheap. `prepareStackTrace` must not reach QuickJS, which would call it for
// every thrown value; it is an ordinary property here, read when the stack is.

const framesOf = getOwnPropertyDescriptor(NativeError.prototype, "stack").get;
const capture = NativeError.captureStackTrace;
const captured = new WeakMap();
delete NativeError.prepareStackTrace;

function headline(error) {
  try {
    const { name = "Error", message = "" } = error;
    return name === "" || message === "" ? `${name}${message}` : `${name}: ${message}`;
  } catch {
    return "Error";
  }
}

/** QuickJS's frames as V8 writes them; our own modules do not show. */
function frames(raw) {
  return raw
    .replace(/^(?:    at .* \(native\)\n)*    at (?:.*\()?internal:.*\n/gm, "")
    .replace(/^    at <anonymous> \((?!native\))(.*)\)$/gm, "    at $1")
    .replace(/\(native\)$/gm, "(<anonymous>)")
    .trimEnd();
}

function setStack(value) {
  defineProperty(this, "stack", { value, writable: true, enumerable: false, configurable: true });
}

function readStack() {
  const raw = captured.get(this) ?? apply(framesOf, this, []);
  if (typeof raw !== "string") return raw === null ? undefined : raw;
  const text = frames(raw);
  const prepare = NativeError.prepareStackTrace;
  let stack = headline(this);
  if (typeof prepare === "function") stack = apply(prepare, NativeError, [this, callsite().callSites(text)]);
  else if (text !== "") stack += `\n${text}`;
  apply(setStack, this, [stack]);
  return stack;
}

const accessor = { get: readStack, set: setStack, enumerable: false, configurable: true };
defineProperty(NativeError.prototype, "stack", accessor);

/** Gives an object a `stack` made of QuickJS's `raw` frames. */
export function adoptStack(object, raw) {
  captured.set(object, raw);
  defineProperty(object, "stack", accessor);
}

function captureStackTrace(target, constructorOpt) {
  const holder = {};
  capture(holder, typeof constructorOpt === "function" ? constructorOpt : captureStackTrace);
  if ((typeof target !== "object" && typeof target !== "function") || target === null) throw new TypeError("Invalid argument");
  adoptStack(target, holder.stack);
}
defineProperty(NativeError, "captureStackTrace", { value: captureStackTrace });

// ---- code from strings: allowed at start-up, as on Cloudflare

const atStartup = host.flag("allow_eval_during_startup");
const mayEvaluate = () => atStartup && host.isStartup();
const refusal = () => new EvalError("Code generation from strings disallowed for this context");
const nativeEval = globalThis.eval;
const guardedEval = { eval(source) { if (typeof source === "string") throw refusal(); return source; } }.eval;

// A getter, because direct eval is recognised by being QuickJS's own function.
defineProperty(globalThis, "eval", {
  get: () => (mayEvaluate() ? nativeEval : guardedEval),
  set(value) { defineProperty(globalThis, "eval", { value, writable: true, enumerable: false, configurable: true }); },
  enumerable: false,
  configurable: true,
});

function guard(Native, parent) {
  const Guarded = function () {
    if (!mayEvaluate()) throw refusal();
    return construct(Native, arguments, new.target ?? Guarded);
  };
  defineProperty(Guarded, "name", { value: Native.name });
  defineProperty(Guarded, "length", { value: 1 });
  defineProperty(Guarded, "prototype", { value: Native.prototype, writable: false, enumerable: false, configurable: false });
  defineProperty(Native.prototype, "constructor", { value: Guarded });
  setPrototypeOf(Guarded, parent);
  return Guarded;
}

const GuardedFunction = guard(Function, Function.prototype);
defineProperty(globalThis, "Function", { value: GuardedFunction });
for (const sample of [async () => {}, function* () {}, async function* () {}]) guard(sample.constructor, GuardedFunction);

// ---- the global object

for (const [name, value] of [["self", globalThis], ["origin", "null"]]) {
  defineProperty(globalThis, name, { value, writable: true, enumerable: true, configurable: true });
}
defineProperty(globalThis, Symbol.toStringTag, { value: "ServiceWorkerGlobalScope", configurable: true });

// ---- what Workers have not

delete globalThis.InternalError;
Atomics.wait = { wait() { throw new TypeError("Atomics.wait cannot be called in this context"); } }.wait;

// ---- what older compatibility dates did not have

if (!host.flag("enable_weak_ref")) {
  delete globalThis.WeakRef;
  delete globalThis.FinalizationRegistry;
}
