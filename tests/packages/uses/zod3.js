// zod 3 checks data against a schema.
import { z, ZodError } from "zod3";

const Person = z.object({
  name: z.string().trim().min(2),
  email: z.string().email(),
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
    flat: failed.error.flatten(),
    is: failed.error instanceof ZodError,
    later: await z.string().refine(async (text) => text === "x").safeParseAsync("y").then((one) => one.success),
    coerced: z.coerce.date().parse("2026-01-01").toISOString(),
    record: z.record(z.string(), z.number()).safeParse({ a: "x" }).success,
  };
};
