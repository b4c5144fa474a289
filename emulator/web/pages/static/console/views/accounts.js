import { Empty, View } from "../../lib/parts.js";
import { html } from "../../lib/html.js";

export default function Accounts() {
  return html`<${View} title="Keys & accounts"><${Empty}>This view is on its way.<//><//>`;
}
