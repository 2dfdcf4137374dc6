// What `import module from "./x.wasm"` gives: the graph writes a module that asks here.
export { moduleOf as default } from "internal:wasm_instance";
