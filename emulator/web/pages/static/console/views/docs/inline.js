// Inline Markdown: code, bold, emphasis, links, pictures.

import { html } from "../../../lib/html.js";
import { href } from "../../../lib/router.js";

const MARK = /`([^`]+)`|!\[([^\]]*)\]\([^)]*\)|\[((?:`[^`]*`|[^\]])*)\]\(([^)\s]*)\)|\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*/g;

export function inline(text, base) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(MARK)) {
    const [whole, code, picture, words, target, bold, emphasis] = match;
    parts.push(text.slice(end, match.index));
    if (code) parts.push(html`<code>${code}</code>`);
    else if (picture !== undefined) parts.push(html`<em class="muted">${picture}</em>`);
    else if (words) parts.push(link(inline(words, base), target, base));
    else if (bold) parts.push(html`<strong>${inline(bold, base)}</strong>`);
    else parts.push(html`<em>${inline(emphasis, base)}</em>`);
    end = match.index + whole.length;
  }
  return [...parts, text.slice(end)];
}

/**
 * A link to another page of the documentation or to another site. If its target is not shipped, only
 * its text is shown.
 */
function link(words, target, base) {
  if (/^https?:/.test(target)) return html`<a href=${target} rel="noreferrer">${words}</a>`;
  const path = new URL(target.replace(/#.*/, ""), `http://docs/${base}.md`).pathname.slice(1);
  const name = path.match(/^((?:how-to|reference)\/[\w-]+)\.md$/)?.[1];
  return name && name !== base ? html`<a href=${href("docs", name)}>${words}</a>` : words;
}
