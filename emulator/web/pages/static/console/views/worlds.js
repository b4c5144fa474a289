// Worlds and snapshots: isolated platforms, and saved states of a world.

import { admin } from "../../lib/api.js";
import { html } from "../../lib/html.js";
import { usePolled } from "../../lib/live.js";
import { Badge, confirm, Copy, Problem, problem, Table, View } from "../../lib/parts.js";
import { go, route, useRoute } from "../../lib/router.js";
import { reset } from "../bar.js";
import { exportWorld } from "./worlds/files.js";
import { NewWorld } from "./worlds/new_world.js";
import { Snapshots } from "./worlds/snapshots.js";

// Worlds made by others cause no event here.
const LOOK_EVERY_MS = 10_000;

export default function Worlds() {
  const { world } = useRoute();
  const { data, error } = usePolled(() => admin("GET", "worlds"), { everyMs: LOOK_EVERY_MS });
  return html`
    <${View}
      title="Worlds & snapshots"
      about="A world is a whole platform with its own facts, clock and keys; tests make one each."
    >
      <${Problem} error=${error} />
      <div class="stack">
        <${NewWorld} />
        ${data && html`<${Table} caption="Worlds" columns=${columns(world)} rows=${data.worlds} keyOf=${({ name }) => name} />`}
        <${Snapshots} world=${world} />
      </div>
    <//>
  `;
}

const columns = (current) => [
  {
    title: "World",
    cell: ({ name }) => html`<a href=${`#/w/${encodeURIComponent(name)}/worlds`}>${name}</a>
      ${name === current && html` <${Badge} tone="good">shown<//>`}`,
  },
  { title: "Seed", cell: ({ seed }) => seed, hideable: true },
  {
    title: "API key",
    cell: ({ api_key }) => html`<code>${api_key}</code> <${Copy} text=${api_key} label="API key" />`,
  },
  { title: "Host", cell: ({ host }) => html`<code>${host}</code>`, hideable: true },
  {
    title: "",
    cell: ({ name }) => html`
      <div class="row">
        ${name === current && html`<button onClick=${reset}>Reset</button>`}
        <button onClick=${() => exportWorld(name).catch(problem)} aria-label=${`Export ${name}`}>Export</button>
        ${name !== "default" &&
        html`<button class="danger" onClick=${() => drop(name)} aria-label=${`Drop ${name}`}>Drop</button>`}
      </div>
    `,
  },
];

const drop = (name) =>
  confirm({
    title: `Drop the world ${name}?`,
    text: "Its facts, snapshots and media are removed, its publishers are disconnected. This cannot be undone; an export keeps it.",
    name: "Drop it",
    act: async () => {
      await admin("DELETE", `worlds/${encodeURIComponent(name)}`);
      if (route().world === name) go("worlds", "", {}, "default");
    },
  });
