// Write to a chat as any user: a seeded one by name, or a new one.

import { html, useState } from "../../lib/html.js";
import { Form, toast, USERNAME } from "../../lib/parts.js";
import { asUser } from "../people.js";

const LENGTH_MAX = 500;

export function Say({ stream, names }) {
  const [text, setText] = useState("");
  const [name, setName] = useState(names[0]);
  const say = async () => {
    const message = await asUser(name, "POST", `streams/${stream.id}/chat`, { content: text });
    setText("");
    // A line held by a filter is accepted, but nobody sees it.
    if (message.status === "held") toast(`Kept back: ${message.message}`);
  };
  return html`
    <${Form} class="say" onSubmit=${say}>
      <label class="field"><span>As</span>
        <input
          name="username"
          list="chatters"
          ...${USERNAME}
          required
          value=${name}
          onInput=${(event) => setName(event.target.value)}
        />
      </label>
      <datalist id="chatters">${names.map((each) => html`<option key=${each} value=${each} />`)}</datalist>
      <label class="field"><span>Message</span>
        <input
          name="content"
          required
          autocomplete="off"
          maxlength=${LENGTH_MAX}
          value=${text}
          onInput=${(event) => setText(event.target.value)}
        />
      </label>
      <button class="primary">Say</button>
    <//>
  `;
}
