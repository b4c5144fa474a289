import { Empty, View } from "../../lib/parts.js";
import { html } from "../../lib/html.js";

export default function Worlds() {
  return html`<${View} title="Worlds & snapshots"><${Empty}>This view is on its way.<//><//>`;
}
