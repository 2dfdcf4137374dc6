// The page: joins a room, shows what is said, and comes back when the connection is lost.
const find = (selector) => document.querySelector(selector);
const [join, main, said, say] = ["#join", "main", "#said", "#say"].map(find);

let name = "";
let socket;
let last;

function hue(text) {
	let sum = 0;
	for (const letter of text) sum = (sum * 31 + letter.codePointAt(0)) % 360;
	return `hsl(${sum} 55% 48%)`;
}

function element(tag, text) {
	const made = document.createElement(tag);
	made.textContent = text;
	return made;
}

function show(one) {
	const item = document.createElement("li");
	item.append(element("b", one.name), element("p", one.text));
	item.classList.toggle("own", one.name === name);
	item.classList.toggle("first", one.name !== last);
	item.title = new Date(one.at).toLocaleTimeString();
	last = one.name;
	said.append(item);
	said.scrollTop = said.scrollHeight;
}

const heard = {
	history(message) {
		said.replaceChildren();
		last = undefined;
		message.said.forEach(show);
	},
	here(message) {
		find("#here").replaceChildren(...message.names.map((who) => {
			const item = element("li", [...who][0].toUpperCase());
			item.style.setProperty("--hue", hue(who));
			item.title = who;
			return item;
		}));
	},
	said: show,
};

function connect(room) {
	const url = new URL(`/rooms/${room}/socket`, location.href.replace(/^http/, "ws"));
	url.searchParams.set("name", name);
	socket = new WebSocket(url);
	socket.addEventListener("message", ({ data }) => {
		if (data === "pong") return;
		const message = JSON.parse(data);
		heard[message.kind](message);
	});
	socket.addEventListener("close", () => setTimeout(connect, 1000, room));
}

join.addEventListener("submit", (event) => {
	event.preventDefault();
	name = join.elements.name.value.trim();
	const room = join.elements.room.value;
	find("#room").textContent = room;
	join.hidden = true;
	main.hidden = false;
	say.elements.text.focus();
	connect(room);
});

say.addEventListener("submit", (event) => {
	event.preventDefault();
	const { text } = say.elements;
	if (text.value.trim() === "" || socket.readyState !== WebSocket.OPEN) return;
	socket.send(text.value);
	text.value = "";
});

setInterval(() => socket?.readyState === WebSocket.OPEN && socket.send("ping"), 25_000);
