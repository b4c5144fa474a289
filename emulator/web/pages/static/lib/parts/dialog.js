// A question before something is destroyed.

import { html, render } from "../html.js";
import { problem } from "./toasts.js";

/**
 * Ask in a dialog, and call `act` after consent: `confirm({title: "Drop it?", text, act})`. `name` is
 * the button's text. Escape and Cancel do nothing. Settles when the dialog is closed.
 */
export function confirm({ title, text, act, name = "Yes, do it" }) {
  const host = document.createElement("div");
  document.body.append(host);
  return new Promise((resolve) => {
    const close = () => {
      render(null, host);
      host.remove();
      resolve();
    };
    const agree = async (event) => {
      event.preventDefault();
      try {
        await act();
      } catch (error) {
        problem(error);
      }
      host.firstElementChild.close();
    };
    const dialog = html`
      <dialog onClose=${close} aria-labelledby="question">
        <form onSubmit=${agree}>
          <h2 id="question">${title}</h2>
          <p>${text}</p>
          <div class="row end">
            <button type="button" onClick=${() => host.firstElementChild.close()}>Cancel</button>
            <button class="danger">${name}</button>
          </div>
        </form>
      </dialog>
    `;
    render(dialog, host);
    host.firstElementChild.showModal();
  });
}
