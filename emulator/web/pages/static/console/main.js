// The console: a bar on top, a list of views, and the view that the address names.

import { html, render, useEffect, useErrorBoundary, useRef, useState } from "../lib/html.js";
import { Lost, TokenForm, useTokenNeeded } from "../lib/parts.js";
import { useRoute } from "../lib/router.js";
import { Bar } from "./bar.js";
import { useKeys } from "./keys.js";
import { Rail } from "./rail.js";
import { find, VIEWS } from "./views.js";

function Console() {
  const { world, view: name, id, query } = useRoute();
  const view = find(name || VIEWS[0].name);
  const [isOpen, setOpen] = useState(false);
  const main = useRef();
  const needsToken = useTokenNeeded();
  useKeys();
  useEffect(() => {
    document.title = `${view?.title ?? "Not found"} · live-emulator`;
    setOpen(false);
  }, [view, id]);
  return html`
    <button class="skip" onClick=${() => main.current.focus()}>Skip to content</button>
    <${Bar} isOpen=${isOpen} onMenu=${() => setOpen(!isOpen)} />
    <${Rail} current=${view?.name} isOpen=${isOpen} />
    <main ref=${main} tabindex="-1">
      <${Lost} />
      ${needsToken
        ? html`<${TokenForm} />`
        : html`<${Shown} key=${`${world}/${view?.name}`} view=${view} id=${id} query=${query} />`}
    </main>
  `;
}

/** The view itself, once its file is loaded. */
function Shown({ view, id, query }) {
  const [Loaded, setLoaded] = useState(null);
  const [error, clear] = useErrorBoundary();
  useEffect(() => {
    view?.load().then((module) => setLoaded(() => module.default));
  }, [view]);
  if (!view) return html`<div class="empty"><h1>This view does not exist</h1></div>`;
  if (error) {
    return html`<div class="empty">
      <h1>${view.title}</h1>
      <p class="problem-line" role="alert">This view has failed: ${error.message}</p>
      <button onClick=${clear}>Try again</button>
    </div>`;
  }
  return Loaded ? html`<${Loaded} id=${id} query=${query} />` : html`<p class="muted">Loading …</p>`;
}

render(html`<${Console} />`, document.querySelector("#console"));
