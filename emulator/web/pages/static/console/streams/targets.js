// Simulcast: the other servers that a stream is pushed to, their state, add and remove.

import { admin } from "../../lib/api.js";
import { html } from "../../lib/html.js";
import { usePolled } from "../../lib/live.js";
import { Badge, confirm, Field, Form, Problem, Table, toast } from "../../lib/parts.js";
import { isOf } from "./facts.js";

const EVENTS = ["TargetAdded", "TargetRemoved", "TargetChanged"];

export function Targets({ stream: { id } }) {
  const path = `streams/${encodeURIComponent(id)}/targets`;
  const { data, error } = usePolled(() => admin("GET", path), { on: EVENTS, where: isOf(id), deps: [id] });
  const add = async ({ url, key }, form) => {
    await admin("POST", path, { url, key });
    form.reset();
    toast(`The stream is pushed to ${url}, too, while it is live.`);
  };
  const remove = (target) =>
    confirm({
      title: "Stop pushing there?",
      text: `${target.url} receives nothing more of this stream.`,
      name: "Remove",
      act: () => admin("DELETE", `${path}/${target.id}`),
    });
  const columns = [
    { title: "Address", cell: ({ url }) => html`<code>${url}</code>` },
    { title: "State", cell: (target) => html`<${State} target=${target} />` },
    { title: "", cell: (target) => html`<button class="danger" onClick=${() => remove(target)}>Remove</button>` },
  ];
  return html`
    <details class="card">
      <summary><h2>Simulcast <small>${data?.total ?? ""}</small></h2></summary>
      <div class="stack">
        <${Problem} error=${error} />
        ${data?.total > 0 && html`<${Table} caption="Simulcast targets" columns=${columns} rows=${data.targets} keyOf=${(target) => target.id} />`}
        <${Form} class="toolbar" onSubmit=${add}>
          <${Field} label="Push to (RTMP address)">
            <input name="url" required maxlength="500" placeholder="rtmp://127.0.0.1:1940/live" />
          <//>
          <${Field} label="With key"><input name="key" required maxlength="500" autocomplete="off" /><//>
          <button>Add</button>
        <//>
      </div>
    </details>
  `;
}

function State({ target: { state, attempts, reason } }) {
  return html`<${Badge}>${state}<//> ${reason && html`<span class="muted">${reason}, attempt ${attempts}</span>`}`;
}
