// TextEncoder and TextDecoder.

const bytes = (...list) => new Uint8Array(list);

test("lone surrogates become U+FFFD", () => {
  equal([...new TextEncoder().encode("a\uD800\u{1F600}")], [97, 239, 191, 189, 240, 159, 152, 128]);
});

test("encodeInto stops before what does not fit", () => {
  const room = new Uint8Array(5);
  equal(new TextEncoder().encodeInto("é€x", room), { read: 2, written: 5 });
  equal([...room], [195, 169, 226, 130, 172]);
});

test("text may come in pieces", () => {
  const decoder = new TextDecoder();
  equal(decoder.decode(bytes(0xef, 0xbb), { stream: true }) + decoder.decode(bytes(0xbf, 0xe2, 0x82), { stream: true }) + decoder.decode(bytes(0xac)), "€");
  equal(decoder.decode(bytes(0xe2)), "\uFFFD");
});

test("fatal decoders throw, others replace", () => {
  equal(throws("TypeError", () => new TextDecoder("utf-8", { fatal: true }).decode(bytes(0xff))).message, "Failed to decode input.");
  equal(new TextDecoder().decode(bytes(0xff, 0x61)), "\uFFFDa");
});

test("every label of the standard is known, and no other", () => {
  equal([new TextDecoder(" Latin1 ").encoding, new TextDecoder("shift-jis").encoding, new TextDecoder("utf-16").encoding], ["windows-1252", "shift_jis", "utf-16le"]);
  equal(new TextDecoder("shift_jis").decode(bytes(0x82, 0xa0)), "あ");
  throws("RangeError", () => new TextDecoder("replacement"));
  throws("RangeError", () => new TextDecoder("x"));
});

test("byte order marks go, unless asked for", () => {
  equal(new TextDecoder().decode(bytes(0xef, 0xbb, 0xbf, 0x61)), "a");
  equal(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes(0xef, 0xbb, 0xbf, 0x61)), "\uFEFFa");
});

test("any view and buffer can be decoded", () => {
  const { buffer } = bytes(0x61, 0x62, 0x63, 0x64);
  equal([new TextDecoder().decode(buffer), new TextDecoder().decode(new DataView(buffer, 1, 2)), new TextDecoder().decode(new Uint16Array(buffer))], ["abcd", "bc", "abcd"]);
});
