// lodash, whole and by the function.
import _, { chunk } from "lodash";
import debounce from "lodash/debounce";
import get from "lodash/get.js";
import fp from "lodash/fp";

export default async () => {
  const people = [{ name: "ann", age: 30 }, { name: "bob", age: 25 }, { name: "cid", age: 30 }];
  let calls = 0;
  const once = debounce(() => calls++, 1);
  once();
  once();
  await new Promise((resolve) => setTimeout(resolve, 30));
  return {
    grouped: _.groupBy(people, "age"),
    sorted: _.orderBy(people, ["age", "name"], ["desc", "asc"]).map((one) => one.name),
    chunks: chunk([1, 2, 3, 4, 5], 2),
    deep: get({ a: [{ b: { c: 3 } }] }, "a[0].b.c"),
    calls,
    merged: _.merge({ a: [1, { b: 2 }] }, { a: [0, { c: 3 }] }),
    cloned: _.isEqual(_.cloneDeep(people), people),
    flow: fp.flow(fp.map((n) => n * 2), fp.filter((n) => n > 2), fp.sum)([1, 2, 3]),
    cased: ["camelCase", "kebabCase", "startCase"].map((how) => _[how]("Grüße an foo-bar_baz")),
    version: _.VERSION,
  };
};
