// The button that makes a clip of the last half minute of a live stream.

import { html, useRef } from "../lib/html.js";
import { Field, Form } from "../lib/parts/field.js";
import { problem, toast } from "../lib/parts/toasts.js";
import { ask } from "./client.js";
import { currentKey, useSession } from "./session.js";
import { askWho } from "./sign_in.js";

const SECONDS = 30;
export const CLIPPED = "clip-made";

export function ClipButton({ stream }) {
  const session = useSession();
  const dialog = useRef();
  const make = async ({ title }) => {
    // The times of a clip are seconds from the stream's start, which only the platform knows exactly.
    const { duration_seconds: end } = await ask("GET", `/streams/id/${stream.id}`, { key: currentKey() });
    const body = { title, start_time: Math.max(0, end - SECONDS), end_time: end };
    const clip = await ask("POST", `/streams/${stream.id}/clips`, { key: currentKey(), body });
    dialog.current.close();
    toast(`“${clip.title}” is being made. It is under Clips.`);
    window.dispatchEvent(new Event(CLIPPED));
  };
  return html`
    <button onClick=${() => (session ? dialog.current.showModal() : askWho())}>Clip</button>
    <dialog ref=${dialog} aria-labelledby="clip-title">
      <h2 id="clip-title">Clip the last ${SECONDS} seconds</h2>
      <${Form} onSubmit=${(values) => make(values).catch(problem)}>
        <${Field} label="Title"><input name="title" required maxlength="100" autocomplete="off" /><//>
        <div class="row end">
          <button type="button" onClick=${() => dialog.current.close()}>Cancel</button>
          <button class="primary">Make the clip</button>
        </div>
      <//>
    </dialog>
  `;
}
