import { Empty, View } from "../../lib/parts.js";
import { html } from "../../lib/html.js";

export default function Viewers() {
  return html`<${View} title="Viewers"><${Empty}>This view is on its way.<//><//>`;
}
