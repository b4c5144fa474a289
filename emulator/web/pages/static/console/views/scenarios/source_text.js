// A scenario's text with line numbers, and the results of its lines.

import { html, useEffect, useRef } from "../../../lib/html.js";

/**
 * `lines` describes lines by number: `{tone: "good" | "bad" | "now", note}`. `shown` is the number of
 * the line that is scrolled into view.
 */
export function SourceText({ file, text, lines = {}, shown = 0 }) {
  const list = useRef();
  useEffect(() => {
    const item = shown && list.current?.children[shown - 1];
    if (item) list.current.parentElement.scrollTo({ top: item.offsetTop - 80 });
  }, [shown]);
  return html`
    <section class="card source" tabindex="0" aria-label=${`Text of ${file}`}>
      <p class="name"><code>${file}</code></p>
      <ol ref=${list}>
        ${text.trimEnd().split("\n").map((line, index) => html`<${Line}
          key=${index} text=${line} isShown=${index + 1 === shown} ...${lines[index + 1]} />`)}
      </ol>
    </section>
  `;
}

const Line = ({ text, tone = "", note, isShown }) => html`
  <li class=${tone} aria-current=${isShown ? "true" : undefined}>
    <code>${text}</code>${note && html`<small>${note}</small>`}
  </li>
`;
