import { z } from "zod";

export const enum Format {
	Paper = "paper",
	Audio = "audio",
}

export const bookSchema = z.object({
	title: z.string().min(1, "a book has a title"),
	year: z.number().int("years are whole"),
	format: z.enum([Format.Paper, Format.Audio]).default(Format.Paper),
});

export type Book = z.infer<typeof bookSchema>;

/** The books in a KV namespace. */
export class Shelf {
	constructor(private readonly kv: KVNamespace) {}

	async list(): Promise<(Book & { id: string })[]> {
		const { keys } = await this.kv.list();
		const books = await Promise.all(keys.map(async ({ name }) => ({ id: name, ...(await this.find(name))! })));
		return books.toSorted((a, b) => a.year - b.year);
	}

	find(id: string): Promise<Book | null> {
		return this.kv.get<Book>(id, "json");
	}

	async add(book: Book): Promise<string> {
		const id = crypto.randomUUID();
		await this.kv.put(id, JSON.stringify(book));
		return id;
	}
}
