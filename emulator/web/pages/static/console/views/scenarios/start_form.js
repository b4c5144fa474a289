// The form that plays a scenario: its parameters with their errors, and the speed of time.

import { admin } from "../../../lib/api.js";
import { html, useState } from "../../../lib/html.js";
import { Field, Form, SelectField } from "../../../lib/parts.js";
import { go } from "../../../lib/router.js";
import { check, useCheck } from "./check.js";
import { length } from "./outcome.js";

const SPEEDS = [
  ["0", "Virtual: hours in seconds"],
  ["1", "Real time, with real encoders"],
  ["10", "10 times as fast"],
  ["100", "100 times as fast"],
];
const WORLDS = [["", "A new one on the virtual clock, else this one"], ["own", "Of its own"], ["this", "This one"]];
const EXAMPLES = { duration: "1m30s", rate: "20/s", share: "30%" };
const KINDS = { integer: "A whole number", boolean: "Yes or no" };

/** `source` is `{name}` of the library, or `{text, file, files}`. `params` are initial values. */
export function StartForm({ scenario, source, params = {} }) {
  const [chosen, setChosen] = useState(params);
  const order = { ...source, params: withoutEmpty(chosen) };
  const checked = useCheck(order);
  const errors = checked?.errors ?? [];
  const others = errors.filter(({ parameter }) => !scenario.params.some(({ name }) => name === parameter));

  const start = async ({ speed, world, seed, submit }) => {
    const how = { speed: Number(speed), paused: submit === "paused" };
    if (world) how.world = world;
    if (seed) how.seed = Number(seed);
    if (!(await check(order)).valid) return; // The errors are shown at the fields.
    const run = await admin("POST", "scenarios", { ...order, ...how });
    go("scenarios", run.id);
  };
  return html`
    <${Form} onSubmit=${start}>
      <div class="fields">
        ${scenario.params.map((param) => html`<${Parameter} key=${param.name} param=${param}
          value=${chosen[param.name]} error=${errorOf(errors, param.name)}
          onChange=${(value) => setChosen({ ...chosen, [param.name]: value })} />`)}
        <${SelectField} label="Clock" name="speed" options=${SPEEDS} />
      </div>
      <details>
        <summary>More</summary>
        <div class="fields">
          <${SelectField} label="World" name="world" options=${WORLDS} />
          <${Field} label="Random seed" hint="A whole number; the scenario has one of its own.">
            <input name="seed" inputmode="numeric" pattern="[0-9]*" />
          <//>
        </div>
      </details>
      ${others.map(({ message }) => html`<p key=${message} class="problem-line">${message}</p>`)}
      <div class="row">
        <button class="primary" name="submit" value="run">Run</button>
        <button name="submit" value="paused">Start paused</button>
        <small aria-live="polite">${taking(checked?.scenario ?? scenario)}</small>
      </div>
    <//>
  `;
}

function Parameter({ param, value, error, onChange }) {
  const { name, type, default: standard, help } = param;
  const text = String(value ?? standard ?? "");
  const change = ({ target }) => onChange(target.value);
  const hint = [help, range(param)].filter(Boolean).join(". ");
  if (type === "boolean") {
    return html`<${SelectField} label=${name} hint=${hint} value=${text} onChange=${change}
      options=${["true", "false"]} />`;
  }
  const isNumber = type === "integer" || type === "number";
  return html`
    <${Field} label=${name} hint=${hint} error=${error}>
      <input value=${text} onInput=${change} placeholder=${EXAMPLES[type] ?? ""}
        aria-invalid=${error ? "true" : undefined}
        inputmode=${isNumber ? "decimal" : undefined} autocomplete="off" spellcheck=${false} />
    <//>
  `;
}

function range({ type, min, max }) {
  const kind = KINDS[type] ?? `A ${type}`;
  if (min === null && max === null) return type === "text" ? "" : kind;
  if (max === null) return `${kind}, at least ${min}`;
  return min === null ? `${kind}, at most ${max}` : `${kind}, ${min} to ${max}`;
}

const errorOf = (errors, name) => errors.find(({ parameter }) => parameter === name)?.message;

const withoutEmpty = (params) =>
  Object.fromEntries(Object.entries(params).filter(([, value]) => value !== ""));

function taking({ length_ms, expectations }) {
  const what = `${expectations} ${expectations === 1 ? "expectation" : "expectations"}`;
  return length_ms === null ? `${what}, without end` : `${length(length_ms)}, ${what}`;
}
