// A service binding: the Fetcher of another Worker.
export { fetcherOf as make } from "internal:fetch";
