import { Empty, View } from "../../lib/parts.js";
import { html } from "../../lib/html.js";

export default function Requests() {
  return html`<${View} title="Requests"><${Empty}>This view is on its way.<//><//>`;
}
