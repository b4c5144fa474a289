// Common parts of views: a heading with actions, tiles of figures, badges, and notes for empty lists.

import { html } from "../html.js";

/** A view's heading, purpose and actions, and its content below them. */
export function View({ title, about, actions, children }) {
  return html`
    <header class="view-head">
      <div>
        <h1>${title}</h1>
        ${about && html`<p class="muted">${about}</p>`}
      </div>
      ${actions && html`<div class="row">${actions}</div>`}
    </header>
    ${children}
  `;
}

/** Figures: `[{label, value, note, tone}]`; a tone is `good`, `warn` or `bad`. */
export function Tiles({ tiles }) {
  return html`
    <dl class="tiles">
      ${tiles.map(
        ({ label, value, note, tone = "" }) => html`
          <div key=${label} class="tile ${tone}">
            <dt>${label}</dt>
            <dd>${value}${note && html`<small>${note}</small>`}</dd>
          </div>
        `,
      )}
    </dl>
  `;
}

/** A state in a word, with the tone `live`, `good`, `warn`, `bad` or none. */
export const Badge = ({ tone = "", children }) => html`<span class="badge ${tone}">${children}</span>`;

/** A name of any length on one line; pointing at it shows the whole. */
export const Short = ({ text }) => html`<span class="short" title=${text}>${text}</span>`;

/** A sentence in which `words` in backquotes are code. */
export const Text = ({ text }) =>
  text.split("`").map((part, index) => (index % 2 ? html`<code>${part}</code>` : part));

/** Shown instead of an empty list, with what to do about it. */
export const Empty = ({ children }) => html`<div class="empty">${children}</div>`;

/**
 * Shown instead of a list that could not be loaded. `Lost` covers an emulator that does not answer.
 */
export const Problem = ({ error }) =>
  error && error.status !== 0 && html`<p class="problem-line" role="alert">${error.message}</p>`;
