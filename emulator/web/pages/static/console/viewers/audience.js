// The audience of one stream: its current viewers, the curve of the last ten minutes, and commands.

import { admin } from "../../lib/api.js";
import { html } from "../../lib/html.js";
import { usePolled } from "../../lib/live.js";
import { Chart, count, Empty, Problem, Tiles } from "../../lib/parts.js";
import { instants, isOf, VIEWER_EVENTS } from "../streams/facts.js";
import { Orders } from "./orders.js";

const SECONDS = 600;
const EVERY_MS = 5000;
const TOP_COUNTRIES = 3;

export function Audience({ stream }) {
  const { id, status } = stream;
  const load = async () => {
    const [now, history] = await Promise.all([
      admin("GET", `streams/${id}/viewers`),
      admin("GET", `streams/${id}/viewers/history?seconds=${SECONDS}`),
    ]);
    return { now, history };
  };
  const { data, error } = usePolled(load, {
    on: [...VIEWER_EVENTS, "StreamWentLive", "StreamEnded"],
    where: isOf(id),
    everyMs: status === "live" ? EVERY_MS : 0,
    deps: [id],
  });
  return html`
    <section class="card" aria-labelledby="audience">
      <header class="row section-head"><h2 id="audience">Viewers</h2></header>
      <${Problem} error=${error} />
      ${data && html`<${Figures} ...${data} />`}
      ${status === "live"
        ? html`<${Orders} id=${id} />`
        : html`<${Empty}>${status === "ended"
            ? "The stream has ended: nobody can come any more."
            : "Viewers come once the stream is live."}<//>`}
    </section>
  `;
}

/** ISO 3166 leaves ZZ to its users: here it means unknown. */
const countryOf = (code) => (code === "ZZ" ? "unknown" : code);

function Figures({ now, history }) {
  const { viewers } = history;
  const curve = viewers.length > 1 && html`
    <${Chart} title="Watching, last ten minutes" times=${instants(history, viewers.length)} series=${[
      { label: "Viewers", values: viewers, format: count },
    ]} />
  `;
  const countries = Object.entries(now.countries).slice(0, TOP_COUNTRIES);
  const plans = now.plans.map(({ verb, share }) => `${verb} ${Math.round(100 * share)} %`).join(", ");
  return html`
    <${Tiles} tiles=${[
      { label: "Watching", value: count(now.viewers), note: `peak ${count(now.peak)}` },
      { label: "Real", value: count(now.real), note: "players, sockets, pages" },
      { label: "Simulated", value: count(now.simulated), note: plans || "no command is running" },
      { label: "On their way", value: count(now.to_come), note: "by running commands" },
      {
        label: "From",
        value: countries.length ? countryOf(countries[0][0]) : "–",
        note: countries.slice(1).map(([code, number]) => `${countryOf(code)} ${count(number)}`).join(", ") || "of all viewers so far",
      },
    ]} />
    ${curve}
  `;
}
