// A table whose rows keep their place: selection and focus stay while data changes.

import { html } from "../html.js";

/**
 * `columns` is `[{title, cell(row), align, width, hideable}]`; a `hideable` one is hidden on narrow
 * windows. `keyOf(row)` must be stable. `onOpen(row)` makes the first cell a button and the row
 * clickable. `selected` is the key of the row that is opened elsewhere. `caption` describes the
 * table.
 */
export function Table({ columns, rows, keyOf, onOpen, selected, caption }) {
  return html`
    <div class="table-frame" role="group" aria-label=${caption} tabindex="0">
      <table class="table ${onOpen ? "opens" : ""}">
        <thead>
          <tr>
            ${columns.map((column) => html`<th key=${column.title} scope="col" class=${classOf(column)}>
              ${column.title || html`<span class="unseen">Actions</span>`}
            </th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map((row) => html`<${Row}
            key=${keyOf(row)}
            row=${row}
            columns=${columns}
            onOpen=${onOpen}
            isSelected=${selected !== undefined && String(keyOf(row)) === String(selected)}
          />`)}
        </tbody>
      </table>
    </div>
  `;
}

function Row({ row, columns, onOpen, isSelected }) {
  const open = (event) => {
    // A press on a control inside the row is for that control; selecting text does nothing.
    const isOther = event.target.closest("a, button, input, select, label");
    if (!isOther && !getSelection().toString()) onOpen(row);
  };
  const cells = columns.map((column, index) => {
    const content = column.cell(row);
    const isOpener = onOpen && index === 0;
    return html`<td key=${column.title} class=${classOf(column)}>
      ${isOpener ? html`<button class="link" onClick=${() => onOpen(row)}>${content}</button>` : content}
    </td>`;
  });
  return html`
    <tr onClick=${onOpen && open} aria-current=${isSelected ? "true" : undefined}>${cells}</tr>
  `;
}

const classOf = ({ align = "", hideable }) => `${align}${hideable ? " hideable" : ""}`;
