// Headers, forms, data URLs and compressed bodies from bytes.

const latin = (bytes) => String.fromCharCode(...bytes);

target("a header that is taken comes back without the space around it", ["x-name: value", "Set-Cookie: a=b; c", "a:\tb ", "\u00e9: \u00ff"], (bytes) => {
  const [name, ...rest] = latin(bytes).split(":");
  const value = rest.join(":");
  const headers = new Headers([[name, value]]);
  if (headers.get(name) !== value.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, "")) broken(`${headers.get(name)}`);
  headers.append(name, "more");
  if ([...headers].length < 1) broken("it is gone");
});

target("a type that is read is written as one that reads the same", ["text/html; charset=utf-8", 'a/b;c="d\\"e";f', "*/*;;q"], async (bytes) => {
  const type = latin(bytes);
  const first = (await new Response("x", { headers: { "content-type": type } }).blob()).type;
  const second = (await new Response("x", { headers: { "content-type": first } }).blob()).type;
  if (first !== "" && first !== second) broken(`${first} becomes ${second}`);
});

const MULTIPART = '--B\r\nContent-Disposition: form-data; name="a"\r\n\r\nvalue\r\n--B\r\n'
  + 'content-disposition: form-data; name="f%22"; filename="x.txt"\r\nContent-Type: text/plain\r\n\r\n\0\r\n--B--\r\n';

target("a multipart form that is read is written as the same", [MULTIPART, "--B--\r\n", "--B\r\n\r\n\r\n--B--"], async (bytes) => {
  const form = await new Response(bytes, { headers: { "content-type": "multipart/form-data; boundary=B" } }).formData();
  const entries = async (some) => JSON.stringify(await Promise.all([...some].map(async ([name, value]) =>
    [name, typeof value === "string" ? value : [value.name, value.type || "application/octet-stream", await value.text()]])));
  const again = await new Response(form).formData();
  const [first, second] = [await entries(form), await entries(again)];
  // Written forms have CR LF for each end of a line, and signs for those in names.
  const plain = (text) => text.replace(/\\"/g, "%22").replace(/%0D|%0A|\\r|\\n/g, "\\n").replace(/(?:\\n)+/g, "\\n");
  if (plain(first) !== plain(second)) broken(`${first} becomes ${second}`);
});

target("an encoded form is read as URLSearchParams read it", ["a=1&b=%20+&c", "%ff=%e2%82%ac&&="], async (bytes) => {
  const form = await new Response(bytes, { headers: { "content-type": "application/x-www-form-urlencoded" } }).formData();
  const wanted = new URLSearchParams(`?${asText(bytes)}`);
  if (new URLSearchParams([...form]).toString() !== wanted.toString()) broken("they differ");
});

target("a data URL is fetched, or a TypeError", ["data:,a%20b", "data:text/html;charset=x;base64,PGI+", "data:;base64,a b=="], async (bytes) => {
  const url = `data:${latin(bytes)}`;
  try {
    await (await fetch(url)).arrayBuffer();
  } catch (error) {
    if (error.name !== "TypeError" && error.message !== "Too many subrequests.") broken(`${error}`);
  }
});

const packed = (format) => new Response(new Response("a text, a text, a text").body.pipeThrough(new CompressionStream(format))).bytes();

test("damaged compressed data is an error", async () => {
  for (const format of ["gzip", "deflate", "deflate-raw"]) {
    const whole = await packed(format);
    for (let at = 0; at < whole.length; at++) {
      const damaged = whole.slice();
      damaged[at] ^= 0x55;
      await new Response(new Response(damaged).body.pipeThrough(new DecompressionStream(format))).bytes().catch(() => {});
    }
  }
});
