// What the inspectors share: a list, and beside it what is open of it. On a narrow window what is
// open takes the list's place until it is closed.

import { admin } from "../../lib/api.js";
import { html, useEffect, useRef } from "../../lib/html.js";
import { usePolled } from "../../lib/live.js";
import { Problem } from "../../lib/parts.js";
import { go, route } from "../../lib/router.js";

/** `id` is what is open, "" for nothing. `detail` is what shows it. */
export function Inspector({ id, list, detail }) {
  return html`
    <div class=${id ? "inspector opened" : "inspector"}>
      <div class="list">${list}</div>
      ${id && html`<article class="card detail" key=${id}>${detail}</article>`}
    </div>
  `;
}

/** One thing of the admin API, by the id in the address. */
export function useOne(path, id, on = []) {
  return usePolled(() => admin("GET", `${path}/${encodeURIComponent(id)}`), { deps: [path, id], on });
}

/** The head of what is open: what it is, and how to close it. */
export function DetailHead({ title, children }) {
  const heading = useRef();
  useEffect(() => {
    // The row that was pressed may be out of sight now, and the focus with it.
    const focused = document.activeElement;
    if (!focused || focused === document.body || !focused.checkVisibility()) heading.current.focus();
  }, []);
  return html`
    <header class="detail-head">
      <h2 ref=${heading} tabindex="-1">${title}</h2>
      ${children}
      <button class="quiet close" aria-label="Close" title="Close" onClick=${close}>✕</button>
    </header>
  `;
}

function close() {
  const row = document.querySelector("tr[aria-current=true]");
  const { view, query } = route();
  go(view, "", query);
  // Not before the list is in sight again.
  setTimeout(() => row?.querySelector("button")?.focus());
}

/** Why something cannot be opened: it is gone, or the address is wrong. */
export const NotThere = ({ title, error }) => html`
  <${DetailHead} title=${title} />
  <${Problem} error=${error} />
`;

/** Names and values below each other: `[name, value]`, of which those without a value are left out. */
export const Facts = ({ facts }) => html`
  <dl class="facts">
    ${facts
      .filter(([, value]) => value !== null && value !== undefined && value !== "")
      .map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}
  </dl>
`;

/** A part of what is open, which can be folded. */
export const Part = ({ title, note, isOpen = true, children }) => html`
  <details class="part" open=${isOpen}>
    <summary><h3>${title}</h3>${note && html` <small>${note}</small>`}</summary>
    ${children}
  </details>
`;
