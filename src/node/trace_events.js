// node:trace_events: nothing is traced.
import { ERR_INVALID_ARG_TYPE, ERR_TRACE_EVENTS_CATEGORY_REQUIRED } from "node:internal/errors";
import { validateObject, validateStringArray } from "node:internal/validators";

class Tracing {
  #categories;
  constructor(categories) { this.#categories = categories; }
  get enabled() { return false; }
  get categories() { return this.#categories.join(","); }
  enable() {}
  disable() {}
}

export function createTracing(options) {
  validateObject(options, "options");
  if (!Array.isArray(options.categories)) throw new ERR_INVALID_ARG_TYPE("options.categories", "string[]", options.categories);
  validateStringArray(options.categories, "options.categories");
  if (options.categories.length === 0) throw new ERR_TRACE_EVENTS_CATEGORY_REQUIRED();
  return new Tracing(options.categories);
}

export const getEnabledCategories = () => undefined;
export default { createTracing, getEnabledCategories };
