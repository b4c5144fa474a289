// A text area with line numbers, and the errors of a line right after it. Tab indents; Escape and
// then Tab leaves, so that the keyboard is not trapped.

import { html, useEffect, useRef, useState } from "../../../lib/html.js";

const INDENT = "  ";
const LINE_REM = 1.35;

/** `caret` is `{line, column}`, where the cursor is set. `errors` are those of this text. */
export function TextEditor({ text, errors, caret, onChange }) {
  const area = useRef();
  const mayLeave = useRef(false);
  const [scroll, setScroll] = useState({ top: 0, left: 0 });
  useEffect(() => {
    if (caret) goTo(area.current, caret);
  }, [caret]);

  const press = (event) => {
    if (event.key === "Escape") mayLeave.current = true;
    else if (event.key === "Tab" && !mayLeave.current && !event.shiftKey) insert(event, INDENT);
    else if (event.key === "Enter") insert(event, `\n${indentAt(event.target)}`);
    else if (event.key !== "Shift" && event.key !== "Tab") mayLeave.current = false;
  };
  const follow = ({ target }) => setScroll({ top: target.scrollTop, left: target.scrollLeft });
  const lines = text.split("\n");
  const wrong = byLine(errors);
  return html`
    <div class="editor">
      <div class="gutter" aria-hidden="true">
        <ol style=${{ transform: `translateY(${-scroll.top}px)` }}>
          ${lines.map((_, index) => html`<li key=${index} class=${wrong.has(index + 1) ? "bad" : ""}>${index + 1}</li>`)}
        </ol>
      </div>
      <div class="sheet">
        <div class="marks" aria-hidden="true" style=${{ transform: `translate(${-scroll.left}px, ${-scroll.top}px)` }}>
          ${[...wrong].map(([line, messages]) => html`<${Mark}
            key=${line} line=${line} messages=${messages} length=${lines[line - 1]?.length ?? 0} />`)}
        </div>
        <textarea ref=${area} value=${text} wrap="off" spellcheck=${false} autocapitalize="off"
          autocomplete="off" aria-label="Scenario as YAML" aria-describedby="editor-keys"
          aria-invalid=${errors.length ? "true" : undefined}
          onInput=${({ target }) => onChange(target.value)} onKeyDown=${press} onScroll=${follow}
          onFocus=${() => (mayLeave.current = false)} />
      </div>
      <small id="editor-keys">Tab indents. Escape, then Tab, leaves the text.</small>
    </div>
  `;
}

function Mark({ line, messages, length }) {
  const top = `${(line - 1) * LINE_REM}rem`;
  const paddingLeft = `calc(${length + 3}ch + .75rem)`;
  return html`<p style=${{ top, paddingLeft }}><span>${messages.join(" ")}</span></p>`;
}

function byLine(errors) {
  const lines = new Map();
  for (const { line, message } of errors) lines.set(line, [...(lines.get(line) ?? []), message]);
  return lines;
}

/** Inserted as if typed, so that the browser's undo works. */
function insert(event, text) {
  event.preventDefault();
  document.execCommand("insertText", false, text);
}

function indentAt({ value, selectionStart }) {
  const line = value.slice(value.lastIndexOf("\n", selectionStart - 1) + 1, selectionStart);
  return line.match(/^ */)[0];
}

function goTo(area, { line, column = 1 }) {
  const before = area.value.split("\n").slice(0, line - 1);
  const at = before.reduce((sum, text) => sum + text.length + 1, 0) + column - 1;
  area.focus();
  area.setSelectionRange(at, at);
  const size = area.scrollHeight / Math.max(1, area.value.split("\n").length);
  area.scrollTop = Math.max(0, (line - 5) * size);
}
