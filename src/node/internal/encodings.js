// The encodings of Buffer and their other names.

const NAMES = {
  __proto__: null,
  utf8: "utf8", "utf-8": "utf8", ucs2: "utf16le", "ucs-2": "utf16le", utf16le: "utf16le", "utf-16le": "utf16le",
  latin1: "latin1", binary: "latin1", ascii: "ascii", base64: "base64", base64url: "base64url", hex: "hex",
};

/** The one name of an encoding; undefined for one that there is not. */
export function normalizeEncoding(encoding) {
  const text = `${encoding}`;
  return NAMES[text] ?? NAMES[text.toLowerCase()];
}

export const encodingNames = ["utf8", "utf16le", "latin1", "ascii", "base64", "base64url", "hex"];
