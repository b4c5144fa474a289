// Go live: with the built-in test picture, with a camera, or with an encoder such as OBS.

import { admin } from "../lib/api.js";
import { html, useState } from "../lib/html.js";
import { problem } from "../lib/parts.js";
import { go, href, useRoute } from "../lib/router.js";
import { encoderStream, ownStream } from "../lib/own_streams.js";

export function GoLive() {
  const { world } = useRoute();
  const [isBusy, setBusy] = useState(false);
  const act = (begin) => async () => {
    setBusy(true);
    try {
      await begin();
    } catch (error) {
      problem(error);
    } finally {
      setBusy(false);
    }
  };
  return html`
    <section class="card action" aria-busy=${isBusy}>
      <h2>Go live</h2>
      <p>With a picture that the emulator makes, with your camera, or from your encoder.</p>
      <div class="row">
        <button class="primary" disabled=${isBusy} onClick=${act(goLiveWithTestPicture)}>Test picture</button>
        <a class="button" href=${`/_emulator/site/${href("studio", "", {}, world)}`}>My camera</a>
        <button disabled=${isBusy} onClick=${act(prepareForEncoder)}>OBS</button>
      </div>
    </section>
  `;
}

async function goLiveWithTestPicture() {
  const stream = await ownStream("My first stream");
  // Answers once the platform has accepted the picture.
  if (stream.status !== "live") await admin("POST", `streams/${stream.id}/publish`, {});
  go("test", stream.id);
}

async function prepareForEncoder() {
  const stream = await encoderStream();
  go("obs", stream.id);
}
