// Toasts: short messages in a corner. A refusal stays until it is dismissed.

import { html, render, useEffect, useState } from "../html.js";
import { onReach } from "../reach.js";

const NOTICE_MS = 6000;

// A call that was not answered: its message goes away by itself once the server is back.
const UNANSWERED = 0;

let toasts = [];
let count = 0;
let show = () => {};

/** Report a success. `action` is `{title, act}`, such as an undo. */
export function toast(message, { action, stays = Boolean(action) } = {}) {
  const id = add({ message, action, kind: "" });
  if (!stays) setTimeout(() => dismiss(id), NOTICE_MS);
  return () => dismiss(id);
}

/** Report a refusal: an `ApiError` or a message. A repeated one is shown once. */
export function problem(error) {
  const message = error?.message ?? String(error);
  if (!toasts.some((shown) => shown.kind === "problem" && shown.message === message)) {
    add({ message, kind: "problem", status: error?.status });
  }
}

function add(shown) {
  raise();
  count += 1;
  toasts = [...toasts, { ...shown, id: count }];
  show(toasts);
  return count;
}

function dismiss(id) {
  toasts = toasts.filter((shown) => shown.id !== id);
  show(toasts);
}

onReach((isReached) => {
  if (!isReached) return;
  toasts = toasts.filter(({ status }) => status !== UNANSWERED);
  show(toasts);
});

function Toasts() {
  const [shown, setShown] = useState(toasts);
  useEffect(() => {
    show = setShown;
    setShown(toasts);
  }, []);
  return shown.map(
    ({ id, message, kind, action }) => html`
      <div key=${id} class="toast ${kind}" role=${kind === "problem" ? "alert" : "status"}>
        <p>${message}</p>
        ${action && html`<button onClick=${() => run(id, action)}>${action.title}</button>`}
        <button class="quiet" aria-label="Dismiss" onClick=${() => dismiss(id)}>✕</button>
      </div>
    `,
  );
}

async function run(id, { act }) {
  dismiss(id);
  try {
    await act();
  } catch (error) {
    problem(error);
  }
}

// Screen readers only announce content of a region that existed before.
const region = document.createElement("section");
region.className = "toasts";
region.setAttribute("aria-label", "Notices");
document.body.append(region);
render(html`<${Toasts} />`, region);

/** An open dialog covers all that is outside of it. */
function raise() {
  const dialog = document.querySelector("dialog[open]");
  if (!dialog || dialog.contains(region)) return;
  dialog.append(region);
  dialog.addEventListener("close", () => document.body.append(region), { once: true });
}
