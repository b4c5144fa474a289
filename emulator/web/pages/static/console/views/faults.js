import { Empty, View } from "../../lib/parts.js";
import { html } from "../../lib/html.js";

export default function Faults() {
  return html`<${View} title="Faults"><${Empty}>This view is on its way.<//><//>`;
}
