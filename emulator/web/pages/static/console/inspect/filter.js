// The filter box of a log, with the log's own words: `status:4xx user:demo /streams`. Its content is
// in the address, so that a link shows the same.

import { html, useEffect, useRef, useState } from "../../lib/html.js";
import { setQuery } from "../../lib/router.js";

const TYPING_MS = 250;
const WORD = /(?:([a-z_]+):)?(?:"([^"]*)"|(\S+))/g;

/**
 * Parse a filter. `words` are the names allowed before a colon, `{status: {}, unknown: {name:
 * "has_unknown_fields"}}`, with the parameter's name if that differs. `bare(text)` returns the word
 * for a text without one, as `[name, value]`. Returns `{values, mistake}`.
 */
export function parse(text, words, bare) {
  const values = {};
  for (const [whole, name, quoted, plain] of text.matchAll(WORD)) {
    const word = name === undefined ? undefined : words[name];
    if (name !== undefined && !word) {
      const known = Object.keys(words).map((known_name) => `${known_name}:`).join(" ");
      return { values, mistake: `There is no filter ${whole}. There are ${known}` };
    }
    const value = quoted ?? plain;
    const [key, content] = word ? [word.name ?? name, word.read?.(value) ?? value] : bare(value);
    values[key] = key in values && key === "text" ? `${values[key]} ${content}` : content;
  }
  return { values, mistake: "" };
}

/** The filter of an address. Its words may also be separate parameters: `?kind=StreamEnded`. */
export function useFind(query, words) {
  const single = Object.keys(words).filter((name) => query[name]);
  const quoted = (value) => (/\s/.test(value) ? `"${value}"` : value);
  const find = [query.find, ...single.map((name) => `${name}:${quoted(query[name])}`)]
    .filter(Boolean)
    .join(" ");
  useEffect(() => {
    const cleared = Object.fromEntries(single.map((name) => [name, ""]));
    if (single.length) setQuery({ ...cleared, find });
  }, [find, single.length]);
  return find;
}

/** Users write `yes` and `no`; the log's parameters are `true` and `false`. */
export const yesNo = (value) => ({ yes: "true", no: "false" })[value] ?? value;

/** The box, and words next to it that can be pressed: `chips` are `[title, text]`. */
export function FilterBox({ find = "", label, placeholder, chips, mistake, children }) {
  const [text, setText] = useState(find);
  const timer = useRef(0);
  // What this box wrote into the address, without the space before a word that is not typed yet.
  const written = useRef(find);
  useEffect(() => {
    if (find !== written.current) setText(find); // The address was changed by Back or by a link.
    written.current = find;
  }, [find]);
  const write = (value) => {
    setText(value);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      written.current = value.trim();
      setQuery({ find: written.current });
    }, TYPING_MS);
  };
  const toggle = (word) => {
    const words = text.split(/\s+/).filter(Boolean);
    write((words.includes(word) ? words.filter((one) => one !== word) : [...words, word]).join(" "));
  };
  return html`
    <search class="filter">
      <div class="toolbar">
        <input type="search" value=${text} aria-label=${label} placeholder=${placeholder}
          spellcheck="false" autocomplete="off" onInput=${(event) => write(event.target.value)} />
        ${children}
      </div>
      <div class="row chips">
        ${chips.map(([title, word]) => html`
          <button key=${word} type="button" class="chip" aria-pressed=${text.split(/\s+/).includes(word)}
            onClick=${() => toggle(word)}>${title}</button>
        `)}
      </div>
      <div role="status">${mistake && html`<p class="notice">${mistake}</p>`}</div>
    </search>
  `;
}
