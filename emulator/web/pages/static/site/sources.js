// The sources of a broadcast: a camera, a screen or a drawn picture, with or without a microphone.

import { html, useEffect, useState } from "../lib/html.js";
import { SelectField } from "../lib/parts/field.js";
import { problem } from "../lib/parts/toasts.js";
import { drawing } from "./drawing.js";

const SIZE = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
const WAYS = { camera: "Camera", screen: "Screen", drawn: "Drawn picture" };
const WHY = {
  NotAllowedError: "The browser has no permission. Allow it in the address bar, and try again.",
  NotFoundError: "There is no camera here. Use the screen or the drawn picture.",
  NotReadableError: "Another program uses the camera. Close it, and try again.",
};

/** `source` is `{way, video, audio}`: the choice, and the ids of its devices. */
export function Sources({ media, source, setSource, onMedia }) {
  const { way } = source;
  const [devices, setDevices] = useState([]);
  useEffect(() => {
    if (way === "camera" && media) navigator.mediaDevices.enumerateDevices().then(setDevices, problem);
  }, [way, media]);

  const take = async (next) => {
    try {
      const taken = await open(next);
      await onMedia(taken);
      for (const track of media?.getTracks() ?? []) track.stop();
      setSource(next);
    } catch (error) {
      problem(WHY[error.name] ?? error);
    }
  };
  const picker = (kind, label) => {
    const list = devices.filter((device) => device.kind === `${kind}input`);
    return list.length > 0 && html`<${SelectField} label=${label} value=${source[kind]}
      options=${list.map(({ deviceId, label: name }, index) => [deviceId, name || `${label} ${index + 1}`])}
      onChange=${(event) => take({ ...source, [kind]: event.currentTarget.value })} />`;
  };
  return html`
    <section class="card stack" aria-label="What you send">
      <h2>Picture</h2>
      <div class="row" role="group" aria-label="Picture">
        ${Object.entries(WAYS).map(([name, title]) => html`
          <button key=${name} aria-pressed=${way === name} disabled=${name !== "drawn" && !navigator.mediaDevices}
            onClick=${() => take({ ...source, way: name })}>${title}</button>`)}
      </div>
      ${way === "camera" && html`<div class="fields">${picker("video", "Camera")}${picker("audio", "Microphone")}</div>`}
    </section>
  `;
}

async function open({ way, ...ids }) {
  if (way === "drawn") return drawing();
  if (way === "screen") return navigator.mediaDevices.getDisplayMedia({ video: SIZE, audio: true });
  const exactly = (id) => id && { deviceId: { exact: id } };
  const video = { ...SIZE, ...exactly(ids.video) };
  try {
    return await navigator.mediaDevices.getUserMedia({ video, audio: exactly(ids.audio) || true });
  } catch (error) {
    // A camera without any microphone is accepted too.
    if (error.name !== "NotFoundError") throw error;
    return navigator.mediaDevices.getUserMedia({ video });
  }
}
