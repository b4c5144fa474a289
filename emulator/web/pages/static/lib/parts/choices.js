// One of a few choices as a row of buttons, and pages of a long list.

import { html } from "../html.js";

/** `options` is `[[value, title, count]]`; the count may be missing. */
export function Choices({ label, options, value, onChoose }) {
  return html`
    <div class="choices" role="group" aria-label=${label}>
      ${options.map(([option, title, number]) => html`
        <button
          type="button"
          key=${option}
          aria-pressed=${option === value}
          onClick=${() => onChoose(option)}
        >${title}${number !== undefined && html` <small>${number}</small>`}</button>
      `)}
    </div>
  `;
}

/** `page` counts from 1. A list that fits on one page shows nothing. */
export function Pager({ page, perPage, total, onTurn }) {
  if (total <= perPage) return null;
  const last = Math.ceil(total / perPage);
  return html`
    <nav class="row pager" aria-label="Pages">
      <button disabled=${page <= 1} onClick=${() => onTurn(page - 1)}>Newer</button>
      <span class="muted">Page ${page} of ${last}</span>
      <button disabled=${page >= last} onClick=${() => onTurn(page + 1)}>Older</button>
    </nav>
  `;
}
