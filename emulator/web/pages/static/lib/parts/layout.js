// What every view has: a heading with actions, tiles of figures, badges, and words where there is
// nothing to show.

import { html } from "../html.js";

/** A view's heading, what it is for, its actions, and below them its content. */
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

/** Figures: `[{label, value, note, tone}]`, where a tone is `good`, `warn` or `bad`. */
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

/** A word of state: tone `live`, `good`, `warn`, `bad` or none. */
export const Badge = ({ tone = "", children }) => html`<span class="badge ${tone}">${children}</span>`;

/** A sentence in which `words` like these are code. */
export const Text = ({ text }) =>
  text.split("`").map((part, index) => (index % 2 ? html`<code>${part}</code>` : part));

/** What stands where there is nothing yet, and what to do about it. */
export const Empty = ({ children }) => html`<div class="empty">${children}</div>`;

/** Why a list cannot be shown, where it would stand. That nobody answers at all is `Lost`'s to say. */
export const Problem = ({ error }) =>
  error && error.status !== 0 && html`<p class="problem-line" role="alert">${error.message}</p>`;
