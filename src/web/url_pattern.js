// URLPattern (URL Pattern standard). The grammar is native; each component becomes a regular expression of the engine.

import { host } from "internal:host";
import { boolean, interface_, isObject, USVString } from "internal:webidl";
import { dictionary } from "internal:webidl_types";

const { parse, stringify } = JSON;
const NativeRegExp = RegExp;
const { isArray } = Array;
const COMPONENTS = ["protocol", "username", "password", "hostname", "port", "pathname", "search", "hash"];

const Init = dictionary("URLPatternInit", Object.fromEntries([...COMPONENTS, "baseURL"].sort().map((name) => [name, [USVString]])));
const Options = dictionary("URLPatternOptions", { ignoreCase: [boolean, false] });

const Input = (value, prefix) => (isObject(value) || value === undefined || value === null ? Init : USVString)(value, prefix, "parameter 1");

/**
 * The standard's expressions have the flag `v`. QuickJS refuses `/` and `-` outside of classes there, so `v` is only for
 * what needs it, sets within classes, and with each `/` escaped.
 */
const escaped = (text) => replace(text, slashes, (found) => (found === "/" ? "\\/" : found));
const slashes = /\\.|\//gsu;
const replace = Function.prototype.call.bind(String.prototype.replace);

function expressionOf(text, ignoreCase) {
  try {
    return new NativeRegExp(text, ignoreCase ? "ui" : "u");
  } catch {
    return new NativeRegExp(escaped(text), ignoreCase ? "vi" : "v");
  }
}

/** A component: its pattern, its expression, and the names of its groups. */
function component({ patternString, regexpString, groupNameList }, ignoreCase) {
  try {
    return { pattern: patternString, expression: expressionOf(regexpString, ignoreCase), names: groupNameList };
  } catch (error) {
    throw new TypeError(`Invalid URL pattern: ${error.message}`);
  }
}

export class URLPattern {
  #components = { __proto__: null };
  #hasRegExpGroups;

  constructor(input = undefined, baseURL = undefined, options = undefined) {
    const prefix = "Failed to construct 'URLPattern'";
    const pattern = Input(input, prefix);
    const isOptions = arguments.length < 3 && (isObject(baseURL) || baseURL === undefined || baseURL === null);
    const base = isOptions || baseURL === undefined ? undefined : USVString(baseURL, prefix, "parameter 2");
    const { ignoreCase } = Options(isOptions ? baseURL : options, prefix, "the options");
    const parsed = parse(host.urlPatternParse(stringify(pattern), base, ignoreCase));
    for (const name of COMPONENTS) this.#components[name] = component(parsed[name], ignoreCase);
    this.#hasRegExpGroups = parsed.hasRegexpGroups;
  }

  get protocol() { return this.#components.protocol.pattern; }
  get username() { return this.#components.username.pattern; }
  get password() { return this.#components.password.pattern; }
  get hostname() { return this.#components.hostname.pattern; }
  get port() { return this.#components.port.pattern; }
  get pathname() { return this.#components.pathname.pattern; }
  get search() { return this.#components.search.pattern; }
  get hash() { return this.#components.hash.pattern; }
  get hasRegExpGroups() { return this.#hasRegExpGroups; }

  test(input = undefined, baseURL = undefined) {
    return this.#match(input, baseURL, "Failed to execute 'test' on 'URLPattern'") !== null;
  }

  exec(input = undefined, baseURL = undefined) {
    return this.#match(input, baseURL, "Failed to execute 'exec' on 'URLPattern'");
  }

  #match(input, baseURL, prefix) {
    const components = this.#components;
    const given = Input(input, prefix);
    const base = baseURL === undefined ? undefined : USVString(baseURL, prefix, "parameter 2");
    const text = host.urlPatternInput(stringify(given), base);
    if (text === undefined) return null;
    const parts = parse(text);
    const result = { inputs: base === undefined ? [shown(given)] : [given, base] };
    for (const name of COMPONENTS) {
      const found = components[name].expression.exec(parts[name]);
      if (!isArray(found)) return null; // by a Worker's own `exec`, too
      result[name] = { input: parts[name], groups: groupsOf(components[name].names, found) };
    }
    return result;
  }
}
interface_(URLPattern);

const shown = (given) => (typeof given === "string" ? given : { ...given });

function groupsOf(names, found) {
  const groups = {};
  names.forEach((name, at) => { groups[name] = found[at + 1]; });
  return groups;
}
