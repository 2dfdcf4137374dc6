// What the fuzz targets run on: `target("claim", seeds, body)` calls `body(bytes, random)` with seeds that were changed at
// random, over and over. A body may throw what the standard throws; a claim that fails says `broken(text)`. The order of
// changes is fixed by `fuzzSeed`, so that what was found is found again; `fuzzRounds` says how long.

const encoder = new TextEncoder();
globalThis.asText = (bytes) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);

class Broken extends Error {}
globalThis.broken = (text) => { throw new Broken(text); };

/** Numbers below `limit`, always the same ones. */
function numbers(seed) {
  let state = seed >>> 0 || 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

const SPECIAL = [0, 1, 9, 10, 13, 32, 34, 35, 37, 38, 39, 45, 46, 47, 58, 59, 60, 61, 62, 63, 64, 91, 93, 127, 128, 192, 224, 240, 255];

const splice = (bytes, at, removed, put) => Uint8Array.from([...bytes.subarray(0, at), ...put, ...bytes.subarray(at + removed)]);

const CHANGES = [
  (bytes, random) => splice(bytes, random(bytes.length + 1), 0, [SPECIAL[random(SPECIAL.length)]]),
  (bytes, random) => splice(bytes, random(bytes.length + 1), 0, [random(256)]),
  (bytes, random) => splice(bytes, random(bytes.length + 1), 1 + random(8), []),
  (bytes, random) => splice(bytes, random(bytes.length + 1), 1, [SPECIAL[random(SPECIAL.length)]]),
  (bytes, random) => {
    const from = random(bytes.length + 1);
    return splice(bytes, random(bytes.length + 1), 0, bytes.subarray(from, from + 1 + random(64)));
  },
  (bytes, random, other) => splice(bytes, random(bytes.length + 1), 0, other.subarray(random(other.length + 1)).subarray(0, 64)),
];

const LONGEST = 4096;

globalThis.target = (claim, seeds, body) => test(claim, async () => {
  const random = numbers(fuzzSeed);
  const corpus = seeds.map((seed) => (typeof seed === "string" ? encoder.encode(seed) : seed));
  const any = () => corpus[random(corpus.length)];
  for (let round = 0; round < fuzzRounds; round++) {
    let bytes = any();
    for (let left = round === 0 ? 0 : 1 + random(6); left > 0; left--) {
      bytes = CHANGES[random(CHANGES.length)](bytes, random, any()).slice(0, LONGEST);
    }
    try {
      await body(bytes, random);
    } catch (error) {
      const wrong = error instanceof Broken || !(error instanceof Error || error instanceof DOMException);
      if (wrong) fail(`${claim}: ${error?.message ?? error} for ${bytes.toBase64()}`);
    }
  }
});
