// The admin token: requested if the emulator was started with one, kept until the tab is closed.

import { hasToken, onTokenNeeded, setToken } from "../api.js";
import { html, useEffect, useState } from "../html.js";
import { Form } from "./field.js";

/** Whether the emulator refuses this page because the token is missing. */
export function useTokenNeeded() {
  const [isNeeded, setNeeded] = useState(false);
  useEffect(() => onTokenNeeded(() => setNeeded(true)), []);
  return isNeeded;
}

export function TokenForm() {
  // The page is reloaded, which repeats all refused calls.
  const open = ({ token }) => {
    setToken(token);
    location.reload();
  };
  return html`
    <${Form} class="card narrow stack" onSubmit=${open}>
      <h1>Admin token</h1>
      <p class="muted">
        This emulator was started with <code>--admin-token</code>. Your browser keeps the token until
        this tab is closed.
      </p>
      ${hasToken() && html`<p class="problem-line" role="alert">This token is wrong.</p>`}
      <label class="field">
        <span>Token</span>
        <input type="password" name="token" pattern="[ -~]+" title="A token has only ASCII letters, digits, signs and spaces." autocomplete="off" required autofocus />
      </label>
      <button class="primary">Open</button>
    <//>
  `;
}
