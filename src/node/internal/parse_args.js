// util.parseArgs(): the arguments of a command line.
import {
  ERR_INVALID_ARG_VALUE, ERR_PARSE_ARGS_INVALID_OPTION_VALUE, ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL, ERR_PARSE_ARGS_UNKNOWN_OPTION,
} from "node:internal/errors";
import { validateArray, validateBoolean, validateObject, validateOneOf, validateString } from "node:internal/validators";

function checkOptions(options) {
  validateObject(options, "options");
  for (const [name, option] of Object.entries(options)) {
    validateObject(option, `options.${name}`);
    validateOneOf(option.type, `options.${name}.type`, ["string", "boolean"]);
    if (option.short !== undefined) {
      validateString(option.short, `options.${name}.short`);
      if (option.short.length !== 1) throw new ERR_INVALID_ARG_VALUE(`options.${name}.short`, option.short, "must be a single character");
    }
    if (option.multiple !== undefined) validateBoolean(option.multiple, `options.${name}.multiple`);
    if (option.default !== undefined) {
      const one = option.type === "string" ? validateString : validateBoolean;
      if (option.multiple) {
        validateArray(option.default, `options.${name}.default`);
        option.default.forEach((value, at) => one(value, `options.${name}.default[${at}]`));
      } else {
        one(option.default, `options.${name}.default`);
      }
    }
  }
}

/** The arguments as tokens: options, positionals and `--`. */
function tokensOf(args, options) {
  const long = (short) => Object.keys(options).find((name) => options[name].short === short) ?? short;
  const tokens = [];
  const queue = args.map((value, index) => ({ value, index }));
  let grouped = 0;
  let index = -1;
  while (queue.length > 0) {
    const { value: arg } = queue.shift();
    if (grouped > 0) grouped--;
    else index++;
    const nextValue = queue[0]?.value;
    if (arg === "--") {
      tokens.push({ kind: "option-terminator", index });
      for (const { value } of queue) tokens.push({ kind: "positional", index: ++index, value });
      break;
    }
    if (/^-[^-]$/.test(arg)) {
      const name = long(arg[1]);
      const takes = options[name]?.type === "string" && nextValue !== undefined;
      if (takes) queue.shift();
      tokens.push({ kind: "option", name, rawName: arg, index, value: takes ? nextValue : undefined, inlineValue: takes ? false : undefined });
      if (takes) index++;
    } else if (/^-[^-]./.test(arg)) {
      const expanded = [];
      for (let at = 1; at < arg.length; at++) {
        const name = long(arg[at]);
        if (options[name]?.type !== "string" || at === arg.length - 1) expanded.push(`-${arg[at]}`);
        else {
          expanded.push(`-${arg.slice(at)}`);
          break;
        }
      }
      const last = expanded.at(-1);
      const name = long(last[1]);
      if (expanded.length === 1 && last.length > 2) {
        tokens.push({ kind: "option", name, rawName: `-${last[1]}`, index, value: last.slice(2), inlineValue: true });
      } else {
        queue.unshift(...expanded.map((value) => ({ value })));
        grouped = expanded.length;
      }
    } else if (/^--./.test(arg)) {
      const equals = arg.indexOf("=", 3);
      const name = equals < 0 ? arg.slice(2) : arg.slice(2, equals);
      if (equals >= 0) {
        tokens.push({ kind: "option", name, rawName: `--${name}`, index, value: arg.slice(equals + 1), inlineValue: true });
      } else {
        const takes = options[name]?.type === "string" && nextValue !== undefined;
        if (takes) queue.shift();
        tokens.push({ kind: "option", name, rawName: arg, index, value: takes ? nextValue : undefined, inlineValue: takes ? false : undefined });
        if (takes) index++;
      }
    } else {
      tokens.push({ kind: "positional", index, value: arg });
    }
  }
  return tokens;
}

function checkUse(token, options) {
  const option = options[token.name];
  const shown = `${option.short ? `-${option.short}, ` : ""}--${token.name}`;
  if (option.type === "string" && typeof token.value !== "string") throw new ERR_PARSE_ARGS_INVALID_OPTION_VALUE(`Option '${shown} <value>' argument missing`);
  if (option.type === "boolean" && token.value !== undefined) throw new ERR_PARSE_ARGS_INVALID_OPTION_VALUE(`Option '${shown}' does not take an argument`);
  if (token.inlineValue === false && token.value.length > 1 && token.value[0] === "-") {
    throw new ERR_PARSE_ARGS_INVALID_OPTION_VALUE(`Option '${token.rawName}' argument is ambiguous.\nDid you forget to specify the option argument for '${token.rawName}'?\nTo specify an option argument starting with a dash use '${token.rawName.length > 2 ? token.rawName : `--${token.name}`}=-XYZ'.`);
  }
}

export function parseArgs(config = {}) {
  const { args = [], strict = true, options = {}, allowNegative = false } = config;
  const { allowPositionals = !strict, tokens: wantsTokens = false } = config;
  validateArray(args, "args");
  validateBoolean(strict, "strict");
  validateBoolean(allowPositionals, "allowPositionals");
  validateBoolean(wantsTokens, "tokens");
  validateBoolean(allowNegative, "allowNegative");
  checkOptions(options);
  const tokens = tokensOf(args, options);
  const result = { values: { __proto__: null }, positionals: [] };
  if (wantsTokens) result.tokens = tokens;
  for (const token of tokens) {
    if (token.kind === "positional") {
      if (!allowPositionals) throw new ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL(token.value);
      result.positionals.push(token.value);
    } else if (token.kind === "option") {
      let { name } = token;
      let value = token.value ?? true;
      if (allowNegative && token.value === undefined && name.startsWith("no-") && !Object.hasOwn(options, name)) {
        name = name.slice(3);
        value = false;
      }
      if (strict) {
        if (!Object.hasOwn(options, name)) throw new ERR_PARSE_ARGS_UNKNOWN_OPTION(token.rawName, allowPositionals);
        checkUse({ ...token, name }, options);
      }
      if (name === "__proto__") continue;
      if (options[name]?.multiple) (result.values[name] ??= []).push(value);
      else result.values[name] = value;
    }
  }
  for (const [name, option] of Object.entries(options)) {
    if (option.default !== undefined && result.values[name] === undefined) result.values[name] = option.default;
  }
  return result;
}
