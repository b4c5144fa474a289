import { Empty, View } from "../../lib/parts.js";
import { html } from "../../lib/html.js";

export default function Overview() {
  return html`<${View} title="Overview"><${Empty}>This view is on its way.<//><//>`;
}
