// util.parseEnv(): the text of an `.env` file as an object.
import { validateString } from "node:internal/validators";

const LINE = /^\s*(?:export\s+)?([^\s=#'"]+)\s*=[^\S\r\n]*("(?:[^"])*"|'(?:[^'])*'|`(?:[^`])*`|[^\r\n]*)?.*$/gm;

export function parseEnv(content) {
  validateString(content, "content");
  const result = {};
  for (const [, name, given = ""] of content.replace(/\r\n?/g, "\n").matchAll(LINE)) {
    const quote = /^["'`]/.exec(given)?.[0];
    if (quote !== undefined && given.length > 1 && given.endsWith(quote)) {
      const inner = given.slice(1, -1);
      result[name] = quote === '"' ? inner.replaceAll("\\n", "\n") : inner;
    } else {
      const comment = given.indexOf("#");
      result[name] = (comment < 0 ? given : given.slice(0, comment)).trim();
    }
  }
  return result;
}
