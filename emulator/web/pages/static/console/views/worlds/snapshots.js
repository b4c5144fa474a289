// The snapshots of the shown world: take, restore, delete.

import { admin } from "../../../lib/api.js";
import { html } from "../../../lib/html.js";
import { usePolled } from "../../../lib/live.js";
import { confirm, date, Empty, Field, Form, Table, toast } from "../../../lib/parts.js";

const LOOK_EVERY_MS = 10_000;

export function Snapshots({ world }) {
  const { data } = usePolled(() => admin("GET", "snapshots"), { everyMs: LOOK_EVERY_MS });
  return html`
    <section>
      <h2>Snapshots of ${world}</h2>
      <${Form} class="toolbar" onSubmit=${(values, form) => save(values, form, data?.snapshots ?? [])}>
        <${Field} label="Name">
          <input name="name" pattern="[A-Za-z0-9_.\\-]{1,64}" placeholder="before-the-raid" required autocomplete="off" />
        <//>
        <button>Take a snapshot</button>
      <//>
      ${data?.total === 0 && html`<${Empty}>There is no snapshot yet. Each reset takes one first.<//>`}
      ${data?.total > 0 && html`<${Table} caption="Snapshots" columns=${COLUMNS} rows=${data.snapshots} keyOf=${({ name }) => name} />`}
    </section>
  `;
}

const COLUMNS = [
  { title: "Snapshot", cell: ({ name }) => name },
  { title: "Taken at", align: "date", cell: ({ taken_at }) => date(taken_at) },
  {
    title: "",
    cell: ({ name }) => html`
      <div class="row">
        <button onClick=${() => restore(name)} aria-label=${`Restore ${name}`}>Restore</button>
        <button class="danger" onClick=${() => drop(name)} aria-label=${`Drop ${name}`}>Drop</button>
      </div>
    `,
  },
];

async function save({ name }, form, snapshots) {
  const take = async () => {
    await admin("POST", "snapshots", { name });
    form.reset();
    toast(`The snapshot ${name} is taken.`);
  };
  if (!snapshots.some((snapshot) => snapshot.name === name)) return take();
  return confirm({
    title: `Replace the snapshot ${name}?`,
    text: "There is one of this name already. It is lost.",
    name: "Replace it",
    act: take,
  });
}

const restore = (name) =>
  confirm({
    title: `Go back to ${name}?`,
    text: "The world becomes what it was then. Publishers are disconnected. What has happened since is lost, unless you take a snapshot first.",
    name: "Restore",
    act: async () => {
      await admin("POST", `snapshots/${encodeURIComponent(name)}/restore`);
      toast(`The world is as it was in the snapshot ${name}.`);
    },
  });

const drop = (name) =>
  confirm({
    title: `Drop the snapshot ${name}?`,
    text: "The world itself stays as it is.",
    name: "Drop it",
    act: () => admin("DELETE", `snapshots/${encodeURIComponent(name)}`),
  });
