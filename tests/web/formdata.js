// FormData and its two forms on the wire.

test("blobs enter a form as files named after their field", () => {
  const form = new FormData();
  form.append("a", new Blob(["x"], { type: "t/x" }));
  form.append("a", new Blob(["y"]), "y.txt");
  form.append("b", 5);
  const [first, second] = form.getAll("a");
  equal([first instanceof File, first.name, first.type, second.name, form.get("b"), form.get("c")], [true, "a", "t/x", "y.txt", "5", null]);
  form.set("a", "z");
  equal([...form], [["a", "z"], ["b", "5"]]);
});

test("a form goes through multipart and back", async () => {
  const form = new FormData();
  form.append('qu"ote', "line\nend");
  form.append("file", new File(["\0\r\n--x"], "ü.bin", { type: "a/b" }));
  const back = await new Response(form).formData();
  equal([...back.keys()], ["qu%22ote", "file"]);
  equal(back.get("qu%22ote"), "line\r\nend");
  const file = back.get("file");
  equal([file.name, file.type, await file.text()], ["ü.bin", "a/b", "\0\r\n--x"]);
});

test("an urlencoded body is a form too", async () => {
  const back = await new Response(new URLSearchParams("a=1&a=b+c&%C3%A9")).formData();
  equal([...back], [["a", "1"], ["a", "b c"], ["é", ""]]);
});

test("malformed forms are refused", async () => {
  const parse = (body, type) => new Response(body, { headers: { "content-type": type } }).formData();
  await rejects("TypeError", parse("", "multipart/form-data; boundary=x"));
  await rejects("TypeError", parse("--x--", "multipart/form-data"));
  await rejects("TypeError", parse("a", "text/plain"));
  equal([...(await parse("--x--", "multipart/form-data; boundary=x"))], []);
});
