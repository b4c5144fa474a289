// For demos (`?demo` in the address): buttons that break something. Only they use the emulator's
// admin API, like a user of the console; the remaining site does not.

import { html, useState } from "../lib/html.js";
import { admin } from "../lib/api.js";
import { problem, toast } from "../lib/parts/toasts.js";
import { TokenForm, useTokenNeeded } from "../lib/parts/token.js";
import { ask } from "./client.js";

const FLOOD_LINES = 80;
const FLOOD_EVERY_MS = 200;
const PEOPLE = ["mira", "jonas_k", "tomcat", "kofi", "yuki", "samir", "clara", "priya", "moth", "freya", "theo", "greta"];
const RAIDERS = ["night_owl", "quokka", "elif", "piotr", "amara", "sven", "rosa", "emil"];
const HYPE = ["LET'S GO", "🔥🔥🔥", "No way!", "Clip that!", "🎉", "What a launch!", "first", "GG", "🚀🚀", "Chat, are you seeing this?", "So good"];

const ACTS = [
  ["Drop the publisher", drop, "The publisher was cut off. It comes back in a moment."],
  ["Freeze the picture", (stream) => fault({ "media.stall": { stream: stream.id }, for: "8s" }), "Playlists stand still for 8 seconds."],
  ["Slow API", () => fault({ "api.delay": { delay: "2s" }, for: "20s" }), "Each answer comes 2 seconds late, for 20 seconds."],
  ["Chat flood", (stream) => flood(stream), "Everybody talks at once for a quarter of a minute."],
  ["Raid", raid, "The viewers of another channel come over."],
];

export function DemoControls({ username }) {
  const [isBusy, setBusy] = useState(false);
  const isTokenNeeded = useTokenNeeded();
  const run = async (act, done) => {
    setBusy(true);
    try {
      await act(await subject(username));
      toast(done);
    } catch (error) {
      problem(error);
    }
    setBusy(false);
  };
  if (isTokenNeeded) return html`<aside class="demo card" aria-label="Demo controls"><${TokenForm} /></aside>`;
  return html`
    <aside class="demo card" aria-label="Demo controls"><details open=${matchMedia("(min-width: 62rem)").matches}>
      <summary>Break something</summary>
      <div class="row">
        ${ACTS.map(([title, act, done]) => html`<button key=${title} disabled=${isBusy} onClick=${() => run(act, done)}>${title}</button>`)}
      </div>
      <p><small>Demo controls, by the <a href="/_emulator/">admin API</a>. Apps never see these.</small></p>
    </details></aside>
  `;
}

/** The stream of the opened channel, else the one with the most viewers. */
async function subject(username) {
  if (username) {
    const { stream } = await ask("GET", `/streams/users/${username}/live`, { isRepeated: true });
    if (stream) return stream;
  }
  const { streams } = await ask("GET", "/streams/trending?limit=1&time_window_hours=744", { isRepeated: true });
  if (!streams.length) throw new Error("Nobody is live.");
  return streams[0];
}

const fault = (body) => admin("POST", "faults", body);

/**
 * The publisher of a seeded channel is simulated, and is dropped by the API; a real one is cut off.
 */
async function drop(stream) {
  const path = `streams/${stream.id}/publish`;
  try {
    await admin("DELETE", path);
  } catch (refusal) {
    if (refusal.status !== 409) throw refusal;
    await fault({ "ingest.cut": { stream: stream.id, after: "0s" }, times: 1, for: "5s" });
    return;
  }
  setTimeout(() => admin("POST", path, { protocol: "synthetic" }).catch(problem), 4000);
}

/** Each of them is a new account, created by its first call. */
async function flood(stream, names = PEOPLE, lines = HYPE) {
  for (let number = 0; number < FLOOD_LINES; number += 1) {
    setTimeout(() => {
      const key = `ak_auto_${names[number % names.length]}`;
      const content = lines[Math.floor(Math.random() * lines.length)];
      ask("POST", `/streams/${stream.id}/chat`, { key, body: { content }, isRepeated: true }).catch(problem);
    }, number * FLOOD_EVERY_MS);
  }
}

async function raid(stream) {
  const { streams } = await ask("GET", "/streams/trending?limit=10&time_window_hours=744", { isRepeated: true });
  const other = streams.find(({ id }) => id !== stream.id);
  if (!other) throw new Error("A raid needs another live channel.");
  const order = { verb: "raid", target: stream.id, count: Math.ceil(other.viewer_count / 2), for: "10s" };
  await admin("POST", `streams/${other.id}/viewers`, order);
  await flood(stream, RAIDERS, [`${other.user.username} raid!`, "We come in peace", "Hi from next door", "👋", "RAID"]);
}
