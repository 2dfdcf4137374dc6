// react-dom renders components to a string and to a stream.
import * as React from "react";
import { createContext, Suspense, use, useContext, useId, useMemo, useState } from "react";
import { renderToReadableStream, renderToString } from "react-dom/server";

const Theme = createContext("light");
const Item = ({ children }) => <li className={useContext(Theme)} id={useId()}>{children}</li>;
const List = ({ items }) => {
  const [first] = useState(items[0]);
  const rest = useMemo(() => items.slice(1), [items]);
  return (
    <Theme value="dark">
      <ul style={{ color: "red" }} data-first={first}>
        {rest.map((item) => <Item key={item}>{item} &amp; {"<more>"}</Item>)}
      </ul>
    </Theme>
  );
};
const Late = ({ promise }) => <b>{use(promise)}</b>;

export default async () => {
  const promise = new Promise((resolve) => setTimeout(resolve, 5, "late"));
  const page = <html><body><Suspense fallback={<i>wait</i>}><Late promise={promise} /></Suspense></body></html>;
  const stream = await renderToReadableStream(page, { bootstrapScripts: ["/main.js"] });
  const text = await new Response(stream).text();
  return {
    string: renderToString(<><List items={["a", "b", "c"]} /></>),
    streamed: [text.includes("<i>wait</i>"), text.includes("<b>late</b>"), text.includes("/main.js")],
  };
};
