// valibot checks data against a schema.
import * as v from "valibot";

const Person = v.object({
  name: v.pipe(v.string(), v.trim(), v.minLength(2)),
  email: v.pipe(v.string(), v.email()),
  age: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 18),
  tags: v.array(v.picklist(["a", "b"])),
  shape: v.variant("kind", [
    v.object({ kind: v.literal("circle"), r: v.number() }),
    v.object({ kind: v.literal("square"), side: v.number() }),
  ]),
});

export default async () => {
  const good = { name: " Ann ", email: "ann@example.com", tags: ["a"], shape: { kind: "circle", r: 1 }, more: 1 };
  const bad = { name: "A", email: "nope", age: 1.5, tags: ["c"], shape: { kind: "triangle" } };
  return {
    good: v.parse(Person, good),
    issues: v.safeParse(Person, bad).issues.map((issue) => [v.getDotPath(issue), issue.message]),
    flat: v.flatten(v.safeParse(Person, bad).issues),
    later: await v.safeParseAsync(v.pipeAsync(v.string(), v.checkAsync(async (text) => text === "x")), "y").then((one) => one.success),
    is: v.is(v.union([v.string(), v.null()]), null),
    transformed: v.parse(v.pipe(v.string(), v.transform(Number), v.number()), "42"),
  };
};
