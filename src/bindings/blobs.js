// The binding of a WebAssembly module.
import { internal } from "internal:wasm_errors";
import { Module } from "internal:wasm_instance";
import { natives } from "internal:wasm_space";

export const make = (bytes) => new Module(internal, natives.compile(bytes));
