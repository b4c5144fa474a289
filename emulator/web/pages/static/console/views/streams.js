// Streams: all of them, or the one in the address.

import { html } from "../../lib/html.js";
import { StreamList } from "../streams/list.js";
import { StreamPage } from "../streams/page.js";

export default function Streams({ id, query }) {
  return id ? html`<${StreamPage} key=${id} id=${id} />` : html`<${StreamList} query=${query} />`;
}
