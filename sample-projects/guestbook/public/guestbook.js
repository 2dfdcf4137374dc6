// The page: shows the entries and adds one's own.
const form = document.querySelector("form");
const entries = document.querySelector("#entries");

const days = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long" });

function element(tag, text) {
	const made = document.createElement(tag);
	made.textContent = text;
	return made;
}

function shown({ name, words, colour, written }) {
	const item = document.createElement("li");
	item.style.setProperty("--colour", `var(--${colour})`);
	const foot = document.createElement("small");
	foot.append(element("b", name), element("time", days.format(new Date(`${written}Z`))));
	item.append(element("p", words), foot);
	return item;
}

form.addEventListener("submit", async (event) => {
	event.preventDefault();
	const answer = await fetch("/entries", { method: "POST", body: new FormData(form) });
	if (!answer.ok) return;
	entries.prepend(shown(await answer.json()));
	form.elements.words.value = "";
});

const known = await (await fetch("/entries")).json();
entries.replaceChildren(...known.map(shown));
