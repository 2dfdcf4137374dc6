// TextEncoder and TextDecoder, as the Encoding standard says; the tables are native. Also UTF-8 for other modules:
// `utf8(text) -> Uint8Array` and `fromUtf8(bytes) -> string` (a leading byte order mark is dropped).
import { host } from "internal:host";
import { boolean, interface_, requiredArguments, wrongType } from "internal:webidl";
import { AllowSharedBufferSource, bytesOf, dictionary, viewName } from "internal:webidl_types";

const { encodingName, encodingEncode, encodingEncodeInto, encodingDecodeUtf8, encodingStream } = host;
const { apply } = Reflect;
const { set } = Uint8Array.prototype;
const NOTHING = new Uint8Array(0);

export const utf8 = encodingEncode;
export const fromUtf8 = (bytes) => encodingDecodeUtf8(bytes, false, false);

export class TextEncoder {
  #brand;

  get encoding() {
    this.#brand;
    return "utf-8";
  }

  encode(input = "") {
    this.#brand;
    return encodingEncode(input);
  }

  encodeInto(source, destination) {
    this.#brand;
    const prefix = "Failed to execute 'encodeInto' on 'TextEncoder'";
    requiredArguments(arguments.length, 2, prefix);
    source = `${source}`;
    if (viewName(destination) !== "Uint8Array") throw wrongType(prefix, "parameter 2", "Uint8Array");
    const bytes = bytesOf(destination);
    const [read, written] = encodingEncodeInto(source, bytes.length);
    apply(set, bytes, [written]);
    return { read, written: written.length };
  }
}
interface_(TextEncoder);

const decoderOptions = dictionary("TextDecoderOptions", { fatal: [boolean, false], ignoreBOM: [boolean, false] });
const decodeOptions = dictionary("TextDecodeOptions", { stream: [boolean, false] });

export class TextDecoder {
  #encoding;
  #fatal;
  #ignoreBOM;
  #stream = null;

  constructor(label = "utf-8", options = undefined) {
    label = `${label}`;
    const { fatal, ignoreBOM } = decoderOptions(options, "Failed to construct 'TextDecoder'", "parameter 2");
    this.#encoding = encodingName(label);
    if (this.#encoding === undefined) throw new RangeError(`"${label}" is not a valid encoding.`);
    this.#fatal = fatal;
    this.#ignoreBOM = ignoreBOM;
  }

  get encoding() {
    return this.#encoding;
  }

  get fatal() {
    return this.#fatal;
  }

  get ignoreBOM() {
    return this.#ignoreBOM;
  }

  decode(input = undefined, options = undefined) {
    const encoding = this.#encoding;
    const prefix = "Failed to execute 'decode' on 'TextDecoder'";
    const source = input === undefined ? NOTHING : input;
    const plain = viewName(source) === "Uint8Array";
    if (!plain) AllowSharedBufferSource(source, prefix, "parameter 1");
    const more = options === undefined ? false : decodeOptions(options, prefix, "parameter 2").stream;
    const bytes = plain ? source : bytesOf(source);
    const text = this.#decode(encoding, bytes, more);
    if (text === undefined) throw new TypeError("Failed to decode input.");
    return text;
  }

  #decode(encoding, bytes, more) {
    if (this.#stream === null && !more && encoding === "utf-8") {
      return encodingDecodeUtf8(bytes, this.#fatal, this.#ignoreBOM);
    }
    const stream = this.#stream ?? encodingStream(encoding, this.#ignoreBOM);
    const text = stream.decode(bytes, this.#fatal, !more);
    this.#stream = more && text !== undefined ? stream : null;
    return text;
  }
}
interface_(TextDecoder);
