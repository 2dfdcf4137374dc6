// The Images binding: what an image is, and images made from others. The host reads, changes and writes them.
import { utf8 } from "internal:encoding";
import { illegalConstructor, interface_, internal, isObject } from "internal:webidl";
import { bytesOf, isBufferSource } from "internal:webidl_types";

const { stringify } = JSON;

export const make = (info, run) => new ImagesBinding(internal, { info, run });

class ImagesError extends Error {
  constructor(message, code) {
    super(message);
    this.code = code;
  }
}

/** What the host tells as `CODE: words`. */
async function told(operation, promise) {
  try {
    return await promise;
  } catch (error) {
    const [, code] = /^(\d+): /.exec(error.message) ?? [];
    if (code === undefined) throw error;
    throw new ImagesError(`IMAGES_${operation}_ERROR ${error.message}`, Number(code));
  }
}

async function bytesFrom(source, options) {
  const whole = isBufferSource(source) ? bytesOf(source).slice() : new Uint8Array(await new Response(source).arrayBuffer());
  if (options?.encoding !== "base64") return whole;
  return Uint8Array.fromBase64(new TextDecoder().decode(whole).trim());
}

class ImageTransformer {
  #handle;
  #source;
  #steps = [];
  #used = false;

  constructor(token, handle, source) {
    illegalConstructor(token);
    this.#handle = handle;
    this.#source = source;
  }

  transform(options) {
    if (!isObject(options)) throw new TypeError("transform() takes an object of options.");
    this.#steps.push({ transform: options });
    return this;
  }

  draw(image, options = {}) {
    const drawn = #source in image ? image : new ImageTransformer(internal, this.#handle, bytesFrom(image));
    if (drawn.#used) throw consumed();
    drawn.#used = true;
    this.#steps.push({ drawn, options });
    return this;
  }

  // `{ image, steps }`, the image by its number.
  async #plan(images) {
    const image = images.push(await this.#source) - 1;
    const steps = [];
    for (const { transform, drawn, options } of this.#steps) {
      steps.push(drawn === undefined ? { transform } : { draw: await drawn.#plan(images), options });
    }
    return { image, steps };
  }

  async output(options) {
    if (!isObject(options) || typeof options.format !== "string") throw new TypeError("output() takes an object with a `format`.");
    if (this.#used) throw consumed();
    this.#used = true;
    const images = [];
    const plan = await this.#plan(images);
    const bytes = await told("TRANSFORM", this.#handle.run(images, stringify(plan), stringify(options)));
    return new ImageTransformationResult(internal, bytes, options.format);
  }
}

const consumed = () =>
  new ImagesError("IMAGES_TRANSFORM_ERROR 9525: ImageTransformer consumed; you may only call .output() or draw a transformer once", 9525);

class ImageTransformationResult {
  #bytes;
  #format;

  constructor(token, bytes, format) {
    illegalConstructor(token);
    this.#bytes = bytes;
    this.#format = format;
  }

  response() {
    return new Response(this.#bytes, { headers: { "content-type": this.contentType() } });
  }

  contentType() {
    return this.#format === "rgb" || this.#format === "rgba" ? `image/${this.#format}` : this.#format;
  }

  image(options = undefined) {
    return new Response(options?.encoding === "base64" ? utf8(this.#bytes.toBase64()) : this.#bytes).body;
  }
}

class ImagesBinding {
  #handle;

  constructor(token, handle) {
    illegalConstructor(token);
    this.#handle = handle;
  }

  async info(image, options = undefined) {
    const bytes = await bytesFrom(image, options);
    const [format, width, height] = await told("INFO", this.#handle.info(bytes));
    return width === undefined ? { format } : { format, fileSize: bytes.length, width, height };
  }

  input(image, options = undefined) {
    const source = bytesFrom(image, options);
    source.catch(() => {});
    return new ImageTransformer(internal, this.#handle, source);
  }

  get hosted() {
    void this.#handle;
    throw new Error("devflare does not emulate hosted images.");
  }
}

for (const Class of [ImagesBinding, ImageTransformer, ImageTransformationResult]) interface_(Class);
