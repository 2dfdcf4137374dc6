// node:punycode, which is the package of that name.
import punycode from "node:vendor/punycode";

export const { version, ucs2, decode, encode, toASCII, toUnicode } = punycode;
export default punycode;
