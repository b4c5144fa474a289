// The values of a fault as fields of a form, by their types.

import { platform } from "../../../lib/api.js";
import { html } from "../../../lib/html.js";
import { usePolled } from "../../../lib/live.js";
import { Field, SelectField } from "../../../lib/parts.js";

const LABELS = {
  path: "Path", method: "Method", user: "User", stream: "Stream", status: "Status", delay: "Delay",
  done: "Carry the call out all the same", headers: "Headers", body: "Body", retry_after: "Retry after",
  answers: "Answers, one after another", most: "At most", what: "What", keep: "Keep", kbits: "kbit/s",
  after: "After", code: "Close code", reason: "Reason", url: "Address", event: "Event",
  per_minute: "A minute", operation: "Operation", by: "By",
};
const HINTS = {
  duration: "Such as 500ms, 2s or 1m30s",
  share: "Such as 30 %",
  headers: 'As JSON: {"X-Name": "value"}',
};
const NAMED = {
  path: "What it contains; if empty, all",
  operation: "Such as POST /streams; if empty, all",
  user: "A username; if empty, all",
  answers: "Such as 503,429,through",
  body: "Text or JSON; if empty, the platform's own",
};

export function ValueField({ value, given }) {
  const { name, type, choices, minimum, maximum } = value;
  const usual = given ?? (value.default === null || type === "headers" ? "" : value.default);
  const label = LABELS[name] ?? name;
  const hint = NAMED[name] ?? HINTS[type];
  if (name === "stream") return html`<${StreamField} label=${label} given=${given} />`;
  if (type === "choice") {
    return html`<${SelectField} label=${label} name=${name} initial=${usual} options=${[["", "all"], ...choices]} />`;
  }
  if (type === "flag") {
    return html`<label class="check">
      <input type="checkbox" name=${name} defaultChecked=${usual === true || usual === "true"} /> ${label}
    </label>`;
  }
  const number = type === "integer" && { type: "number", min: minimum, max: maximum };
  return html`
    <${Field} label=${label} hint=${hint}>
      <input name=${name} defaultValue=${usual} ...${number} autocomplete="off" />
    <//>
  `;
}

/** The streams that have not ended, by title. */
function StreamField({ label, given = "" }) {
  const { data } = usePolled(() => platform("GET", "streams/?per_page=100&status_filter=all"));
  const streams = data?.streams.filter(({ status }) => status !== "ended") ?? [];
  const options = [["", "all"], ...streams.map(({ id, title, user }) => [id, `${title} (${user.username})`])];
  if (given && !streams.some(({ id }) => id === given)) options.push([given, given]);
  return html`<${SelectField} label=${label} name="stream" initial=${given} options=${options} />`;
}

/** Convert the form's texts to the API's values. Empty ones are left out. */
export function valuesOf(kind, fields) {
  const values = {};
  for (const { name, type } of kind.values) {
    if (type === "flag") {
      if (fields[name]) values[name] = true;
    } else if (fields[name]) values[name] = meaning(type, fields[name]);
  }
  return values;
}

function meaning(type, text) {
  if (type === "integer") return Number(text);
  if (type !== "headers" && type !== "json") return text;
  try {
    return JSON.parse(text);
  } catch {
    return text; // A body may be any text; the API reports what it refuses.
  }
}
