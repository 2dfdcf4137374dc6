import { Suspense, use } from "react";

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Stands for a slow service. */
async function loadNews() {
	await pause(30);
	return ["React streams", "Suspense waits", "Workers answer"];
}

function News({ news }) {
	return (
		<ul>
			{use(news).map((line) => (
				<li key={line}>{line}</li>
			))}
		</ul>
	);
}

export function App({ name }) {
	return (
		<html lang="en">
			<head>
				<title>{`Hello, ${name}`}</title>
				<link rel="stylesheet" href="/page.css" precedence="default" />
			</head>
			<body>
				<h1>Hello, {name}</h1>
				<Suspense fallback={<p>Loading the news …</p>}>
					<News news={loadNews()} />
				</Suspense>
			</body>
		</html>
	);
}
