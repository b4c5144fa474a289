// A picture of a person, a stream or a recording.

import { html, useState } from "../html.js";

/**
 * The picture at `address`, from this server whatever its host is: the page's policy allows no other.
 * Without one, or where it does not load, `children` stand in its place; with another `query` it is
 * loaded again.
 */
export function Picture({ address, query = "", children, ...attributes }) {
  const [failed, setFailed] = useState(null);
  const path = pathOf(address);
  const src = path + query;
  if (!path || src === failed) return children;
  return html`<img src=${src} alt="" loading="lazy" ...${attributes} onError=${() => setFailed(src)} />`;
}

/** The path of an address; `null` for a text that is none, which an owner may have set. */
function pathOf(address) {
  try {
    return address ? new URL(address, location.href).pathname : null;
  } catch {
    return null;
  }
}
