// marked turns Markdown into HTML, with an extension.
import { marked, Marked } from "marked";

const text = `# Title

A *paragraph* with \`code\`, a [link](https://example.com "title") and <b>html</b>.

| a | b |
|---|:-:|
| 1 | 2 |

- [x] done
- [ ] open
  1. nested

\`\`\`js
const a = 1 < 2;
\`\`\`

> quote
`;

export default async () => {
  const own = new Marked({
    renderer: {
      heading({ tokens, depth }) {
        return `<h${depth} class="own">${this.parser.parseInline(tokens)}</h${depth}>`;
      },
    },
  });
  return { html: marked.parse(text), tokens: marked.lexer(text).map((token) => token.type), own: await own.parse(text, { async: true }) };
};
