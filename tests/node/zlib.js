// Streams of node:zlib, dictionaries and zstd.
import zlib from "node:zlib";

const all = async (stream) => {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
};
const packers = ["Deflate", "DeflateRaw", "Gzip", "BrotliCompress", "ZstdCompress"];
const unpackers = ["Inflate", "InflateRaw", "Gunzip", "BrotliDecompress", "ZstdDecompress"];
const TEXT = "The quick brown fox jumps over the lazy dog. ".repeat(5000);

test("what a stream packs its counterpart unpacks, in pieces of any size", async () => {
  for (const [at, name] of packers.entries()) {
    const pack = zlib[`create${name}`]();
    for (let from = 0; from < TEXT.length; from += 997) pack.write(TEXT.slice(from, from + 997));
    pack.end();
    const packed = await all(pack);
    const unpack = zlib[`create${unpackers[at]}`]({ chunkSize: 64 });
    for (let from = 0; from < packed.length; from += 7) unpack.write(packed.subarray(from, from + 7));
    unpack.end();
    equal(`${await all(unpack)}` === TEXT, true);
  }
});

test("a flush gives out all that was written so far", async () => {
  const pack = zlib.createDeflateRaw();
  const unpack = zlib.createInflateRaw();
  pack.pipe(unpack);
  const heard = [];
  unpack.on("data", (chunk) => heard.push(`${chunk}`));
  for (const word of ["one", "two"]) {
    pack.write(word);
    await new Promise((resolve) => pack.flush(zlib.constants.Z_SYNC_FLUSH, resolve));
    while (heard.at(-1) !== word) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  equal(heard, ["one", "two"]);
  await new Promise((resolve) => pack.params(9, 0, resolve));
});

test("nothing is unpacked that nobody reads", async () => {
  const bomb = zlib.deflateSync(Buffer.alloc(8 << 20));
  const unpack = zlib.createInflate();
  unpack.end(bomb);
  await new Promise((resolve) => unpack.once("readable", resolve));
  equal(unpack.readableLength < 1 << 20, true);
  equal((await all(unpack)).length, 8 << 20);
});

test("a dictionary serves both sides, and is missed", async () => {
  const dictionary = Buffer.from("lazy dog over the jumps fox brown quick The");
  for (const [pack, unpack] of [["deflate", "inflate"], ["deflateRaw", "inflateRaw"]]) {
    const packed = zlib[`${pack}Sync`]("The quick brown fox", { dictionary });
    equal(`${zlib[`${unpack}Sync`](packed, { dictionary })}`, "The quick brown fox");
  }
  const packed = zlib.deflateSync("The quick brown fox", { dictionary });
  const stream = zlib.createInflate({ dictionary });
  stream.end(packed);
  equal(`${await all(stream)}`, "The quick brown fox");
  const code = async (options) => {
    const stream = zlib.createInflate(options);
    stream.end(packed);
    return all(stream).then(() => "unpacked", (error) => `${error.code} ${error.message}`);
  };
  equal(await code({}), "Z_NEED_DICT Missing dictionary");
  equal(await code({ dictionary: Buffer.from("another") }), "Z_DATA_ERROR Bad dictionary");
});

test("members of a gzip file follow one another; what is cut short or wrong is an error", async () => {
  const two = Buffer.concat([zlib.gzipSync("one "), zlib.gzipSync("two"), Buffer.alloc(3)]);
  const stream = zlib.createUnzip();
  stream.end(two);
  equal(`${await all(stream)}`, "one two");
  const failing = async (make, bytes) => {
    const stream = make();
    stream.end(bytes);
    return all(stream).then(() => "unpacked", (error) => error.code);
  };
  equal(await failing(zlib.createGunzip, two.subarray(0, 12)), "Z_BUF_ERROR");
  equal(await failing(zlib.createInflate, Buffer.from("no deflate")), "Z_DATA_ERROR");
  equal(await failing(zlib.createZstdDecompress, zlib.zstdCompressSync(TEXT).subarray(0, 40)) === "unpacked", false);
});

test("zstd goes both ways at once and refuses what it does not know", () => {
  const packed = zlib.zstdCompressSync(TEXT, { params: { [zlib.constants.ZSTD_c_compressionLevel]: 19 } });
  equal(packed.length < TEXT.length / 20, true);
  equal(`${zlib.zstdDecompressSync(Buffer.concat([packed, packed]))}` === TEXT + TEXT, true);
  equal(throws("Error", () => zlib.zstdDecompressSync("plain text")).message, "Zstd decompression failed");
  throws("RangeError", () => zlib.zstdCompressSync("x", { params: { 7: 1 } }));
});
