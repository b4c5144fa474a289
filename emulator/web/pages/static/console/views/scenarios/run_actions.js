// Actions on a run: pause, step, stop; afterwards play it again.

import { admin } from "../../../lib/api.js";
import { html } from "../../../lib/html.js";
import { Copy, problem } from "../../../lib/parts.js";
import { go, href } from "../../../lib/router.js";

const SPEEDS = { virtual: 0, real: 1 };

export function RunActions({ run, report }) {
  if (run.state === "over") return html`<${Over} run=${run} report=${report} />`;
  const path = `scenarios/runs/${run.id}`;
  const ask = (method, where, body) => () => admin(method, where, body).catch(problem);
  const button = (name, verb, body) =>
    html`<button onClick=${ask("POST", `${path}/${verb}`, body)}>${name}</button>`;
  return html`
    ${run.paused
      ? html`${button("Step", "step")}${button("+1 min", "step", { seconds: 60 })}
          <button class="primary" onClick=${ask("POST", `${path}/resume`)}>Go on</button>`
      : button("Pause", "pause")}
    <button class="danger" onClick=${ask("DELETE", path)}>Stop</button>
    ${run.world !== "default" &&
    html`<a class="button" href=${href("overview", "", {}, run.world)}>Its world</a>`}
  `;
}

function Over({ run, report }) {
  const again = () => playAgain(run, report).catch(problem);
  return html`
    <button class="primary" onClick=${again}>Run again</button>
    <a class="button" href=${href("scenarios", "edit", { run: run.id })}>Edit</a>
    <a class="button" href=${href("scenarios", "compare", { b: run.id })}>Compare</a>
    <${Copy} text=${location.href} label="the address of this run" />
  `;
}

async function playAgain(run, report) {
  const [file, text] = Object.entries(report.sources)[0] ?? [];
  const source = run.name ? { name: run.name } : { text, file };
  const speed = SPEEDS[run.clock] ?? parseFloat(run.clock);
  const order = { ...source, params: run.params, seed: run.seed, speed };
  const started = await admin("POST", "scenarios", order);
  go("scenarios", started.id);
}
