// Draws a postcard: hills under a sun, in colours that come from the words.

const escaped = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

function numbers(text) {
	let state = 7;
	for (const letter of text) state = (state * 31 + letter.codePointAt(0)) >>> 0;
	return () => (state = (state * 1_664_525 + 1_013_904_223) >>> 0) / 2 ** 32;
}

function hill(next, height, colour) {
	const [a, b, c] = [0, 0, 0].map(() => height + 50 * (next() - 0.5));
	return `<path d="M0 400V${a}C150 ${b - 50} 260 ${b + 45} 380 ${b}S560 ${c - 40} 600 ${c}V400Z" fill="${colour}"/>`;
}

function lines(words) {
	const wrapped = [""];
	for (const word of words.split(/\s+/)) {
		if (`${wrapped.at(-1)} ${word}`.length > 26 && wrapped.at(-1) !== "") wrapped.push("");
		wrapped.push(`${wrapped.pop()} ${word}`.trim());
	}
	return wrapped.map((line, at) => `<tspan x="40" y="${66 + at * 40}">${escaped(line)}</tspan>`).join("");
}

export function card(words) {
	const next = numbers(words);
	const hue = Math.floor(next() * 360);
	const colour = (turn, saturation, lightness) => `hsl(${(hue + turn) % 360} ${saturation}% ${lightness}%)`;
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 400">
<defs><linearGradient id="sky" x2="0" y2="1"><stop stop-color="${colour(0, 70, 80)}"/><stop offset="1" stop-color="${colour(40, 85, 90)}"/></linearGradient></defs>
<rect width="600" height="400" fill="url(#sky)"/>
<circle cx="${380 + 150 * next()}" cy="${150 + 60 * next()}" r="${44 + 20 * next()}" fill="hsl(${38 + 14 * next()} 96% 70%)"/>
${hill(next, 250, colour(20, 40, 66))}${hill(next, 295, colour(10, 42, 50))}${hill(next, 345, colour(0, 45, 34))}
<text font-family="Georgia, serif" font-size="33" fill="${colour(0, 55, 20)}">${lines(words)}</text>
</svg>
`;
}
