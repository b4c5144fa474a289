// Keys and accounts: the accounts of this world, and their API keys.

import { admin, keyOf, platform } from "../../lib/api.js";
import { html } from "../../lib/html.js";
import { useLast, usePolled } from "../../lib/live.js";
import { Badge, Copy, count, Empty, Field, Form, Pager, Problem, Short, Table, toast, USERNAME, View } from "../../lib/parts.js";
import { setQuery } from "../../lib/router.js";

const EVENTS = ["AccountMade", "AccountDeleted", "ProfileUpdated", "UserFollowed", "UserUnfollowed"];
const ROWS = 50;

export default function Accounts({ query }) {
  const { find = "", page = "1" } = query;
  const load = () => admin("GET", `accounts?${new URLSearchParams({ find, page, per_page: ROWS })}`);
  const { data: fresh, error } = usePolled(load, { on: EVENTS, deps: [find, page] });
  const data = useLast(fresh);
  return html`
    <${View}
      title="Keys & accounts"
      about="Every password is demo123456 unless the seed sets another. A key that begins with ak_auto_ creates its account at its first use."
    >
      <div class="toolbar">
        <input
          type="search"
          aria-label="Find an account"
          placeholder="Find by name"
          value=${find}
          onInput=${(event) => setQuery({ find: event.target.value, page: "" })}
        />
        <${NewAccount} />
      </div>
      <${Problem} error=${error} />
      ${data?.total === 0 && html`<${Empty}>${find ? "No account matches." : "There is no account yet."}<//>`}
      ${data?.total > 0 && html`<${Table} caption="Accounts" columns=${COLUMNS} rows=${data.accounts} keyOf=${({ id }) => id} />`}
      ${data && html`
        <${Pager}
          page=${Number(page)}
          perPage=${ROWS}
          total=${data.total}
          back="Back"
          next="Next"
          onTurn=${(next) => setQuery({ page: String(next) })}
        />
      `}
    <//>
  `;
}

const COLUMNS = [
  {
    title: "User",
    cell: ({ username, display_name, is_live }) => html`
      <strong><${Short} text=${username} /></strong> ${is_live && html`<${Badge} tone="live">Live<//>`}<br />
      <small><${Short} text=${display_name} /></small>
    `,
  },
  {
    title: "API key",
    cell: ({ username, api_keys }) =>
      api_keys.length
        ? api_keys.map((key) => html`<div key=${key}><code class="short" title=${key}>${key}</code> <${Copy} text=${key} label=${`key of ${username}`} /></div>`)
        : "–",
  },
  { title: "Mail", cell: ({ email }) => html`<${Short} text=${email} />`, hideable: true },
  { title: "Role", cell: ({ role }) => role.toLowerCase(), hideable: true },
  { title: "Followers", align: "end", cell: ({ follower_count }) => count(follower_count), hideable: true },
];

function NewAccount() {
  const make = async ({ username }, form) => {
    await platform("GET", "auth/me", undefined, keyOf(username));
    form.reset();
    setQuery({ find: username, page: "" });
    toast(`${username} has an account.`);
  };
  return html`
    <${Form} class="row" onSubmit=${make}>
      <${Field} label="New account">
        <input name="username" ...${USERNAME} placeholder="username" required />
      <//>
      <button class="at-end">Make it</button>
    <//>
  `;
}
