// Mails that the platform would have sent: the outbox of this world, with links to press.

import { admin } from "../../lib/api.js";
import { curl } from "../../lib/curl.js";
import { html } from "../../lib/html.js";
import { usePolled } from "../../lib/live.js";
import { Badge, confirm, CopyLine, date, Empty, Problem, Table, when, toast, View } from "../../lib/parts.js";
import { go, route } from "../../lib/router.js";
import { FilterBox, parse, useFind } from "../inspect/filter.js";
import { DetailHead, Facts, Inspector, NotThere, useOne } from "../inspect/inspector.js";

const WORDS = { to: {}, kind: {} };
const KINDS = { magic_link: "Magic link", reset_password: "New password", verify_email: "Verify" };
const CHIPS = Object.entries(KINDS).map(([kind, title]) => [title, `kind:${kind}`]);
const COLUMNS = [
  { title: "Subject", cell: ({ subject }) => subject },
  { title: "To", cell: ({ to }) => to },
  { title: "Kind", cell: ({ kind }) => html`<${Badge}>${KINDS[kind]}<//>`, hideable: true },
  { title: "Time", cell: ({ sent_at }) => when(sent_at), align: "end" },
];

export default function Mails({ id, query }) {
  const find = useFind(query, WORDS);
  const { values, mistake } = parse(find, WORDS, (text) => ["to", text]);
  const load = () => admin("GET", `outbox?${new URLSearchParams({ per_page: 100, ...values })}`);
  const { data, error } = usePolled(load, { on: ["MailSent"], deps: [find] });
  const actions = html`
    <button class="danger" disabled=${!data?.total} onClick=${() => clear(data.total)}>Clear</button>
  `;
  return html`
    <${View} title="Mails" actions=${actions}
      about="What the platform would have sent: nothing leaves this machine.">
      <${FilterBox} find=${find} label="Filter mails" chips=${CHIPS} mistake=${mistake}
        placeholder="to:ada@example.com kind:magic_link" />
      <${Problem} error=${error} />
      <${Inspector}
        id=${id}
        list=${html`<${List} page=${data} id=${id} isFiltered=${Boolean(find)} />`}
        detail=${html`<${Mail} id=${id} />`}
      />
    <//>
  `;
}

function List({ page, id, isFiltered }) {
  if (!page) return null;
  if (!page.total) {
    return html`<${Empty}>${isFiltered
      ? "No mail matches the filter."
      : html`<${First} />`}<//>`;
  }
  return html`
    <${Table}
      caption="Mails"
      columns=${COLUMNS}
      rows=${page.mails}
      keyOf=${(mail) => mail.id}
      onOpen=${(mail) => go("mails", mail.id, route().query)}
      selected=${id || undefined}
    />
    ${page.has_more && html`<p class="muted">The newest ${page.mails.length} of ${page.total}.</p>`}
  `;
}

function First() {
  const { data: info } = usePolled(() => admin("GET", "info"));
  const body = { email: "demo@example.com" };
  return html`
    <p>No mail yet. Ask for one:</p>
    ${info && html`<p><code>${curl(info, "/api/v1/auth/magic-link", { body })}</code></p>`}
  `;
}

function Mail({ id }) {
  const { data: mail, error } = useOne("outbox", id);
  if (error) return html`<${NotThere} title="Mail" error=${error} />`;
  if (!mail) return html`<p class="muted">Loading …</p>`;
  return html`
    <${DetailHead} title=${mail.subject} />
    <${Facts} facts=${[["To", mail.to], ["Time", date(mail.sent_at)], ["Kind", KINDS[mail.kind]]]} />
    <div class="letter">${linked(mail)}</div>
    <div class="row actions">
      <a class="button primary" href=${mail.link} target="_blank" rel="noopener noreferrer">Open the link</a>
    </div>
    <${CopyLine} name="Link" text=${mail.link} />
    <${CopyLine} name="Token" text=${mail.token} />
  `;
}

/** The text of a mail, with its link as a link. */
function linked({ text, link }) {
  const [before, ...after] = text.split(link);
  if (!after.length) return text;
  return [before, html`<a href=${link} target="_blank" rel="noopener noreferrer">${link}</a>`, after.join(link)];
}

function clear(total) {
  confirm({
    title: "Clear the outbox?",
    text: `${total} ${total === 1 ? "mail is" : "mails are"} removed. Links that were sent go on working.`,
    name: "Clear",
    act: async () => {
      go("mails"); // The opened mail is removed too.
      await admin("DELETE", "outbox");
      toast("The outbox is empty.");
    },
  });
}
