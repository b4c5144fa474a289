// Actions on a stream: publish the test picture, end it, delete it.

import { admin } from "../../lib/api.js";
import { html, useState } from "../../lib/html.js";
import { confirm, problem, toast } from "../../lib/parts.js";
import { go } from "../../lib/router.js";
import { asUser } from "../people.js";
import { ownerOf } from "./facts.js";

export function Actions({ stream }) {
  const { status, is_publishing: isPublishing } = stream;
  return html`
    ${status !== "ended" && !isPublishing && html`<${Publish} stream=${stream} />`}
    ${isPublishing && html`<${Drop} stream=${stream} />`}
    ${isPublishing && html`<${Stop} stream=${stream} />`}
    ${status === "live" && html`<button onClick=${() => end(stream)}>End stream</button>`}
    ${status !== "live" && html`<button class="danger" onClick=${() => remove(stream)}>Delete</button>`}
  `;
}

/** The built-in publisher needs a second to start: until then its button says so. */
function Publish({ stream }) {
  const [isComing, setComing] = useState(false);
  const publish = async () => {
    setComing(true);
    try {
      await admin("POST", `streams/${stream.id}/publish`, {});
      toast("The test picture is on air.");
    } catch (error) {
      problem(error);
    } finally {
      setComing(false);
    }
  };
  return html`
    <button class="primary" disabled=${isComing} onClick=${publish}>
      ${isComing ? "Going live …" : "Publish test picture"}
    </button>
  `;
}

/** Disconnect the publisher for a while, as an app would see it. */
function Drop({ stream }) {
  const drop = async () => {
    try {
      await admin("POST", `streams/${stream.id}/publish/drop`, { seconds: 5 });
      toast("The publisher has lost its connection, and comes back in 5 seconds.");
    } catch (error) {
      problem(error.status === 409 ? "This publisher is a real one: the fault ingest.cut drops it." : error);
    }
  };
  return html`<button onClick=${drop}>Lose connection</button>`;
}

/** Only the built-in publishers can be stopped from here. */
function Stop({ stream }) {
  const stop = async () => {
    try {
      await admin("DELETE", `streams/${stream.id}/publish`);
      toast("The publisher has left. The stream ends unless somebody comes back.");
    } catch (error) {
      problem(error.status === 409 ? "This publisher is an app's: stop it there, or end the stream." : error);
    }
  };
  return html`<button onClick=${stop}>Stop publishing</button>`;
}

const end = (stream) =>
  confirm({
    title: `End “${stream.title}”?`,
    text: "Its publisher is disconnected and its viewers see the end. A stream that has ended stays so.",
    name: "End stream",
    act: () => asUser(ownerOf(stream), "POST", `streams/${stream.id}/end`),
  });

const remove = (stream) =>
  confirm({
    title: `Delete “${stream.title}”?`,
    text: "The stream and its chat are deleted. Its recordings stay.",
    name: "Delete stream",
    act: async () => {
      await asUser(ownerOf(stream), "DELETE", `streams/id/${stream.id}`);
      toast("The stream is deleted.");
      go("streams");
    },
  });
