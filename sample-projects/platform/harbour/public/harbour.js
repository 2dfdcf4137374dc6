// The page: who is moored, the code of one of them, its site and its log.
const EXAMPLES = {
	hello: `export default {
  fetch(request) {
    console.log("somebody is here:", request.headers.get("user-agent"));
    return new Response("<h1>Ahoy!</h1>", {
      headers: { "content-type": "text/html" },
    });
  },
};
`,
	quote: `export default {
  async fetch() {
    // The harbour signs this request on its way out.
    const answer = await fetch("https://quotes.harbour.example/");
    const { customer, quote } = await answer.json();
    console.log("a quote for", customer);
    return new Response(\`"\${quote}"\`);
  },
};
`,
	tracker: `export default {
  async fetch() {
    const answer = await fetch("https://tracker.example/pixel");
    console.warn("the tracker answered", answer.status);
    return new Response(await answer.text());
  },
};
`,
	storm: `export default {
  fetch() {
    for (;;); // Until the plan's CPU time is used up.
  },
};
`,
};

const element = (id) => document.getElementById(id);
const form = element("deploy");
let [current, seen, round] = [undefined, 0, 0];

const siteOf = (name) => {
	const platform = location.hostname.endsWith("harbour.example") ? "harbour.example" : "localhost";
	return `${location.protocol}//${name}.${platform}${location.port && `:${location.port}`}/`;
};

async function ask(path, init) {
	const answer = await fetch(`/api/${path}`, init);
	const body = await answer.json();
	if (!answer.ok) throw new Error(body.error);
	return body;
}

function tell(text, wrong = false) {
	element("told").textContent = text;
	element("told").classList.toggle("wrong", wrong);
}

async function moored() {
	const customers = await ask("customers");
	element("customers").replaceChildren(...customers.map(({ name, plan }) => {
		const [item, button, small] = ["li", "button", "small"].map((kind) => document.createElement(kind));
		small.textContent = plan;
		button.append(name, small);
		button.type = "button";
		if (name === current) button.setAttribute("aria-current", "true");
		button.addEventListener("click", () => show(name));
		item.append(button);
		return item;
	}));
}

function visit() {
	const address = siteOf(current);
	element("address").textContent = element("address").href = address;
	element("site").src = address;
}

async function follow() {
	const mine = ++round;
	while (mine === round) {
		const lines = await ask(`customers/${current}/logs?after=${seen}`).catch(() => []);
		if (mine !== round) return;
		element("log").prepend(...lines.toReversed().map(({ id, level, text, at }) => {
			const [item, time, words] = ["li", "time", "span"].map((kind) => document.createElement(kind));
			seen = Math.max(seen, id);
			time.textContent = new Date(at).toTimeString().slice(0, 8);
			words.textContent = text;
			item.className = level;
			item.append(time, words);
			return item;
		}));
		await new Promise((resolve) => setTimeout(resolve, 700));
	}
}

async function show(name) {
	const { plan, code } = await ask(`customers/${name}`);
	const changed = current !== name;
	current = name;
	history.replaceState(null, "", `#${name}`);
	form.elements.name.value = name;
	form.elements.plan.value = plan;
	form.elements.code.value = code ?? "// Deployed from a repository of its own: customers/bakery.";
	form.elements.code.readOnly = code === null;
	if (changed) {
		seen = 0;
		element("log").replaceChildren();
		follow();
	}
	visit();
	await moored();
}

function begin() {
	[current, round] = [undefined, round + 1];
	history.replaceState(null, "", location.pathname);
	form.reset();
	form.elements.code.readOnly = false;
	form.elements.code.value = EXAMPLES.hello;
	element("log").replaceChildren();
	element("site").removeAttribute("src");
	element("address").textContent = "";
	tell("");
	moored();
	form.elements.name.focus();
}

form.addEventListener("submit", async (event) => {
	event.preventDefault();
	const { name, plan, code } = Object.fromEntries(new FormData(form));
	const button = form.querySelector("header > button");
	button.disabled = true;
	tell("Casting off …");
	try {
		await ask(`customers/${name}`, { method: "PUT", body: JSON.stringify({ plan, code }) });
		tell(`${name} is at sea.`);
		await show(name);
	} catch (error) {
		tell(error.message, true);
	}
	button.disabled = false;
});

for (const [name, code] of Object.entries(EXAMPLES)) {
	const button = document.createElement("button");
	button.type = "button";
	button.textContent = name;
	button.addEventListener("click", () => { if (!form.elements.code.readOnly) form.elements.code.value = code; });
	element("examples").append(button);
}
element("new").addEventListener("click", begin);
element("again").addEventListener("click", () => current && visit());
const wanted = location.hash.slice(1);
begin();
if (wanted !== "") show(wanted).catch(begin);
