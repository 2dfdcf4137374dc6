// util.styleText() and util.stripVTControlCharacters().
import { validateBoolean, validateOneOf, validateString } from "node:internal/validators";
import { ERR_INVALID_ARG_TYPE } from "node:internal/errors";

/** Codes that switch a style on and off. */
export const colors = Object.assign(Object.create(null), {
  reset: [0, 0], bold: [1, 22], dim: [2, 22], italic: [3, 23], underline: [4, 24], blink: [5, 25], inverse: [7, 27], hidden: [8, 28],
  strikethrough: [9, 29], doubleunderline: [21, 24], black: [30, 39], red: [31, 39], green: [32, 39], yellow: [33, 39], blue: [34, 39],
  magenta: [35, 39], cyan: [36, 39], white: [37, 39], bgBlack: [40, 49], bgRed: [41, 49], bgGreen: [42, 49], bgYellow: [43, 49],
  bgBlue: [44, 49], bgMagenta: [45, 49], bgCyan: [46, 49], bgWhite: [47, 49], framed: [51, 54], overlined: [53, 55], gray: [90, 39],
  redBright: [91, 39], greenBright: [92, 39], yellowBright: [93, 39], blueBright: [94, 39], magentaBright: [95, 39], cyanBright: [96, 39],
  whiteBright: [97, 39], bgGray: [100, 49], bgRedBright: [101, 49], bgGreenBright: [102, 49], bgYellowBright: [103, 49],
  bgBlueBright: [104, 49], bgMagentaBright: [105, 49], bgCyanBright: [106, 49], bgWhiteBright: [107, 49],
});
const ALIASES = {
  grey: "gray", blackBright: "gray", bgGrey: "bgGray", bgBlackBright: "bgGray", strikeThrough: "strikethrough", crossedout: "strikethrough",
  crossedOut: "strikethrough", conceal: "hidden", faint: "dim", swapcolors: "inverse", swapColors: "inverse", doubleUnderline: "doubleunderline",
};
for (const [alias, name] of Object.entries(ALIASES)) {
  Object.defineProperty(colors, alias, { get() { return this[name]; }, set(value) { this[name] = value; }, enumerable: false, configurable: true });
}

const ESCAPE = "\u001b[";

export function styleText(format, text, { validateStream = true, stream = undefined } = {}) {
  validateString(text, "text");
  validateBoolean(validateStream, "options.validateStream");
  if (validateStream && stream !== undefined && typeof stream?.write !== "function" && typeof stream?.getReader !== "function") {
    throw new ERR_INVALID_ARG_TYPE("stream", ["ReadableStream", "WritableStream", "Stream"], stream);
  }
  let [left, right] = ["", ""];
  for (const name of Array.isArray(format) ? format : [format]) {
    if (name === "none") continue;
    const codes = colors[name];
    if (codes === undefined) validateOneOf(name, "format", Object.keys(colors));
    left += `${ESCAPE}${codes[0]}m`;
    right = `${ESCAPE}${codes[1]}m${right}`;
  }
  return `${left}${text}${right}`;
}

const CONTROL = new RegExp(
  "[\\u001B\\u009B][[\\]()#;?]*" +
  "(?:(?:(?:(?:;[-a-zA-Z\\d\\/\\#&.:=?%@~_]+)*|[a-zA-Z\\d]+(?:;[-a-zA-Z\\d\\/\\#&.:=?%@~_]*)*)?(?:\\u0007|\\u001B\\u005C|\\u009C))" +
  "|(?:(?:\\d{1,4}(?:;\\d{0,4})*)?[\\dA-PR-TZcf-nq-uy=><~]))", "g");

export function stripVTControlCharacters(text) {
  validateString(text, "str");
  return text.replace(CONTROL, "");
}
