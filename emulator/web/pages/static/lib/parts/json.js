// JSON, indented and coloured. Links and markup in it have no effect.

import { html } from "../html.js";

const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

export function Json({ value, label = "JSON" }) {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2) ?? "–";
  // A long text is not coloured: that would take thousands of elements.
  const shown = typeof value === "string" || text.length > 20_000 ? text : coloured(text);
  return html`<pre class="json" tabindex="0" role="group" aria-label=${label}>${shown}</pre>`;
}

function coloured(text) {
  const pieces = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [all, quoted, colon] = match;
    pieces.push(text.slice(end, match.index));
    const kind = colon ? "key" : quoted ? "text" : "value";
    pieces.push(html`<span class=${kind}>${all}</span>`);
    end = match.index + all.length;
  }
  return [...pieces, text.slice(end)];
}
