// Moderation of a chat: settings such as slow mode, bans, and clearing the chat.

import { html } from "../../lib/html.js";
import { confirm, problem, SelectField, when } from "../../lib/parts.js";

const SLOW = [[0, "Off"], [5, "5 s"], [10, "10 s"], [30, "30 s"], [60, "1 min"], [300, "5 min"]];
const SWITCHES = [
  ["followers_only", "Followers only"], ["emote_only", "Emotes only"], ["links_allowed", "Links allowed"],
];

export function Order({ bans, settings, act }) {
  const change = (changes) => act("PUT", "/settings", changes).catch(problem);
  return html`
    <aside class="stack">
      <section class="card" aria-labelledby="settings">
        <h2 id="settings">Room</h2>
        <${Slow} seconds=${settings.slow_mode_seconds} change=${change} />
        ${SWITCHES.map(([name, title]) => html`
          <label key=${name} class="switch">
            <input
              type="checkbox"
              checked=${settings[name]}
              onChange=${(event) => change({ [name]: event.target.checked })}
            />
            ${title}
          </label>
        `)}
        <button class="danger" onClick=${() => clear(act)}>Clear chat</button>
      </section>
      <${Bans} bans=${bans} act=${act} />
    </aside>
  `;
}

function Slow({ seconds, change }) {
  const options = SLOW.some(([value]) => value === seconds) ? SLOW : [...SLOW, [seconds, `${seconds} s`]];
  return html`
    <${SelectField}
      label="Slow mode"
      options=${options}
      value=${seconds}
      onChange=${(event) => change({ slow_mode_seconds: Number(event.target.value) })}
    />
  `;
}

function Bans({ bans, act }) {
  return html`
    <section class="card" aria-labelledby="bans">
      <h2 id="bans">Bans and time-outs</h2>
      ${!bans.length && html`<p class="muted">Nobody is banned: everybody may write.</p>`}
      <ul class="bans">
        ${bans.map(({ id, user, expires_at: end }) => html`
          <li key=${id} class="row">
            <span>${user.username} is ${end ? `timed out until ${when(end)}` : "banned"}</span>
            <span class="space"></span>
            <button
              aria-label=${`Lift the ban of ${user.username}`}
              onClick=${() => act("DELETE", `/bans/${user.id}`).catch(problem)}
            >Lift</button>
          </li>
        `)}
      </ul>
    </section>
  `;
}

const clear = (act) =>
  confirm({
    title: "Clear this chat?",
    text: "All lines are deleted, for all viewers.",
    name: "Clear chat",
    act: () => act("DELETE", ""),
  });
