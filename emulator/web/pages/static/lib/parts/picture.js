// A picture of a person, a stream or a recording.

import { html, useState } from "../html.js";

/**
 * The picture at `address`, from this server whatever its host is: the page's policy allows no other.
 * Without one, or where it does not load, `children` stand in its place.
 */
export function Picture({ address, query = "", children, ...attributes }) {
  const [failed, setFailed] = useState(null);
  const path = pathOf(address);
  if (!path || path === failed) return children;
  const src = path + query;
  return html`<img src=${src} alt="" loading="lazy" ...${attributes} onError=${() => setFailed(path)} />`;
}

/** The path of an address; `null` for a text that is none, which an owner may have set. */
function pathOf(address) {
  try {
    return address ? new URL(address, location.href).pathname : null;
  } catch {
    return null;
  }
}
