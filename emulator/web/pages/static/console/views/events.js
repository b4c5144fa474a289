import { Empty, View } from "../../lib/parts.js";
import { html } from "../../lib/html.js";

export default function Events() {
  return html`<${View} title="Events"><${Empty}>This view is on its way.<//><//>`;
}
