// The common frame of the inspectors: a list, and next to it the opened item. On a narrow window the
// opened item replaces the list until it is closed.

import { admin } from "../../lib/api.js";
import { html, useEffect, useRef } from "../../lib/html.js";
import { usePolled } from "../../lib/live.js";
import { Problem } from "../../lib/parts.js";
import { go, route } from "../../lib/router.js";

/** `id` is the opened item, "" for none. `detail` shows it. */
export function Inspector({ id, list, detail }) {
  return html`
    <div class=${id ? "inspector opened" : "inspector"}>
      <div class="list">${list}</div>
      ${id && html`<article class="card detail" key=${id}>${detail}</article>`}
    </div>
  `;
}

/** One item of the admin API, by the id in the address. */
export function useOne(path, id, on = []) {
  return usePolled(() => admin("GET", `${path}/${encodeURIComponent(id)}`), { deps: [path, id], on });
}

/** The head of the opened item: its title, and the button that closes it. */
export function DetailHead({ title, children }) {
  const heading = useRef();
  useEffect(() => {
    // The pressed row may be hidden now, and the focus with it.
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
  // Only after the list is visible again.
  setTimeout(() => row?.querySelector("button")?.focus());
}

/** Why an item cannot be opened: it no longer exists, or the address is wrong. */
export const NotThere = ({ title, error }) => html`
  <${DetailHead} title=${title} />
  <${Problem} error=${error} />
`;

/** Names and values, one per row: `[name, value]`. Those without a value are left out. */
export const Facts = ({ facts }) => html`
  <dl class="facts">
    ${facts
      .filter(([, value]) => value !== null && value !== undefined && value !== "")
      .map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}
  </dl>
`;

/** A part of the opened item, which can be folded. */
export const Part = ({ title, note, isOpen = true, children }) => html`
  <details class="part" open=${isOpen}>
    <summary><h3>${title}</h3>${note && html` <small>${note}</small>`}</summary>
    ${children}
  </details>
`;
