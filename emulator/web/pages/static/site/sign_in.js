// Signing in: as a user of the seed, by any name, or with a key.

import { html, useEffect, useRef, useState } from "../lib/html.js";
import { Field, Form, USERNAME } from "../lib/parts/field.js";
import { problem } from "../lib/parts/toasts.js";
import { Face, nameOf } from "./cards.js";
import { ask } from "./client.js";
import { signInAs, signInWithKey } from "./session.js";

const PEOPLE_MAX = 18;
const EVENT = "ask-who";

/** Open the dialog. */
export const askWho = () => window.dispatchEvent(new Event(EVENT));

export function SignIn() {
  const dialog = useRef();
  const [people, setPeople] = useState([]);
  useEffect(() => {
    const open = () => {
      if (dialog.current.open) return;
      dialog.current.showModal();
      everybody().then(setPeople, problem);
    };
    window.addEventListener(EVENT, open);
    return () => window.removeEventListener(EVENT, open);
  }, []);
  const become = async (act) => {
    await act;
    dialog.current.close();
  };
  return html`
    <dialog ref=${dialog} class="sign-in" aria-labelledby="sign-in-title">
      <div class="row">
        <h2 id="sign-in-title">Who are you?</h2>
        <span class="space"></span>
        <button class="quiet" aria-label="Close" onClick=${() => dialog.current.close()}>✕</button>
      </div>
      <ul class="people">
        ${people.map((user) => html`<li key=${user.username}>
          <button onClick=${() => become(signInAs(user.username)).catch(problem)}>
            <${Face} user=${user} /><span>${nameOf(user)}<small>${user.username}</small></span>
          </button>
        </li>`)}
      </ul>
      <${Form} onSubmit=${({ name }) => become(signInAs(name))}>
        <${Field} label="Or any name" hint="A new name becomes an account by its first call.">
          <input name="name" ...${USERNAME} required />
        <//>
        <button class="primary">Sign in</button>
      <//>
      <details>
        <summary>With an API key</summary>
        <${Form} onSubmit=${({ key }) => become(signInWithKey(key.trim()))}>
          <${Field} label="API key"><input name="key" required autocomplete="off" /><//>
          <button>Sign in</button>
        <//>
      </details>
    </dialog>
  `;
}

/**
 * The users that can be found: those who are live, those who stream or have streamed, and followers of
 * the first of them.
 * The platform has no list of accounts.
 */
async function everybody() {
  const [{ streams: live }, { streams }] = await Promise.all(
    ["live", "all"].map((status) => ask("GET", `/streams/?status_filter=${status}&per_page=50`)),
  );
  const { items } = await ask("GET", "/streams/vods?per_page=20");
  const owners = [...live, ...streams, ...items].map(({ user }) => user);
  const known = new Map(owners.map((user) => [user.username, user]));
  const pages = [...known.keys()].slice(0, 4).map((name) => ask("GET", `/streams/users/${name}/followers?per_page=20`));
  for (const { followers } of await Promise.all(pages)) {
    for (const user of followers) known.set(user.username, user);
  }
  return [...known.values()].slice(0, PEOPLE_MAX);
}
