// The customer that streams: an answer that grows line by line, and a body that is changed while it passes through.
export default {
  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/shout" && request.body) return new Response(request.body.pipeThrough(upperCase()));
    return new Response(countdown(Number(searchParams.get("from") ?? 5), Number(searchParams.get("every") ?? 200)), {
      headers: { "content-type": "text/plain; charset=utf-8" },
    });
  },
};

// A line now and then until zero. pull() is called only when the reader wants more, so a slow visitor slows it down.
function countdown(from, milliseconds) {
  const encoder = new TextEncoder();
  let left = from;
  return new ReadableStream({
    async pull(controller) {
      controller.enqueue(encoder.encode(left > 0 ? `${left}\n` : "lift-off\n"));
      if (left-- <= 0) return controller.close();
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
    },
  });
}

// Bytes in, upper-case bytes out, one chunk at a time: a body of any size passes in constant memory.
function upperCase() {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  return new TransformStream({
    transform(chunk, controller) {
      controller.enqueue(encoder.encode(decoder.decode(chunk, { stream: true }).toUpperCase()));
    },
    flush(controller) {
      controller.enqueue(encoder.encode(decoder.decode().toUpperCase()));
    },
  });
}
