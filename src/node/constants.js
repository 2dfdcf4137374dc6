// node:constants: those of os, fs and crypto together.
import { constants as crypto } from "node:internal/crypto_constants";
import { constants as fs } from "node:internal/fs_constants";
import { dlopen, errno, priority, signals } from "node:internal/os_constants";

const constants = { __proto__: null, ...dlopen, ...errno, ...priority, ...signals, ...fs, ...crypto };
export default constants;
