// A question before something is destroyed.

import { html, render } from "../html.js";
import { problem } from "./toasts.js";

/**
 * Ask in a dialog, and call `act` after consent: `confirm({title: "Drop it?", text, act})`. `name` is
 * the button's text. Escape, Cancel and another address do nothing. Settles when the dialog is closed.
 */
export function confirm({ title, text, act, name = "Yes, do it" }) {
  const host = document.createElement("div");
  document.body.append(host);
  return new Promise((resolve) => {
    let isActing = false;
    const shut = () => host.firstElementChild?.close();
    // The address names the world and the thing that the question is about.
    window.addEventListener("hashchange", shut);
    const close = () => {
      window.removeEventListener("hashchange", shut);
      render(null, host);
      host.remove();
      resolve();
    };
    const agree = async (event) => {
      event.preventDefault();
      if (isActing) return;
      isActing = true;
      event.target.setAttribute("aria-busy", "true");
      try {
        await act();
      } catch (error) {
        problem(error);
      }
      shut();
    };
    const dialog = html`
      <dialog onClose=${close} aria-labelledby="question">
        <form onSubmit=${agree}>
          <h2 id="question">${title}</h2>
          <p>${text}</p>
          <div class="row end">
            <button type="button" onClick=${shut}>Cancel</button>
            <button class="danger">${name}</button>
          </div>
        </form>
      </dialog>
    `;
    render(dialog, host);
    host.firstElementChild.showModal();
  });
}
