// A form for one kind of fault, made from the API's description of its values. Values in the address
// are filled in: `?add=api.fail&path=/streams&status=503`.

import { admin } from "../../../lib/api.js";
import { html, useEffect, useRef } from "../../../lib/html.js";
import { Field, Form, SelectField, Text, toast } from "../../../lib/parts.js";
import { setQuery } from "../../../lib/router.js";
import { ValueField, valuesOf } from "./values.js";

const BESIDE = ["share", "times", "skip", "for"];
const NUMBERS = ["times", "skip"];

export function FaultForm({ kinds, query }) {
  const kind = kinds.find(({ kind }) => kind === query.add) ?? kinds[0];
  const first = useRef();
  useEffect(() => first.current.querySelector("select").focus(), []);
  const close = () => {
    const nothing = Object.fromEntries(Object.keys(query).map((name) => [name, ""]));
    setQuery(nothing);
  };
  const add = async (fields) => {
    const fault = { [kind.kind]: valuesOf(kind, fields), ...beside(fields) };
    await admin("POST", "faults", fault);
    toast(`${kind.kind} is on.`);
    close();
  };
  // An operation needs its method. Without one, the text is its path as in the contract.
  const { operation, ...others } = query;
  const given = operation?.includes(" ") ? query : { ...others, path: query.path ?? operation };
  return html`
    <${Form} class="card fault-form" onSubmit=${add}>
      <h2>Break something</h2>
      <div class="fields" ref=${first}>
        <${SelectField}
          label="What"
          value=${kind.kind}
          options=${kinds.map(({ kind }) => kind)}
          onChange=${(event) => setQuery({ add: event.target.value })}
        />
      </div>
      <p class="muted"><${Text} text=${kind.description.split("\n\n")[0]} /></p>
      <div class="fields" key=${kind.kind}>
        ${kind.values.map((value) => html`<${ValueField} key=${value.name} value=${value} given=${given[value.name]} />`)}
      </div>
      <div class="fields">
        <${Field} label="Share of all" hint="Such as 30 %. The same calls in each run">
          <input name="beside.share" defaultValue=${query.share} placeholder="100%" />
        <//>
        <${Field} label="Let the first pass" hint="This many calls or messages pass first">
          <input name="beside.skip" type="number" min="0" defaultValue=${query.skip} placeholder="0" />
        <//>
        <${Field} label="At most this many times" hint="Then the fault stops">
          <input name="beside.times" type="number" min="1" defaultValue=${query.times} placeholder="no end" />
        <//>
        <${Field} label="For at most" hint="Time of the world's clock, such as 30s">
          <input name="beside.for" defaultValue=${query.for} placeholder="until it is cleared" />
        <//>
      </div>
      <div class="row">
        <button class="primary">Start the fault</button>
        <button type="button" onClick=${close}>Cancel</button>
      </div>
    <//>
  `;
}

function beside(fields) {
  const names = BESIDE.filter((name) => fields[`beside.${name}`]);
  return Object.fromEntries(
    names.map((name) => {
      const text = fields[`beside.${name}`];
      return [name, NUMBERS.includes(name) ? Number(text) : text];
    }),
  );
}
