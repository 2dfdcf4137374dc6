// node:process.
import { process } from "node:internal/process";

export const {
  version, versions, arch, platform, release, features, title, argv, argv0, execArgv, execPath, pid, ppid, config, nextTick,
  emitWarning, hrtime, exit, abort, kill, cwd, chdir, umask, uptime, memoryUsage, resourceUsage, constrainedMemory,
  availableMemory, cpuUsage, threadCpuUsage, getegid, geteuid, getgid, getgroups, getuid, setegid, seteuid, setgid, setgroups, setuid, initgroups,
  binding, dlopen, loadEnvFile, moduleLoadList, debugPort, allowedNodeEnvironmentFlags, finalization, report, permission, sourceMapsEnabled,
  setSourceMapsEnabled, hasUncaughtExceptionCaptureCallback, setUncaughtExceptionCaptureCallback, getActiveResourcesInfo, openStdin, getBuiltinModule,
  ref, unref, reallyExit, domain, exitCode, connected, throwDeprecation, noDeprecation, traceDeprecation, env, stdin, stdout, stderr, assert,
  _debugEnd, _debugProcess, _getActiveHandles, _getActiveRequests, _kill, _linkedBinding, _rawDebug, _startProfilerIdleNotifier,
  _stopProfilerIdleNotifier, _tickCallback, execve,
} = process;
const bound = (name) => process[name].bind(process);
export const [on, once, off, emit, addListener, removeListener, removeAllListeners, listeners, listenerCount, prependListener, prependOnceListener, eventNames, setMaxListeners, getMaxListeners, rawListeners] =
  ["on", "once", "off", "emit", "addListener", "removeListener", "removeAllListeners", "listeners", "listenerCount", "prependListener", "prependOnceListener", "eventNames", "setMaxListeners", "getMaxListeners", "rawListeners"].map(bound);
export const mainModule = undefined;
export default process;
