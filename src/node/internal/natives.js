// The natives of Node.js's modules, made when the first module needs one.
import { host } from "internal:host";

export const natives = host.node();
