// qs reads and writes nested query strings.
import qs from "qs";

export default () => ({
  parsed: qs.parse("a[b][c]=d&e[]=1&e[]=2&f.g=h&i=%E4%BD%A0&j", { allowDots: true, strictNullHandling: true }),
  written: qs.stringify({ a: { b: [1, 2, { c: null }] }, d: undefined, e: new Date(0), f: "a b&c" }),
  arrays: ["indices", "brackets", "repeat", "comma"].map((arrayFormat) =>
    qs.stringify({ a: ["x", "y"] }, { arrayFormat, encode: false }),
  ),
  prefixed: qs.parse("?x=1", { ignoreQueryPrefix: true }),
  deep: qs.parse("a[b][c][d][e][f][g]=1"),
});
