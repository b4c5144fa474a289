// One of a few choices as a row of buttons, and pages of a long list.

import { html, useEffect } from "../html.js";

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

/**
 * `page` counts from 1; past the end it turns to the last page. A list that fits on one page shows
 * nothing. `back` and `next` are the texts of the buttons.
 */
export function Pager({ page, perPage, total, onTurn, back = "Newer", next = "Older" }) {
  const last = Math.max(1, Math.ceil(total / perPage));
  useEffect(() => {
    if (page > last) onTurn(last);
  }, [page, last]);
  if (last === 1) return null;
  return html`
    <nav class="row pager" aria-label="Pages">
      <button disabled=${page <= 1} onClick=${() => onTurn(page - 1)}>${back}</button>
      <span class="muted">Page ${page} of ${last}</span>
      <button disabled=${page >= last} onClick=${() => onTurn(page + 1)}>${next}</button>
    </nav>
  `;
}
