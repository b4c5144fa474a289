import { Empty, View } from "../../lib/parts.js";
import { html } from "../../lib/html.js";

export default function Streams() {
  return html`<${View} title="Streams"><${Empty}>This view is on its way.<//><//>`;
}
