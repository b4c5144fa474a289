import { Empty, View } from "../../lib/parts.js";
import { html } from "../../lib/html.js";

export default function Recordings() {
  return html`<${View} title="Recordings"><${Empty}>This view is on its way.<//><//>`;
}
