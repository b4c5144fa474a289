// Forms: a control with its label, hint and error.

import { html, useState } from "../html.js";
import { problem } from "./toasts.js";

/** For an input with a username: the platform's rule. */
export const USERNAME = {
  pattern: "[A-Za-z0-9_][A-Za-z0-9_.\\-]{0,49}",
  title: "A username has 1 to 50 ASCII letters, digits, dots, dashes and underscores, and begins with a letter, a digit or an underscore.",
  autocomplete: "off",
};

/** A label around one control: `<${Field} label="Title"><input name="title" /><//>`. */
export function Field({ label, hint, error, children }) {
  return html`
    <label class="field">
      <span>${label}</span>
      ${children}
      ${hint && html`<small>${hint}</small>`}
      ${error && html`<small class="bad" role="alert">${error}</small>`}
    </label>
  `;
}

/**
 * A choice; `options` are texts, or `[value, title]` pairs. `initial` is selected at first and then
 * left to the user; with `value` the caller controls it.
 */
export function SelectField({ label, hint, options, initial, ...rest }) {
  const pairs = options.map((option) => (Array.isArray(option) ? option : [option, option]));
  return html`
    <${Field} label=${label} hint=${hint}>
      <select ...${rest}>
        ${pairs.map(([value, title]) => html`
          <option key=${value} value=${value} selected=${isChosen(initial, value)}>${title}</option>
        `)}
      </select>
    <//>
  `;
}

const isChosen = (initial, value) =>
  initial === undefined ? undefined : String(initial) === String(value);

/**
 * A form that passes its named values to `onSubmit(values, form)`, shows refusals, and cannot be sent
 * twice at once.
 */
export function Form({ onSubmit, children, class: name = "" }) {
  const [isSending, setSending] = useState(false);
  const submit = async (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    if (isSending) return;
    setSending(true);
    try {
      await onSubmit(Object.fromEntries(new FormData(form, event.submitter)), form);
    } catch (error) {
      problem(error);
    } finally {
      setSending(false);
    }
  };
  return html`<form class=${name} aria-busy=${isSending} onSubmit=${submit}>${children}</form>`;
}
