import { Empty, View } from "../../lib/parts.js";
import { html } from "../../lib/html.js";

export default function Mails() {
  return html`<${View} title="Mails"><${Empty}>This view is on its way.<//><//>`;
}
