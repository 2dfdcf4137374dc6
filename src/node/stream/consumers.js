// node:stream/consumers: a whole stream as one value.
import { Buffer } from "node:buffer";

async function chunksOf(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

export async function blob(stream) {
  return new Blob(await chunksOf(stream));
}

export async function arrayBuffer(stream) {
  return (await blob(stream)).arrayBuffer();
}

export async function bytes(stream) {
  return new Uint8Array(await arrayBuffer(stream));
}

export async function buffer(stream) {
  return Buffer.from(await arrayBuffer(stream));
}

export async function text(stream) {
  const decoder = new TextDecoder();
  let whole = "";
  for await (const chunk of stream) whole += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
  return whole + decoder.decode();
}

export async function json(stream) {
  return JSON.parse(await text(stream));
}

export default { arrayBuffer, blob, buffer, bytes, json, text };
