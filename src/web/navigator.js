// navigator: what a Worker may know of where it runs.

import { host } from "internal:host";
import { illegalConstructor, interface_, internal, requiredArguments } from "internal:webidl";

export class Navigator {
  constructor(token) {
    illegalConstructor(token);
  }

  get userAgent() { return "Cloudflare-Workers"; }
  get platform() { return ""; }
  get language() { return "en"; }
  get languages() { return Object.freeze(["en"]); }
  get hardwareConcurrency() { return 1; }

  /** Posts `data` to `url` without waiting for the answer. */
  sendBeacon(url, data = undefined) {
    requiredArguments(arguments.length, 1, "Failed to execute 'sendBeacon' on 'Navigator'");
    fetch(url, { method: "POST", body: data }).catch(() => {});
    return true;
  }
}

if (!host.flag("enable_navigator_language")) {
  delete Navigator.prototype.language;
  delete Navigator.prototype.languages;
}
interface_(Navigator, { lengths: { constructor: 0 } });
export const navigator = new Navigator(internal);
