// What visitors of a customer's host see where no Worker of theirs answers.
const escape = (text) => text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);

export const notice = (status, title, words) => new Response(`<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${escape(title)}</title>
<style>
	body { display: grid; place-content: center; min-height: 100vh; margin: 0; background: #f3efe6; color: #12303f; text-align: center; font: 18px/1.5 "Avenir Next", Avenir, "Segoe UI", system-ui, sans-serif; }
	b { color: #d9573f; font-size: 14px; letter-spacing: .12em; } h1 { margin: 8px 0; font: 400 44px/1.1 Georgia, "DejaVu Serif", serif; } p { margin: 0; color: #5c7480; }
</style>
<main><b>${status}</b><h1>${escape(title)}</h1><p>${escape(words)}</p></main></html>`, { status, headers: { "content-type": "text/html; charset=utf-8" } });
