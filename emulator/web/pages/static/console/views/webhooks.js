// Webhooks: the targets of this world's events, and each delivery's result.

import { admin } from "../../lib/api.js";
import { html } from "../../lib/html.js";
import { usePolled } from "../../lib/live.js";
import { Empty, Problem, Table, when, View } from "../../lib/parts.js";
import { go } from "../../lib/router.js";
import { Delivery, DELIVERY_EVERY_MS, State } from "../inspect/delivery.js";
import { Inspector } from "../inspect/inspector.js";
import { AddTarget, SendByHand, Targets } from "../inspect/targets.js";

const COLUMNS = [
  { title: "Event", cell: ({ event }) => event },
  { title: "State", cell: (delivery) => html`<${State} delivery=${delivery} />` },
  { title: "Answer", cell: ({ status, outcome }) => status ?? outcome ?? "–", hideable: true },
  { title: "Attempts", cell: ({ attempts }) => attempts, align: "end", hideable: true },
  { title: "Time", cell: ({ created_at }) => when(created_at), align: "end" },
];

export default function Webhooks({ id }) {
  const on = ["WebhookTargetAdded", "WebhookTargetRemoved"];
  const { data, error } = usePolled(() => admin("GET", "webhooks"), { on });
  return html`
    <${View} title="Webhooks" about="Addresses that receive this world's events, and what became
      of each delivery.">
      <${Problem} error=${error} />
      <div class="stack">
        ${data && html`<${Targets} targets=${data.webhooks} />`}
        <div class="grid wide">
          ${data && html`<${AddTarget} events=${data.events} isOpen=${!data.total} />`}
          ${data && html`<${SendByHand} events=${data.events} targets=${data.webhooks} />`}
        </div>
        <section>
          <h2>Deliveries</h2>
          <${Inspector} id=${id} list=${html`<${Deliveries} id=${id} />`}
            detail=${html`<${Delivery} id=${id} />`} />
        </section>
      </div>
    <//>
  `;
}

function Deliveries({ id }) {
  // A successful delivery has no event: there would be one for each event.
  const load = () => admin("GET", "webhooks/deliveries?limit=100");
  const { data, error } = usePolled(load, { everyMs: DELIVERY_EVERY_MS });
  if (error) return html`<${Problem} error=${error} />`;
  if (!data) return null;
  if (!data.total) return html`<${Empty}>Nothing has been delivered yet.<//>`;
  return html`
    <${Table}
      caption="Deliveries"
      columns=${COLUMNS}
      rows=${data.deliveries}
      keyOf=${(delivery) => delivery.id}
      onOpen=${(delivery) => go("webhooks", delivery.id)}
      selected=${id || undefined}
    />
    ${data.next_cursor && html`<p class="muted">The newest ${data.deliveries.length} of ${data.total}.</p>`}
  `;
}
