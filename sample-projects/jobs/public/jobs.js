// The page: orders cards and shows how far they are.
const form = document.querySelector("form");
const cards = document.querySelector("#cards");
const pause = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

function element(tag, text) {
	const made = document.createElement(tag);
	made.textContent = text;
	return made;
}

function frame(words, state) {
	const item = document.createElement("li");
	const foot = document.createElement("p");
	foot.append(element("b", words), element("span", state));
	const wait = document.createElement("div");
	wait.className = "wait";
	item.append(wait, foot);
	return item;
}

function finish(item, key, words, state) {
	const image = new Image();
	image.src = `/cards/${key}`;
	image.alt = words;
	item.firstElementChild.replaceWith(image);
	item.querySelector("span").textContent = state;
}

async function follow(id, words) {
	const item = frame(words, "ordered");
	cards.prepend(item);
	for (;;) {
		const { status, output } = await (await fetch(`/orders/${id}`)).json();
		if (status === "complete") return finish(item, output.key, words, "just now");
		item.querySelector("span").textContent = status;
		if (status === "errored" || status === "terminated") return;
		await pause(150);
	}
}

form.addEventListener("submit", async (event) => {
	event.preventDefault();
	const words = form.elements.words.value;
	const answer = await fetch("/orders", { method: "POST", body: new FormData(form) });
	if (!answer.ok) return;
	form.reset();
	follow((await answer.json()).id, words);
});

for (const { key, words, uploaded } of await (await fetch("/cards")).json()) {
	const item = frame(words, "");
	cards.append(item);
	finish(item, key, words, new Date(uploaded).toLocaleTimeString([], { timeStyle: "short" }));
}
