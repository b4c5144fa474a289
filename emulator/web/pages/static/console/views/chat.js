import { Empty, View } from "../../lib/parts.js";
import { html } from "../../lib/html.js";

export default function Chat() {
  return html`<${View} title="Chat"><${Empty}>This view is on its way.<//><//>`;
}
