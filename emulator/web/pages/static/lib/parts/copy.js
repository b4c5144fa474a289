// Text to copy: shown completely, copied with a button.

import { html, useEffect, useState } from "../html.js";
import { problem } from "./toasts.js";

const DONE_MS = 2000;

/**
 * A button that copies `text`. `label` describes it to screen readers, unless the button's `title`
 * describes it to everybody.
 */
export function Copy({ text, label = "", title = "Copy" }) {
  const [isDone, setDone] = useState(false);
  useEffect(() => {
    if (!isDone) return undefined;
    const timer = setTimeout(() => setDone(false), DONE_MS);
    return () => clearTimeout(timer);
  }, [isDone]);
  const press = async () => {
    try {
      await copy(text);
      setDone(true);
    } catch {
      problem("The browser does not let this page copy. Select the text and copy it by hand.");
    }
  };
  return html`
    <button type="button" class="copy" onClick=${press} aria-label=${label && `Copy ${label}`}>
      <span aria-live="polite">${isDone ? "Copied" : title}</span>
    </button>
  `;
}

/** A line of code with its copy button, called `name`. */
export function CopyLine({ name, text }) {
  return html`
    <div class="copy-line">
      <span class="name">${name}</span><code>${text}</code><${Copy} text=${text} label=${name} />
    </div>
  `;
}

/** Pages from another machine without TLS have no clipboard; the old command also works there. */
async function copy(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const area = document.createElement("textarea");
  area.value = text;
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  const isDone = document.execCommand("copy");
  area.remove();
  if (!isDone) throw new Error("refused");
}
