// yaml reads and writes YAML, comments and anchors included.
import YAML, { parse, parseAllDocuments, stringify, isMap } from "yaml";

const text = `# settings
base: &base { retries: 3, hosts: [a, b] }
prod:
  <<: *base
  text: |
    two
    lines
  when: 2026-04-01
  empty: ~
`;

export default () => {
  const document = YAML.parseDocument(text);
  document.setIn(["prod", "extra"], [1, { x: true }]);
  return {
    value: parse(text, { merge: true }),
    edited: document.toString(),
    written: stringify({ a: [1, "two", null, { b: "multi\nline" }], c: "yes", "key: odd": 1.5 }),
    many: parseAllDocuments("a: 1\n---\nb: 2\n").map((one) => [isMap(one.contents), one.toJS()]),
    error: YAML.parseDocument("a: [1, 2").errors.map((error) => [error.code, error.linePos]),
  };
};
