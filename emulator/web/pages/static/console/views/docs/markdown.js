// Markdown as our documentation uses it: headings, paragraphs, lists, tables, code, links. It is a
// sequence of blocks, and nothing in it is taken for HTML.

import { html } from "../../../lib/html.js";
import { Copy } from "../../../lib/parts.js";
import { inline } from "./inline.js";

/** `base` is the name of the page, such as `how-to/obs`; relative links start from it. */
export function Markdown({ text, base }) {
  return blocksOf(text).map((block, index) => html`<${Block} key=${index} block=${block} base=${base} />`);
}

function Block({ block: { kind, lines, level }, base }) {
  if (kind === "code") return html`<${Code} text=${lines.join("\n")} />`;
  if (kind === "table") return html`<${Rows} lines=${lines} base=${base} />`;
  if (kind === "list") return html`<${Items} lines=${lines} base=${base} />`;
  const content = inline(lines.join(" "), base);
  if (kind === "paragraph") return html`<p>${content}</p>`;
  return [null, html`<h1>${content}</h1>`, html`<h2>${content}</h2>`][level] ?? html`<h3>${content}</h3>`;
}

const Code = ({ text }) => html`
  <div class="code-block">
    <pre tabindex="0" role="group" aria-label="Code">${text}</pre>
    <${Copy} text=${text} label="code" />
  </div>
`;

function Rows({ lines, base }) {
  const [head, , ...rows] = lines.map(cellsOf);
  return html`
    <div class="table-frame" role="group" aria-label="Table" tabindex="0">
      <table class="table">
        <thead><tr>${head.map((cell) => (cell ? html`<th scope="col">${inline(cell, base)}</th>` : html`<td></td>`))}</tr></thead>
        <tbody>
          ${rows.map((cells) => html`<tr>${cells.map((cell) => html`<td>${inline(cell, base)}</td>`)}</tr>`)}
        </tbody>
      </table>
    </div>
  `;
}

function Items({ lines, base }) {
  const items = [];
  for (const line of lines) {
    const start = line.match(/^(?:- |\d+\. )(.*)/);
    if (start) items.push(start[1]);
    else items[items.length - 1] += ` ${line.trim()}`;
  }
  const content = items.map((item) => html`<li>${inline(item, base)}</li>`);
  if (lines[0].startsWith("- ")) return html`<ul>${content}</ul>`;
  // An item with blocks of its own divides the list in two.
  return html`<ol start=${parseInt(lines[0], 10)}>${content}</ol>`;
}

/** A bar in code or after a backslash does not separate cells. */
const cellsOf = (line) =>
  line
    .trim()
    .replace(/^\||\|$/g, "")
    .match(/(?:\\\||`[^`]*`|[^|])+/g)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));

function blocksOf(text) {
  const blocks = [];
  let current = null;
  const begin = (kind, line, level) => blocks.push((current = { kind, lines: [line], level }));
  let indent = "";
  for (const raw of text.split("\n")) {
    // The blocks of a list item are indented; they are shown below it all the same.
    if (current?.kind !== "code") indent = raw.match(/^( {3})?/)[0];
    const line = raw.startsWith(indent) ? raw.slice(indent.length) : raw;
    if (line.startsWith("```")) {
      if (current?.kind === "code") current = null;
      else blocks.push((current = { kind: "code", lines: [] }));
    } else if (current?.kind === "code") current.lines.push(line);
    else if (!line.trim()) current = null;
    else if (/^#{1,4} /.test(line)) {
      begin("heading", line.replace(/^#+ /, ""), line.indexOf(" "));
      current = null;
    } else if (current) current.lines.push(line);
    else begin(line.startsWith("|") ? "table" : /^(- |\d+\. )/.test(line) ? "list" : "paragraph", line);
  }
  return blocks;
}
