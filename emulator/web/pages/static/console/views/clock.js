import { Empty, View } from "../../lib/parts.js";
import { html } from "../../lib/html.js";

export default function Clock() {
  return html`<${View} title="Clock"><${Empty}>This view is on its way.<//><//>`;
}
