// Values that a Worker is given for its `env` by the one that loads it: copies, and ways to other Workers.
import { host } from "internal:host";
import { fetcherOf, isFetcher, targetOf } from "internal:fetch";
import { begin, describe, finish, unserializable } from "internal:serial";

const describeGiven = (value) => (isFetcher(value) ? ["Service", targetOf(value)] : describe(value, unserializable));
const finishGiven = (kind, object, values) => (kind === "Service" ? fetcherOf(values[0]) : finish(kind, object, values));

export const pack = (value) => host.pack(value, describeGiven, false);
export const make = (parcel) => host.unpack(parcel, begin, finishGiven);
