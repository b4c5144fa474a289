import { Empty, View } from "../../lib/parts.js";
import { html } from "../../lib/html.js";

export default function Webhooks() {
  return html`<${View} title="Webhooks"><${Empty}>This view is on its way.<//><//>`;
}
