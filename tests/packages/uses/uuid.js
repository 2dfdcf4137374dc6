// uuid makes identifiers of all versions and reads them.
import { NIL, parse, stringify, v1, v3, v4, v5, v7, validate, version } from "uuid";

export default () => ({
  named: [v3("example.com", v3.DNS), v5("example.com", v5.DNS)],
  versions: [v1(), v4(), v7()].map((one) => [validate(one), version(one)]),
  fixed: v4({ random: Uint8Array.from({ length: 16 }, (_, index) => index) }),
  bytes: [...parse("9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d")],
  back: stringify(parse(NIL)),
  invalid: validate("nope"),
  ordered: v7({ msecs: 1 }) < v7({ msecs: 2 }),
});
