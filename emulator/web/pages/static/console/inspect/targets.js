// The targets of webhooks: add and remove them, or send an event by hand.

import { admin } from "../../lib/api.js";
import { html, useState } from "../../lib/html.js";
import { Badge, confirm, Copy, Empty, Field, Form, SelectField, toast } from "../../lib/parts.js";
import { go } from "../../lib/router.js";

export function Targets({ targets }) {
  if (!targets.length) {
    return html`<${Empty}>
      There is no webhook yet. Add one below, or start with
      <code> live-emulator serve --webhook URL</code>.
    <//>`;
  }
  return html`<ul class="grid wide plain">
    ${targets.map((target) => html`<${Target} key=${target.id} target=${target} />`)}
  </ul>`;
}

function Target({ target: { id, url, events, secret } }) {
  const remove = () =>
    confirm({
      title: "Remove this webhook?",
      text: `${url} receives no more events, and its deliveries are deleted.`,
      name: "Remove",
      act: () => admin("DELETE", `webhooks/${id}`),
    });
  return html`<li class="card">
    <h2 class="mono">${url}</h2>
    <p>${events.length
      ? events.map((event) => html`<${Badge} key=${event}>${event}<//> `)
      : html`<${Badge}>all events<//>`}</p>
    <div class="row actions">
      <${Copy} text=${secret} title="Copy secret" />
      <button class="danger" onClick=${remove}>Remove</button>
    </div>
  </li>`;
}

export function AddTarget({ events, isOpen }) {
  const add = async ({ url, secret, ...chosen }, form) => {
    await admin("POST", "webhooks", { url, secret, events: Object.keys(chosen) });
    form.reset();
    toast(`${url} receives events from now on.`);
  };
  return html`<details class="card" open=${isOpen}>
    <summary><h2>Add a webhook</h2></summary>
    <${Form} onSubmit=${add} class="stack">
      <${Field} label="Address">
        <input name="url" type="url" required maxlength="2000" placeholder="http://127.0.0.1:9000/hook" />
      <//>
      <fieldset><legend>Events <small>(none chosen: all of them)</small></legend>
        <div class="row">${events.map((event) => html`
          <label key=${event} class="choice"><input type="checkbox" name=${event} /> ${event}</label>`)}</div>
      </fieldset>
      <${Field} label="Secret" hint="Signs the deliveries. If empty, one is made.">
        <input name="secret" maxlength="200" autocomplete="off" />
      <//>
      <div class="row end"><button class="primary">Add</button></div>
    <//>
  </details>`;
}

export function SendByHand({ events, targets }) {
  const [error, setError] = useState("");
  const send = async ({ event, webhook_id, body }) => {
    const fields = read(body);
    setError(fields.error ?? "");
    if (fields.error) return;
    const sent = await admin("POST", "webhooks/deliveries", {
      event,
      ...(webhook_id && { webhook_id }),
      ...fields,
    });
    go("webhooks", sent.deliveries[0].id);
    toast(`${event} is sent.`);
  };
  const places = [["", "All that want it"], ...targets.map(({ id, url }) => [id, url])];
  return html`<details class="card">
    <summary><h2>Send one by hand</h2></summary>
    <${Form} onSubmit=${send} class="stack">
      <${SelectField} label="Event" name="event" options=${events} />
      <${SelectField} label="To" name="webhook_id" options=${places} />
      <${Field} label="Fields" error=${error}
        hint="As JSON. Empty: those of the newest event of this name. Id, type and time are new.">
        <textarea name="body" spellcheck="false" placeholder='{"uid": "0123"}'></textarea>
      <//>
      <div class="row end"><button class="primary" disabled=${!targets.length}>Send</button></div>
    <//>
  </details>`;
}

/** Returns `{body}`, nothing, or `{error}`. */
function read(text) {
  if (!text.trim()) return {};
  try {
    const body = JSON.parse(text);
    const isObject = body !== null && typeof body === "object" && !Array.isArray(body);
    return isObject ? { body } : { error: "An object is needed, such as {\"uid\": \"0123\"}." };
  } catch (error) {
    return { error: `Not JSON: ${error.message}` };
  }
}
