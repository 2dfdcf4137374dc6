// zod 4 checks data against a schema.
import { z } from "zod";
import * as mini from "zod/mini";

const Person = z.object({
  name: z.string().trim().min(2),
  email: z.email(),
  age: z.number().int().nonnegative().default(18),
  tags: z.array(z.enum(["a", "b"])).max(2),
  shape: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("circle"), r: z.number() }),
    z.object({ kind: z.literal("square"), side: z.number() }),
  ]),
});

export default async () => {
  const good = { name: " Ann ", email: "ann@example.com", tags: ["a"], shape: { kind: "circle", r: 1 }, more: 1 };
  const bad = { name: "A", email: "nope", age: 1.5, tags: ["c"], shape: { kind: "triangle" } };
  const failed = Person.safeParse(bad);
  return {
    good: Person.parse(good),
    issues: failed.error.issues.map((issue) => [issue.path.join("."), issue.code, issue.message]),
    pretty: z.prettifyError(failed.error),
    schema: z.toJSONSchema(Person, { io: "input" }),
    later: await z.string().refine(async (text) => text === "x", "not x").safeParseAsync("y").then((one) => one.error.issues[0].message),
    coerced: z.coerce.number().parse("42"),
    transformed: z.string().transform((text) => text.length).pipe(z.number()).parse("abc"),
    recursive: (() => {
      const Node = z.object({ value: z.number(), get children() { return z.array(Node); } });
      return Node.parse({ value: 1, children: [{ value: 2, children: [] }] });
    })(),
    mini: mini.safeParse(mini.optional(mini.string().check(mini.minLength(3))), "ab").success,
  };
};
