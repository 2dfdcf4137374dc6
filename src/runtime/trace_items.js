// What `tail()` is given: an event of another Worker, as the host tells it. It can be turned into JSON as it is.

/** Has a request answer what its headers really are, for whoever asks. */
export function open(items) {
  for (const { event } of items) {
    const request = event?.request;
    if (request === undefined) continue;
    const { unredacted, ...shown } = request;
    const whole = { ...shown, headers: unredacted ?? shown.headers };
    Object.defineProperty(shown, "getUnredacted", { value: () => whole });
    event.request = shown;
  }
  return { given: items, told: () => ({}) };
}
