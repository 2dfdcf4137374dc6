// Patterns of paths as `path.matchesGlob()` and `fs.glob()` have them: `*`, `**`, `?`, `[a-z]`, `{a,b}`.

/** `a{b,c}d` -> `abd`, `acd`. */
export function expandBraces(pattern) {
  let depth = 0;
  let start = -1;
  const commas = [];
  for (let at = 0; at < pattern.length; at++) {
    const c = pattern[at];
    if (c === "\\") at++;
    else if (c === "{" && depth++ === 0) start = at;
    else if (c === "," && depth === 1) commas.push(at);
    else if (c === "}" && depth > 0 && --depth === 0) {
      if (commas.length === 0) return expandBraces(pattern.slice(at + 1)).map((rest) => pattern.slice(0, at + 1) + rest);
      const ends = [start, ...commas, at];
      const choices = ends.slice(1).map((end, index) => pattern.slice(ends[index] + 1, end));
      const rests = expandBraces(pattern.slice(at + 1));
      return choices.flatMap((choice) => expandBraces(choice)).flatMap((choice) => rests.map((rest) => pattern.slice(0, start) + choice + rest));
    }
  }
  return [pattern];
}

const literal = (c) => c.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");

const CLOSES = { "+": ")+", "*": ")*", "?": ")?", "@": ")" };

/** The end of a group that begins at `start`, past its bracket. */
function groupEnd(part, start) {
  let depth = 0;
  for (let at = start; at < part.length; at++) {
    if (part[at] === "(") depth++;
    else if (part[at] === ")" && --depth === 0) return at;
  }
  return -1;
}

/** One part of a pattern, between separators, as the source of an expression; `dots`: a wildcard may begin with a dot. */
export function segmentSource(part, dots = false) {
  let source = part.startsWith(".") || dots ? "" : "(?!\\.)";
  for (let at = 0; at < part.length; at++) {
    const c = part[at];
    const group = part[at + 1] === "(" && "+*?@!".includes(c) ? groupEnd(part, at + 1) : -1;
    const close = c === "[" ? part.indexOf("]", at + 2) : -1;
    if (group > 0) {
      const choices = part.slice(at + 2, group).split("|").map((one) => segmentSource(one, true)).join("|");
      source += c === "!" ? `(?:(?!(?:${choices})$)[^/]*?)` : `(?:${choices}${CLOSES[c]}`;
      at = group;
    } else if (c === "*") source += "[^/]*";
    else if (c === "?") source += "[^/]";
    else if (close > 0) {
      source += `[${part.slice(at + 1, close).replace(/^!/, "^").replaceAll("\\", "\\\\")}]`;
      at = close;
    } else if (c === "\\" && at + 1 < part.length) source += literal(part[++at]);
    else source += literal(c);
  }
  return source;
}

function sourceOf(pattern) {
  const parts = pattern.split("/");
  let source = "";
  parts.forEach((part, at) => {
    const last = at === parts.length - 1;
    if (part === "**") source += last ? "(?:(?!\\.)[^/]*(?:/(?!\\.)[^/]*)*)?" : "(?:(?!\\.)[^/]+/)*";
    else source += segmentSource(part) + (last ? "" : "/");
  });
  return source;
}

export function matchesGlob(path, pattern, windows = false) {
  const plain = (text) => (windows ? text.replaceAll("\\", "/") : text);
  const text = plain(path).replace(/(.)\/+$/, "$1");
  return expandBraces(plain(pattern)).some((one) => new RegExp(`^${sourceOf(one)}$`).test(text));
}
