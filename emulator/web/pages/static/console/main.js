// The console: a bar on top, a rail of views, and the view that the address names.

import { setToken, onTokenNeeded } from "../lib/api.js";
import { html, render, useEffect, useErrorBoundary, useRef, useState } from "../lib/html.js";
import { useConnection } from "../lib/live.js";
import { Form } from "../lib/parts.js";
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
  const needsToken = useToken();
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
        ? html`<${Token} />`
        : html`<${Shown} key=${`${world}/${view?.name}`} view=${view} id=${id} query=${query} />`}
    </main>
  `;
}

/** The view itself, once its file is here. */
function Shown({ view, id, query }) {
  const [Loaded, setLoaded] = useState(null);
  const [error, clear] = useErrorBoundary();
  useEffect(() => {
    view?.load().then((module) => setLoaded(() => module.default));
  }, [view]);
  if (!view) return html`<div class="empty"><h1>There is no such view</h1></div>`;
  if (error) {
    return html`<div class="empty">
      <h1>${view.title}</h1>
      <p class="problem-line" role="alert">This view has failed: ${error.message}</p>
      <button onClick=${clear}>Try again</button>
    </div>`;
  }
  return Loaded ? html`<${Loaded} id=${id} query=${query} />` : html`<p class="muted">Loading …</p>`;
}

function Lost() {
  const isLost = useConnection() === "lost";
  return html`<div role="status">
    ${isLost &&
    html`<p class="notice">
      The emulator does not answer. This page goes on by itself once it is back.
    </p>`}
  </div>`;
}

/** Whether the emulator was started with `--admin-token`, and we have none or a wrong one. */
function useToken() {
  const [isNeeded, setNeeded] = useState(false);
  useEffect(() => onTokenNeeded(() => setNeeded(true)), []);
  return isNeeded;
}

function Token() {
  // All that was refused is asked again by a fresh page.
  const open = ({ token }) => {
    setToken(token);
    location.reload();
  };
  return html`
    <${Form} class="card narrow" onSubmit=${open}>
      <h1>Admin token</h1>
      <p class="muted">This emulator was started with <code>--admin-token</code>. Your browser
      keeps it until this tab is closed.</p>
      <label class="field"><span>Token</span>
        <input type="password" name="token" autocomplete="off" required autofocus /></label>
      <button class="primary">Open</button>
    <//>
  `;
}

render(html`<${Console} />`, document.querySelector("#console"));
