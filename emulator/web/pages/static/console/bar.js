// The bar for all views: which world, its time, its faults, and Reset.

import { admin, chooseWorld, chosenWorld } from "../lib/api.js";
import { html } from "../lib/html.js";
import { usePolled } from "../lib/live.js";
import { confirm, problem, toast } from "../lib/parts.js";
import { go, href, useRoute } from "../lib/router.js";
import { ClockMenu } from "./clock_menu.js";

const ICON = new URL("../icon.svg", import.meta.url).pathname;
const WORLDS_EVERY_MS = 15_000;
/** The snapshot that is taken before each reset. There is only one: that of the last reset. */
const BEFORE_RESET = "before-reset";

export function Bar({ isOpen, onMenu }) {
  return html`
    <header class="bar">
      <button class="menu" aria-expanded=${isOpen} aria-controls="rail" onClick=${onMenu}>
        <span aria-hidden="true">☰</span><span class="unseen">Views</span>
      </button>
      <a class="brand" href="/" aria-label="live-emulator: the front door">
        <img src=${ICON} alt="" width="26" height="26" /><span>live-emulator</span>
      </a>
      <${Worlds} />
      <span class="space"></span>
      <${Faults} />
      <${ClockMenu} />
      <button class="reset" onClick=${reset}>Reset</button>
    </header>
  `;
}

function Worlds() {
  const { world, view, query } = useRoute();
  const { data } = usePolled(() => admin("GET", "worlds"), { everyMs: WORLDS_EVERY_MS });
  const names = data?.worlds.map(({ name }) => name) ?? [];
  // An address may name a world that no longer exists: then the choice shows that.
  if (!names.includes(world)) names.push(world);
  return html`
    <label class="world">
      <span>World</span>
      <select value=${world} onChange=${(event) => go(view, "", query, event.target.value)}>
        ${names.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}
      </select>
    </label>
  `;
}

function Faults() {
  const events = ["FaultStarted", "FaultStopped"];
  const { data } = usePolled(() => admin("GET", "faults"), { on: events });
  const total = data?.total ?? 0;
  const text = total ? `${total} ${total === 1 ? "fault" : "faults"} on` : data ? "No faults" : "Faults";
  return html`<a class="fault-count ${total ? "on" : ""}" href=${href("faults")}>${text}</a>`;
}

let isResetting = false;
/** By world: the function that takes the offer to undo its last reset away. */
const offers = new Map();

/** Reset to the seed. This can be undone, because a snapshot of the world is taken first. */
export async function reset() {
  // The snapshot of a second press would be one of the fresh world.
  if (isResetting) return;
  isResetting = true;
  try {
    await resetWithUndo(chosenWorld());
  } catch (error) {
    problem(error);
  } finally {
    isResetting = false;
  }
}

async function resetWithUndo(world) {
  try {
    await admin("POST", "snapshots", { name: BEFORE_RESET });
  } catch (error) {
    if (error.status !== 409) throw error;
    await resetForGood(error);
    return;
  }
  offers.get(world)?.();
  await admin("POST", "reset");
  const action = { title: "Undo", act: () => undo(world) };
  offers.set(world, toast(`The world ${world} is back at its seed.`, { action }));
}

/** In the world that was reset, even if another one is shown now. */
async function undo(world) {
  if (chosenWorld() !== world) {
    go("worlds", "", {}, world);
    chooseWorld(world);
  }
  await admin("POST", `snapshots/${BEFORE_RESET}/restore`);
  toast(`The world ${world} is as it was before the reset.`);
}

/** There is no room for another snapshot. */
const resetForGood = ({ message }) =>
  confirm({
    title: "Reset without a way back?",
    text: `No snapshot can be taken first: ${message}`,
    name: "Reset for good",
    act: () => admin("POST", "reset"),
  });
