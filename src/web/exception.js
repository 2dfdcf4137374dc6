// DOMException: QuickJS's own class, with stacks that begin with its name and message, as those of other errors.

import { host } from "internal:host";
import { adoptStack } from "internal:boot";
import { interface_ } from "internal:webidl";

const Native = host.builtin.DOMException;
const { defineProperty, getOwnPropertyDescriptor, construct, ownKeys } = Reflect;

export const DOMException = function DOMException() {
  if (new.target === undefined) {
    throw new TypeError("Failed to construct 'DOMException': Please use the 'new' operator, this object constructor cannot be called as a function.");
  }
  const exception = construct(Native, arguments, new.target);
  adoptStack(exception, exception.stack);
  return exception;
};

for (const key of ownKeys(Native)) defineProperty(DOMException, key, getOwnPropertyDescriptor(Native, key));
defineProperty(DOMException.prototype, "constructor", { value: DOMException });
interface_(DOMException, {
  clone({ message, name, stack }) {
    const copy = construct(Native, [message, name], DOMException);
    defineProperty(copy, "stack", { value: stack, writable: true, enumerable: false, configurable: true });
    return copy;
  },
});
