// Commands to an audience: set, ramp, spike, raid; or remove all simulated viewers.

import { admin } from "../../lib/api.js";
import { html, useState } from "../../lib/html.js";
import { usePolled } from "../../lib/live.js";
import { Choices, Field, Form, problem, SelectField, toast } from "../../lib/parts.js";

const VERBS = [
  ["set", "Set"], ["ramp", "Ramp"], ["spike", "Spike"], ["churn", "Churn"], ["raid", "Raid"],
];
const ABOUT = {
  set: "The number of simulated viewers from now on.",
  ramp: "Their number changes from the current one to another, along a curve.",
  spike: "This many viewers come and go within a time; in the middle of it all of them are there.",
  churn: "Each minute a share of them leaves, and as many others come.",
  raid: "Some or all of them move to another stream.",
};
const CURVES = ["linear", "step", "surge", "bell", "sawtooth"];

export function Orders({ id }) {
  const [verb, setVerb] = useState("set");
  const send = async (values) => {
    await admin("POST", `streams/${id}/viewers`, orderOf(verb, values));
    toast(`The command ${verb} has started.`);
  };
  const clear = async () => {
    try {
      await admin("POST", `streams/${id}/viewers`, { verb: "set", count: 0 });
    } catch (error) {
      problem(error);
    }
  };
  return html`
    <div class="orders">
      <div class="row">
        <${Choices} label="Command" options=${VERBS} value=${verb} onChoose=${setVerb} />
        <span class="space"></span>
        <button class="quiet" onClick=${clear}>Clear simulated viewers</button>
      </div>
      <${Form} class="form-line" onSubmit=${send}>
        <${Inputs} key=${verb} verb=${verb} id=${id} />
        <button class="primary">${VERBS.find(([name]) => name === verb)[1]}</button>
      <//>
      <p class="muted">${ABOUT[verb]}</p>
    </div>
  `;
}

function Inputs({ verb, id }) {
  const duration = (value) => html`
    <${Field} label="Within" key="for"><input name="for" defaultValue=${value} required pattern="[0-9.dhms]+" /><//>
  `;
  const number = (name, label, value) => html`
    <${Field} label=${label}><input name=${name} type="number" min="0" defaultValue=${value} required /><//>
  `;
  switch (verb) {
    case "set":
      return number("count", "Viewers", 100);
    case "ramp":
      return html`
        ${number("to", "Viewers", 500)}${duration("1m")}
        <${SelectField} label="Curve" name="curve" options=${CURVES} />
      `;
    case "spike":
      return html`${number("count", "Viewers", 1000)}${duration("1m")}`;
    case "churn":
      return html`${number("percent", "Per cent a minute", 20)}${duration("5m")}`;
    default:
      return html`<${Target} id=${id} />${duration("10s")}`;
  }
}

/** The target of a raid: another live stream. */
function Target({ id }) {
  const { data } = usePolled(() => admin("GET", "streams?status=live&per_page=100"), {
    on: ["StreamWentLive", "StreamEnded"],
  });
  const others = data?.streams.filter((stream) => stream.id !== id) ?? [];
  return html`
    <${SelectField} label="Over to" name="target" required options=${others.map((stream) => [
      stream.id,
      `${stream.title} (${stream.user.username})`,
    ])} />
    <${Field} label="Viewers" hint="All, if left empty."><input name="count" type="number" min="1" /><//>
  `;
}

/** The form's values as the API expects them. */
function orderOf(verb, { count, to, percent, for: length, curve, target }) {
  return {
    verb,
    ...(count && { count: Number(count) }),
    ...(to && { to: Number(to) }),
    ...(percent && { per_minute: Number(percent) / 100 }),
    ...(length && { for: length }),
    ...(curve && { curve }),
    ...(target && { target }),
  };
}
