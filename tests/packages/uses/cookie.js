// cookie reads a request's header and writes an answer's.
import { parse, serialize } from "cookie";

export default () => ({
  read: parse("session=abc%20def; theme=dark; broken=%E0%A4%A"),
  written: serialize("session", "a b;c", { httpOnly: true, maxAge: 3600, sameSite: "lax", path: "/" }),
  refused: (() => {
    try {
      return serialize("bad name", "x");
    } catch (error) {
      return error;
    }
  })(),
});
