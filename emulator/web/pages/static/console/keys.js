// Keys: `/` focuses the search, `g` and a letter opens a view, `?` lists all keys.

import { html, render, useEffect } from "../lib/html.js";
import { go } from "../lib/router.js";
import { VIEWS } from "./views.js";

const CHORD_MS = 1500;

export function useKeys() {
  useEffect(() => {
    let chordUntil = 0;
    const press = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const isChord = event.timeStamp < chordUntil;
      chordUntil = !isChord && event.key === "g" ? event.timeStamp + CHORD_MS : 0;
      const view = isChord && VIEWS.find(({ key }) => key === event.key);
      if (view) go(view.name);
      else if (event.key === "/") focusSearch(event);
      else if (event.key === "?") showKeys();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
}

const isTyping = (target) =>
  target.closest("input, textarea, select, dialog, [contenteditable]") !== null;

function focusSearch(event) {
  const search = document.querySelector("main input[type=search]");
  if (!search) return;
  event.preventDefault();
  search.focus();
  search.select();
}

/** The dialog that lists the keys. */
export function showKeys() {
  const host = document.createElement("div");
  document.body.append(host);
  const close = () => {
    render(null, host);
    host.remove();
  };
  const keys = [["/", "Search in this view"], ["?", "These keys"]];
  const jumps = VIEWS.map(({ key, title }) => [`g ${key}`, title]);
  render(
    html`<dialog onClose=${close} aria-labelledby="keys">
      <h2 id="keys">Keys</h2>
      <dl class="keys">
        ${[...keys, ...jumps].map(
          ([key, title]) => html`<div key=${key}><dt><kbd>${key}</kbd></dt><dd>${title}</dd></div>`,
        )}
      </dl>
      <form method="dialog" class="row end"><button autofocus>Close</button></form>
    </dialog>`,
    host,
  );
  host.firstElementChild.showModal();
}
