// node:v8: there is no V8, and Workers do not show its heap in any case.
import { ERR_METHOD_NOT_IMPLEMENTED } from "node:internal/errors";
import { validateBoolean, validateObject, validateOneOf, validateString, validateUint32 } from "node:internal/validators";

const refuse = (name) => { throw new ERR_METHOD_NOT_IMPLEMENTED(`v8.${name}`); };
const refusedClass = (name) => ({ [name]: class { constructor() { refuse(name); } } })[name];
const zeros = (...names) => () => Object.fromEntries(names.map((name) => [name, 0]));

export const [Serializer, DefaultSerializer, Deserializer, DefaultDeserializer] =
  ["Serializer", "DefaultSerializer", "Deserializer", "DefaultDeserializer"].map(refusedClass);
export class GCProfiler {
  start() {}
  stop() {}
}
export const cachedDataVersionTag = () => 0;
export const getHeapStatistics = zeros(
  "total_heap_size", "total_heap_size_executable", "total_physical_size", "total_available_size", "used_heap_size", "heap_size_limit",
  "malloced_memory", "peak_malloced_memory", "does_zap_garbage", "number_of_native_contexts", "number_of_detached_contexts",
  "total_global_handles_size", "used_global_handles_size", "external_memory");
export const getHeapCodeStatistics = zeros("code_and_metadata_size", "bytecode_and_metadata_size", "external_script_source_size", "cpu_profiler_metadata_size");
export const getHeapSpaceStatistics = () => [];

export function getCppHeapStatistics(type = "detailed") {
  validateOneOf(type, "type", ["brief", "detailed"]);
  return { committed_size_bytes: 0, resident_size_bytes: 0, used_size_bytes: 0, space_statistics: [], type_names: [], detail_level: type };
}

function checkSnapshot(options) {
  if (options === undefined) return;
  validateObject(options, "options");
  if (options.exposeInternals !== undefined) validateBoolean(options.exposeInternals, "options.exposeInternals");
  if (options.exposeNumericValues !== undefined) validateBoolean(options.exposeNumericValues, "options.exposeNumericValues");
}

export function writeHeapSnapshot(filename = undefined, options = undefined) {
  if (filename !== undefined) validateString(filename, "filename");
  checkSnapshot(options);
  refuse("writeHeapSnapshot");
}

export function getHeapSnapshot(options = undefined) {
  checkSnapshot(options);
  refuse("getHeapSnapshot");
}

export function setFlagsFromString(flags) {
  validateString(flags, "flags");
  refuse("setFlagsFromString");
}

export function isStringOneByteRepresentation(content) {
  validateString(content, "content");
  refuse("isStringOneByteRepresentation");
}

export function setHeapSnapshotNearHeapLimit(limit) {
  validateUint32(limit, "limit", true);
  refuse("setHeapSnapshotNearHeapLimit");
}

export const serialize = () => refuse("serialize");
export const deserialize = () => refuse("deserialize");
export const queryObjects = () => refuse("queryObjects");
export const stopCoverage = () => {};
export const takeCoverage = () => {};
export const promiseHooks = Object.fromEntries(["createHook", "onInit", "onBefore", "onAfter", "onSettled"].map((name) => [name, () => refuse(`promiseHooks.${name}`)]));
export const startupSnapshot = {
  addDeserializeCallback: () => refuse("startupSnapshot.addDeserializeCallback"), addSerializeCallback: () => refuse("startupSnapshot.addSerializeCallback"),
  setDeserializeMainFunction: () => refuse("startupSnapshot.setDeserializeMainFunction"), isBuildingSnapshot: () => false,
};

export default {
  Serializer, DefaultSerializer, Deserializer, DefaultDeserializer, GCProfiler, cachedDataVersionTag, getHeapStatistics, getHeapCodeStatistics,
  getHeapSpaceStatistics, getCppHeapStatistics, writeHeapSnapshot, getHeapSnapshot, setFlagsFromString, isStringOneByteRepresentation,
  setHeapSnapshotNearHeapLimit, serialize, deserialize, queryObjects, stopCoverage, takeCoverage, promiseHooks, startupSnapshot,
};
