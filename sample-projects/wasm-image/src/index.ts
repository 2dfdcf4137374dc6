// Answers a posted image scaled down, as PNG; a GET draws one to try it with.
import { PhotonImage, SamplingFilter, grayscale, resize } from "@cf-wasm/photon";

function png(image: PhotonImage): Response {
  return new Response(image.get_bytes(), { headers: { "content-type": "image/png" } });
}

/** A square that goes from black to red to the right, and to green downwards. */
function draw(size: number): PhotonImage {
  const pixels = new Uint8Array(size * size * 4);
  for (let at = 0; at < size * size; at++) {
    const [x, y] = [at % size, Math.floor(at / size)];
    pixels.set([(x * 255) / (size - 1), (y * 255) / (size - 1), 0, 255], at * 4);
  }
  return new PhotonImage(pixels, size, size);
}

function scale(image: PhotonImage, width: number): PhotonImage {
  const height = Math.max(1, Math.round((image.get_height() * width) / image.get_width()));
  return resize(image, width, height, SamplingFilter.Triangle);
}

export default {
  async fetch(request: Request): Promise<Response> {
    const { searchParams } = new URL(request.url);
    if (request.method !== "POST") return png(draw(32));
    const image = PhotonImage.new_from_byteslice(new Uint8Array(await request.arrayBuffer()));
    const width = Number(searchParams.get("width") ?? 64);
    if (!(width >= 1 && width <= 4096)) return new Response("width must be from 1 to 4096\n", { status: 400 });
    const small = scale(image, width);
    if (searchParams.has("gray")) grayscale(small);
    const answer = png(small);
    image.free();
    small.free();
    return answer;
  },
};
