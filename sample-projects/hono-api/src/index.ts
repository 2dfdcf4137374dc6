import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { zValidator } from "@hono/zod-validator";
import { z } from "zod";
import { bookSchema, type Book, Shelf } from "@/books";

interface Env {
	Bindings: { BOOKS: KVNamespace; OLDEST: string };
}

const app = new Hono<Env>();

app.get("/", (c) => c.text("The library. Try /books\n"));

app.get("/books", async (c) => {
	const shelf = new Shelf(c.env.BOOKS);
	return c.json(await shelf.list());
});

app.get("/books/:id", zValidator("param", z.object({ id: z.uuid() })), async (c) => {
	const { id } = c.req.valid("param");
	const book: Book | null = await new Shelf(c.env.BOOKS).find(id);
	if (!book) throw new HTTPException(404, { message: `no book ${id}` });
	return c.json(book);
});

app.post(
	"/books",
	zValidator("json", bookSchema, (result, c) => {
		if (!result.success) return c.json({ mistakes: result.error.issues.map((issue) => issue.message) }, 400);
	}),
	async (c) => {
		const book = c.req.valid("json");
		if (book.year < Number(c.env.OLDEST)) throw new HTTPException(422, { message: "older than printing" });
		const id = await new Shelf(c.env.BOOKS).add(book);
		return c.json({ id, ...book }, 201, { location: `/books/${id}` });
	},
);

app.onError((error, c) => {
	if (error instanceof HTTPException) return c.json({ error: error.message }, error.status);
	console.error(error);
	return c.json({ error: "internal" }, 500);
});

export default app satisfies ExportedHandler<Env["Bindings"]>;
