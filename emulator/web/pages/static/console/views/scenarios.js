import { Empty, View } from "../../lib/parts.js";
import { html } from "../../lib/html.js";

export default function Scenarios() {
  return html`<${View} title="Scenarios"><${Empty}>This view is on its way.<//><//>`;
}
