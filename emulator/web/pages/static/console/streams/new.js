// A form for a new stream of any user.

import { html } from "../../lib/html.js";
import { Field, Form, USERNAME } from "../../lib/parts.js";
import { go } from "../../lib/router.js";
import { asUser } from "../people.js";

export function NewStream() {
  const create = async ({ title, username }) => {
    const { id } = await asUser(username, "POST", "streams/", { title });
    go("streams", id);
  };
  return html`
    <${Form} class="card form-line" onSubmit=${create}>
      <${Field} label="Title">
        <input name="title" required maxlength="200" autocomplete="off" placeholder="Launch night" />
      <//>
      <${Field} label="Owner" hint="A user who has one stream open may not have another.">
        <input name="username" ...${USERNAME} required defaultValue="demo" />
      <//>
      <button class="primary">Create stream</button>
    <//>
  `;
}
